"""When an order is looked at after its charge has come to an end, and what is written down then."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bigcharge.domain import books
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import NEEDS_A_PERSON, Charge
from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import NotSentError, OutcomeUnknownError
from bigcharge.domain.money import Money
from bigcharge.domain.orders import Order, Transaction
from bigcharge.domain.policy import Capture, WhenFailed
from bigcharge.domain.states import State
from tests.fakes import NOON, STORE, VISA, incomplete_order
from tests.unit.order_world import POLICY, World

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PRICE = Money(9800, "USD")
PAID_ORDER = incomplete_order(status=11)
ATTEMPT = Attempt(
    1, "sweep", "stripe.card", VISA.fingerprint, PRICE, "jti-1", NOON + HOUR, NOON - DAY, outcome=State.PAID
)
PURCHASE = Transaction("ours", "purchase", ok=True, money=PRICE)
SECOND_PURCHASE = replace(PURCHASE, transaction_id="shopper's")
REFUND = replace(PURCHASE, event="refund")
HELD = replace(PURCHASE, event="authorization")
OF_PAYMENTS = "store/order/transaction/created"
OF_REFUNDS = "store/order/refund/created"
OF_STATUS = "store/order/statusUpdated"
OF_ANYTHING = "store/order/updated"


@pytest.fixture
def world() -> World:
    return World()


def end(world: World, state: State, due_at: datetime | None = None, **changes: object) -> None:
    """A charge that came to an end long ago."""
    charge = Charge(STORE, 215, state, NOON - DAY, customer_id=11, money=PRICE, due_at=due_at)
    world.ledger.save(replace(charge, **changes))  # type: ignore[arg-type]  # fields by name
    world.bigcommerce.order, world.bigcommerce.transactions = PAID_ORDER, (PURCHASE,)


def count_reads(world: World) -> list[str]:
    reads: list[str] = []
    get_order = world.bigcommerce.get_order

    def count(order_id: int) -> Order:
        reads.append("order")
        return get_order(order_id)

    world.bigcommerce.get_order = count  # type: ignore[method-assign]
    return reads


@pytest.mark.parametrize(
    ("state", "cause", "is_read"),
    [
        *[(State.PAID, cause, True) for cause in (OF_STATUS, OF_PAYMENTS, OF_REFUNDS, books.CAUSE)],
        *[(State.PAID_ELSEWHERE, cause, True) for cause in (OF_STATUS, OF_PAYMENTS, OF_REFUNDS)],
        *[(State.AUTHORIZED, cause, True) for cause in (OF_STATUS, OF_PAYMENTS, OF_ANYTHING, "sweep")],
        *[(state, OF_PAYMENTS, True) for state in (State.FAILED, State.CANCELED)],
        *[(State.PAID, cause, False) for cause in (OF_ANYTHING, "store/order/created", "reconcile", "sweep")],
        *[(state, cause, False) for state in (State.FAILED, State.CANCELED) for cause in (OF_STATUS, OF_ANYTHING)],
        *[(State.REFUNDED, cause, False) for cause in (OF_STATUS, OF_PAYMENTS, books.CAUSE)],
    ],
)
def test_only_what_can_tell_of_its_money_has_an_ended_charge_looked_at(
    world: World,
    state: State,
    cause: str,
    is_read: bool,  # noqa: FBT001 - a column of the table
) -> None:
    end(world, state)
    reads = count_reads(world)
    world.look(cause)
    assert bool(reads) is is_read


@pytest.mark.parametrize("cause", [OF_PAYMENTS, OF_REFUNDS])
def test_until_the_look_that_follows_a_payment_its_own_webhooks_tell_nothing_new(world: World, cause: str) -> None:
    end(world, State.PAID, due_at=NOON + MINUTE)
    reads = count_reads(world)
    before = world.charge
    assert world.look(cause) is before
    assert reads == []


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELED])
def test_what_was_given_back_of_an_order_that_came_to_nothing_here_changes_nothing(world: World, state: State) -> None:
    end(world, state, due_at=NOON)
    world.bigcommerce.order, world.bigcommerce.transactions = incomplete_order(status=4), (PURCHASE, REFUND)
    world.sweep_until(NOON + HOUR)
    assert (world.charge.state, world.charge.difference, world.charge.due_at) == (state, None, None)


def test_soon_after_a_change_the_books_say_nothing_yet(world: World) -> None:
    end(world, State.PAID, updated_at=NOON - MINUTE)
    world.bigcommerce.transactions = (PURCHASE, SECOND_PURCHASE)
    charge = world.look(books.CAUSE)
    assert (charge.difference, charge.due_at) == (None, NOON - MINUTE + HOUR)
    again = world.look(books.CAUSE)
    assert again is charge, "a look is planned: nothing is to be written"
    world.sweep_until(NOON + HOUR)
    assert world.charge.difference == Difference.PAID_TWICE


def test_a_difference_is_written_with_its_time_and_looked_at_daily_until_it_is_gone(world: World) -> None:
    end(world, State.PAID, checks=3)
    world.bigcommerce.transactions = (PURCHASE, SECOND_PURCHASE)
    charge = world.look(books.CAUSE)
    assert (charge.difference, charge.updated_at) == (Difference.PAID_TWICE, NOON)
    assert (charge.due_at, charge.checks) == (NOON + DAY, 0)
    world.clock.pass_by(days=1)
    assert world.look("sweep").due_at == NOON + 2 * DAY
    assert world.charge.updated_at == NOON
    world.bigcommerce.transactions = (PURCHASE,)
    world.clock.pass_by(days=1)
    charge = world.look("sweep")
    assert (charge.difference, charge.updated_at, charge.due_at) == (None, NOON + 2 * DAY, None)


@pytest.mark.parametrize("cause", [OF_STATUS, OF_PAYMENTS, OF_REFUNDS])
def test_news_that_the_books_do_not_show_yet_are_looked_for_an_hour_later(world: World, cause: str) -> None:
    end(world, State.PAID)
    assert world.look(cause).due_at == NOON + HOUR
    world.bigcommerce.transactions = (PURCHASE, REFUND)
    world.sweep_until(NOON + HOUR + 2 * MINUTE)
    assert world.charge.state is State.REFUNDED


def test_books_that_agree_when_they_are_compared_are_left(world: World) -> None:
    end(world, State.PAID)
    before = world.charge
    assert world.look(books.CAUSE) is before


@pytest.mark.parametrize("state", [State.PAID, State.FAILED, State.CANCELED, State.PAID_ELSEWHERE])
def test_a_payment_that_left_no_trace_is_looked_for_daily_for_a_week(world: World, state: State) -> None:
    """It may show without a webhook, and without a change of its order, when another was made."""
    outcome = State.CANCELED if state is State.CANCELED else State.FAILED
    end(world, state, due_at=NOON, attempts=(replace(ATTEMPT, outcome=outcome), ATTEMPT))
    if state in {State.FAILED, State.CANCELED}:
        world.bigcommerce.order, world.bigcommerce.transactions = incomplete_order(), ()
    assert world.look("sweep").due_at == NOON + DAY
    world.sweep_until(NOON + 5 * DAY)
    world.bigcommerce.transactions += (SECOND_PURCHASE,)
    world.sweep_until(NOON + 6 * DAY + 2 * MINUTE)
    twice = state in {State.PAID, State.PAID_ELSEWHERE}
    assert world.charge.difference == (Difference.PAID_TWICE if twice else Difference.PAID_ONLY_IN_BIGCOMMERCE)


def test_after_a_week_it_is_left(world: World) -> None:
    end(world, State.PAID, due_at=NOON, attempts=(replace(ATTEMPT, outcome=State.FAILED), ATTEMPT))
    world.sweep_until(NOON + 8 * DAY)
    assert (world.charge.difference, world.charge.due_at) == (None, None)


def test_an_authorization_is_looked_at_daily(world: World) -> None:
    end(world, State.AUTHORIZED, due_at=NOON)
    world.bigcommerce.transactions = (HELD,)
    assert world.look("sweep").due_at == NOON + DAY
    world.clock.pass_by(hours=1)
    assert world.look(OF_STATUS).due_at == NOON + DAY, "a hint between moves nothing"


@pytest.mark.parametrize(("state", "wait"), [(State.AUTHORIZED, DAY), (State.FAILED, DAY), (State.PAID, None)])
def test_an_order_that_is_not_found_is_looked_for_daily_where_something_is_wanted(
    world: World, state: State, wait: timedelta | None
) -> None:
    end(world, state, due_at=NOON)
    world.bigcommerce.order = None
    assert world.look("sweep").due_at == (None if wait is None else NOON + wait)


# ------------------------------------------------------------ what is asked of BigCommerce


def capture_at_once(world: World) -> None:
    world.stores.policies = replace(POLICY, capture=Capture.AT_ONCE)
    world.bigcommerce.answers = [Payment("payment-1", Answer.AUTHORIZED)]
    world.look()
    world.bigcommerce.order, world.bigcommerce.transactions = PAID_ORDER, (HELD,)


def test_what_is_asked_for_is_written_down_first_with_the_time_of_the_next_look(world: World) -> None:
    capture_at_once(world)
    charge = world.look("sweep")
    assert (charge.checks, charge.asked_at, charge.due_at) == (1, NOON, NOON + HOUR)
    world.bigcommerce.trouble["capture_payment"] = OutcomeUnknownError("away")
    world.clock.pass_by(hours=1)
    charge = world.look("sweep")
    assert (charge.checks, charge.asked_at, charge.due_at) == (2, NOON + HOUR, NOON + HOUR + DAY)


def test_a_hint_between_two_requests_waits_for_the_second(world: World) -> None:
    capture_at_once(world)
    before = world.look("sweep")
    world.clock.pass_by(minutes=59)
    assert world.look(OF_PAYMENTS) is before
    world.clock.pass_by(hours=2)
    world.bigcommerce.transactions = (HELD, replace(SECOND_PURCHASE, money=Money(1, "USD")))
    world.bigcommerce.trouble["capture_payment"] = OutcomeUnknownError("away")
    assert world.look("sweep").checks == 2
    world.clock.pass_by(hours=2)
    charge = world.look(books.CAUSE)
    assert (charge.difference, charge.due_at) == (Difference.PAID_TWICE, NOON + timedelta(hours=2, minutes=59) + DAY)


def test_what_never_left_is_asked_for_again_soon_and_counts_as_no_request(world: World) -> None:
    capture_at_once(world)
    world.bigcommerce.trouble["capture_payment"] = NotSentError("refused")
    charge = world.look("sweep")
    assert (charge.checks, charge.asked_at) == (0, None)
    assert charge.due_at is not None
    assert charge.due_at - NOON < MINUTE
    world.bigcommerce.trouble.clear()
    world.clock.pass_by(minutes=1)
    world.look("sweep")
    assert world.bigcommerce.asked == ["capture_payment"] * 2


def test_what_does_not_show_after_four_requests_is_before_a_person_from_then_on(world: World) -> None:
    world.stores.policies = replace(POLICY, when_failed=WhenFailed.CANCEL)
    end(world, State.FAILED, due_at=NOON)
    world.bigcommerce.order, world.bigcommerce.transactions = incomplete_order(), ()
    world.sweep_until(NOON + 4 * DAY)
    charge = world.charge
    assert world.bigcommerce.asked == ["update_order 5"] * 4
    assert charge.reason == NEEDS_A_PERSON
    assert charge.updated_at == NOON + HOUR + MINUTE + 2 * DAY
    world.sweep_until(NOON + 8 * DAY)
    assert world.charge.updated_at == charge.updated_at, "it is said once"
    assert len(world.bigcommerce.asked) == 4
