"""Reconciling: how far a store's changed orders have been read, and which of them somebody must look at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bigcharge.domain.charges import Charge
from bigcharge.domain.eligibility import judge
from bigcharge.domain.orders import Order
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State

CAUSE: Final = "reconcile"
"""The cause of a message for an order that no webhook told of, or told of too early."""

# BigCommerce repeats a webhook for 48 hours: what changed before was told of while nobody listened, and a store that is
# served from today on did not mean its old orders.
_FIRST_LOOK_BACK: Final = timedelta(days=2)
# How far a read of BigCommerce may be behind what happened: so much of the past is listed again each time.
_LAG: Final = timedelta(minutes=10)
_KEPT_FOR: Final = timedelta(days=1)  # what the ledger still does not know is hinted at again
# An hour less half a run: the run of the full hour is never a few seconds early.
_BOOKS_EVERY: Final = timedelta(minutes=55)


class Errand(StrEnum):
    """What a store's orders are walked through for."""

    GAP = "gap"
    ORDERS = "orders"
    BOOKS = "books"


_STANDING: Final = (Errand.ORDERS, Errand.BOOKS)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which BigCommerce may have told of nothing: the orders that changed then are to be looked at.

    Attributes:
        since: when it was last sure that BigCommerce told.
        until: from when on it tells again.
    """

    since: datetime
    until: datetime

    def join(self, other: "Gap | None") -> "Gap":
        """One gap that holds both."""
        return Gap(min(self.since, other.since), max(self.until, other.until)) if other else self


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through a store's orders that were changed from some time on, by their ids. It can be left and resumed.

    An id never changes, so no order is missed, whatever comes, goes or changes meanwhile: an order that was passed
    before it changed has changed after the walk began, and the next walk begins with all that had changed by then.

    Attributes:
        since: orders that were changed at or after it belong to the walk, by BigCommerce's clock.
        began_at: when the present walk, or the last one, began, by our clock; None: there was none.
        newest: the newest change when it began, by BigCommerce's clock, or an older one of an order that
            the ledger does not know yet: the next walk begins by it; None: no walk is under way.
        after_id: the orders up to this id have been read.
        until: orders that were changed at or before it belong to the walk; None: those of the present too.
    """

    since: datetime
    began_at: datetime | None = None
    newest: datetime | None = None
    after_id: int = 0
    until: datetime | None = None

    def begin(self, newest: datetime | None, now: datetime) -> "Walk":
        """Set out.

        Args:
            newest: the newest change since `since`; None where nothing changed: then the walk is over at once.
            now: aware UTC. Nothing can have changed later: an order of next year must not hide those until then.
        """
        return replace(self, began_at=now, newest=min(newest, now) if newest else None, after_id=0)

    def keep(self, unknown: Iterable[Order], now: datetime) -> "Walk":
        """Let the next walk come by these again: until the ledger knows them, a hint at them may have been lost.

        For a day: what is not known by then lies among the dead letters, and would hold up every walk after it.
        """
        changes = [one.modified_at for one in unknown if one.modified_at and now - one.modified_at < _KEPT_FOR]
        return replace(self, newest=min([self.newest, *changes])) if self.newest is not None else self

    def end(self) -> "Walk":
        """All of it was read: the next one begins a little before what was newest; a gap is walked through once."""
        if self.until is not None:
            return replace(self, newest=None)
        since = max(self.since, self.newest - _LAG) if self.newest else self.since
        return replace(self, since=since, newest=None, after_id=0)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a store is reconciled.

    Whatever it says has been done when it is saved, so of two runs at once either's will do: no order is skipped.

    Attributes:
        store_hash: the store.
        looked_at: when a run last turned to the store; None: never.
        walks: the walk of each errand, once a run has turned to the store; that of a gap, once there was one.
    """

    store_hash: str
    looked_at: datetime | None = None
    walks: Mapping[Errand, Walk] = field(default_factory=dict)

    def turn(self, now: datetime) -> "Cursor":
        """The same when a run turns to the store. The first one settles where the walks begin, should it fail."""
        walks = {errand: Walk(since=now - _FIRST_LOOK_BACK) for errand in _STANDING}
        return replace(self, looked_at=now, walks=walks | {**self.walks})

    def with_walk(self, errand: Errand, walk: Walk) -> "Cursor":
        """The same with a walk that went on."""
        return replace(self, walks={**self.walks, errand: walk})

    def with_gap(self, gap: Gap | None) -> "Cursor":
        """The same with the walk through a gap, unless it knows that gap; one that it is still in is not forgotten."""
        walk = self.walks.get(Errand.GAP)
        if gap is None or (walk is not None and walk.until is not None and walk.until >= gap.until):
            return self
        since = min(gap.since, walk.since) if walk is not None and walk.newest is not None else gap.since
        return self.with_walk(Errand.GAP, Walk(since, newest=gap.until, until=gap.until))

    def is_due(self, errand: Errand, now: datetime) -> bool:
        """Whether to walk now: for orders with each run, for the books hourly, and to the end of what was begun."""
        walk = self.walks.get(errand)
        if walk is None or errand is Errand.GAP:
            return walk is not None and walk.newest is not None
        if errand is Errand.ORDERS or walk.began_at is None or walk.newest is not None:
            return True
        return now - walk.began_at >= _BOOKS_EVERY


def is_missed(charge: Charge | None, order: Order, policy: Policy) -> bool:
    """Whether nobody has looked at the Incomplete order as it is now.

    Either the ledger does not know it, or it was left alone though it could be charged: it was changed since, or so
    shortly before that what was read then may have been behind.
    """
    if charge is None:
        return True
    if charge.state is not State.SKIPPED or judge(order, policy) is not None:
        return False
    return order.modified_at is None or order.modified_at > charge.updated_at - _LAG
