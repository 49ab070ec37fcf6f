"""The commands that read the tables, against tables as template.yaml declares them."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.instruments import Instrument, InstrumentType
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause
from ops.aws import open_instruments, open_ledger
from ops.cli import run
from tests.fakes import hold
from tests.integration.cli_world import deploy_tables, print_json, save
from tests.integration.conftest import NOW

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def tables(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    deploy_tables(aws, resources, monkeypatch)


def test_an_empty_ledger_is_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["charges", "list", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"
    assert run(["charges", "list"]) == 0
    assert capsys.readouterr().out == "no charges\n"


def test_charges_are_listed_by_store_and_by_the_number_of_the_order(capsys: pytest.CaptureFixture[str]) -> None:
    for store_hash, order_id in (("b", 9), ("a", 100), ("a", 20), ("b", 10)):
        save(store_hash, order_id)
    listed = print_json(capsys, "charges", "list")
    assert [(row["store_hash"], row["order_id"]) for row in listed] == [("a", 20), ("a", 100), ("b", 9), ("b", 10)]


def test_the_listing_can_be_narrowed_to_a_store_and_to_states(capsys: pytest.CaptureFixture[str]) -> None:
    save("a", 1, State.PAID)
    save("a", 2, State.DECLINED)
    save("a", 3, State.UNKNOWN)
    save("b", 4, State.PAID)
    narrowed = print_json(capsys, "charges", "list", "--store", "a", "--state", "paid", "--state", "declined")
    assert [row["order_id"] for row in narrowed] == [1, 2]


def test_the_listing_can_be_narrowed_to_what_differs(capsys: pytest.CaptureFixture[str]) -> None:
    save("a", 1, State.PAID, difference="paid_twice")
    save("a", 2, State.PAID)
    assert [row["difference"] for row in print_json(capsys, "charges", "list")] == ["paid_twice", None]
    assert [row["order_id"] for row in print_json(capsys, "charges", "list", "--differ")] == [1]
    assert run(["charges", "list", "--differ"]) == 0
    assert "BigCommerce shows more than one payment" in " ".join(capsys.readouterr().out.split())
    assert run(["charges", "list", "--differ", "--store", "b"]) == 0
    assert capsys.readouterr().out == "no charges\n"


def test_a_charge_is_shown_with_what_operators_did(capsys: pytest.CaptureFixture[str]) -> None:
    done = (Act(ActKind.RETRY, "jane", "the shopper called", NOW), Act(ActKind.VOID, "joe", "not wanted", NOW))
    save("a", 1, State.CANCELED, acts=done)
    shown = print_json(capsys, "charges", "show", "1", "--store", "a")
    assert [(act["kind"], act["who"], act["why"]) for act in shown["acts"]] == [
        ("retry", "jane", "the shopper called"),
        ("void", "joe", "not wanted"),
    ]
    assert run(["charges", "show", "1"]) == 0
    text = capsys.readouterr().out
    assert "2026-04-01 12:00:00 retry by jane: the shopper called" in " ".join(text.split())
    assert max(len(line) for line in text.splitlines()) <= 80


def test_a_paused_store_is_no_charge(capsys: pytest.CaptureFixture[str]) -> None:
    open_ledger("dev").pause(Pause("a", "credentials_refused", 401, "fingerprint", NOW))
    assert print_json(capsys, "charges", "list") == []


def test_people_read_why_an_order_was_not_paid(capsys: pytest.CaptureFixture[str]) -> None:
    save("a", 1, State.DECLINED, reason="card_expired", code=30103)
    assert run(["charges", "list"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "12.50 USD" in shown
    assert "declined" in shown
    assert run(["charges", "show", "1"]) == 0
    assert "Declined: the card has expired. (code 30103)" in capsys.readouterr().out


def test_the_table_fits_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    save("a" * 10, 123_456, State.PAID_ELSEWHERE, money=Money(123_456_789, "USD"))
    save("b", 1, State.DECLINED, reason="no_usable_instrument")
    run(["charges", "list"])
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 80


def test_what_a_stranger_named_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    save("a", 1, reason="[bold]order_status[/]")
    assert run(["charges", "list"]) == 0
    assert "[bold]" in capsys.readouterr().out.lower()


def test_one_order_is_shown_by_its_id_or_with_its_store(capsys: pytest.CaptureFixture[str]) -> None:
    save("a", 1, State.PAID, transaction_id="17")
    for words in (["1"], ["a", "1"]):
        shown = print_json(capsys, "charges", "show", *words)
        assert (shown["order_id"], shown["transaction_id"], shown["attempts"]) == (1, "17", [])


def test_an_order_of_several_stores_must_be_named_with_its_store(capsys: pytest.CaptureFixture[str]) -> None:
    save("a", 1)
    save("b", 1)
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
    hold(table, account, customer=("a", 7), at=NOW)
    hold(table, account, customer=("a", 8), at=NOW, leaves_at=datetime.now(UTC) + timedelta(days=30))
    hold(table, account, customer=("a", 9), at=NOW, leaves_at=NOW + timedelta(days=30))  # DynamoDB deletes it late
    listed = print_json(capsys, "instruments", "list")
    assert [(row["customer_id"], row["removed_at"]) for row in listed] == [(7, None), (8, NOW.isoformat())]
    assert {row["token_fingerprint"] for row in listed} == {account.fingerprint}
    assert run(["instruments", "list", "--customer", "7"]) == 0
    shown = capsys.readouterr().out
    assert "s***@example.com" in shown
    assert token not in shown + json.dumps(listed)
    assert print_json(capsys, "instruments", "list", "--customer", "7", "--reveal")[0]["email"] == account.email
    assert print_json(capsys, "instruments", "list", "--store", "b") == []


def test_account_numbers_are_masked_and_addresses_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """The table holds four digits; whatever it held, no more of it is shown unless it is asked for."""
    address = {"street_1": "1 Invented Street"}
    account = Instrument(
        "f" * 64, InstrumentType.BANK_ACCOUNT, issuer="Invented Bank", last_4="00123456", billing_address=address
    )
    hold(open_instruments("dev"), account, customer=("a", 7), at=NOW)
    assert run(["instruments", "list"]) == 0
    text = capsys.readouterr().out
    listed = print_json(capsys, "instruments", "list")
    revealed = print_json(capsys, "instruments", "list", "--reveal")
    assert (listed[0]["last_4"], revealed[0]["last_4"]) == ("3456", "00123456")
    assert "Invented Bank 3456" in text
    assert "0123456" not in text
    assert "Invented Street" not in text + json.dumps(listed + revealed)


def test_a_paused_store_is_resumed_once(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = open_ledger("dev")
    ledger.pause(Pause("a", "credentials_refused", 401, "fingerprint", NOW))
    assert run(["stores", "resume", "a"]) == 0
    assert "paused since 2026-04-01 12:00 UTC" in capsys.readouterr().out
    assert ledger.read("a", 1) == (None, None)
    assert run(["stores", "resume", "a"]) == 0
    assert capsys.readouterr().out == "store a is not paused\n"
