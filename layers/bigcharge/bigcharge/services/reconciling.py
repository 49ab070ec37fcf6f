"""Reconciling: orders that no webhook told of go to the queue, and so do those whose books seem to differ."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from bigcharge.domain import books, reconciling
from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import UnknownStoreError
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.new_orders import OrderFilter
from bigcharge.domain.orders import Order, OrderStatus
from bigcharge.domain.policy import Policy
from bigcharge.domain.reconciling import Cursor, Errand, is_missed
from bigcharge.domain.stores import Pause
from bigcharge.services.ports import Charges, Clock, Cursors, ListsOf, OrderLists, Queue, ServedStores

# A call of BigCommerce gives up after 12 s, and a walk may begin with two of them; the rest is for AWS.
_SECONDS_FOR_PAGE: Final = 40.0
# How long a hint is remembered, so that runs in quick succession do not fill the queue with what is in it already. That
# is shorter than the time between two runs of the schedule: each of those sends what still nobody has looked at.
_MEMORY: Final = timedelta(minutes=5)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_WANTED: Final = {
    Errand.ORDERS: OrderFilter(status_id=OrderStatus.INCOMPLETE),
    Errand.BOOKS: OrderFilter(),
    Errand.GAP: OrderFilter(status_id=OrderStatus.INCOMPLETE),
}
_CAUSES: Final = {Errand.ORDERS: reconciling.CAUSE, Errand.BOOKS: books.CAUSE, Errand.GAP: reconciling.CAUSE}


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of a store.

    Attributes:
        orders: how many went to the queue because nobody had looked at them.
        books: how many went there because their books seem to differ.
        gap: how many went there because they changed while BigCommerce told of nothing.
        is_finished: whether time sufficed for all of it; else the next run goes on.
    """

    orders: int
    books: int
    is_finished: bool
    gap: int = 0


class Reconciling:
    """Compares what BigCommerce lists with what the ledger knows. It judges nothing: whoever takes the hint looks."""

    def __init__(
        self, ledger: Charges, cursors: Cursors, queue: Queue, stores: ServedStores, lists_of: ListsOf, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._cursors = cursors
        self._queue = queue
        self._stores = stores
        self._lists_of = lists_of
        self._clock = clock
        self._sent: dict[_Hint, datetime] = {}

    def list_stores(self) -> list[tuple[Cursor, Pause | None]]:
        """The stores that are served, each with its pause; first the one that has waited longest for its turn."""
        found = self._cursors.read(self._stores.list_served())
        return sorted(found, key=lambda one: one[0].looked_at or _NEVER)

    def reconcile(self, cursor: Cursor, pause: Pause | None, seconds_left: Callable[[], float]) -> Reconciled | None:
        """Reconcile one store, as far as time suffices.

        Returns:
            None where the store is left alone: it is paused, or its credentials or its policy are gone.

        Raises:
            BigCommerceError: BigCommerce could not be read; what was read before is kept.
            InvalidInputError: the policy cannot be read.
        """
        now = self._clock()
        cursor = cursor.turn(now)
        self._cursors.save(cursor)  # at once: a store that always fails must not be the first for ever
        try:
            credentials = self._stores.credentials(cursor.store_hash)
        except UnknownStoreError:
            return None
        policy = self._stores.policy(cursor.store_hash)
        if policy is None or (pause is not None and pause.holds(credentials)):
            return None
        lists, sent, is_finished = self._lists_of(credentials), dict.fromkeys(Errand, 0), True
        for errand in (errand for errand in Errand if cursor.is_due(errand, now)):
            is_asked = partial(_is_asked, errand, policy)
            cursor, sent[errand], is_over = self._walk(cursor, errand, lists, is_asked, seconds_left)
            is_finished = is_finished and is_over
        return Reconciled(sent[Errand.ORDERS], sent[Errand.BOOKS], is_finished, sent[Errand.GAP])

    def _walk(
        self,
        cursor: Cursor,
        errand: Errand,
        lists: OrderLists,
        is_asked: Callable[[Charge | None, Order], bool],
        seconds_left: Callable[[], float],
    ) -> tuple[Cursor, int, bool]:
        """Go on with a walk, or begin one; saved only after the messages are in the queue, so a crash repeats them.

        Returns:
            The cursor, how many messages were sent, and whether the walk is over.
        """
        sent, now = 0, self._clock()
        if seconds_left() < _SECONDS_FOR_PAGE:
            return cursor, sent, False
        walk = cursor.walks[errand]
        wanted = replace(_WANTED[errand], min_date_modified=walk.since, max_date_modified=walk.until)
        if walk.newest is None:
            walk = walk.begin(_find_newest(lists, wanted), now)
        pages = lists.walk_orders(wanted, walk.after_id) if walk.newest else iter(())
        for orders in pages:
            hinted, unknown = self._send(cursor.store_hash, _CAUSES[errand], orders, is_asked)
            sent += hinted
            walk = replace(walk, after_id=orders[-1].order_id)
            if errand is Errand.ORDERS:
                walk = walk.keep(unknown, now)
            cursor = cursor.with_walk(errand, walk)
            self._cursors.save(cursor)
            if seconds_left() < _SECONDS_FOR_PAGE:
                return cursor, sent, False
        if walk.until is None and walk.newest is not None and not walk.after_id:
            # One answer said that something has changed, the other lists nothing: an order is between two states, or
            # an answer is wrong. What was not listed must not count as read.
            return cursor, sent, False
        cursor = cursor.with_walk(errand, walk.end())
        self._cursors.save(cursor)
        return cursor, sent, True

    def _send(
        self,
        store_hash: str,
        cause: str,
        orders: tuple[Order, ...],
        is_asked: Callable[[Charge | None, Order], bool],
    ) -> tuple[int, list[Order]]:
        """Hint at those that somebody must look at; how many hints were sent, and the orders that nobody knows yet."""
        charges, now = self._ledger.read_charges(store_hash, [order.order_id for order in orders]), self._clock()
        self._sent = {hint: at for hint, at in self._sent.items() if now - at < _MEMORY}
        missed = [order for order in orders if is_asked(charges.get(order.order_id), order)]
        hints = (_make_hint(store_hash, cause, order, charges.get(order.order_id)) for order in missed)
        asked = [hint for hint in hints if hint not in self._sent]
        self._queue.send_all([Message(store_hash, Kind.ORDER, hint.order_id, cause, now) for hint in asked])
        self._sent |= dict.fromkeys(asked, now)
        return len(asked), [order for order in missed if order.order_id not in charges]


@dataclass(frozen=True, slots=True)
class _Hint:
    """What was hinted at: once the order or its charge has changed, a hint is another one."""

    store_hash: str
    order_id: int
    cause: str
    modified_at: datetime | None
    version: int


def _make_hint(store_hash: str, cause: str, order: Order, charge: Charge | None) -> _Hint:
    return _Hint(store_hash, order.order_id, cause, order.modified_at, charge.version if charge else 0)


def _is_asked(errand: Errand, policy: Policy, charge: Charge | None, order: Order) -> bool:
    if errand is not Errand.BOOKS:
        return is_missed(charge, order, policy)
    return charge is not None and books.seem_different(charge, order)


def _find_newest(lists: OrderLists, wanted: OrderFilter) -> datetime | None:
    """The newest change of what is wanted; None where there is nothing."""
    newest = next(lists.list_orders(replace(wanted, sort="date_modified:desc"), limit=1), None)
    return None if newest is None else newest.modified_at or wanted.min_date_modified
