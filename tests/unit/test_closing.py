"""A store whose merchant has uninstalled the app: nothing more is charged, and what was kept of it leaves."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.messages import NO_ID, Kind, Message, read_message
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State
from bigcharge.domain.stores import APP_UNINSTALLED, Credentials, KeptCredentials, Pause
from bigcharge.services.closing import Closed, Closing, CredentialsKeeper, Pauses, StoreInstruments
from tests.fakes import CREDENTIALS, NOON, STORE, FakeLedger, FakeQueue, FakeStores, Time
from tests.unit.order_world import World as Shop
from tests.unit.order_world import declined

SECOND = timedelta(seconds=1)
UNINSTALLED = Message(STORE, Kind.STORE, NO_ID, "store/app/uninstalled", NOON, "hash", NOON)
NEW = replace(CREDENTIALS, access_token="invented-new-token")


@dataclass
class FakeKeeper:
    kept: KeptCredentials | None = field(default_factory=lambda: KeptCredentials(CREDENTIALS, NOON - timedelta(days=9)))
    deleted: list[str] = field(default_factory=list)
    error: Exception | None = None

    def read(self, store_hash: str) -> KeptCredentials | None:
        return self.kept

    def schedule_deletion(self, store_hash: str) -> None:
        if self.error:
            raise self.error
        self.deleted.append(store_hash)
        self.kept = None


@dataclass
class FakeRows:
    """Rows that are there yet, and when those that were marked leave."""

    left: int = 3
    marked: list[tuple[datetime, datetime]] = field(default_factory=list)

    def retire_store(self, store_hash: str, removed_at: datetime, leaves_at: datetime) -> Iterator[None]:
        while self.left:
            self.left -= 1
            self.marked.append((removed_at, leaves_at))
            yield


@dataclass
class World:
    clock: Time = field(default_factory=Time)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    keeper: FakeKeeper = field(default_factory=FakeKeeper)
    stores: FakeStores = field(default_factory=FakeStores)
    rows: FakeRows = field(default_factory=FakeRows)
    queue: FakeQueue = field(default_factory=FakeQueue)

    def close(self, message: Message = UNINSTALLED, seconds: float = 300) -> Closed:
        shapes: tuple[Pauses, CredentialsKeeper, StoreInstruments] = self.ledger, self.keeper, self.rows
        ledger, keeper, rows = shapes
        return Closing(ledger, keeper, self.stores, rows, self.queue, self.clock).close(message, lambda: seconds)

    def install(self, at: datetime, credentials: Credentials = NEW) -> None:
        self.keeper.kept = KeptCredentials(credentials, at)

    @property
    def is_open(self) -> bool:
        return self.keeper.kept is not None and not self.keeper.deleted and not self.ledger.pauses


def test_a_store_is_closed_its_credentials_are_deleted_and_its_instruments_leave_after_the_policys_retention() -> None:
    world = World()
    world.stores.policies = Policy(instrument_retention=timedelta(days=3))
    assert world.close() == Closed(is_closed=True, rows=3)
    assert world.ledger.pauses[STORE] == Pause(STORE, APP_UNINSTALLED, None, CREDENTIALS.fingerprint, NOON)
    assert world.keeper.deleted == [STORE]
    assert world.rows.marked == [(NOON, NOON + timedelta(days=3))] * 3


@pytest.mark.parametrize("policy", [None, InvalidInputError("unreadable")])
def test_without_a_readable_policy_the_retention_is_the_default(policy: InvalidInputError | None) -> None:
    world = World()
    world.stores.policies = policy
    world.close()
    assert world.rows.marked[0][1] == NOON + timedelta(days=30)


def test_the_instruments_are_gone_through_once_more_for_a_sync_that_was_under_way() -> None:
    world = World()
    world.close()
    [(again, delay)] = world.queue.sent
    assert delay == 900
    world.rows.left = 1
    assert world.close(again) == Closed(is_closed=True, rows=1)
    assert len(world.queue.sent) == 1


def test_a_doubled_event_does_nothing_more() -> None:
    world = World()
    world.close()
    assert world.close() == Closed(is_closed=True)
    assert (world.keeper.deleted, len(world.rows.marked)) == ([STORE], 3)


def test_an_event_of_an_earlier_installation_leaves_the_new_one_open() -> None:
    """BigCommerce repeats a webhook for two days, signed with a secret that may be the new installation's as well."""
    world = World()
    world.close()
    world.queue.sent.clear()
    world.install(NOON + timedelta(hours=1))
    world.keeper.deleted.clear()
    world.ledger.pauses.clear()
    late = replace(UNINSTALLED, received_at=NOON + timedelta(hours=30))
    assert world.close(late) == Closed(is_closed=False)
    assert world.is_open
    assert not world.queue.sent


def test_a_message_that_goes_on_with_a_store_stops_when_the_app_is_installed_again() -> None:
    world = World()
    world.close(seconds=1)
    [_, (goes_on, _)] = world.queue.sent
    world.install(NOON + timedelta(minutes=1))
    assert world.close(goes_on) == Closed(is_closed=False)
    assert len(world.rows.marked) == 1


def test_an_uninstall_after_the_new_installation_closes_it() -> None:
    world = World()
    world.close()
    world.install(NOON + timedelta(hours=1))
    again = replace(UNINSTALLED, received_at=NOON + timedelta(hours=2), happened_at=NOON + timedelta(hours=2))
    assert world.close(again).is_closed
    assert world.ledger.pauses[STORE].credentials == NEW.fingerprint


def test_an_uninstall_within_the_second_of_its_installation_closes_it() -> None:
    """BigCommerce tells the time in whole seconds."""
    world = World()
    world.install(NOON + 0.9 * SECOND)
    assert world.close().is_closed


@pytest.mark.parametrize("told", [None, NOON - timedelta(days=900)])
def test_where_the_event_names_no_time_that_can_be_the_time_of_its_webhook_counts(told: datetime | None) -> None:
    timeless = replace(UNINSTALLED, happened_at=told)
    world = World()
    world.install(NOON + SECOND)
    assert not world.close(timeless).is_closed
    world.install(NOON - SECOND)
    assert world.close(timeless).is_closed


def test_a_store_that_nobody_knows_is_not_closed() -> None:
    world = World(keeper=FakeKeeper(kept=None))
    assert world.close() == Closed(is_closed=False)
    assert not world.ledger.pauses
    assert not world.rows.marked


def test_what_a_crash_left_undone_is_done_when_the_message_comes_again() -> None:
    world = World(keeper=FakeKeeper(error=ConnectionError("Secrets Manager is away")))
    with pytest.raises(ConnectionError):
        world.close()
    assert world.ledger.pauses[STORE].is_closed
    world.keeper.error = None
    assert world.close() == Closed(is_closed=True, rows=3)
    assert world.keeper.deleted == [STORE]


def test_a_store_with_more_instruments_than_time_goes_on_with_a_message() -> None:
    world = World(rows=FakeRows(left=5))
    message, runs = UNINSTALLED, 0
    while True:
        runs += 1
        closed = world.close(message, seconds=1)
        if closed.is_finished:
            break
        message = world.queue.sent[-1][0]
    assert (runs, len(world.rows.marked)) == (6, 5)


def test_a_message_about_a_store_is_read_as_it_was_written() -> None:
    assert read_message(UNINSTALLED.to_json()) == UNINSTALLED


@pytest.fixture(params=["credentials are remembered", "credentials are gone"])
def shop(request: pytest.FixtureRequest) -> Shop:
    """A shop whose workers remember the credentials for a while, or have heard that they are gone."""
    shop = Shop()
    shop.ledger.close(Pause(STORE, APP_UNINSTALLED, None, CREDENTIALS.fingerprint, NOON))
    if request.param == "credentials are gone":
        shop.stores.known = None
    return shop


def test_a_new_order_of_a_closed_store_leaves_no_trace(shop: Shop) -> None:
    assert shop.orders.look(Message(STORE, Kind.ORDER, 215, "store/order/created", NOON), lambda: 90.0) is None
    assert not shop.ledger.charges
    assert not shop.queue.sent
    assert not shop.bigcommerce.paid


@pytest.fixture
def waiting() -> Shop:
    """A shop with a declined order that waits for its retry, which is then closed."""
    shop = Shop()
    shop.bigcommerce.answers = [declined(30106)]
    assert shop.look().state is State.DECLINED
    shop.ledger.close(Pause(STORE, APP_UNINSTALLED, None, CREDENTIALS.fingerprint, NOON))
    return shop


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_waiting_order_of_a_closed_store_is_never_charged_and_looked_at_once_a_day(
    waiting: Shop, *, is_gone: bool
) -> None:
    waiting.stores.known = None if is_gone else CREDENTIALS
    looks = waiting.sweep_until(NOON + timedelta(days=3))
    assert len(waiting.bigcommerce.paid) == 1
    assert waiting.charge.state is State.DECLINED
    assert looks <= 5


def test_a_waiting_order_goes_on_when_the_app_is_installed_again(waiting: Shop) -> None:
    waiting.sweep_until(NOON + timedelta(days=3))
    waiting.stores.known = NEW
    waiting.sweep_until(NOON + timedelta(days=4, hours=1))
    assert len(waiting.bigcommerce.paid) == 2
    assert waiting.charge.state is State.PAID
