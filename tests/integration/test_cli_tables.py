"""The commands that read the tables, against tables as template.yaml declares them."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.domain.charges import Charge
from bigcharge.domain.instruments import Instrument, InstrumentType
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause
from ops.aws import open_instruments, open_ledger
from ops.cli import run
from tests.integration.conftest import NOW

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

pytestmark = pytest.mark.usefixtures("tables")
KEYS = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


@pytest.fixture
def tables(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_PROFILE", "STAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", aws.dynamodb.meta.region_name)
    monkeypatch.setenv("COLUMNS", "80")
    for resource, name in (("LedgerTable", "bigcharge-dev-ledger"), ("InstrumentsTable", "bigcharge-dev-instruments")):
        declared = resources[resource]["Properties"]
        aws.dynamodb.create_table(TableName=name, **{key: declared[key] for key in KEYS if key in declared})


def _save(store_hash: str, order_id: int, state: State = State.SKIPPED, **changes: object) -> None:
    charge = Charge(store_hash, order_id, state, NOW, money=Money(1250, "USD"))
    open_ledger("dev").save(replace(charge, **changes))  # type: ignore[arg-type]


def _print_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_empty_ledger_is_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["charges", "list", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"
    assert run(["charges", "list"]) == 0
    assert capsys.readouterr().out == "no charges\n"


def test_charges_are_listed_by_store_and_by_the_number_of_the_order(capsys: pytest.CaptureFixture[str]) -> None:
    for store_hash, order_id in (("b", 9), ("a", 100), ("a", 20), ("b", 10)):
        _save(store_hash, order_id)
    listed = _print_json(capsys, "charges", "list")
    assert [(row["store_hash"], row["order_id"]) for row in listed] == [("a", 20), ("a", 100), ("b", 9), ("b", 10)]


def test_the_listing_can_be_narrowed_to_a_store_and_to_states(capsys: pytest.CaptureFixture[str]) -> None:
    _save("a", 1, State.PAID)
    _save("a", 2, State.DECLINED)
    _save("a", 3, State.UNKNOWN)
    _save("b", 4, State.PAID)
    narrowed = _print_json(capsys, "charges", "list", "--store", "a", "--state", "paid", "--state", "declined")
    assert [row["order_id"] for row in narrowed] == [1, 2]


def test_a_paused_store_is_no_charge(capsys: pytest.CaptureFixture[str]) -> None:
    open_ledger("dev").pause(Pause("a", "credentials_refused", 401, "fingerprint", NOW))
    assert _print_json(capsys, "charges", "list") == []


def test_people_read_why_an_order_was_not_paid(capsys: pytest.CaptureFixture[str]) -> None:
    _save("a", 1, State.DECLINED, reason="card_expired", code=30103)
    assert run(["charges", "list"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "12.50 USD" in shown
    assert "declined" in shown
    assert run(["charges", "show", "1"]) == 0
    assert "Declined: the card has expired. (code 30103)" in capsys.readouterr().out


def test_the_table_fits_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    _save("a" * 10, 123_456, State.PAID_ELSEWHERE, money=Money(123_456_789, "USD"))
    _save("b", 1, State.DECLINED, reason="no_usable_instrument")
    run(["charges", "list"])
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 80


def test_what_a_stranger_named_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    _save("a", 1, reason="[bold]order_status[/]")
    assert run(["charges", "list"]) == 0
    assert "[bold]" in capsys.readouterr().out.lower()


def test_one_order_is_shown_by_its_id_or_with_its_store(capsys: pytest.CaptureFixture[str]) -> None:
    _save("a", 1, State.PAID, transaction_id="17")
    for words in (["1"], ["a", "1"]):
        shown = _print_json(capsys, "charges", "show", *words)
        assert (shown["order_id"], shown["transaction_id"], shown["attempts"]) == (1, "17", [])


def test_an_order_of_several_stores_must_be_named_with_its_store(capsys: pytest.CaptureFixture[str]) -> None:
    _save("a", 1)
    _save("b", 1)
    assert run(["charges", "show", "1"]) == 2
    assert "a, b" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["7"], ["a", "7"]])
def test_an_unknown_order_is_a_plain_no(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["charges", "show", *words]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "does not know order 7" in said.err


def test_another_stage_has_tables_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["charges", "list", "--stage", "prod"]) == 2
    assert "no such table" in capsys.readouterr().err


def test_instruments_are_listed_without_their_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    token = "f" * 64
    account = Instrument(token, InstrumentType.PAYPAL_ACCOUNT, is_default=True, email="shopper@example.com")
    table = open_instruments("dev")
    table.put("a", 7, account, NOW)
    table.finish("a", 7, account.fingerprint, NOW)
    table.remove("a", 8, account, NOW, NOW + timedelta(days=30))
    listed = _print_json(capsys, "instruments", "list")
    assert [(row["customer_id"], row["removed_at"]) for row in listed] == [(7, None), (8, NOW.isoformat())]
    assert {row["token_fingerprint"] for row in listed} == {account.fingerprint}
    assert run(["instruments", "list", "--customer", "7"]) == 0
    shown = capsys.readouterr().out
    assert "s***@example.com" in shown
    assert token not in shown + json.dumps(listed)
    assert _print_json(capsys, "instruments", "list", "--customer", "7", "--reveal")[0]["email"] == account.email
    assert _print_json(capsys, "instruments", "list", "--store", "b") == []


def test_a_paused_store_is_resumed_once(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = open_ledger("dev")
    ledger.pause(Pause("a", "credentials_refused", 401, "fingerprint", NOW))
    assert run(["stores", "resume", "a"]) == 0
    assert "paused since 2026-04-01 12:00 UTC" in capsys.readouterr().out
    assert ledger.read("a", 1) == (None, None)
    assert run(["stores", "resume", "a"]) == 0
    assert capsys.readouterr().out == "store a is not paused\n"
