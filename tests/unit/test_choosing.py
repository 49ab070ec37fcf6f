"""Which instrument is charged, and how few round trips a charge waits for."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from bigcharge.adapters.together import run_together
from bigcharge.domain.errors import OutcomeUnknownError
from bigcharge.domain.instruments import Instrument, InstrumentType
from bigcharge.domain.policy import InstrumentChoice
from bigcharge.domain.states import State
from bigcharge.services.orders import Orders
from tests.fakes import MASTERCARD, NOON, VISA, hold, incomplete_order
from tests.unit.order_world import POLICY, World

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
