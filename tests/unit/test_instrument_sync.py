"""A customer's instruments: the table ends equal to BigCommerce, and a new default wakes the declined orders."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import (
    BigCommerceError,
    ConflictError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    UnauthorizedError,
)
from bigcharge.domain.instrument_rows import CustomerChange, InstrumentRow, name_default
from bigcharge.domain.instruments import Instrument
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State
from bigcharge.services.customer_sync import CustomerSync, Synced
from bigcharge.services.instrument_sync import InstrumentSync
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
    hold,
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
        customers = CustomerSync(self.table, self.ledger, self.orders, self.stores, self.bigcommerce, self.clock)
        self.instrument_sync = InstrumentSync(customers, self.table, self.customers, self.clock)

    def sync(self) -> Synced:
        return self.instrument_sync.sync(MESSAGE)

    def sync_while(self, reading: Callable[[], None]) -> Synced:
        """Sync as a slow worker, whose answer is on its way while something else happens."""
        box, answer = self.bigcommerce, self.bigcommerce.instruments
        with pytest.MonkeyPatch.context() as patched:

            def list_slowly(customer_id: int) -> tuple[Instrument, ...]:
                patched.undo()
                reading()
                return answer

            patched.setattr(box, "list_customer_instruments", list_slowly)
            return self.sync()

    @property
    def defaults(self) -> list[str | None]:
        return [one.brand for one in self.table.read(STORE, 11).instruments if one.is_default]

    @property
    def held(self) -> set[str]:
        return {instrument.fingerprint for instrument in self.table.read(STORE, 11).instruments}


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_new_is_added_and_a_second_sync_writes_nothing(world: World) -> None:
    assert world.sync() == Synced(written=2, table_read_at=NOON, found=2)
    assert world.table.calls == 1
    assert world.sync() == Synced(table_read_at=NOON, found=2)
    assert world.table.calls == 1


def test_what_changed_is_changed_and_what_is_gone_is_marked(world: World) -> None:
    world.sync()
    world.clock.pass_by(hours=1)
    world.bigcommerce.instruments = (replace(VISA, expiry_year=2033),)
    assert world.sync() == Synced(written=1, removed=1, table_read_at=world.clock(), found=1)
    assert world.table.calls == 2
    assert world.held == {VISA.fingerprint}
    row = world.table.rows[STORE, 11][MASTERCARD.fingerprint]
    assert (row.removed_at, row.leaves_at) == (world.clock(), world.clock() + timedelta(days=30))


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
    assert world.sync() == Synced(table_read_at=NOON, found=0)
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


def faster(world: World, *instruments: Instrument, seconds: float = 0.1) -> Callable[[], None]:
    """Another worker who reads a little later, and finds this."""

    def read_and_write() -> None:
        world.clock.pass_by(seconds=seconds)
        world.bigcommerce.instruments = instruments
        world.sync()

    return read_and_write


def test_an_older_read_that_finishes_after_a_newer_one_changes_nothing(world: World) -> None:
    world.sync_while(faster(world, VISA))
    assert world.held == {VISA.fingerprint}


def test_an_older_read_never_leaves_a_mixture_with_a_newer_one(world: World) -> None:
    """The newer one found another thing changed than the older one."""
    world.sync()
    world.clock.pass_by(seconds=1)
    world.bigcommerce.instruments = (replace(VISA, expiry_year=2040), MASTERCARD)
    world.sync_while(faster(world, VISA, replace(MASTERCARD, expiry_year=2041)))
    assert sorted(one.expiry_year or 0 for one in world.table.read(STORE, 11).instruments) == [2030, 2041]


def test_of_two_reads_that_began_at_the_same_time_one_decides_as_a_whole(world: World) -> None:
    """Of their two defaults there never are both, nor none."""
    world.sync_while(faster(world, replace(VISA, is_default=False), replace(MASTERCARD, is_default=True), seconds=0))
    assert world.defaults == ["visa"]
    assert world.table.read(STORE, 11).default == name_default([VISA])


def test_two_workers_who_write_at_once_end_in_the_newest_read(world: World) -> None:
    """The slower one's write is refused, and it compares what it read with what is there now."""
    world.sync()
    world.clock.pass_by(seconds=1)
    older = [lambda: hold(world.table, replace(VISA, expiry_year=2039), at=world.clock() - timedelta(seconds=0.5))]
    world.table.before_save = lambda: older.pop()() if older else None
    world.bigcommerce.instruments = (VISA, replace(MASTERCARD, expiry_year=2041))
    world.sync()
    assert sorted(one.expiry_year or 0 for one in world.table.read(STORE, 11).instruments) == [2030, 2041]


def test_what_the_stores_list_showed_after_this_read_began_has_the_customer_read_again(world: World) -> None:
    """A part of a customer says nothing of the rest: neither of the two may decide alone."""

    def add_from_list() -> None:
        world.clock.pass_by(seconds=1)
        world.bigcommerce.instruments = (VISA, MASTERCARD)
        held = world.table.read(STORE, 11)
        row = InstrumentRow(STORE, 11, MASTERCARD, world.clock())
        assert world.table.save([CustomerChange(STORE, 11, held, (row,), held.default, held.read_at)]) == []
        world.clock.pass_by(seconds=1)

    world.bigcommerce.instruments = (VISA,)
    world.sync_while(add_from_list)
    assert world.held == {VISA.fingerprint, MASTERCARD.fingerprint}


def test_a_hint_that_finds_nothing_new_looks_once_more_and_writes_nothing(world: World) -> None:
    """A card that became the default and was it no longer a second later: the slow worker writes what was then."""
    world.sync()
    world.clock.pass_by(minutes=1)
    world.bigcommerce.instruments = (replace(VISA, is_default=False), replace(MASTERCARD, is_default=True))

    def read_and_find_nothing_new() -> None:
        world.clock.pass_by(seconds=0.1)
        world.bigcommerce.instruments = (VISA, MASTERCARD)
        calls = world.table.calls
        world.instrument_sync.sync(replace(MESSAGE, received_at=world.clock()))
        assert world.table.calls == calls

    world.sync_while(read_and_find_nothing_new)
    assert world.defaults == ["mastercard"]
    [(again, delay)] = world.customers.sent
    world.clock.pass_by(seconds=delay)
    world.instrument_sync.sync(again)
    assert world.defaults == ["visa"]
    world.instrument_sync.sync(again)
    assert len(world.customers.sent) == 1


def test_a_webhook_that_comes_twice_is_no_reason_to_look_again(world: World) -> None:
    world.sync()
    world.sync()
    assert world.customers.sent == []


def test_who_is_overtaken_all_the_time_gives_the_hint_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.table, "save", list)
    with pytest.raises(ConflictError):
        world.sync()
