"""Waiting: nothing floods, nothing is forgotten or hurried, and late or odd evidence is judged for what it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import (
    BigCommerceError,
    InvalidInputError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
)
from bigcharge.domain.money import Money
from bigcharge.domain.orders import OrderStatus, Transaction
from bigcharge.domain.policy import InstrumentChoice
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause
from tests.fakes import (
    CREDENTIALS,
    MASTERCARD,
    STORE,
    VISA,
    incomplete_order,
)
from tests.unit.order_world import POLICY, World, declined


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("answer", [declined(30106), OutcomeUnknownError("no answer"), Payment("p", Answer.PENDING)])
def test_an_outage_floods_neither_the_queue_nor_bigcommerce(world: World, answer: Payment | Exception) -> None:
    world.bigcommerce.answers = [answer]
    world.look()
    world.bigcommerce.trouble["get_order"] = OutcomeUnknownError("BigCommerce is away")
    looks = world.sweep_until(world.clock() + timedelta(hours=6))
    assert looks < 40
    assert world.queue.sent == []


def test_a_paid_order_that_bigcommerce_lost_is_left_alone(world: World) -> None:
    world.look()
    world.bigcommerce.order = None
    assert world.look("store/order/statusUpdated").state is State.PAID
    world.clock.pass_by(hours=1)
    assert (world.look("sweep").state, world.charge.due_at) == (State.PAID, None)


def test_a_refund_during_an_outage_is_seen_after_it(world: World) -> None:
    world.look()
    world.bigcommerce.trouble["get_order"] = OutcomeUnknownError("BigCommerce is away")
    world.look("store/order/statusUpdated")
    world.bigcommerce.trouble.clear()
    world.bigcommerce.order = incomplete_order(status=OrderStatus.REFUNDED)
    world.sweep_until(world.clock() + timedelta(hours=1))
    assert world.charge.state is State.REFUNDED


@pytest.mark.parametrize("answer", [NotSentError("no route"), RateLimitedError(0.0)])
def test_hours_without_the_payments_host_fill_neither_the_ledger_nor_the_quota(
    world: World, answer: BigCommerceError
) -> None:
    world.bigcommerce.answers = [answer] * 100
    world.look()
    world.sweep_until(world.clock() + timedelta(hours=6))
    assert (len(world.charge.attempts), len(world.bigcommerce.tokens) < 40) == (1, True)
    world.bigcommerce.answers.clear()
    world.sweep_until(world.clock() + timedelta(minutes=16))
    assert world.charge.state is State.PAID


@pytest.mark.parametrize("status", [None, OrderStatus.PENDING, OrderStatus.AWAITING_PAYMENT])
def test_a_scheduled_retry_is_not_brought_forward_by_what_the_order_goes_through(
    world: World, status: OrderStatus | None
) -> None:
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.bigcommerce.order = None if status is None else incomplete_order(status=status)
    world.look("store/order/statusUpdated")
    world.bigcommerce.order = incomplete_order()
    world.look("store/order/statusUpdated")
    world.sweep_until(world.clock() + timedelta(hours=23))
    assert len(world.bigcommerce.paid) == 1
    world.sweep_until(world.clock() + timedelta(hours=26))
    assert (len(world.bigcommerce.paid), world.charge.state) == (2, State.PAID)


def test_a_card_that_waits_for_its_retry_is_not_tried_early_when_another_one_meets_trouble(world: World) -> None:
    world.stores.policies = replace(POLICY, instrument=InstrumentChoice.ANY)
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.bigcommerce.instruments = (VISA, MASTERCARD)
    world.bigcommerce.trouble["create_access_token"] = OutcomeUnknownError("no answer")
    world.look("instrument_changed")
    world.bigcommerce.trouble.clear()
    world.bigcommerce.instruments = (VISA,)
    world.sweep_until(world.clock() + timedelta(hours=23))
    assert len(world.bigcommerce.paid) == 1


def test_a_default_that_changes_to_and_fro_is_tried_once_each(world: World) -> None:
    cards = [(VISA,), (replace(MASTERCARD, is_default=True),)] * 3
    world.bigcommerce.answers = [declined(30106)] * 6
    for instruments in cards:
        world.bigcommerce.instruments = instruments
        world.look("instrument_changed")
    assert len(world.bigcommerce.paid) == 2


def test_a_retry_that_a_missing_policy_kept_back_is_made_when_the_policy_is_back(world: World) -> None:
    world.bigcommerce.answers = [declined(30106)]
    world.look()
    world.stores.policies = None
    world.sweep_until(world.clock() + timedelta(days=2))
    assert (world.charge.state, world.charge.reason) == (State.SKIPPED, "no_policy")
    world.stores.policies = POLICY
    world.sweep_until(world.clock() + timedelta(days=2))
    assert world.charge.state is State.PAID


def test_a_card_changed_while_the_old_one_is_being_charged_is_tried(world: World) -> None:
    def change_card() -> None:
        world.bigcommerce.before_pay = lambda: None
        world.bigcommerce.instruments = (replace(MASTERCARD, is_default=True),)
        world.look("instrument_changed")

    world.bigcommerce.before_pay = change_card
    world.bigcommerce.answers = [declined(30103)]
    world.look()
    world.sweep_until(world.clock() + timedelta(minutes=2))
    assert world.charge.state is State.PAID


def test_a_card_stored_while_none_was_found_is_tried(world: World) -> None:
    world.bigcommerce.instruments = ()
    world.look()
    world.bigcommerce.instruments = (VISA,)
    world.sweep_until(world.clock() + timedelta(minutes=2))
    assert world.charge.state is State.PAID


def test_store_credit_is_not_taken_for_the_capture_of_an_authorization(world: World) -> None:
    world.bigcommerce.answers = [Payment("payment-1", Answer.AUTHORIZED)]
    world.look()
    world.bigcommerce.transactions = (Transaction("7", "purchase", ok=True, money=Money(1000, "USD")),)
    assert world.look("store/order/transaction/created").state is State.AUTHORIZED


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (["authorization", "void"], State.UNKNOWN),
        (["authorization", "void", "authorization"], State.AUTHORIZED),
    ],
)
def test_a_void_of_an_earlier_payment_does_not_end_this_one(world: World, events: list[str], state: State) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    world.look()
    world.bigcommerce.transactions = tuple(
        Transaction(str(number), event, ok=True, money=Money(9800, "USD")) for number, event in enumerate(events)
    )
    assert world.look("store/order/transaction/created").state is state


def test_a_pending_payment_is_not_paid_by_the_orders_status(world: World) -> None:
    world.bigcommerce.answers = [Payment("payment-1", Answer.PENDING)]
    world.look()
    world.bigcommerce.order = incomplete_order(status=OrderStatus.AWAITING_FULFILLMENT)
    world.bigcommerce.transactions = (Transaction("8", "pending", ok=True, money=Money(9800, "USD")),)
    world.sweep_until(world.clock() + timedelta(days=20))
    assert world.charge.state is State.PENDING


def test_a_payment_that_shows_late_is_found_also_after_the_schedule(world: World) -> None:
    world.stores.policies = replace(POLICY, check_unknown_after=(timedelta(seconds=1),))
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    world.look()
    world.sweep_until(world.clock() + timedelta(minutes=5))
    world.bigcommerce.transactions = (Transaction("8", "purchase", ok=True, money=Money(9800, "USD")),)
    world.sweep_until(world.clock() + timedelta(days=2))
    assert (world.charge.state, len(world.bigcommerce.paid)) == (State.PAID, 1)


def test_the_payment_of_another_amount_is_recorded_as_what_it_was(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    world.look()
    world.bigcommerce.order = incomplete_order(status=OrderStatus.AWAITING_FULFILLMENT, amount=10500)
    world.bigcommerce.transactions = (Transaction("8", "purchase", ok=True, money=Money(10500, "USD")),)
    world.sweep_until(world.clock() + timedelta(hours=2))
    assert (world.charge.state, world.charge.transaction_id) == (State.PAID, "8")
    assert world.charge.money == Money(10500, "USD")


def test_an_order_that_is_twice_said_not_to_be_chargeable_is_still_followed(world: World) -> None:
    world.bigcommerce.answers = [declined(30101)] * 2
    world.look()
    world.sweep_until(world.clock() + timedelta(minutes=5))
    assert (world.charge.state, len(world.bigcommerce.paid)) == (State.DECLINED, 2)
    world.bigcommerce.order = incomplete_order(status=OrderStatus.AWAITING_FULFILLMENT)
    assert world.look("store/order/statusUpdated").state is State.PAID_ELSEWHERE


def test_an_unreadable_policy_does_not_stop_the_settling(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    world.look()
    world.stores.policies = InvalidInputError("unknown policy key")
    world.bigcommerce.transactions = (Transaction("8", "purchase", ok=True, money=Money(9800, "USD")),)
    assert world.look("store/order/transaction/created").state is State.PAID


def test_a_charge_of_a_store_whose_credentials_are_gone_waits_for_them(world: World) -> None:
    world.bigcommerce.answers = [declined(30106)]
    world.look()
    world.stores.known = None
    assert world.sweep_until(world.clock() + timedelta(days=2)) < 250
    world.stores.known = CREDENTIALS
    world.sweep_until(world.clock() + timedelta(days=2))
    assert world.charge.state is State.PAID


def test_a_card_changed_while_the_store_is_paused_is_tried_when_it_is_resumed(world: World) -> None:
    world.bigcommerce.answers = [declined(30106)]
    world.look()
    world.sweep_until(world.clock() + timedelta(minutes=2))
    world.ledger.pause(Pause(STORE, "credentials_refused", 401, CREDENTIALS.fingerprint, world.clock()))
    world.bigcommerce.instruments = (replace(MASTERCARD, is_default=True),)
    world.look("instrument_changed")
    world.ledger.resume(STORE)
    world.sweep_until(world.clock() + timedelta(minutes=16))
    assert world.charge.state is State.PAID


def test_each_instrument_waits_for_its_own_retry(world: World) -> None:
    world.bigcommerce.answers = [declined(30104), declined(30004)]
    world.look()
    world.bigcommerce.instruments = (replace(MASTERCARD, is_default=True),)
    world.look("instrument_changed")
    world.bigcommerce.instruments = (VISA,)
    world.sweep_until(world.clock() + timedelta(hours=23))
    assert len(world.bigcommerce.paid) == 2, "the other card's short wait brings nothing forward"
    world.sweep_until(world.clock() + timedelta(hours=2))
    assert world.charge.state is State.PAID
