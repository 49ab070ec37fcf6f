"""The handlers: event in, one service call, answer out. What fails alone fails alone."""

import base64
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest

from bigcharge import bootstrap
from bigcharge.adapters.ledger_items import charge_to_item
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.events import Event
from bigcharge.domain.messages import Message
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from bigcharge.services.customer_sync import Synced
from bigcharge.services.customers import Looked
from bigcharge.services.forgetting import Forgotten
from bigcharge.services.intake import Outcome, Receipt
from bigcharge.services.sweeping import Swept
from functions.announce_changes import handler as announce_changes
from functions.charge_order import handler as charge_order
from functions.receive_webhook import handler as receive_webhook
from functions.sweep import handler as sweep
from functions.sync_instruments import handler as sync_instruments
from tests.fakes import NOON, STORE, Context, order_message


def sqs_event(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": f"message-{number}", "body": body, "eventSource": "aws:sqs", "attributes": {}}
            for number, body in enumerate(bodies)
        ],
    }


def failed(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@dataclass
class SlowOrders:
    """Each look takes its milliseconds; order 13 always fails."""

    context: Context
    takes: int = 0
    looked: list[int] = field(default_factory=list)

    def look(self, message: Message, seconds_left: Any) -> Charge:
        if message.id == 13:
            raise ConnectionError("poisoned")
        self.looked.append(message.id)
        self.context.milliseconds -= self.takes
        return Charge(STORE, message.id, State.PAID, NOON)


def charge_batch(monkeypatch: pytest.MonkeyPatch, *bodies: str, takes: int = 0) -> tuple[list[str], list[int]]:
    context = Context()
    orders = SlowOrders(context, takes)
    monkeypatch.setattr(charge_order, "orders", lambda: orders)
    answer = charge_order.handler(sqs_event(*bodies), context)
    return failed(answer), orders.looked


@pytest.mark.parametrize("poison", ["", "{", "[]", '{"store_hash": "abc123"}', order_message(13).to_json()])
def test_a_poisoned_message_fails_alone(monkeypatch: pytest.MonkeyPatch, poison: str) -> None:
    batch = (order_message(1).to_json(), poison, order_message(2).to_json())
    assert charge_batch(monkeypatch, *batch) == (["message-1"], [1, 2])


def test_a_slow_message_sends_its_neighbours_back_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [order_message(number).to_json() for number in (1, 2, 3)]
    assert charge_batch(monkeypatch, *batch, takes=40_000) == (["message-1", "message-2"], [1])


def test_a_batch_of_nothing_but_poison_fails_message_by_message(monkeypatch: pytest.MonkeyPatch) -> None:
    assert charge_batch(monkeypatch, "{", "{") == (["message-0", "message-1"], [])


@pytest.mark.parametrize(
    ("message", "sent_after", "measured"),
    [
        (replace(order_message(1), event_hash="hash-1"), 3.0, [5.0]),
        (replace(order_message(1), event_hash="hash-1"), -60.0, []),  # a look at an order that was charged before
        (order_message(1, "sweep"), 3.0, []),  # a retry: no event led to it just now
    ],
)
def test_a_charge_tells_how_long_it_took_from_its_webhook(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    message: Message,
    sent_after: float,
    measured: list[float],
) -> None:
    sent_at = NOON + timedelta(seconds=sent_after)
    attempt = Attempt(1, message.cause, "stripe.card", "f", Money(9800, "USD"), "jti", NOON, sent_at)
    charge = Charge(STORE, 1, State.PAID, NOON + timedelta(seconds=5), attempts=(attempt,))
    monkeypatch.setattr(charge_order, "orders", lambda: SimpleNamespace(look=lambda *_: charge))
    monkeypatch.setattr(bootstrap, "now", lambda: NOON)
    charge_order.handler(sqs_event(message.to_json()), Context())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [value for line in lines for value in line.get("SecondsToCharge", [])] == measured


def test_a_customer_whose_sync_fails_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(message: Message) -> Looked:
        if message.id == 13:
            raise ConnectionError("no answer")
        return Looked(Synced(), Forgotten(1, ()))

    monkeypatch.setattr(sync_instruments, "customers", lambda: SimpleNamespace(look=look))
    bodies = [order_message(number).to_json() for number in (1, 13, 2)]
    answer = sync_instruments.handler(sqs_event(*bodies), Context())
    assert failed(answer) == ["message-1"]


STATUSES: Final = {
    Outcome.QUEUED: 200,
    Outcome.COUNTED: 200,
    Outcome.NOT_HANDLED: 200,
    Outcome.QUARANTINED: 200,
    Outcome.UNREADABLE: 400,
    Outcome.UNKNOWN_STORE: 401,
    Outcome.FORGED: 401,
    Outcome.TOO_OLD: 401,
    Outcome.TOO_MANY_STORES: 429,
}


@dataclass
class Door:
    answer: Receipt | Exception
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def receive(self, headers: dict[str, str], body: bytes) -> Receipt:
        self.seen.append((headers, body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def post(monkeypatch: pytest.MonkeyPatch, answer: Receipt | Exception, **event: Any) -> tuple[dict[str, Any], Door]:
    door = Door(answer)
    monkeypatch.setattr(receive_webhook, "intake", lambda: door)
    return receive_webhook.handler(event, Context()), door


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_status_and_no_body(monkeypatch: pytest.MonkeyPatch, outcome: Outcome) -> None:
    answer, _ = post(monkeypatch, Receipt(outcome), headers={}, body="{}")
    assert answer == {"statusCode": STATUSES[outcome]}


def test_what_could_not_be_queued_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, _ = post(monkeypatch, ConnectionError("the queue is away"), headers={}, body="{}")
    assert answer == {"statusCode": 503}


@pytest.mark.parametrize(
    ("event", "headers", "body"),
    [
        ({"headers": {"Webhook-Id": "1"}, "body": "{}"}, {"webhook-id": "1"}, b"{}"),
        ({"headers": None, "body": None}, {}, b""),
        ({}, {}, b""),
        ({"body": base64.b64encode(b"{}").decode(), "isBase64Encoded": True}, {}, b"{}"),
        ({"body": "!", "isBase64Encoded": True}, {}, b""),
        ({"body": "{}", "isBase64Encoded": True}, {}, b""),
        ({"body": "\u00e9", "isBase64Encoded": True}, {}, b""),
        ({"body": "\ud800"}, {}, b""),
    ],
)
def test_headers_and_body_reach_the_service_as_they_were_sent(
    monkeypatch: pytest.MonkeyPatch, event: dict[str, Any], headers: dict[str, str], body: bytes
) -> None:
    _, door = post(monkeypatch, Receipt(Outcome.QUEUED), **event)
    assert door.seen == [(headers, body)]


def test_a_sweep_says_how_many_it_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    swept = SimpleNamespace(sweep=lambda seconds_left: Swept(int(seconds_left()), timedelta(hours=1)))
    monkeypatch.setattr(sweep, "sweeping", lambda: swept)
    assert sweep.handler({}, Context()) == {"sent": 90}


def change(number: int, **new: Any) -> dict[str, Any]:
    image = charge_to_item(Charge(STORE, number, State.PAID, NOON, version=1)) | new
    return {
        "eventID": f"event-{number}",
        "dynamodb": {
            "Keys": {"order_key": image["order_key"]},
            "NewImage": image,
            "SequenceNumber": str(number),
            "ApproximateCreationDateTime": 1_763_640_000,
        },
    }


@pytest.mark.parametrize(
    ("refused", "unreadable", "resume_at", "published"),
    [((), None, [], 4), ((2,), None, ["3"], 4), ((), 3, ["3"], 2), ((0, 1), 4, ["1"], 3)],
)
def test_a_batch_of_changes_resumes_at_the_first_that_was_not_announced(
    monkeypatch: pytest.MonkeyPatch,
    refused: tuple[int, ...],
    unreadable: int | None,
    resume_at: list[str],
    published: int,
) -> None:
    told: list[Event] = []

    def publish(events: list[Event]) -> list[int]:
        told.extend(events)
        return list(refused)

    monkeypatch.setattr(announce_changes, "bus", lambda: SimpleNamespace(publish=publish))
    records = [change(number, **({"state": {"S": "?"}} if number == unreadable else {})) for number in (1, 2, 3, 4)]
    answer = announce_changes.handler({"Records": records}, Context())
    assert failed(answer) == resume_at
    assert [event.detail["order_id"] for event in told] == [1, 2, 3, 4][:published]


def test_an_answer_can_be_written_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, _ = post(monkeypatch, Receipt(Outcome.FORGED), headers={}, body="{}")
    assert json.loads(json.dumps(answer)) == {"statusCode": 401}
