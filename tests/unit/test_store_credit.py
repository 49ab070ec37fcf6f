"""Store credit first, where the policy says so; the rest on the instrument; and each only once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain.attempts import STORE_CREDIT
from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import OutcomeUnknownError
from bigcharge.domain.money import Money
from bigcharge.domain.orders import OrderStatus, Transaction
from bigcharge.domain.policy import StoreCreditUse
from bigcharge.domain.states import State
from tests.fakes import STORE, VISA, incomplete_order
from tests.unit.order_world import POLICY, World, declined

COVERED = incomplete_order(amount=6800, status=OrderStatus.PENDING, store_credit=3000)


@pytest.fixture
def world() -> World:
    world = World()
    world.stores.policies = replace(POLICY, store_credit=StoreCreditUse.FIRST)
    return world


def names(world: World) -> list[str]:
    return [tender.name for _, tender in world.bigcommerce.paid]


def test_store_credit_pays_first_and_the_instrument_the_rest(world: World) -> None:
    world.look()
    assert (world.charge.state, world.charge.reason) == (State.CLAIMED, "store_credit_used")
    world.bigcommerce.order = COVERED
    [(message, delay)] = world.queue.sent
    assert (message.cause, delay) == ("store/order/created", 0)
    assert world.look().state is State.PAID
    assert names(world) == [STORE_CREDIT, VISA.fingerprint]
    assert [attempt.money for attempt in world.charge.attempts] == [Money(9800, "USD"), Money(6800, "USD")]


def test_the_policys_range_is_of_the_whole_amount_also_for_the_rest(world: World) -> None:
    world.stores.policies = replace(POLICY, store_credit=StoreCreditUse.FIRST, amount_range=(9000, 10000))
    world.look()
    world.bigcommerce.order = COVERED
    assert world.look().state is State.PAID


def test_an_order_that_store_credit_pays_whole_is_ours(world: World) -> None:
    world.look()
    world.bigcommerce.order = incomplete_order(amount=0, status=OrderStatus.AWAITING_FULFILLMENT, store_credit=9800)
    assert (world.look().state, world.charge.reason) == (State.PAID, "paid_with_store_credit")
    assert world.charge.money == Money(9800, "USD")
    assert world.charge.due_at == world.clock() + timedelta(hours=1), "the books are compared"
    assert names(world) == [STORE_CREDIT]


def test_an_order_of_zero_owed_whose_store_credit_was_refused_was_paid_elsewhere(world: World) -> None:
    world.bigcommerce.answers = [declined(30106)]
    world.look()
    world.bigcommerce.order = incomplete_order(amount=0, status=OrderStatus.AWAITING_FULFILLMENT, store_credit=9800)
    assert world.look().state is State.PAID_ELSEWHERE


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (OrderStatus.INCOMPLETE, State.SKIPPED),
        (OrderStatus.CANCELLED, State.CANCELED),
        (OrderStatus.REFUNDED, State.REFUNDED),
    ],
)
def test_an_order_that_owes_nothing_and_is_not_paid_is_not_called_paid(
    world: World, status: OrderStatus, state: State
) -> None:
    world.look()
    world.bigcommerce.order = incomplete_order(amount=0, status=status, store_credit=9800)
    assert world.look().state is state


def test_an_order_that_does_not_show_the_store_credit_yet_is_not_charged_whole(world: World) -> None:
    world.look()
    assert (world.look().state, world.charge.reason) == (State.CLAIMED, "store_credit_not_shown")
    assert (names(world), len(world.bigcommerce.tokens)) == ([STORE_CREDIT], 1)
    world.bigcommerce.order = COVERED
    world.clock.pass_by(seconds=5)
    assert world.look("sweep").state is State.PAID
    assert [token.money.amount for token in world.bigcommerce.tokens] == [9800, 6800]


def test_the_rest_that_the_shopper_pays_is_paid_elsewhere(world: World) -> None:
    world.look()
    world.bigcommerce.order = replace(COVERED, status=OrderStatus.AWAITING_FULFILLMENT)
    assert world.look().state is State.PAID_ELSEWHERE


@pytest.mark.parametrize("code", [30106, 30102, 10001])
def test_without_store_credit_the_instrument_pays_at_once_and_all(world: World, code: int) -> None:
    world.bigcommerce.answers = [declined(code)]
    world.look()
    assert (world.charge.state, world.charge.reason) == (State.CLAIMED, "no_store_credit")
    assert world.look().state is State.PAID
    assert names(world) == [STORE_CREDIT, VISA.fingerprint]


def test_the_refusal_of_store_credit_takes_nothing_from_the_instruments_schedule(world: World) -> None:
    world.bigcommerce.answers = [declined(30106), declined(30106)]
    world.look()
    world.look()
    assert world.charge.state is State.DECLINED
    assert world.charge.retry_at == world.clock() + POLICY.retry_after[0]


def test_store_credit_is_tried_once_an_order(world: World) -> None:
    world.bigcommerce.answers = [declined(30106), declined(30106)]
    for _ in range(2):
        world.look()
    world.clock.pass_by(days=1)
    world.look("sweep")
    assert names(world) == [STORE_CREDIT, VISA.fingerprint, VISA.fingerprint]


@pytest.mark.parametrize("code", [30101, 30000])
def test_store_credit_that_is_to_be_asked_for_again_is_waited_for_and_no_instrument_charged(
    world: World, code: int
) -> None:
    world.bigcommerce.answers = [declined(code)]
    due_at = world.look().due_at
    world.ledger.resume(STORE)
    assert (world.look().state, world.charge.due_at) == (State.DECLINED, due_at)
    assert names(world) == [STORE_CREDIT]


def test_store_credit_that_the_shopper_used_already_is_not_asked_for_again(world: World) -> None:
    world.bigcommerce.order = incomplete_order(amount=6800, store_credit=3000)
    world.look()
    assert names(world) == [VISA.fingerprint]


def test_an_unknown_use_of_store_credit_is_settled_before_anything_else_is_charged(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    assert world.look().state is State.UNKNOWN
    for _ in range(3):
        assert world.look().state is State.UNKNOWN
    world.bigcommerce.order = COVERED
    assert (world.look().state, world.charge.reason) == (State.CLAIMED, "store_credit_used")
    assert world.look().state is State.PAID
    assert names(world) == [STORE_CREDIT, VISA.fingerprint]


def test_an_unknown_use_that_left_no_trace_is_made_again(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    world.look()
    world.sweep_until(world.clock() + timedelta(days=3))
    assert names(world)[:2] == [STORE_CREDIT, STORE_CREDIT]


def test_the_transaction_of_the_store_credit_is_no_trace_of_the_instruments_payment(world: World) -> None:
    world.look()
    world.bigcommerce.order = incomplete_order(amount=4900, status=OrderStatus.PENDING, store_credit=4900)
    world.bigcommerce.transactions = (
        Transaction("t-1", "purchase", ok=True, money=Money(4900, "USD"), is_credit=True),
    )
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    assert world.look().state is State.UNKNOWN
    world.clock.pass_by(minutes=1)
    assert world.look("sweep").state is State.UNKNOWN


def test_the_rest_whose_payment_left_no_trace_is_charged_again_though_the_order_is_pending(world: World) -> None:
    world.look()
    world.bigcommerce.order = COVERED
    world.bigcommerce.answers = [OutcomeUnknownError("no answer"), Payment("payment-2", Answer.PAID)]
    assert world.look().state is State.UNKNOWN
    world.queue.sent.clear()
    world.sweep_until(world.clock() + timedelta(days=3))
    assert world.charge.state is State.PAID
    assert names(world) == [STORE_CREDIT, VISA.fingerprint, VISA.fingerprint]


def test_a_pending_order_of_others_is_not_charged(world: World) -> None:
    world.bigcommerce.order = COVERED
    assert (world.look().state, world.charge.reason) == (State.SKIPPED, "order_status_1")
