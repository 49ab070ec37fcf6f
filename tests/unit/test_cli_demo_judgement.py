"""The demo's judgement: it finds nothing where all is well, and each kind of lie where one is planted."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bigcharge.domain.states import State
from ops.demo.comparing import compare, read_book_state
from ops.demo.evidence import Difference, Evidence, Expectation, Fault
from ops.demo.kinds import KINDS
from ops.demo.report import count_outcomes, make_line
from sandbox.bigcommerce.book import BookEntry, live_charges
from sandbox.bigcommerce.logs import Violation
from sandbox.bigcommerce.records import Instrument, Kind, fingerprint
from sandbox.bigcommerce.webhooks import Delivery

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
PAID, AUTHORIZED, PENDING, DECLINED, GUEST, FORGED = 100, 101, 102, 103, 104, 105
CARD = Instrument(
    "f" * 64, 7, Kind.CARD, "stripe.card", is_default=True, behaviour=0, brand="visa", last_4="4242", iin="424242"
)


def _entry(number: int, order_id: int, kind: str = "purchase", **changes: Any) -> BookEntry:
    entry = BookEntry(
        number=number,
        at=NOW,
        store_hash="demo",
        order_id=order_id,
        kind=kind,
        amount=1000,
        currency="USD",
        token_fingerprint="",
        transaction_id=number,
        payment_id=f"payment-{number}",
        by="api",
        charge=number,
    )
    return replace(entry, **changes)


def _row(order_id: int, state: str, attempts: int, transaction_id: str | None = None) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "state": state,
        "amount": 1000,
        "currency": "USD",
        "attempts": attempts,
        "transaction_id": transaction_id,
    }


def _delivery(order_id: int, status: int, *, signed: bool) -> Delivery:
    data = {"type": "order", "id": order_id}
    return Delivery(NOW, "demo", "store/order/created", data, "msg", "http://127.0.0.1", None, signed, 1, status)


def _expect(order_id: int, state: State | None, attempts: int) -> Expectation:
    return Expectation(order_id, "kind", state, 1000, "USD", attempts)


TRUTH = Evidence(
    expectations=(
        _expect(PAID, State.PAID, 1),
        _expect(AUTHORIZED, State.AUTHORIZED, 1),
        _expect(PENDING, State.PENDING, 1),
        _expect(DECLINED, State.DECLINED, 1),
        _expect(GUEST, State.SKIPPED, 0),
        _expect(FORGED, None, 0),
    ),
    rows=(
        _row(PAID, "paid", 1, "payment-1"),
        _row(AUTHORIZED, "authorized", 1, "2"),
        _row(PENDING, "pending", 1, "payment-3"),
        _row(DECLINED, "declined", 1),
        _row(GUEST, "skipped", 0),
    ),
    book=(_entry(1, PAID), _entry(2, AUTHORIZED, "authorization"), _entry(3, PENDING, "pending")),
    deliveries=(
        _delivery(PAID, 200, signed=True),
        _delivery(FORGED, 401, signed=False),
        _delivery(FORGED, 401, signed=True),
    ),
    violations=(),
    listed=(
        {
            "customer_id": 7,
            "token_fingerprint": fingerprint(CARD.token),
            "type": "card",
            "is_default": True,
            "brand": "visa",
            "last_4": "4242",
            "iin": "424242",
            "expiry_month": 12,
            "expiry_year": 2040,
            "removed_at": None,
        },
    ),
    stored=(CARD,),
)


def _with_row(order_id: int, **changes: object) -> Evidence:
    return replace(TRUTH, rows=[{**row, **changes} if row["order_id"] == order_id else row for row in TRUTH.rows])


def _without_row(order_id: int) -> Evidence:
    return replace(TRUTH, rows=[row for row in TRUTH.rows if row["order_id"] != order_id])


def _with_book(*entries: BookEntry) -> Evidence:
    return replace(TRUTH, book=(*TRUTH.book, *entries))


def _with_listed(**changes: object) -> Evidence:
    return replace(TRUTH, listed=({**TRUTH.listed[0], **changes},))


def test_nothing_differs_where_the_ledger_tells_the_truth() -> None:
    assert compare(TRUTH) == ()


LIES = {
    "a second charge stands": (Fault.CHARGED_TWICE, PAID, _with_book(_entry(4, PAID))),
    "the second charge is another kind": (Fault.CHARGED_TWICE, PAID, _with_book(_entry(4, PAID, "pending"))),
    "the charge was never made": (Fault.LOST, PAID, replace(TRUTH, book=TRUTH.book[1:])),
    "the authorization was voided": (Fault.LOST, AUTHORIZED, _with_book(_entry(4, AUTHORIZED, "void", charge=2))),
    "the ledger lost a charged order": (Fault.LOST, PAID, _without_row(PAID)),
    "the ledger lost a declined order": (Fault.LOST, DECLINED, _without_row(DECLINED)),
    "a declined order was charged": (Fault.CHARGED_WRONGLY, DECLINED, _with_book(_entry(4, DECLINED))),
    "a guest's order was charged": (Fault.CHARGED_WRONGLY, GUEST, _with_book(_entry(4, GUEST))),
    "a forged order was charged": (Fault.FORGED, FORGED, _with_book(_entry(4, FORGED))),
    "a forged order is in the ledger": (
        Fault.FORGED,
        FORGED,
        replace(TRUTH, rows=(*TRUTH.rows, _row(FORGED, "skipped", 0))),
    ),
    "a forged webhook was accepted": (
        Fault.FORGED,
        None,
        replace(TRUTH, deliveries=(_delivery(PAID, 200, signed=False),)),
    ),
    "a replayed webhook was accepted": (
        Fault.FORGED,
        None,
        replace(TRUTH, deliveries=(_delivery(FORGED, 200, signed=True),)),
    ),
    "a forged webhook made the door fall over": (
        Fault.UNPROVEN,
        None,
        replace(TRUTH, deliveries=(_delivery(FORGED, 500, signed=False),)),
    ),
    "no forged webhook was sent": (Fault.UNPROVEN, None, replace(TRUTH, deliveries=TRUTH.deliveries[:1])),
    "the ledger says declined of a paid order": (Fault.STATE, PAID, _with_row(PAID, state="declined")),
    "the ledger says paid of a declined order": (Fault.STATE, DECLINED, _with_row(DECLINED, state="paid")),
    "the ledger is not sure": (Fault.STATE, PAID, _with_row(PAID, state="unknown")),
    "the ledger says paid of an authorization": (Fault.STATE, AUTHORIZED, _with_row(AUTHORIZED, state="paid")),
    "the ledger did not see the bank settle": (
        Fault.STATE,
        PENDING,
        _with_book(_entry(4, PENDING, "settled", charge=3)),
    ),
    "the ledger holds an order that nobody made": (
        Fault.STATE,
        999,
        replace(TRUTH, rows=(*TRUTH.rows, _row(999, "paid", 1))),
    ),
    "the book holds an order that nobody made": (Fault.STATE, 999, _with_book(_entry(4, 999))),
    "too much was charged": (Fault.AMOUNT, PAID, replace(TRUTH, book=(_entry(1, PAID, amount=1001), *TRUTH.book[1:]))),
    "another currency was charged": (
        Fault.AMOUNT,
        PAID,
        replace(TRUTH, book=(_entry(1, PAID, currency="EUR"), *TRUTH.book[1:])),
    ),
    "the ledger names another amount": (Fault.AMOUNT, PAID, _with_row(PAID, amount=999)),
    "the ledger names another currency": (Fault.AMOUNT, PAID, _with_row(PAID, currency="EUR")),
    "the ledger names another transaction": (Fault.TRANSACTION, PAID, _with_row(PAID, transaction_id="payment-3")),
    "the ledger names no transaction": (Fault.TRANSACTION, PAID, _with_row(PAID, transaction_id=None)),
    "a request too many was made": (Fault.ATTEMPTS, DECLINED, _with_row(DECLINED, attempts=2)),
    "an instrument is missing": (Fault.INSTRUMENT, None, replace(TRUTH, listed=())),
    "an instrument is left over": (Fault.INSTRUMENT, None, replace(TRUTH, stored=())),
    "an instrument is marked as removed": (Fault.INSTRUMENT, None, _with_listed(removed_at="2026-04-01T12:00:00Z")),
    "an instrument is another customer's": (Fault.INSTRUMENT, None, _with_listed(customer_id=8)),
    "an instrument is not the default": (Fault.INSTRUMENT, None, _with_listed(is_default=False)),
    "an instrument expires another year": (Fault.INSTRUMENT, None, _with_listed(expiry_year=2039)),
    "time was up": (Fault.UNPROVEN, None, replace(TRUTH, in_time=False)),
    "the box was sent what no honest client sends": (
        Fault.VIOLATION,
        None,
        replace(TRUTH, violations=(Violation(NOW, "demo", "payments", "the Accept header"),)),
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_each_kind_of_lie_is_found(lie: str) -> None:
    fault, order_id, evidence = LIES[lie]
    found = compare(evidence)
    assert (fault, order_id) in {(difference.fault, difference.order_id) for difference in found}
    assert all(difference.text for difference in found)


def test_the_book_says_paid_of_what_was_captured_or_settled() -> None:
    for begun, done in (("authorization", "capture"), ("pending", "settled")):
        entries = [_entry(1, PAID, begun), _entry(2, PAID, done, charge=1)]
        assert read_book_state(entries, live_charges(entries)["demo", PAID]) is State.PAID


def test_the_last_line_has_the_agreed_form() -> None:
    line = "demo: 6 orders, 1 paid, 1 authorized, 1 pending, 1 declined, 2 left alone"
    assert make_line(TRUTH, ()) == f"{line}; charged twice: 0; lost: 0; forged accepted: 0"


def test_the_last_line_counts_orders_and_not_words() -> None:
    twice = Difference(Fault.CHARGED_TWICE, "text", PAID)
    forged = (
        Difference(Fault.FORGED, "text"),
        Difference(Fault.FORGED, "text"),
        Difference(Fault.FORGED, "text", FORGED),
    )
    line = make_line(_without_row(PAID), (twice, twice, *forged))
    assert line.endswith("2 left alone, 1 unsettled; charged twice: 1; lost: 0; forged accepted: 2")


def test_an_unknown_outcome_is_not_counted_as_any_good_one() -> None:
    assert count_outcomes(_with_row(PAID, state="unknown"))["unsettled"] == 1


def test_the_demo_makes_forty_orders_of_every_kind() -> None:
    assert sum(kind.count for kind in KINDS) == 40
    assert {kind.state for kind in KINDS} == {
        State.PAID,
        State.AUTHORIZED,
        State.PENDING,
        State.DECLINED,
        State.SKIPPED,
        None,
    }
