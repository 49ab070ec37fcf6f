"""A world in memory around `Reconciling`: stores with many orders that change while they are listed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import InvalidInputError, UnknownStoreError
from bigcharge.domain.messages import Message
from bigcharge.domain.new_orders import OrderFilter
from bigcharge.domain.orders import Order
from bigcharge.domain.policy import Policy
from bigcharge.domain.reconciling import Cursor, Gap
from bigcharge.domain.states import State
from bigcharge.domain.stores import Credentials, Pause
from bigcharge.services.reconciling import Reconciled, Reconciling
from tests.fakes import CREDENTIALS, NOON, STORE, FakeLedger, FakeQueue, Time, incomplete_order

POLICY = Policy(external_sources=("subscriptions",))


@dataclass
class Shop:
    """What BigCommerce holds of one store; `unseen` orders are there, but lists do not show them yet."""

    clock: Time
    page: int = 3
    orders: dict[int, Order] = field(default_factory=dict)
    unseen: set[int] = field(default_factory=set)
    calls: int = 0
    trouble: Exception | None = None
    between_pages: Callable[[], None] = lambda: None

    def put(self, order_id: int, **changes: object) -> Order:
        """Make or change an order now; BigCommerce's times have whole seconds."""
        known = self.orders.get(order_id) or incomplete_order(order_id)
        self.orders[order_id] = replace(known, **{"modified_at": self.clock().replace(microsecond=0)} | changes)  # type: ignore[arg-type]
        return self.orders[order_id]

    def list_orders(self, wanted: OrderFilter, *, limit: int) -> Iterator[Order]:
        assert (wanted.sort, limit) == ("date_modified:desc", 1)
        yield from sorted(self._find(wanted), key=lambda order: order.modified_at or NOON, reverse=True)[:1]

    def walk_orders(self, wanted: OrderFilter, after_id: int) -> Iterator[tuple[Order, ...]]:
        while True:
            found = sorted((one for one in self._find(wanted) if one.order_id > after_id), key=lambda one: one.order_id)
            if not found:
                return
            yield tuple(found[: self.page])
            after_id = found[: self.page][-1].order_id
            self.between_pages()

    def _find(self, wanted: OrderFilter) -> Iterator[Order]:
        self.calls += 1
        if self.trouble:
            raise self.trouble
        since = wanted.min_date_modified
        assert since is not None
        for order in self.orders.values():
            until = wanted.max_date_modified
            is_late = until is not None and order.modified_at is not None and order.modified_at > until
            is_recent = not is_late and (order.modified_at is None or order.modified_at >= since.replace(microsecond=0))
            if is_recent and order.order_id not in self.unseen and wanted.status_id in {None, order.status}:
                yield order


class Ledger(FakeLedger):
    """The ledger, many charges at once."""

    def read_charges(self, store_hash: str, order_ids: Iterable[int]) -> dict[int, Charge]:
        known = {order_id: self.charges.get((store_hash, order_id)) for order_id in order_ids}
        return {order_id: charge for order_id, charge in known.items() if charge is not None}


@dataclass
class FakeCursors:
    ledger: Ledger
    kept: dict[str, Cursor] = field(default_factory=dict)
    saves: list[Cursor] = field(default_factory=list)
    gaps: dict[str, Gap] = field(default_factory=dict)
    error: Exception | None = None

    def read(self, store_hashes: Iterable[str]) -> list[tuple[Cursor, Pause | None]]:
        cursors = ((self.kept.get(name) or Cursor(name)).with_gap(self.gaps.get(name)) for name in store_hashes)
        return [(cursor, self.ledger.pauses.get(cursor.store_hash)) for cursor in cursors]

    def save(self, cursor: Cursor) -> None:
        if self.error:
            raise self.error
        self.kept[cursor.store_hash] = cursor
        self.saves.append(cursor)


@dataclass
class Served:
    """The stores; each has the same policy."""

    hashes: list[str] = field(default_factory=lambda: [STORE])
    without_credentials: set[str] = field(default_factory=set)
    policies: Policy | InvalidInputError | None = POLICY

    def list_served(self) -> Iterator[str]:
        return iter(self.hashes)

    def credentials(self, store_hash: str) -> Credentials:
        if store_hash in self.without_credentials:
            raise UnknownStoreError("no credentials")
        return replace(CREDENTIALS, store_hash=store_hash)

    def refresh(self, store_hash: str) -> Credentials:
        return self.credentials(store_hash)

    def find_others(self, refused: Credentials) -> Iterator[Credentials]:
        return iter(())

    def policy(self, store_hash: str) -> Policy | None:
        if isinstance(self.policies, InvalidInputError):
            raise self.policies
        return self.policies


class World:
    def __init__(self) -> None:
        self.clock = Time()
        self.ledger = Ledger()
        self.cursors = FakeCursors(self.ledger)
        self.queue = FakeQueue()
        self.stores = Served()
        self.shops = {STORE: Shop(self.clock)}
        self.seconds_left: Callable[[], float] = lambda: 300.0
        self.reconciling = Reconciling(
            self.ledger, self.cursors, self.queue, self.stores, lambda of: self.shops[of.store_hash], self.clock
        )

    @property
    def shop(self) -> Shop:
        return self.shops[STORE]

    @property
    def messages(self) -> list[Message]:
        return [message for message, _ in self.queue.sent]

    def know(self, order_id: int, state: State, updated_at: datetime | None = None, **fields: object) -> Charge:
        """The ledger knows the order."""
        charge = Charge(STORE, order_id, state, updated_at or self.clock(), version=1, **fields)  # type: ignore[arg-type]
        self.ledger.charges[STORE, order_id] = charge
        return charge

    def run(self) -> dict[str, Reconciled | None]:
        """One run over all stores, as the function does it."""
        found = self.reconciling.list_stores()
        return {
            cursor.store_hash: self.reconciling.reconcile(cursor, pause, self.seconds_left) for cursor, pause in found
        }

    def sent(self, cause: str = "reconcile") -> list[int]:
        """The orders that went to the queue since it was asked last."""
        found = [message.id for message in self.messages if message.cause == cause]
        self.queue.sent = [(message, delay) for message, delay in self.queue.sent if message.cause != cause]
        return found

    def reconcile(self) -> list[int]:
        """A run ten minutes later, and the orders that it sent because nobody had looked at them."""
        self.clock.pass_by(minutes=10)
        self.run()
        return self.sent()


def seconds(*left: float) -> Callable[[], float]:
    """A clock of a function whose time runs out: each look shows the next; the last stays."""
    coming = list(left)
    return lambda: coming.pop(0) if len(coming) > 1 else coming[0]


def ago(**spans: float) -> datetime:
    return NOON - timedelta(**spans)
