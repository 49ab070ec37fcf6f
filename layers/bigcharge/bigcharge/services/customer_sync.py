"""A customer's stored instruments: make the table equal to BigCommerce, and wake the orders that may be paid now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bigcharge.domain.errors import ConflictError, InvalidInputError, NotFoundError
from bigcharge.domain.instrument_rows import compare
from bigcharge.domain.instruments import Instrument
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.policy import Policy
from bigcharge.services.ports import Clock, Connect, Instruments, Queue, Stores, Waiting

CAUSE: Final = "instrument_changed"
_TRIES: Final = 4  # each time somebody else changed the customer meanwhile, and that seldom happens once


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did.

    Attributes:
        written: rows added or changed.
        removed: rows marked as removed.
        woken: declined orders sent back to the orders queue.
        table_read_at: when the read began that the table now comes from; None where there was none.
        found: how many instruments BigCommerce holds; None where it could not be read.
    """

    written: int = 0
    removed: int = 0
    woken: int = 0
    table_read_at: datetime | None = None
    found: int | None = None

    def is_unexpected(self, hinted_at: datetime) -> bool:
        """Whether nothing was written, though the table does not come from a read that began after the hint."""
        is_known = self.table_read_at is not None and self.table_read_at >= hinted_at
        return not self.written and not self.removed and not is_known


class CustomerSync:
    """Syncs one customer at a time. Safe to call any number of times: the newest read wins."""

    def __init__(
        self,
        table: Instruments,
        waiting: Waiting,
        orders: Queue,
        stores: Stores,
        connect: Connect,
        clock: Clock,
    ) -> None:
        self._table = table
        self._waiting = waiting
        self._orders = orders
        self._stores = stores
        self._connect = connect
        self._clock = clock

    def sync(self, store_hash: str, customer_id: int) -> Synced:
        """Make the table equal to what BigCommerce holds of the customer now.

        Raises:
            UnknownStoreError: no credentials.
            BigCommerceError: no answer.
            ConflictError: others change the customer all the time.
        """
        policy = self.policy(store_hash)
        for _ in range(_TRIES):
            read_at = self._clock()
            found = self._read_customer(store_hash, customer_id, policy)
            synced = self._make_equal(store_hash, customer_id, found, read_at, read_at + policy.instrument_retention)
            if synced is not None:
                return replace(synced, found=len(found))
        raise ConflictError("the customer's instruments are changed all the time: try again later")

    def _read_customer(self, store_hash: str, customer_id: int, policy: Policy) -> tuple[Instrument, ...]:
        bigcommerce = self._connect(self._stores.credentials(store_hash))
        try:
            found = bigcommerce.list_customer_instruments(customer_id)
        except NotFoundError:  # the customer is gone, and the instruments with it
            return ()
        return found if policy.keep_billing_address else tuple(replace(one, billing_address=None) for one in found)

    def _make_equal(
        self, store_hash: str, customer_id: int, found: tuple[Instrument, ...], read_at: datetime, leaves_at: datetime
    ) -> Synced | None:
        """Write what differs; None where the customer must be read again, because somebody knows of newer things.

        The table is read after BigCommerce, so that what a faster worker wrote meanwhile is compared too.
        """
        for _ in range(_TRIES):
            held = self._table.read(store_hash, customer_id)
            if held.newest is not None and held.newest > read_at and not held.is_newer_than(read_at):
                return None
            change = compare(store_hash, customer_id, held, found, read_at, leaves_at)
            if change is None:
                return Synced(table_read_at=held.read_at)
            # First, so that a crash before the table says that it was done does it again.
            woken = self.wake_orders(store_hash, [customer_id]) if change.has_new_default else 0
            if not self._table.save([change]):
                return Synced(len(change.rows) - change.removed, change.removed, woken, read_at)
        return None

    def wake_orders(self, store_hash: str, customers: Sequence[int]) -> int:
        """Have the declined orders of customers looked at now; returns how many there are."""
        waiting = list(self._waiting.list_waiting(store_hash, customers))
        now = self._clock()
        self._orders.send_all([Message(store_hash, Kind.ORDER, order, CAUSE, now) for order in waiting])
        return len(waiting)

    def policy(self, store_hash: str) -> Policy:
        """An unreadable policy charges nothing, but what the shopper removed is still removed: with the defaults."""
        try:
            return self._stores.policy(store_hash) or Policy()
        except InvalidInputError:
            return Policy()
