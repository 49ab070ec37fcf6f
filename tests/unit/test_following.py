"""After the charge: captures, voids, what becomes of a failed order, and the books."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain import books
from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.books import Difference
from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import (
    InvalidInputError,
    NotSentError,
    OutcomeUnknownError,
    RefusedError,
    UnauthorizedError,
)
from bigcharge.domain.money import Money
from bigcharge.domain.operating import record_act
from bigcharge.domain.orders import OrderStatus, Transaction
from bigcharge.domain.policy import Capture, WhenFailed
from bigcharge.domain.states import State
from tests.fakes import incomplete_order
from tests.unit.order_world import POLICY, World, declined

HELD = Payment("payment-1", Answer.AUTHORIZED)
OWED = Money(9800, "USD")
AUTHORIZATION = Transaction("t-1", "authorization", ok=True, money=OWED)
CAPTURED = Transaction("t-2", "capture", ok=True, money=OWED)
PURCHASE = Transaction("t-3", "purchase", ok=True, money=OWED)
PAID_ORDER = incomplete_order(status=OrderStatus.AWAITING_FULFILLMENT)


@pytest.fixture
def world() -> World:
    return World()


def authorize(world: World, capture: Capture) -> None:
    world.stores.policies = replace(POLICY, capture=capture)
    world.bigcommerce.answers = [HELD]
    world.look()
    world.bigcommerce.order = PAID_ORDER
    world.bigcommerce.transactions = (AUTHORIZATION,)


def act(world: World, kind: ActKind) -> None:
    world.ledger.save(record_act(world.charge, Act(kind, "jane", "asked for", world.clock())))


def test_an_authorization_is_captured_at_once_where_the_policy_says_so(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    assert [delay for _, delay in world.queue.sent] == [0], "the next look comes at once"
    world.look("store/order/created")
    assert world.bigcommerce.asked == ["capture_payment"]
    world.bigcommerce.transactions = (AUTHORIZATION, CAPTURED)
    assert world.look("store/order/transaction/created").state is State.PAID


def test_a_capture_is_asked_for_once_however_many_hints_come(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    for _ in range(5):
        world.look("store/order/updated")
        world.clock.pass_by(minutes=5)
    assert world.bigcommerce.asked == ["capture_payment"]


def test_a_capture_that_does_not_show_is_asked_for_again_and_then_a_person_is(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    world.bigcommerce.trouble["capture_payment"] = RefusedError(422)
    world.sweep_until(world.clock() + timedelta(days=6))
    assert world.bigcommerce.asked == ["capture_payment"] * 4
    assert (world.charge.state, world.charge.reason) == (State.AUTHORIZED, "needs_a_person")


def test_a_capture_that_was_not_sent_is_sent_soon(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    world.bigcommerce.trouble["capture_payment"] = NotSentError("no route")
    world.look("sweep")
    assert world.charge.due_at is not None
    assert world.charge.due_at - world.clock() < timedelta(minutes=1)


def test_refused_credentials_at_a_capture_pause_the_store(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    world.bigcommerce.trouble["capture_payment"] = UnauthorizedError(401)
    world.look("sweep")
    assert len(world.ledger.pauses) == 1


@pytest.mark.parametrize("status", [OrderStatus.SHIPPED, OrderStatus.COMPLETED])
def test_an_authorization_is_captured_when_the_order_has_shipped(world: World, status: OrderStatus) -> None:
    authorize(world, Capture.WHEN_SHIPPED)
    for waiting in (OrderStatus.AWAITING_SHIPMENT, OrderStatus.PARTIALLY_SHIPPED):
        world.bigcommerce.order = incomplete_order(status=waiting)
        world.look("store/order/statusUpdated")
    assert world.bigcommerce.asked == []
    world.bigcommerce.order = incomplete_order(status=status)
    world.look("store/order/statusUpdated")
    assert world.bigcommerce.asked == ["capture_payment"]


def test_a_shipment_whose_webhook_was_lost_is_found_within_a_day(world: World) -> None:
    authorize(world, Capture.WHEN_SHIPPED)
    world.sweep_until(world.clock() + timedelta(days=3))
    world.bigcommerce.order = incomplete_order(status=OrderStatus.SHIPPED)
    world.sweep_until(world.clock() + timedelta(days=1, minutes=2))
    assert "capture_payment" in world.bigcommerce.asked


def test_nothing_is_captured_unless_the_policy_or_an_operator_says_so(world: World) -> None:
    authorize(world, Capture.NEVER)
    world.bigcommerce.order = incomplete_order(status=OrderStatus.SHIPPED)
    world.look("store/order/statusUpdated")
    assert world.bigcommerce.asked == []
    act(world, ActKind.CAPTURE)
    world.look("operator")
    assert world.bigcommerce.asked == ["capture_payment"]


def test_an_operators_void_is_stronger_than_the_policys_capture(world: World) -> None:
    authorize(world, Capture.WHEN_SHIPPED)
    act(world, ActKind.VOID)
    world.bigcommerce.order = incomplete_order(status=OrderStatus.SHIPPED)
    world.look("operator")
    assert world.bigcommerce.asked == ["void_payment"]


@pytest.mark.parametrize(("when_failed", "status"), [(WhenFailed.DECLINE, 6), (WhenFailed.CANCEL, 5)])
def test_a_failed_order_is_closed_as_the_policy_says(world: World, when_failed: WhenFailed, status: int) -> None:
    world.stores.policies = replace(POLICY, retry_after=(), when_failed=when_failed)
    world.bigcommerce.answers = [declined(30104)]
    assert world.look().state is State.FAILED
    world.look("store/order/created")
    assert world.bigcommerce.asked == [f"update_order {status}"]
    world.bigcommerce.order = incomplete_order(status=status)
    world.sweep_until(world.clock() + timedelta(hours=2))
    assert (len(world.bigcommerce.asked), world.charge.due_at) == (1, None)


def test_a_look_that_comes_before_the_closing_may_be_asked_for_again_does_not_forget_it(world: World) -> None:
    """The first request came to nothing, and trouble brought the next look forward."""
    world.stores.policies = replace(POLICY, retry_after=(), when_failed=WhenFailed.CANCEL)
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.look("store/order/created")
    world.bigcommerce.trouble["get_transactions"] = OutcomeUnknownError("HTTP 503")
    world.look("store/order/transaction/created")
    world.bigcommerce.trouble.clear()
    world.clock.pass_by(seconds=10)
    world.look("sweep")
    assert len(world.bigcommerce.asked) == 1
    world.sweep_until(world.clock() + timedelta(minutes=3))
    assert len(world.bigcommerce.asked) == 2


def test_a_failed_order_is_left_where_the_policy_says_so(world: World) -> None:
    world.stores.policies = replace(POLICY, retry_after=())
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.sweep_until(world.clock() + timedelta(hours=2))
    assert (world.bigcommerce.asked, world.charge.due_at) == ([], None)


@pytest.mark.parametrize("away", [None, InvalidInputError("not JSON")])
def test_an_order_that_failed_while_its_policy_was_away_is_closed_when_it_is_back(
    world: World, away: InvalidInputError | None
) -> None:
    world.bigcommerce.answers = [Payment("payment-1", Answer.PENDING)]
    world.look()
    world.stores.policies, closing = away, replace(POLICY, when_failed=WhenFailed.CANCEL)
    world.bigcommerce.transactions = (replace(PURCHASE, event="settled", ok=False, failed=True),)
    assert world.look("store/order/transaction/updated").state is State.FAILED
    world.clock.pass_by(minutes=30)
    world.stores.policies = closing
    world.sweep_until(world.clock() + timedelta(minutes=31))
    assert world.bigcommerce.asked == ["update_order 5"]


def test_a_payment_that_shows_within_an_hour_of_the_failure_is_a_difference(world: World) -> None:
    world.stores.policies = replace(POLICY, retry_after=())
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.bigcommerce.transactions = (PURCHASE,)
    world.sweep_until(world.clock() + timedelta(hours=1, minutes=2))
    assert world.charge.difference == Difference.PAID_ONLY_IN_BIGCOMMERCE


def test_an_order_that_was_paid_after_it_failed_is_not_closed(world: World) -> None:
    world.stores.policies = replace(POLICY, retry_after=(), when_failed=WhenFailed.CANCEL)
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.bigcommerce.order = PAID_ORDER
    world.look("sweep")
    assert (world.bigcommerce.asked, world.charge.difference) == ([], Difference.PAID_ONLY_IN_BIGCOMMERCE)


def pay(world: World, *transactions: Transaction, status: int = OrderStatus.AWAITING_FULFILLMENT) -> None:
    world.look()
    world.bigcommerce.order = incomplete_order(status=status)
    world.bigcommerce.transactions = transactions


def test_the_books_of_a_paid_order_are_compared_after_an_hour_and_then_left(world: World) -> None:
    pay(world, PURCHASE)
    assert world.sweep_until(world.clock() + timedelta(days=2)) == 1
    assert (world.charge.difference, world.charge.due_at) == (None, None)


@pytest.mark.parametrize(
    ("transactions", "status", "difference"),
    [
        ((PURCHASE, CAPTURED), 11, Difference.PAID_TWICE),
        ((PURCHASE, CAPTURED, Transaction("t-4", "refund", ok=True, money=OWED)), 11, None),
        ((PURCHASE, replace(CAPTURED, ok=False)), 11, None),
        ((PURCHASE, replace(CAPTURED, is_credit=True)), 11, None),
        ((PURCHASE,), 0, Difference.PAID_BUT_INCOMPLETE),
        ((), 0, Difference.PAID_ONLY_IN_LEDGER),
        ((PURCHASE,), 5, Difference.PAID_ONLY_IN_LEDGER),
        ((replace(PURCHASE, money=Money(9000, "USD")),), 11, Difference.AMOUNTS_DIFFER),
        ((), 11, None),
    ],
)
def test_every_difference_of_the_books_is_found(
    world: World, transactions: tuple[Transaction, ...], status: int, difference: Difference | None
) -> None:
    pay(world, *transactions, status=status)
    world.sweep_until(world.clock() + timedelta(hours=1, minutes=2))
    assert (world.charge.state, world.charge.difference) == (State.PAID, difference)


def test_an_amount_that_was_changed_after_the_payment_is_a_difference(world: World) -> None:
    pay(world, PURCHASE)
    world.bigcommerce.order = incomplete_order(amount=9900, status=OrderStatus.AWAITING_FULFILLMENT)
    world.clock.pass_by(hours=2)
    assert world.look(books.CAUSE).difference == Difference.AMOUNTS_DIFFER


def test_a_difference_that_was_mended_ends(world: World) -> None:
    pay(world, PURCHASE, status=0)
    world.sweep_until(world.clock() + timedelta(hours=1, minutes=2))
    world.bigcommerce.order = PAID_ORDER
    world.sweep_until(world.clock() + timedelta(days=1, minutes=2))
    assert (world.charge.difference, world.charge.due_at) == (None, None)


def test_a_payment_on_an_order_that_failed_here_is_found_when_the_books_are_compared(world: World) -> None:
    world.stores.policies = replace(POLICY, retry_after=())
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.bigcommerce.order = PAID_ORDER
    assert world.look("store/order/statusUpdated").difference is None, "final states are looked at for the books only"
    world.clock.pass_by(hours=2)
    assert world.look(books.CAUSE).difference == Difference.PAID_ONLY_IN_BIGCOMMERCE
    assert world.charge.state is State.FAILED


def test_a_paid_order_that_stayed_incomplete_is_repaired_by_command_only(world: World) -> None:
    pay(world, PURCHASE, status=0)
    world.sweep_until(world.clock() + timedelta(days=3))
    assert (world.bigcommerce.asked, world.charge.difference) == ([], Difference.PAID_BUT_INCOMPLETE)
    act(world, ActKind.REPAIR)
    world.look("operator")
    assert world.bigcommerce.asked == ["update_order 11"]
    world.bigcommerce.order = PAID_ORDER
    world.sweep_until(world.clock() + timedelta(minutes=3))
    assert world.charge.difference is None


def test_a_repair_finds_the_order_as_it_is_now(world: World) -> None:
    pay(world, PURCHASE, status=0)
    world.sweep_until(world.clock() + timedelta(hours=2))
    act(world, ActKind.REPAIR)
    world.bigcommerce.order = PAID_ORDER
    assert world.look("operator").difference is None
    assert world.bigcommerce.asked == []


def test_an_unreadable_order_keeps_what_was_wanted(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    world.bigcommerce.trouble["get_order"] = OutcomeUnknownError("away")
    world.sweep_until(world.clock() + timedelta(hours=1))
    world.bigcommerce.trouble.clear()
    world.sweep_until(world.clock() + timedelta(minutes=20))
    assert world.bigcommerce.asked == ["capture_payment"]
