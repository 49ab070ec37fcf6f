"""The books of one order: what its transactions add up to, and how they can differ from the ledger."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bigcharge.domain.attempts import STORE_CREDIT, Attempt
from bigcharge.domain.books import Difference, compare, seem_different
from bigcharge.domain.charges import Charge
from bigcharge.domain.money import Money
from bigcharge.domain.orders import PAID_STATUSES, Order, OrderStatus, Transaction
from bigcharge.domain.shown_money import ShownMoney, add_up
from bigcharge.domain.states import State
from bigcharge.domain.traces import list_own, payment_of_another_amount
from tests.fakes import NOON, STORE, VISA, incomplete_order

PRICE = Money(9800, "USD")
ATTEMPT = Attempt(
    1, "sweep", "stripe.card", VISA.fingerprint, PRICE, "jti-1", NOON + timedelta(hours=1), NOON, outcome=State.PAID
)
CREDIT = replace(ATTEMPT, instrument=STORE_CREDIT)
UNPAID = {OrderStatus(status) for status in (0, 1, 5, 6, 7)}
WITHOUT_MONEY = [State.FAILED, State.CANCELED, State.DECLINED]


def make(state: State = State.PAID, **changes: Any) -> Charge:
    return replace(Charge(STORE, 215, state, NOON, money=PRICE, attempts=(ATTEMPT,), version=1), **changes)


def order(status: int = 11, **changes: Any) -> Order:
    return incomplete_order(status=status, **changes)


def shown(event: str, amount: int | None = 9800, **changes: Any) -> Transaction:
    money = None if amount is None else Money(amount, "USD")
    return replace(Transaction(event, event, ok=True, money=money), **changes)


def failed(event: str, amount: int = 9800) -> Transaction:
    return shown(event, amount, ok=False, failed=True)


# ------------------------------------------------------------ what transactions add up to

NOTHING = ShownMoney(payments=0, paid=0, returned=0, held=0, coming=0, is_captured=False)


@pytest.mark.parametrize(
    ("told", "sums"),
    [
        ([], {}),
        ([shown("purchase")], {"payments": 1, "paid": 9800}),
        ([shown("purchase"), shown("purchase", 100)], {"payments": 2, "paid": 9900}),
        ([shown("purchase"), shown("settled")], {"payments": 1, "paid": 9800}),
        ([shown("purchase"), shown("settled", 9600)], {"payments": 1, "paid": 9800}),
        ([shown("purchase"), shown("settled", None)], {"payments": 1, "paid": 9800}),
        ([shown("purchase"), shown("pending"), shown("settled")], {"payments": 2, "paid": 19600}),
        ([shown("purchase", 100), shown("purchase"), shown("settled")], {"payments": 2, "paid": 9900}),
        ([shown("settled")], {"payments": 1, "paid": 9800}),
        ([shown("purchase"), shown("refund", 300)], {"payments": 1, "paid": 9800, "returned": 300}),
        ([shown("authorization")], {"held": 9800}),
        ([shown("authorization"), shown("void")], {}),
        ([shown("authorization"), shown("void", 300)], {"held": 9500}),
        (
            [shown("authorization"), shown("capture")],
            {"payments": 1, "paid": 9800, "is_captured": True},
        ),
        (
            [shown("authorization"), shown("capture", 300)],
            {"payments": 1, "paid": 300, "held": 9500, "is_captured": True},
        ),
        (
            [shown("authorization"), shown("capture"), shown("void")],
            {"payments": 1, "paid": 9800, "returned": 9800, "is_captured": True},
        ),
        ([shown("purchase"), shown("void")], {"payments": 1, "paid": 9800, "returned": 9800}),
        ([shown("pending")], {"coming": 9800}),
        ([shown("pending"), shown("settled")], {"payments": 1, "paid": 9800}),
        ([shown("pending"), shown("pending"), shown("settled")], {"payments": 1, "paid": 9800, "coming": 9800}),
        ([shown("pending"), failed("settled")], {}),
        ([shown("pending"), failed("purchase")], {"coming": 9800}),
        ([failed("purchase"), failed("authorization"), failed("capture")], {}),
        ([shown("purchase", ok=False)], {}),
        ([shown("purchase", is_credit=True)], {}),
        ([shown("purchase", None)], {"payments": 1, "paid": 1}),
        ([shown("a word of next year")], {}),
    ],
)
def test_transactions_add_up(told: list[Transaction], sums: dict[str, Any]) -> None:
    assert add_up(told) == replace(NOTHING, **sums)


@pytest.mark.parametrize(
    ("sums", "is_any", "is_given_back"),
    [
        ({}, False, False),
        ({"paid": 1}, True, False),
        ({"held": 1}, True, False),
        ({"coming": 1}, True, False),
        ({"paid": 2, "returned": 1}, True, False),
        ({"paid": 1, "returned": 1}, False, True),
        ({"paid": 1, "returned": 2}, False, True),
        ({"returned": 1}, False, False),
    ],
)
def test_money_is_there_until_all_of_it_was_given_back(
    sums: dict[str, Any], *, is_any: bool, is_given_back: bool
) -> None:
    money = replace(NOTHING, **sums)
    assert (money.is_any, money.is_given_back) == (is_any, is_given_back)


# ------------------------------------------------------------ which transactions are ours


@pytest.mark.parametrize(
    ("transaction", "is_own"),
    [
        (shown("purchase"), True),
        (shown("purchase", None), True),
        (shown("purchase", 9801), False),
        (shown("purchase", money=Money(9800, "EUR")), False),
        (shown("purchase", is_credit=True), False),
        (failed("purchase"), True),
    ],
)
def test_another_amount_and_store_credit_are_anothers(transaction: Transaction, *, is_own: bool) -> None:
    assert list_own(make(), (transaction,)) == ([transaction] if is_own else [])
    if not transaction.is_credit:
        assert list_own(make(money=None), (transaction,)) == [transaction], "the amount is not known"


@pytest.mark.parametrize(
    ("event", "ok", "seconds", "is_own"),
    [
        ("authorization", True, -61, False),
        ("authorization", True, -59, True),
        ("void", True, -61, False),
        ("purchase", False, -61, False),
        ("purchase", True, -61, True),
        ("capture", True, -61, True),
        ("settled", True, -61, True),
        ("authorization", True, None, True),
    ],
)
def test_what_an_attempt_before_the_newest_held_or_was_refused_is_not_the_newests(
    event: str, seconds: int | None, *, ok: bool, is_own: bool
) -> None:
    at = None if seconds is None else NOON + timedelta(seconds=seconds)
    transaction = shown(event, ok=ok, failed=not ok, created_at=at)
    earlier = replace(ATTEMPT, sent_at=NOON - timedelta(days=1))
    assert list_own(make(attempts=(earlier, ATTEMPT)), (transaction,)) == ([transaction] if is_own else [])
    assert list_own(make(), (transaction,)) == [transaction], "the first attempt has none before it"


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        ([shown("purchase", 5000)], 5000),
        ([shown("purchase", 5000), shown("authorization"), shown("refund")], 5000),
        ([shown("purchase", 5000), failed("purchase"), shown("purchase", is_credit=True)], 5000),
        ([shown("purchase", 5000), shown("purchase", None)], 5000),
        ([shown("purchase", 5000), shown("capture", 4800)], None),
        ([shown("authorization", 5000)], None),
        ([], None),
    ],
)
def test_the_one_payment_of_another_amount_is_the_one_that_was_taken(told: list[Transaction], amount: int) -> None:
    found = payment_of_another_amount(tuple(told))
    assert found == ({"transaction_id": "purchase", "money": Money(amount, "USD")} if amount else {})


# ------------------------------------------------------------ how the books can differ


@pytest.mark.parametrize("state", [*WITHOUT_MONEY, State.AUTHORIZED, State.PAID, State.PAID_ELSEWHERE])
@pytest.mark.parametrize(
    ("told", "is_twice"),
    [
        ([shown("purchase"), shown("purchase")], True),
        ([shown("purchase"), shown("authorization")], True),
        ([shown("purchase"), shown("purchase", 1)], True),
        ([shown("purchase"), shown("purchase"), shown("refund")], False),
        ([shown("purchase", 4800), shown("purchase", 5000)], False),
        ([shown("purchase", 12000)], False),
    ],
)
def test_two_payments_of_more_than_the_order_cost_are_paid_twice(
    state: State, told: list[Transaction], *, is_twice: bool
) -> None:
    assert (compare(make(state), order(), tuple(told)) == Difference.PAID_TWICE) is is_twice


def test_what_the_order_cost_when_it_was_charged_and_what_it_costs_now_are_both_right() -> None:
    two = shown("purchase", 4900), shown("purchase", 5000)
    assert compare(make(), order(amount=9900), two) != Difference.PAID_TWICE
    assert compare(make(money=Money(9900, "USD")), order(), two) != Difference.PAID_TWICE
    assert compare(make(), order(owed=None), two) == Difference.PAID_TWICE
    assert compare(make(money=None), order(owed=None), two) == Difference.PAID_TWICE


@pytest.mark.parametrize("state", WITHOUT_MONEY)
@pytest.mark.parametrize("status", list(OrderStatus))
def test_an_order_that_is_paid_there_and_not_here(state: State, status: OrderStatus) -> None:
    there = Difference.PAID_ONLY_IN_BIGCOMMERCE
    assert compare(make(state, attempts=()), order(status), ()) == (there if status in PAID_STATUSES else None)
    for event in ("purchase", "authorization", "pending"):
        assert compare(make(state, attempts=()), order(status), (shown(event),)) == there
    assert compare(make(state, attempts=(CREDIT,)), order(status), ()) == there


@pytest.mark.parametrize("status", list(OrderStatus))
def test_an_authorization_whose_order_was_closed_or_that_holds_nothing_any_more(status: OrderStatus) -> None:
    held, gone = (shown("authorization"),), (shown("authorization"), shown("void"))
    is_closed = status in {OrderStatus.CANCELLED, OrderStatus.DECLINED}
    authorized = make(State.AUTHORIZED)
    assert compare(authorized, order(status), held) == (Difference.PAID_ONLY_IN_LEDGER if is_closed else None)
    assert compare(authorized, order(status), ()) == (Difference.PAID_ONLY_IN_LEDGER if is_closed else None)
    is_gone = status in UNPAID
    assert compare(authorized, order(status), gone) == (Difference.PAID_ONLY_IN_LEDGER if is_gone else None)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_an_order_that_is_paid_here_and_not_there(status: OrderStatus) -> None:
    paid, nothing = compare(make(), order(status), (shown("purchase"),)), compare(make(), order(status), ())
    if status is OrderStatus.INCOMPLETE:
        assert (paid, nothing) == (Difference.PAID_BUT_INCOMPLETE, Difference.PAID_ONLY_IN_LEDGER)
    elif status in UNPAID:
        assert (paid, nothing) == (Difference.PAID_ONLY_IN_LEDGER, Difference.PAID_ONLY_IN_LEDGER)
    else:
        assert (paid, nothing) == (None, None)


@pytest.mark.parametrize(
    ("told", "difference"),
    [
        ([shown("authorization")], Difference.PAID_ONLY_IN_LEDGER),
        ([failed("purchase")], Difference.PAID_ONLY_IN_LEDGER),
        ([shown("authorization"), shown("void")], Difference.PAID_ONLY_IN_LEDGER),
        ([shown("pending")], None),
        ([shown("purchase", is_credit=True)], None),
        ([shown("authorization"), shown("capture")], None),
        ([shown("authorization"), shown("capture", 9000)], Difference.AMOUNTS_DIFFER),
        ([shown("purchase", 9000)], Difference.AMOUNTS_DIFFER),
        ([shown("purchase"), shown("refund", 300)], None),
    ],
)
def test_a_payment_in_another_amount_or_one_that_is_only_held(
    told: list[Transaction], difference: Difference | None
) -> None:
    assert compare(make(), order(), tuple(told)) == difference


@pytest.mark.parametrize(
    ("charged", "owed", "told", "differs"),
    [
        (9800, 9900, [shown("purchase")], True),
        (9900, 9800, [shown("purchase")], True),
        (9800, 9500, [shown("purchase"), shown("refund", 300)], False),
        (9500, 9800, [shown("purchase"), shown("refund", 300)], False),
        (9800, 9900, [], True),
        (9800, 9800, [], False),
        (9800, None, [shown("purchase", 1)], False),
        (None, 9800, [shown("purchase", 1)], False),
    ],
)
def test_what_was_charged_and_what_the_order_costs_are_what_was_paid_or_is_left_of_it(
    charged: int | None, owed: int | None, told: list[Transaction], *, differs: bool
) -> None:
    money, now = (None if amount is None else Money(amount, "USD") for amount in (charged, owed))
    found = compare(make(money=money), order(owed=now), tuple(told))
    assert found == (Difference.AMOUNTS_DIFFER if differs else None)
    if charged and owed and not told:
        assert compare(make(attempts=(CREDIT,)), order(owed=now), ()) is None, "no instrument paid anything"


@pytest.mark.parametrize("status", [0, 5, 6, 11])
def test_what_others_paid_is_only_compared_for_being_paid_twice(status: int) -> None:
    assert compare(make(State.PAID_ELSEWHERE), order(status), ()) is None


# ------------------------------------------------------------ reason enough to compare them


@pytest.mark.parametrize("status", list(OrderStatus))
def test_the_status_alone_is_reason_enough(status: OrderStatus) -> None:
    seems = {state: seem_different(make(state, due_at=NOON), order(status)) for state in State}
    of_paid = status in UNPAID | {OrderStatus.REFUNDED}
    unsettled = {*WITHOUT_MONEY, State.CLAIMED, State.SUBMITTING, State.UNKNOWN, State.PENDING}
    assert seems == {
        state: {
            State.PAID: of_paid,
            State.AUTHORIZED: status in {OrderStatus.CANCELLED, OrderStatus.DECLINED},
            State.PAID_ELSEWHERE: status is OrderStatus.REFUNDED,
        }.get(state, state in unsettled and status in PAID_STATUSES)
        for state in State
    }


@pytest.mark.parametrize(
    ("charge", "seems"),
    [
        (make(), True),
        (make(State.AUTHORIZED), True),
        (make(attempts=(CREDIT, ATTEMPT)), False),
        (make(State.REFUNDED), False),
        (make(money=Money(9900, "USD")), False),
    ],
)
def test_so_is_another_amount(charge: Charge, *, seems: bool) -> None:
    assert seem_different(replace(charge, due_at=NOON), order(amount=9900)) is seems


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize(
    ("changes", "changed_at", "seems"),
    [
        ({}, NOON + timedelta(seconds=1), True),
        ({}, None, True),
        ({}, NOON, False),
        ({"due_at": NOON + timedelta(days=1)}, NOON + timedelta(days=1), False),
        ({"attempts": ()}, NOON + timedelta(days=1), False),
    ],
)
def test_so_is_any_change_of_an_order_that_we_tried_to_charge_and_that_nobody_looks_at_by_himself(
    state: State, changes: dict[str, Any], changed_at: datetime | None, *, seems: bool
) -> None:
    found = order(7 if state is not State.PAID else 11, modified_at=changed_at)
    assert seem_different(make(state, **changes), found) is (seems and state is not State.REFUNDED)
