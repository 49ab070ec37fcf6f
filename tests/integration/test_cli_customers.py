"""`bigcharge customers forget`, against tables and a queue as template.yaml declares them."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.instruments import Instrument, InstrumentType
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from ops.aws import connect, open_instruments, open_ledger
from ops.cli import run
from tests.fakes import VISA, hold
from tests.integration.cli_world import deploy_tables, save
from tests.integration.conftest import NOW
from tests.words import find_words

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

PAYPAL = Instrument("invented-token-of-paypal", InstrumentType.PAYPAL_ACCOUNT, email="shopper@example.test")
GONE = replace(VISA, token="c" * 64, last_4="2222", iin="422222", billing_address={"street_1": "1 Invented Street"})
ATTEMPT = Attempt(
    1, "sweep", "stripe.card", VISA.fingerprint, Money(1250, "USD"), "jti-1", NOW + timedelta(hours=1), NOW
)
ATTEMPT = replace(ATTEMPT, brand="visa", last_4="1111", outcome=State.DECLINED, code=30106)
TRACES = (
    *(VISA.token, GONE.token, PAYPAL.token, VISA.fingerprint, GONE.fingerprint, PAYPAL.fingerprint),
    *("1111", "2222", "422222", "shopper@example.test", "Invented Street", "visa", "Sam Shopper", "abc#7"),
)
FORGET = ("customers", "forget", "7", "--store", "abc")
APPLY = (*FORGET, "--apply", "--why", "asked for by letter", "--who", "jane")


@pytest.fixture(autouse=True)
def queue(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> str:
    deploy_tables(aws, resources, monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")
    table = open_instruments("dev")
    for customer in (("abc", 7), ("abc", 8), ("xyz", 7)):
        hold(table, VISA, PAYPAL, customer=customer)
        hold(table, GONE, customer=customer, leaves_at=NOW + timedelta(days=900))
    words = (Act(ActKind.RETRY, "joe", "Sam Shopper called", NOW),)
    save("abc", 1, State.PAID, customer_id=7, attempts=(replace(ATTEMPT, outcome=State.PAID),), acts=words)
    save("abc", 2, State.DECLINED, customer_id=7, attempts=(ATTEMPT,))
    save("abc", 3, State.UNKNOWN, customer_id=7, attempts=(replace(ATTEMPT, outcome=State.UNKNOWN),))
    save("abc", 4, State.AUTHORIZED, customer_id=7, attempts=(replace(ATTEMPT, outcome=State.AUTHORIZED),))
    save("abc", 5, State.DECLINED, customer_id=8, attempts=(ATTEMPT,))
    save("xyz", 1, State.DECLINED, customer_id=7, attempts=(ATTEMPT,))
    return aws.sqs.create_queue(QueueName="bigcharge-dev-customers")["QueueUrl"]


def everything(aws: "Aws") -> dict[str, list[str]]:
    """What the tables hold, by customer, and by order of the ledger."""
    kept: dict[str, list[str]] = {}
    for table, key in (("ledger", "order_key"), ("instruments", "customer_key")):
        for item in aws.dynamodb.scan(TableName=f"bigcharge-dev-{table}")["Items"]:
            kept.setdefault(f"{table} {item[key]['S']}", []).append(json.dumps(item, sort_keys=True))
    return {name: sorted(items) for name, items in kept.items()}


def test_a_dry_run_shows_what_would_be_done_and_changes_nothing(
    aws: "Aws", queue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(aws)
    assert run(FORGET) == 0
    shown = capsys.readouterr().out
    assert everything(aws) == before
    assert "3 instruments, 4 orders" in shown
    assert "Nothing was changed" in shown
    assert [line.split()[:2] for line in shown.splitlines() if line.strip()[:1].isdigit()] == [
        ["1", "paid"],
        ["2", "declined"],
        ["3", "unknown"],
        ["4", "authorized"],
    ]
    assert find_words(TRACES, shown) == []
    assert "Messages" not in aws.sqs.receive_message(QueueUrl=queue)


def test_every_trace_leaves_in_one_run_and_nobody_elses(aws: "Aws", capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(aws)
    assert run(APPLY) == 0
    after = everything(aws)
    gone = {"instruments abc#7", "ledger abc#1", "ledger abc#2", "ledger abc#3", "ledger abc#4"}
    assert {name for name in before if before[name] != after[name]} == gone
    [mark] = [json.loads(item) for item in after.pop("instruments abc#7")]
    assert mark.keys() == {
        *("customer_key", "instrument_key", "store_hash", "customer_id", "version"),
        *("forgotten_at", "forgotten_by", "forgotten_why"),
    }
    assert (mark["forgotten_by"]["S"], mark["forgotten_why"]["S"]) == ("jane", "asked for by letter")
    kept = json.dumps([after[name] for name in gone & after.keys()])
    assert find_words(TRACES, kept) == []
    assert find_words(TRACES, capsys.readouterr().out) == []


def test_the_ledger_keeps_amounts_and_outcomes(aws: "Aws") -> None:
    assert run(APPLY) == 0
    charges = open_ledger("dev").read_charges("abc", [1, 2, 3, 4])
    assert {order: charge.state for order, charge in charges.items()} == {
        1: State.PAID,
        2: State.SKIPPED,
        3: State.UNKNOWN,
        4: State.AUTHORIZED,
    }
    for charge in charges.values():
        assert charge.money == Money(1250, "USD")
        assert [(one.money, one.token_id, one.sent_at) for one in charge.attempts] == [(charge.money, "jti-1", NOW)]
    assert [one.outcome for one in charges[2].attempts] == [State.DECLINED]
    assert [one.code for one in charges[2].attempts] == [30106]
    assert [(act.who, act.at) for act in charges[1].acts] == [("joe", NOW)]


def test_it_may_be_repeated_and_the_first_reason_stays(aws: "Aws", capsys: pytest.CaptureFixture[str]) -> None:
    assert run(APPLY) == 0
    before = everything(aws)
    capsys.readouterr()
    assert run([*FORGET, "--apply", "--why", "once more", "--who", "joe"]) == 0
    assert "0 instruments, 0 orders" in capsys.readouterr().out
    [mark], [again] = before.pop("instruments abc#7"), everything(aws)["instruments abc#7"]
    assert {**json.loads(mark), "version": 0} == {**json.loads(again), "version": 0}


def test_workers_are_told_to_forget_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        events.append(params)

    def connect_and_note(service: str, endpoint: str | None = None) -> Any:
        client = connect(service, endpoint)
        if service == "sqs":
            client.meta.events.register("provide-client-params.sqs.SendMessage", note)
        return client

    monkeypatch.setattr("ops.instrument_access.connect", connect_and_note)
    assert run(APPLY) == 0
    [message] = events
    body = json.loads(message["MessageBody"])
    assert (body["store_hash"], body["kind"], body["id"]) == ("abc", "customer", 7)
    assert (body["cause"], message["DelaySeconds"]) == ("forget_the_rest", 900)


def test_without_the_queue_it_is_done_and_said(aws: "Aws", queue: str, capsys: pytest.CaptureFixture[str]) -> None:
    aws.sqs.delete_queue(QueueUrl=queue)
    assert run(APPLY) == 0
    assert "repeat this in 15 minutes" in capsys.readouterr().out
    assert open_instruments("dev").is_forgotten("abc", 7)


@pytest.mark.parametrize(
    "arguments",
    [
        (*FORGET, "--apply"),
        (*FORGET, "--apply", "--why", ""),
        (*FORGET, "--apply", "--why", "card 4111 1111 1111 1111"),
        ("customers", "forget", "0", "--store", "abc"),
        ("customers", "forget", "sam", "--store", "abc"),
        ("customers", "forget", "7", "--store", "a/b"),
        ("customers", "forget", "7"),
        ("customers", "forget"),
    ],
)
def test_what_cannot_be_done_as_asked_changes_nothing(aws: "Aws", arguments: tuple[str, ...]) -> None:
    before = everything(aws)
    assert run(arguments) == 2
    assert everything(aws) == before


def test_nothing_that_is_kept_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["customers", "forget", "99", "--store", "abc"]) == 0
    assert "0 instruments, 0 orders" in capsys.readouterr().out
