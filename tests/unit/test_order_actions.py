"""What is wanted of BigCommerce for an order that was charged or could not be: each state, by itself."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.books import Difference, compare
from bigcharge.domain.charges import Charge
from bigcharge.domain.money import Money
from bigcharge.domain.order_actions import OrderAction, ask_from, find_action, wait_after
from bigcharge.domain.orders import Order, OrderStatus, Transaction
from bigcharge.domain.policy import Capture, Policy, WhenFailed
from bigcharge.domain.states import State
from tests.fakes import NOON, STORE, VISA, incomplete_order

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PRICE = Money(9800, "USD")
ATTEMPT = Attempt(1, "sweep", "stripe.card", VISA.fingerprint, PRICE, "jti-1", NOON + HOUR, NOON)
POLICY = Policy(capture=Capture.AT_ONCE, when_failed=WhenFailed.CANCEL)
HELD = Transaction("t-1", "authorization", ok=True, money=PRICE)


def make(state: State, **changes: object) -> Charge:
    charge = Charge(STORE, 215, state, NOON, money=PRICE, attempts=(ATTEMPT,), due_at=NOON, version=1)
    return replace(charge, **changes)  # type: ignore[arg-type]  # fields by name


def act(kind: ActKind, at: datetime = NOON) -> Act:
    return Act(kind, "jane", "asked for", at)


def order(status: int, **changes: Any) -> Order:
    return incomplete_order(status=status, **changes)


def wanted(charge: Charge, found: Order, *told: Transaction, policy: Policy = POLICY) -> OrderAction | None:
    return find_action(charge, found, told, policy, NOON)


# ------------------------------------------------------------ an authorization


@pytest.mark.parametrize("status", list(OrderStatus))
@pytest.mark.parametrize("capture", list(Capture))
def test_an_authorization_is_captured_as_the_policy_says_unless_its_order_was_given_up(
    status: OrderStatus, capture: Capture
) -> None:
    is_given_up = status in {OrderStatus.CANCELLED, OrderStatus.DECLINED, OrderStatus.REFUNDED}
    has_shipped = status in {OrderStatus.SHIPPED, OrderStatus.COMPLETED}
    is_time = capture is Capture.AT_ONCE or (capture is Capture.WHEN_SHIPPED and has_shipped)
    action = wanted(make(State.AUTHORIZED), order(status), HELD, policy=replace(POLICY, capture=capture))
    assert action == (OrderAction.CAPTURE if is_time and not is_given_up else None)


@pytest.mark.parametrize("owed", [Money(9801, "USD"), Money(9800, "EUR"), None])
def test_law_4_what_is_held_is_not_captured_for_an_order_that_costs_something_else(owed: Money | None) -> None:
    held, found = make(State.AUTHORIZED), order(11, owed=owed)
    assert wanted(held, found, HELD) is None
    assert compare(held, found, (HELD,)) == Difference.AMOUNTS_DIFFER


@pytest.mark.parametrize(
    ("kinds", "action"),
    [
        ([ActKind.CAPTURE], OrderAction.CAPTURE),
        ([ActKind.VOID], OrderAction.VOID),
        ([ActKind.CAPTURE, ActKind.VOID], OrderAction.VOID),
        ([ActKind.VOID, ActKind.CAPTURE, ActKind.RETRY], OrderAction.CAPTURE),
        ([ActKind.RETRY], None),
    ],
)
def test_an_operators_last_word_on_this_authorization_is_done(kinds: list[ActKind], action: OrderAction | None) -> None:
    never = replace(POLICY, capture=Capture.NEVER)
    charge = make(State.AUTHORIZED, acts=tuple(act(kind) for kind in kinds))
    assert wanted(charge, order(5), HELD, policy=never) == action
    earlier = make(State.AUTHORIZED, acts=tuple(act(kind, NOON - MINUTE) for kind in kinds))
    assert wanted(earlier, order(11), HELD, policy=never) is None


# ------------------------------------------------------------ a failed order, and one to be repaired


@pytest.mark.parametrize("status", list(OrderStatus))
@pytest.mark.parametrize(
    ("when_failed", "action"),
    [
        (WhenFailed.LEAVE, None),
        (WhenFailed.CANCEL, OrderAction.CANCEL),
        (WhenFailed.DECLINE, OrderAction.DECLINE),
    ],
)
def test_a_failed_order_that_waits_for_a_payment_is_closed_as_the_policy_says(
    status: OrderStatus, when_failed: WhenFailed, action: OrderAction | None
) -> None:
    is_open = status in {OrderStatus.INCOMPLETE, OrderStatus.PENDING, OrderStatus.AWAITING_PAYMENT}
    policy = replace(POLICY, when_failed=when_failed)
    assert wanted(make(State.FAILED), order(status), policy=policy) == (action if is_open else None)


def test_a_failed_order_is_closed_when_its_time_has_come() -> None:
    for due_at in (NOON + MINUTE, None):
        assert wanted(make(State.FAILED, due_at=due_at), order(0)) is None


@pytest.mark.parametrize("event", ["purchase", "authorization", "capture", "pending", "settled"])
def test_a_failed_order_for_which_money_shows_is_not_closed(event: str) -> None:
    assert wanted(make(State.FAILED), order(0), replace(HELD, event=event)) is None


def test_a_failed_order_of_which_store_credit_paid_a_part_is_not_closed() -> None:
    credit = replace(ATTEMPT, instrument="store_credit", outcome=State.PAID)
    assert wanted(make(State.FAILED, attempts=(credit, ATTEMPT)), order(0)) is None


@pytest.mark.parametrize(
    ("difference", "status", "acts", "action"),
    [
        (Difference.PAID_BUT_INCOMPLETE, 0, (act(ActKind.REPAIR),), OrderAction.COMPLETE),
        (Difference.PAID_BUT_INCOMPLETE, 11, (act(ActKind.REPAIR),), None),
        (Difference.PAID_TWICE, 0, (act(ActKind.REPAIR),), None),
        (None, 0, (act(ActKind.REPAIR),), None),
        (Difference.PAID_BUT_INCOMPLETE, 0, (), None),
        (Difference.PAID_BUT_INCOMPLETE, 0, (act(ActKind.RETRY),), None),
        (Difference.PAID_BUT_INCOMPLETE, 0, (act(ActKind.REPAIR), act(ActKind.RETRY)), None),
        (Difference.PAID_BUT_INCOMPLETE, 0, (act(ActKind.REPAIR, NOON - MINUTE),), None),
    ],
)
def test_a_paid_order_is_completed_where_an_operator_ordered_it_since_the_difference_was_found(
    difference: Difference | None, status: int, acts: tuple[Act, ...], action: OrderAction | None
) -> None:
    assert wanted(make(State.PAID, difference=difference, acts=acts), order(status)) == action


@pytest.mark.parametrize("state", sorted(set(State) - {State.AUTHORIZED, State.FAILED, State.PAID}))
def test_nothing_is_wanted_for_an_order_in_any_other_state(state: State) -> None:
    repair = (act(ActKind.REPAIR),)
    assert wanted(make(state, difference=Difference.PAID_BUT_INCOMPLETE, acts=repair), order(0)) is None


# ------------------------------------------------------------ when


@pytest.mark.parametrize("action", list(OrderAction))
def test_each_request_waits_longer_to_show_and_after_four_a_person_sees_to_it(action: OrderAction) -> None:
    of_money = action in {OrderAction.CAPTURE, OrderAction.VOID}
    waits = [HOUR, DAY, DAY, DAY] if of_money else [MINUTE, HOUR, DAY, DAY]
    assert [wait_after(action, requests) for requests in range(1, 7)] == [*waits, None, None]
    asked = make(State.AUTHORIZED, asked_at=NOON)
    assert [ask_from(replace(asked, checks=n), action) for n in range(5)] == [
        NOON + wait for wait in (waits[0], *waits)
    ]


def test_what_was_never_asked_for_or_is_before_a_person_may_be_asked_for_at_any_time() -> None:
    assert ask_from(make(State.AUTHORIZED), OrderAction.CAPTURE) < NOON
    assert ask_from(make(State.AUTHORIZED, asked_at=NOON, checks=5), OrderAction.CAPTURE) < NOON
