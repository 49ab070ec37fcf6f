"""A customer's instruments: the table ends equal to BigCommerce, and a new default wakes the declined orders."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import (
    BigCommerceError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    UnauthorizedError,
)
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State
from bigcharge.services.instrument_sync import InstrumentSync, Synced
from tests.fakes import (
    MASTERCARD,
    NOON,
    STORE,
    VISA,
    FakeBigCommerce,
    FakeInstruments,
    FakeLedger,
    FakeQueue,
    FakeStores,
    Time,
)

MESSAGE = Message(STORE, Kind.CUSTOMER, 11, "store/customer/payment/instrument/default/updated", NOON)


class World:
    def __init__(self) -> None:
        self.clock = Time()
        self.table = FakeInstruments()
        self.ledger = FakeLedger()
        self.orders, self.customers = FakeQueue(), FakeQueue()
        self.stores = FakeStores()
        self.bigcommerce = FakeBigCommerce(self.clock, instruments=(VISA, MASTERCARD))
        self.instrument_sync = InstrumentSync(
            self.table, self.ledger, self.orders, self.customers, self.stores, self.bigcommerce, self.clock
        )

    def sync(self) -> Synced:
        return self.instrument_sync.sync(MESSAGE)

    @property
    def held(self) -> set[str]:
        return {instrument.fingerprint for instrument in self.table.read(STORE, 11).instruments}


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_new_is_added_and_a_second_sync_writes_nothing(world: World) -> None:
    assert world.sync() == Synced(written=2)
    writes = world.table.writes
    assert world.sync() == Synced()
    assert world.table.writes == writes


def test_what_changed_is_changed_and_what_is_gone_is_marked(world: World) -> None:
    world.sync()
    world.clock.pass_by(hours=1)
    world.bigcommerce.instruments = (replace(VISA, expiry_year=2033),)
    assert world.sync() == Synced(written=1, removed=1)
    assert world.held == {VISA.fingerprint}
    assert world.table.rows[MASTERCARD.fingerprint][2] == world.clock() + timedelta(days=30)


def test_what_comes_back_is_there_again(world: World) -> None:
    world.sync()
    world.bigcommerce.instruments = ()
    world.sync()
    assert world.held == set()
    world.bigcommerce.instruments = (VISA,)
    world.sync()
    assert world.held == {VISA.fingerprint}


def test_a_new_default_sends_the_customers_declined_orders_back(world: World) -> None:
    for order_id, customer_id, state in ((1, 11, State.DECLINED), (2, 12, State.DECLINED), (3, 11, State.PAID)):
        world.ledger.charges[STORE, order_id] = Charge(STORE, order_id, state, NOON, customer_id=customer_id, version=1)
    world.sync()
    world.orders.sent.clear()
    world.bigcommerce.instruments = (replace(VISA, is_default=False), replace(MASTERCARD, is_default=True))
    assert world.sync().woken == 1
    assert [(message.id, message.cause) for message, _ in world.orders.sent] == [(1, "instrument_changed")]


def test_a_crash_before_the_orders_were_woken_wakes_them_on_the_next_run(world: World) -> None:
    world.ledger.charges[STORE, 1] = Charge(STORE, 1, State.DECLINED, NOON, customer_id=11, version=1)
    world.orders.error = ConnectionError("the queue is away")
    with pytest.raises(ConnectionError):
        world.sync()
    world.orders.error = None
    assert world.sync().woken == 1


def test_a_deleted_customers_instruments_are_marked_removed(world: World) -> None:
    world.sync()
    world.bigcommerce.trouble["list_customer_instruments"] = NotFoundError(404)
    assert world.sync().removed == 2
    assert world.held == set()


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (RateLimitedError(12.0), 60.0),
        (RateLimitedError(90.0), 90.0),
        (OutcomeUnknownError("no answer"), 60.0),
        (UnauthorizedError(401), 900.0),
    ],
)
def test_trouble_changes_nothing_and_brings_the_message_back(
    world: World, error: BigCommerceError, wait: float
) -> None:
    world.sync()
    world.bigcommerce.trouble["list_customer_instruments"] = error
    assert world.sync() == Synced()
    assert world.customers.sent == [(MESSAGE, wait)]
    assert len(world.held) == 2


def test_a_hint_that_came_twice_is_sent_again_once(world: World) -> None:
    """Or an outage would multiply them: each look in vain makes another of each."""
    world.bigcommerce.trouble["list_customer_instruments"] = OutcomeUnknownError("no answer")
    world.sync()
    world.sync()
    assert len(world.customers.sent) == 1
    world.clock.pass_by(seconds=55)  # by another worker's clock the minute is not over yet
    world.sync()
    world.sync()
    assert len(world.customers.sent) == 2


def test_a_worker_that_dies_once_it_has_sent_the_hint_again_loses_none(world: World) -> None:
    world.bigcommerce.trouble["list_customer_instruments"] = OutcomeUnknownError("no answer")
    world.customers.error = ConnectionError("the queue is away")
    with pytest.raises(ConnectionError):
        world.sync()
    world.customers.error = None
    world.sync()
    assert len(world.customers.sent) == 1


def test_a_default_card_that_was_renewed_wakes_the_orders_too(world: World) -> None:
    world.sync()
    world.ledger.charges[STORE, 1] = Charge(STORE, 1, State.DECLINED, NOON, customer_id=11, version=1)
    world.bigcommerce.instruments = (replace(VISA, expiry_year=2034), MASTERCARD)
    assert world.sync().woken == 1


def test_an_older_read_does_not_undo_a_newer_one(world: World) -> None:
    world.sync()
    world.clock.now -= timedelta(minutes=1)
    world.bigcommerce.instruments = ()
    assert world.sync() == Synced()
    assert len(world.held) == 2


@pytest.mark.parametrize("keep", [True, False])
def test_billing_addresses_are_kept_only_where_the_policy_says_so(world: World, *, keep: bool) -> None:
    world.stores.policies = Policy(keep_billing_address=keep)
    world.bigcommerce.instruments = (replace(VISA, billing_address={"city": "Invented"}),)
    world.sync()
    [instrument] = world.table.read(STORE, 11).instruments
    assert instrument.billing_address == ({"city": "Invented"} if keep else None)


def test_the_longer_an_outage_lasts_the_longer_the_waits_and_after_days_a_person_sees_the_message(world: World) -> None:
    world.bigcommerce.trouble["list_customer_instruments"] = OutcomeUnknownError("no answer")
    for minutes in (5, 60):
        world.clock.now = NOON + timedelta(minutes=minutes)
        world.sync()
    assert [delay for _, delay in world.customers.sent] == [300.0, 900.0]
    world.clock.now = NOON + timedelta(days=3, seconds=1)
    with pytest.raises(OutcomeUnknownError):
        world.sync()
