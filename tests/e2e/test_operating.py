"""What an operator does by command on the local cloud: the gateway's book and the orders are the judges."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bigcharge.domain.errors import ConflictError
from ops.aws import open_ledger
from sandbox.bigcommerce.book import charged_twice
from sandbox.bigcommerce.faults import Answer, Endpoint
from sandbox.bigcommerce.records import PaymentMethod
from tests.e2e.house import STORE, House, open_house, wait_until

AUTHORIZE_ONLY = PaymentMethod("authorizenet.card", "Authorize.net", authorize_only=True)
WHY = ("--why", "the shopper called", "--who", "jane")
AWAITING_FULFILLMENT, CANCELLED = 11, 5

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("operating")) as opened:
        opened.start_aws()
        opened.start_functions()
        opened.box.offer_method(AUTHORIZE_ONLY)
        yield opened
        assert not opened.box.violations
        assert not charged_twice(opened.box.book)


def order_of(house: House, **looks: Any) -> tuple[int, str]:
    """An order of a new customer with one card, and the card's token."""
    customer = house.box.create_customer().customer_id
    token = house.box.store_instrument(customer, **looks).token
    return house.box.create_order(customer_id=customer, amount=1250, external_source="e2e").order_id, token


def comes_to(house: House, order: int, state: str) -> bool:
    return wait_until(lambda: house.charges().get(order, {}).get("state") == state, 30)


def operate(house: House, command: str, order: int, *words: str) -> str:
    done = house.bigcharge("charges", command, order, *words, *WHY)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def show(house: House, order: int) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(house.bigcharge("charges", "show", order, "--json").stdout)
    return shown


def kinds(house: House, order: int) -> list[str]:
    return [entry.kind for entry in house.box.book if entry.order_id == order]


def let_it_be_due(house: House, order: int) -> None:
    """As if the hour had passed after which the books are compared; the sweep does the rest."""
    ledger = open_ledger("dev", f"http://127.0.0.1:{house.aws_port}")
    while True:
        charge, _ = ledger.read(STORE, order)
        assert charge is not None
        with suppress(ConflictError):
            ledger.save(replace(charge, due_at=datetime.now(UTC)))
            return


def test_an_order_that_failed_for_good_is_paid_after_its_card_was_mended(house: House) -> None:
    order, token = order_of(house, behaviour=30106)
    assert comes_to(house, order, "failed")
    tries = len(show(house, order)["attempts"])
    house.box.set_behaviour(token, 0)
    assert operate(house, "retry", order) == f"order {order} of store {STORE}: to be tried again now\n"
    assert comes_to(house, order, "paid")
    shown = show(house, order)
    assert [(act["kind"], act["who"], act["why"]) for act in shown["acts"]] == [("retry", "jane", WHY[1])]
    assert len(shown["attempts"]) == tries + 1
    assert kinds(house, order) == ["purchase"]


def test_a_retry_of_what_was_paid_charges_nothing(house: House) -> None:
    order, _ = order_of(house)
    assert comes_to(house, order, "paid")
    refused = house.bigcharge("charges", "retry", order, *WHY)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "it is paid" in refused.stderr
    assert kinds(house, order) == ["purchase"]


def test_what_an_authorize_only_gateway_holds_is_captured_once(house: House) -> None:
    order, _ = order_of(house, method_id=AUTHORIZE_ONLY.method_id)
    assert comes_to(house, order, "authorized")
    operate(house, "capture", order)
    assert comes_to(house, order, "paid")
    again = house.bigcharge("charges", "capture", order, *WHY)
    assert (again.returncode, "refund it in BigCommerce" in again.stderr) == (1, True)
    assert kinds(house, order) == ["authorization", "capture"]


def test_what_is_held_is_given_up(house: House) -> None:
    order, _ = order_of(house, method_id=AUTHORIZE_ONLY.method_id)
    assert comes_to(house, order, "authorized")
    operate(house, "void", order)
    assert comes_to(house, order, "canceled")
    assert kinds(house, order) == ["authorization", "void"]
    assert house.box.order(order).status_id == CANCELLED


def test_a_payment_that_nobody_knows_of_is_resolved_and_never_retried(house: House) -> None:
    """The gateway charged, BigCommerce did not hear of it, and the answer was lost: only a person can tell."""
    customer = house.box.create_customer().customer_id
    house.box.store_instrument(customer)
    house.box.next_answer(Endpoint.PAYMENTS, Answer(drop="after", unrecorded=True))
    order = house.box.create_order(customer_id=customer, amount=1250, external_source="e2e").order_id
    assert comes_to(house, order, "unknown")
    for words in (["retry", order], ["resolve", order, "--as", "failed"]):
        refused = house.bigcharge("charges", *words, *WHY)
        assert refused.returncode == 1
        assert "order" in refused.stderr
    assert show(house, order)["acts"] == []
    operate(house, "resolve", order, "--as", "paid", "--transaction", "seen-1")
    shown = show(house, order)
    assert (shown["state"], shown["transaction_id"], shown["reason"]) == ("paid", "seen-1", "resolved_by_operator")
    let_it_be_due(house, order)
    assert wait_until(lambda: show(house, order)["difference"] == "paid_only_in_ledger", 30)
    assert Counter(kinds(house, order)) == {"purchase": 1}


def test_a_paid_order_that_is_still_incomplete_is_repaired(house: House) -> None:
    order, _ = order_of(house)
    assert comes_to(house, order, "paid")
    house.box.set_order(order, status_id=0)
    let_it_be_due(house, order)
    listed = ("charges", "list", "--differ", "--json")
    assert wait_until(lambda: order in {row["order_id"] for row in json.loads(house.bigcharge(*listed).stdout)}, 30)
    assert show(house, order)["difference"] == "paid_but_incomplete"
    before = show(house, order)
    planned = house.bigcharge("charges", "repair")
    assert (planned.returncode, planned.stderr) == (0, "")
    assert f" {order} " in planned.stdout
    assert show(house, order) | {"due_at": None} == before | {"due_at": None}, "a dry run changes nothing"
    assert house.box.order(order).status_id == 0
    applied = house.bigcharge("charges", "repair", "--apply", *WHY)
    assert (applied.returncode, applied.stderr) == (0, "")
    assert wait_until(lambda: house.box.order(order).status_id == AWAITING_FULFILLMENT, 30)
    let_it_be_due(house, order)
    assert wait_until(lambda: show(house, order)["difference"] is None, 30)
    assert kinds(house, order) == ["purchase"]
