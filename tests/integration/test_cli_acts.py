"""The operator's commands, against tables and a queue as template.yaml declares them."""

import getpass
import json
import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import Charge
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause
from ops.aws import open_ledger
from ops.cli import run
from tests.integration.cli_world import deploy_tables, save
from tests.integration.conftest import NOW

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

README = Path(__file__).parents[2] / "README.md"
WHY = ("--why", "the shopper called")
INCOMPLETE = {"difference": Difference.PAID_BUT_INCOMPLETE}


@pytest.fixture(autouse=True)
def queue(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> str:
    deploy_tables(aws, resources, monkeypatch)
    return aws.sqs.create_queue(QueueName="bigcharge-dev-orders")["QueueUrl"]


def hints(aws: "Aws", queue: str) -> list[tuple[str, int, str]]:
    received = aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    bodies = [json.loads(message["Body"]) for message in received]
    return sorted((body["store_hash"], body["id"], body["cause"]) for body in bodies)


def stored(store_hash: str, order_id: int) -> Charge:
    charge, _ = open_ledger("dev").read(store_hash, order_id)
    assert charge is not None
    return charge


def unknown(store_hash: str, order_id: int) -> None:
    end = NOW + timedelta(hours=1)
    attempt = Attempt(1, "sweep", "stripe.card", "f" * 16, Money(1250, "USD"), "jti", end, NOW, outcome=State.UNKNOWN)
    save(store_hash, order_id, State.UNKNOWN, attempts=(attempt,))


def test_a_retry_is_in_the_ledger_with_who_and_why_and_in_the_queue(
    aws: "Aws", queue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    save("a", 1, State.FAILED)
    assert run(["charges", "retry", "1", "--store", "a", *WHY, "--who", "jane"]) == 0
    assert capsys.readouterr() == ("order 1 of store a: to be tried again now\n", "")
    charge = stored("a", 1)
    assert charge.state is State.CLAIMED
    [act] = charge.acts
    assert (act.kind, act.who, act.why, act.at) == (ActKind.RETRY, "jane", WHY[1], charge.updated_at)
    assert hints(aws, queue) == [("a", 1, "operator")]


def test_whoever_is_at_this_system_does_it_unless_named() -> None:
    save("a", 1, State.FAILED)
    assert run(["charges", "retry", "1", *WHY]) == 0
    assert stored("a", 1).acts[0].who == getpass.getuser()


def test_a_system_that_knows_no_name_asks_for_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> str:
        raise OSError("no such user")

    monkeypatch.setattr(getpass, "getuser", fail)
    save("a", 1, State.FAILED)
    assert run(["charges", "retry", "1", *WHY]) == 2
    assert "--who" in capsys.readouterr().err
    assert stored("a", 1).acts == ()


def test_of_many_orders_one_that_is_refused_does_not_keep_the_others(
    aws: "Aws", queue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    save("a", 1, State.DECLINED)
    unknown("a", 2)
    save("a", 3, State.SKIPPED)
    assert run(["charges", "retry", "1", "2", "3", "1", *WHY]) == 1
    said = capsys.readouterr()
    assert said.out == "order 1 of store a: to be tried again now\norder 3 of store a: to be tried again now\n"
    assert said.err.startswith(
        "bigcharge: order 2 of store a is left as it is: it is unknown: it may have been charged."
    )
    assert said.err.count("\n") == 1
    assert hints(aws, queue) == [("a", 1, "operator"), ("a", 3, "operator")]
    assert (stored("a", 2).state, stored("a", 2).acts) == (State.UNKNOWN, ())


@pytest.mark.parametrize("orders", [["1", "7"], ["1", "2"]])
def test_nothing_is_done_unless_it_is_plain_which_orders_are_meant(
    aws: "Aws", queue: str, orders: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    save("a", 1, State.DECLINED)
    save("a", 2, State.DECLINED)
    save("b", 2, State.DECLINED)
    assert run(["charges", "retry", *orders, *WHY]) == (1 if "7" in orders else 2)
    said = capsys.readouterr()
    assert said.out == ""
    assert ("a, b with --store" if "2" in orders else "does not know order 7") in said.err
    assert stored("a", 1).acts == ()
    assert hints(aws, queue) == []


@pytest.mark.parametrize(("command", "kind"), [("capture", ActKind.CAPTURE), ("void", ActKind.VOID)])
def test_an_authorization_is_to_be_captured_or_voided(aws: "Aws", queue: str, command: str, kind: ActKind) -> None:
    save("a", 1, State.AUTHORIZED)
    assert run(["charges", command, "1", *WHY]) == 0
    charge = stored("a", 1)
    assert (charge.state, charge.acts[0].kind) == (State.AUTHORIZED, kind)
    assert charge.due_at == charge.updated_at
    assert hints(aws, queue) == [("a", 1, "operator")]


@pytest.mark.parametrize(
    ("words", "state", "transaction"),
    [
        (["paid", "--transaction", "t-9"], State.PAID, "t-9"),
        (["paid"], State.PAID, None),
        (["failed"], State.FAILED, None),
    ],
)
def test_an_unknown_payment_is_resolved_as_what_the_operator_found(
    words: list[str], state: State, transaction: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown("a", 1)
    assert run(["charges", "resolve", "1", "--as", *words, *WHY]) == 0
    assert capsys.readouterr().out == f"order 1 of store a: recorded as {words[0]}\n"
    assert (stored("a", 1).state, stored("a", 1).transaction_id) == (state, transaction)


def test_a_dry_run_shows_what_would_be_repaired_and_changes_nothing(
    aws: "Aws", queue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    save("a", 1, State.PAID, **INCOMPLETE, acts=(Act(ActKind.REPAIR, "jane", "again", NOW),))
    save("b", 2, State.PAID, **INCOMPLETE)
    save("a", 3, State.PAID, difference=Difference.PAID_TWICE)
    save("a", 4, State.PAID)
    before = list(open_ledger("dev").list_charges())
    for words in ([], ["--store", "a"], ["2"]):
        assert run(["charges", "repair", *words]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert ("a 1 12.50 USD" in shown, "b 2 12.50 USD" in shown) == ("2" not in words, "a" not in words)
        assert "Nothing was changed" in shown
    assert list(open_ledger("dev").list_charges()) == before
    assert hints(aws, queue) == []


def test_applied_it_repairs_every_such_order_and_no_other(
    aws: "Aws", queue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    save("a", 1, State.PAID, **INCOMPLETE)
    save("b", 2, State.PAID, **INCOMPLETE)
    save("a", 3, State.PAID, difference=Difference.PAID_TWICE)
    for _ in range(2):
        assert run(["charges", "repair", "--apply", *WHY]) == 0
        assert "order 2 of store b: to be set to Awaiting Fulfillment now\n" in capsys.readouterr().out
        assert hints(aws, queue) == [("a", 1, "operator"), ("b", 2, "operator")]
    assert [act.kind for act in stored("a", 1).acts] == [ActKind.REPAIR] * 2
    assert stored("a", 3).acts == ()


def test_where_nothing_is_to_be_repaired_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--apply", *WHY]):
        assert run(["charges", "repair", *words]) == 0
        assert capsys.readouterr().out == "no order is known as paid and still Incomplete\n"


@pytest.mark.parametrize("words", [[], ["--apply", *WHY]])
def test_an_order_that_is_not_to_be_repaired_is_a_plain_no(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    save("a", 1, State.PAID)
    assert run(["charges", "repair", "1", *words]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "order 1 of store a" in said.err
    assert "only such an order is repaired" in said.err


def test_without_a_queue_the_act_stands_and_the_sweep_carries_it_out(
    aws: "Aws", queue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.sqs.delete_queue(QueueUrl=queue)
    save("a", 1, State.DECLINED)
    assert run(["charges", "retry", "1", *WHY]) == 0
    said = capsys.readouterr()
    assert "to be tried again" in said.out
    assert "the sweep goes on with it" in said.err
    charge = stored("a", 1)
    assert [due.order_id for due in open_ledger("dev").list_due(charge.updated_at + timedelta(seconds=1))] == [1]


def test_of_a_paused_store_it_is_said_what_the_order_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    save("a", 1, State.DECLINED)
    open_ledger("dev").pause(Pause("a", "credentials_refused", 401, "fingerprint", NOW))
    assert run(["charges", "retry", "1", *WHY]) == 0
    assert "waits for bigcharge stores resume a" in capsys.readouterr().err


def _readme_commands() -> list[str]:
    return re.findall(
        r"^(bigcharge (?:charges|instruments|stores (?:pause|resume)) [^#\n]*?) *(?:#.*)?$",
        README.read_text(),
        re.MULTILINE,
    )


@pytest.mark.parametrize("command", _readme_commands())
def test_every_command_of_an_operator_that_the_readme_shows_runs(command: str) -> None:
    save("abc123", 101, State.DECLINED)
    save("abc123", 102, State.FAILED)
    save("abc123", 103, State.AUTHORIZED)
    unknown("abc123", 104)
    save("abc123", 105, State.PAID, **INCOMPLETE)
    _, *arguments = shlex.split(command)
    assert run(arguments) == 0


def test_the_readme_shows_every_command_of_an_operator() -> None:
    shown = "\n".join(_readme_commands())
    assert all(f"charges {name}" in shown for name in ("list", "show", "retry", "capture", "void", "resolve", "repair"))
