"""What is charged, the customer's store credit or which instrument, and how few round trips a charge waits for."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import NoReturn

import pytest

from bigcharge.adapters.together import run_together
from bigcharge.domain.attempts import STORE_CREDIT, Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import OutcomeUnknownError
from bigcharge.domain.instruments import Instrument, InstrumentType, PaymentMethod
from bigcharge.domain.money import Money
from bigcharge.domain.policy import InstrumentChoice, StoreCreditUse
from bigcharge.domain.states import State
from bigcharge.services.choosing import Choosing
from bigcharge.services.orders import Orders
from tests.fakes import MASTERCARD, NOON, STORE, VISA, hold, incomplete_order
from tests.unit.order_world import POLICY, World

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
AMEX = Instrument("e" * 64, InstrumentType.CARD, brand="amex", last_4="0005", expiry_month=1, expiry_year=2031)


@pytest.fixture
def world() -> World:
    world = World()
    world.stores.policies = replace(POLICY, instrument=InstrumentChoice.MOST_RECENT)
    return world


def store(world: World, *instruments: Instrument) -> None:
    for days, instrument in enumerate(instruments):
        hold(world.instruments, replace(instrument, added_at=NOON + timedelta(days=days)))


def charged(world: World) -> str | None:
    world.look()
    [(_, tender)] = world.bigcommerce.paid
    return tender.last_4


def test_the_default_comes_first_whatever_is_newer(world: World) -> None:
    store(world, VISA, MASTERCARD)
    world.bigcommerce.instruments = (MASTERCARD, VISA)
    assert charged(world) == "1111"


def test_then_comes_the_instrument_that_was_stored_last(world: World) -> None:
    store(world, AMEX, MASTERCARD)
    world.bigcommerce.instruments = (AMEX, MASTERCARD)
    assert charged(world) == "4444"


def test_an_instrument_that_the_table_does_not_know_yet_is_the_newest(world: World) -> None:
    store(world, MASTERCARD)
    world.bigcommerce.instruments = (MASTERCARD, AMEX)
    assert charged(world) == "0005"


def test_an_instrument_that_bigcommerce_does_not_offer_for_the_order_is_not_charged(world: World) -> None:
    store(world, VISA, MASTERCARD)
    world.bigcommerce.instruments = ()
    assert (world.look().state, world.charge.reason) == (State.DECLINED, "no_usable_instrument")


@pytest.mark.parametrize(("choice", "last_4"), [(InstrumentChoice.DEFAULT, None), (InstrumentChoice.ANY, "4444")])
def test_only_where_the_policy_lets_it_another_than_the_default_is_charged_and_any_is_bigcommerces_first(
    world: World, choice: InstrumentChoice, last_4: str | None
) -> None:
    world.stores.policies = replace(POLICY, instrument=choice)
    store(world, MASTERCARD, AMEX)
    world.bigcommerce.instruments = (MASTERCARD, AMEX)
    world.look()
    assert [tender.last_4 for _, tender in world.bigcommerce.paid] == ([last_4] if last_4 else [])


@pytest.mark.parametrize(
    ("choice", "offered"),
    [(InstrumentChoice.ANY, (MASTERCARD, AMEX)), (InstrumentChoice.MOST_RECENT, (MASTERCARD,))],
)
def test_the_table_is_not_asked_which_is_newer_where_that_decides_nothing(
    world: World, choice: InstrumentChoice, offered: tuple[Instrument, ...]
) -> None:
    def open_table() -> NoReturn:
        raise AssertionError("the table was opened")

    case = world.case(DECLINED, replace(POLICY, instrument=choice))
    tender = Choosing(open_table, world.clock).choose_instrument(case, (PaymentMethod("stripe.card", offered),))
    assert tender is not None
    assert tender.last_4 == "4444"


# ------------------------------------------------------------ after attempts

ATTEMPT = Attempt(1, "sweep", "stripe.card", VISA.fingerprint, Money(9800, "USD"), "jti-1", NOON, NOON - DAY)
CREDIT = replace(ATTEMPT, instrument=STORE_CREDIT)
REFUSED = replace(ATTEMPT, outcome=State.DECLINED, code=30102)
DECLINED = Charge(STORE, 215, State.DECLINED, NOON, customer_id=11, attempts=(REFUSED,), version=1)


@pytest.mark.parametrize(
    ("last", "is_tried"),
    [
        (replace(REFUSED, code=30101, retry_at=NOON + SECOND), False),
        (replace(REFUSED, code=30101, retry_at=NOON), True),
        (replace(REFUSED, code=30106, retry_at=NOON + SECOND), True),
        (replace(ATTEMPT, outcome=State.FAILED, code=30101), True),
    ],
)
def test_an_order_that_is_not_chargeable_waits_whatever_else_could_be_charged(
    world: World, last: Attempt, *, is_tried: bool
) -> None:
    case = world.case(replace(DECLINED, attempts=(last,)))
    methods = (PaymentMethod("stripe.card", (replace(AMEX, is_default=True),)),)
    tender = Choosing(lambda: world.instruments, world.clock).choose_instrument(case, methods)
    assert (tender is not None) is is_tried


@pytest.mark.parametrize(
    ("attempts", "is_wanted"),
    [
        ((), True),
        ((REFUSED,), True),
        ((replace(ATTEMPT, outcome=State.FAILED),) * 2, True),
        ((replace(ATTEMPT, outcome=State.PAID),), True),
        ((replace(CREDIT, outcome=State.PAID),), False),
        ((replace(CREDIT, outcome=State.PAID), REFUSED), False),
        ((replace(CREDIT, outcome=State.DECLINED, code=30106),), False),
        ((replace(CREDIT, outcome=State.DECLINED, code=30101, retry_at=NOON),), True),
        ((replace(CREDIT, outcome=State.FAILED),), True),
        ((replace(CREDIT, outcome=State.FAILED),) * 2, False),
        ((replace(CREDIT, outcome=State.CLAIMED),) * 2, True),
    ],
)
def test_store_credit_is_asked_for_until_it_was_used_or_refused_and_the_instruments_attempts_say_nothing_of_it(
    world: World, attempts: tuple[Attempt, ...], *, is_wanted: bool
) -> None:
    case = world.case(replace(DECLINED, attempts=attempts), replace(POLICY, store_credit=StoreCreditUse.FIRST))
    tender = Choosing(lambda: world.instruments, world.clock).choose_store_credit(case, incomplete_order())
    assert (tender is not None and tender.is_store_credit) is is_wanted


# ------------------------------------------------------------ round trips


def test_a_new_orders_methods_are_read_at_the_same_time_as_the_order() -> None:
    world, both = World(), Barrier(2, timeout=5)
    together = Orders(
        world.ledger, world.queue, world.stores, world.bigcommerce, lambda: world.instruments, run_together, world.clock
    )
    get_order, get_methods = world.bigcommerce.get_order, world.bigcommerce.get_payment_methods
    world.bigcommerce.get_order = lambda order_id: (both.wait(), get_order(order_id))[1]  # type: ignore[method-assign]
    world.bigcommerce.get_payment_methods = lambda order_id: (both.wait(), get_methods(order_id))[1]  # type: ignore[method-assign]
    world.orders = together
    assert world.look().state is State.PAID


def test_methods_that_cannot_be_read_are_no_trouble_for_an_order_that_is_not_charged(world: World) -> None:
    world.bigcommerce.trouble["get_payment_methods"] = OutcomeUnknownError("away")
    world.bigcommerce.order = incomplete_order(external_source="others")
    assert (world.look().state, world.charge.reason) == (State.SKIPPED, "external_source_not_in_policy")


def test_methods_that_cannot_be_read_hold_an_order_that_is_to_be_charged(world: World) -> None:
    world.bigcommerce.trouble["get_payment_methods"] = OutcomeUnknownError("away")
    assert (world.look().state, world.charge.reason) == (State.CLAIMED, "bigcommerce_unavailable")
    assert world.bigcommerce.paid == []


def test_of_two_calls_at_the_same_time_both_are_over_when_one_has_failed() -> None:
    done = []

    def fail() -> None:
        raise OutcomeUnknownError("away")

    with pytest.raises(OutcomeUnknownError):
        run_together(fail, lambda: done.append("second"))
    assert done == ["second"]
    with pytest.raises(OutcomeUnknownError):
        run_together(lambda: done.append("first"), fail)
    assert run_together(lambda: 1, lambda: 2) == (1, 2)
