"""Everything that the functions say: each is run through all that can come of it."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from bigcharge.adapters.hook_items import hooks_to_item
from bigcharge.adapters.ledger_items import charge_to_item, pause_to_item
from bigcharge.adapters.queues import SqsQueue
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import NEEDS_A_PERSON, Charge
from bigcharge.domain.instrument_walks import Walk
from bigcharge.domain.kept_hooks import KeptHook, KeptHooks
from bigcharge.domain.messages import NO_ID, Kind, Message
from bigcharge.domain.money import Money
from bigcharge.domain.reconciling import Cursor
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause
from bigcharge.domain.wanted_hooks import Fault
from bigcharge.domain.webhooks import DeliveryTrouble
from bigcharge.observability import NAMESPACE, LogEvent, log_hint, logger
from bigcharge.services.closing import Closed
from bigcharge.services.customer_sync import Synced
from bigcharge.services.customers import Looked
from bigcharge.services.forgetting import Forgotten
from bigcharge.services.hook_keeping import Look
from bigcharge.services.instrument_reconciling import Outcome as Comparison
from bigcharge.services.intake import Outcome, Receipt
from bigcharge.services.noticing import Noticed
from bigcharge.services.reconciling import Reconciled
from bigcharge.services.sweeping import Swept
from functions.announce_changes import handler as announce_changes
from functions.charge_order import handler as charge_order
from functions.close_store import handler as close_store
from functions.keep_hooks import handler as keep_hooks
from functions.notice_expiring import handler as notice_expiring
from functions.receive_webhook import handler as receive_webhook
from functions.reconcile_instruments import handler as reconcile_instruments
from functions.reconcile_orders import handler as reconcile_orders
from functions.sweep import handler as sweep
from functions.sync_instruments import handler as sync_instruments
from tests.fakes import NOON, STORE, Context

# Of the logger itself, and in every line.
_OF_RECORDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
INSTRUMENT_CHANGE: Final = Path(__file__).parents[2] / "events" / "announce_changes" / "instrument_added.json"
ATTEMPT: Final = Attempt(
    1, "order", "stripe.card", "f", Money(9800, "USD"), "jti", NOON, NOON + timedelta(days=3650), code=30106
)
CHARGE: Final = Charge(STORE, 215, State.PAID, NOON, customer_id=11, version=1)
ORDER: Final = Message(STORE, Kind.ORDER, 215, "store/order/created", NOON, "hash-1")
CUSTOMER: Final = replace(ORDER, kind=Kind.CUSTOMER, id=11)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as CloudWatch gets it."""

    name: str
    unit: str
    dimensions: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Said:
    """What was said.

    Attributes:
        lines: the fields of each event of the log, with its levels.
        metrics: all of the namespace `bigcharge`.
    """

    lines: dict[str, tuple[set[str], set[str]]]
    metrics: set[Metric]


class _Notebook(logging.Handler):
    """Keeps the lines of our logger as they are: at the root they are redacted, and have another text."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def say_everything(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """Let each function say all that it can; it is deployed in the stage dev."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "bigcharge-dev")
    logger().setLevel("INFO")  # made here, where it is not
    ours, notebook = logging.getLogger(NAMESPACE), _Notebook()
    monkeypatch.setattr(ours, "handlers", [*ours.handlers, notebook])
    for say in (_receive, _charge, _sync, _close, _announce, _sweep, _reconcile, _keep, _compare, _notice):
        say(monkeypatch)
    lines: dict[str, tuple[set[str], set[str]]] = {}
    for record in notebook.records:
        levels, fields = lines.setdefault(record.getMessage(), (set(), set()))
        levels.add(record.levelname)
        fields |= {name for name, value in vars(record).items() if value is not None} - _OF_RECORDS
    return Said(lines, set(_read_metrics(capsys.readouterr().out)))


def _read_metrics(printed: str) -> Iterator[Metric]:
    for blob in (json.loads(line) for line in printed.splitlines() if line.startswith('{"')):
        for metrics in blob.get("_aws", {}).get("CloudWatchMetrics", ()):
            assert metrics["Namespace"] == "bigcharge"
            for names in metrics["Dimensions"]:
                for metric in metrics["Metrics"]:
                    yield Metric(metric["Name"], metric["Unit"], frozenset((name, blob[name]) for name in names))


def _raise(*_: object) -> Any:
    raise ConnectionError("no answer")


def _answer(answer: object) -> Callable[..., Any]:
    return lambda *_, **__: answer


def _queue_event(*messages: Message) -> dict[str, Any]:
    bodies = [*(message.to_json() for message in messages), "{"]
    return {
        "Records": [
            {"messageId": f"message-{number}", "body": body, "eventSource": "aws:sqs", "attributes": {}}
            for number, body in enumerate(bodies)
        ]
    }


def _receive(monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"requestContext": {"requestId": "api-1"}, "headers": {}, "body": "{}"}
    receipts = [Receipt(outcome, STORE, ORDER.cause) for outcome in Outcome]
    receipts += [Receipt(Outcome.QUEUED, STORE, "store/hook/deliveryException", trouble) for trouble in DeliveryTrouble]
    for receive in (_raise, *map(_answer, receipts)):
        monkeypatch.setattr(receive_webhook, "intake", _answer(SimpleNamespace(receive=receive)))
        receive_webhook.handler(event, Context())
    sqs: Any = SimpleNamespace(send_message=_answer({}), send_message_batch=_answer({}))
    queue = SqsQueue(sqs, "https://sqs.invalid/orders", log_hint)
    queue.send(ORDER, 30)
    queue.send_all([CUSTOMER, replace(ORDER, kind=Kind.HOOK, id=20)])


def _charge(monkeypatch: pytest.MonkeyPatch) -> None:
    declined = replace(CHARGE, state=State.DECLINED, reason="insufficient_funds", code=30106, attempts=(ATTEMPT,))
    for look in (_raise, _answer(None), _answer(declined)):
        monkeypatch.setattr(charge_order, "orders", _answer(SimpleNamespace(look=look)))
        charge_order.handler(_queue_event(ORDER), Context())


def _sync(monkeypatch: pytest.MonkeyPatch) -> None:
    for look in (_raise, _answer(Looked(Synced(1, 1, 1), Forgotten(1, ())))):
        monkeypatch.setattr(sync_instruments, "customers", _answer(SimpleNamespace(look=look)))
        sync_instruments.handler(_queue_event(CUSTOMER), Context())


def _close(monkeypatch: pytest.MonkeyPatch) -> None:
    hint = replace(ORDER, kind=Kind.STORE, id=NO_ID, cause="store/app/uninstalled")
    for close in (_raise, *(_answer(Closed(is_closed=is_closed)) for is_closed in (True, False))):
        monkeypatch.setattr(close_store, "closing", _answer(SimpleNamespace(close=close)))
        close_store.handler(_queue_event(hint), Context())


def _announce(monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable = {"dynamodb": {"SequenceNumber": "99"}}
    for refused in ([], [0]):
        monkeypatch.setattr(announce_changes, "bus", _answer(SimpleNamespace(publish=_answer(refused))))
        announce_changes.handler({"Records": [*_changes(), unreadable]}, Context())


def _changes() -> list[dict[str, Any]]:
    """Stream records: a charge in every state, whatever a person is called for, an instrument, a store."""
    old = charge_to_item(CHARGE)
    came_to = (replace(CHARGE, state=state, reason="why", code=30106, version=2) for state in State)
    images: Sequence[tuple[Any, Any]] = (
        *((None, charge_to_item(charge)) for charge in came_to),
        (None, charge_to_item(replace(CHARGE, state=State.UNKNOWN, code=502))),
        (old, charge_to_item(replace(CHARGE, difference="paid_twice", version=2))),
        (old, charge_to_item(replace(CHARGE, state=State.UNKNOWN, reason=NEEDS_A_PERSON, version=2))),
        (None, hooks_to_item(KeptHooks(STORE, hooks={"s": KeptHook("s", 1, NOON, (Fault.INACTIVE,))}, version=1))),
        (None, pause_to_item(Pause(STORE, "credentials_refused", 401, "f", NOON))),
    )
    changes = [
        {
            "eventID": f"event-{number}",
            "dynamodb": {
                "Keys": {"order_key": new["order_key"]},
                **({"OldImage": before} if before else {}),
                "NewImage": new,
                "SequenceNumber": str(number),
                "ApproximateCreationDateTime": NOON.timestamp(),
            },
        }
        for number, (before, new) in enumerate(images)
    ]
    return [*changes, *json.loads(INSTRUMENT_CHANGE.read_text())["Records"]]


def _sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    for run in (_raise, _answer(Swept(3, timedelta(hours=1)))):
        monkeypatch.setattr(sweep, "sweeping", _answer(SimpleNamespace(sweep=run)))
        with suppress(ConnectionError):
            sweep.handler({}, Context())


def _reconcile(monkeypatch: pytest.MonkeyPatch) -> None:
    stores = _answer([(Cursor(STORE), None)])
    for run in (_raise, _answer(None), _answer(Reconciled(2, 1, is_finished=True))):
        service = SimpleNamespace(list_stores=stores, reconcile=run)
        monkeypatch.setattr(reconcile_orders, "reconciling", _answer(service))
        reconcile_orders.handler({}, Context(300_000))


def _keep(monkeypatch: pytest.MonkeyPatch) -> None:
    hint = replace(ORDER, kind=Kind.HOOK, id=20, cause=DeliveryTrouble.GIVEN_UP)
    for look in (_raise, _answer(Look(KeptHooks(STORE)))):
        service = SimpleNamespace(list_stores=_answer([STORE]), keep=look, take=look)
        monkeypatch.setattr(keep_hooks, "hook_keeping", _answer(service))
        keep_hooks.handler({}, Context(300_000))
        keep_hooks.handler(_queue_event(hint), Context(300_000))


def _notice(monkeypatch: pytest.MonkeyPatch) -> None:
    service = SimpleNamespace(tell_expiring=_answer(Noticed(cards=3, told=1)))
    monkeypatch.setattr(notice_expiring, "noticing", _answer(service))
    notice_expiring.handler({}, Context())


def _compare(monkeypatch: pytest.MonkeyPatch) -> None:
    hint = replace(ORDER, kind=Kind.STORE, id=NO_ID, cause="reconcile")
    walk = Walk(STORE, NOON, total=3)
    for go_on in (_raise, *(_answer((outcome, walk)) for outcome in Comparison)):
        service = SimpleNamespace(begin=_answer(2), go_on=go_on)
        monkeypatch.setattr(reconcile_instruments, "instrument_reconciling", _answer(service))
        reconcile_instruments.handler({}, Context())
        reconcile_instruments.handler(_queue_event(hint), Context())


def levels_of_code() -> dict[str, str]:
    """The level of each line, as the code has it."""
    return {event.value[0]: logging.getLevelName(event.value[1]) for event in LogEvent}
