"""A customer's stored instruments: make the table equal to BigCommerce, then wake the orders that may be paid now."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain.errors import (
    BigCommerceError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
)
from bigcharge.domain.instrument_rows import compare
from bigcharge.domain.instruments import Instrument
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.policy import Policy
from bigcharge.services.ports import Clock, Connect, Instruments, Ledger, Queue, Stores

CAUSE: Final = "instrument_changed"
LOOK_AGAIN: Final = "look_again"
"""The cause of a customer's hint that follows one that found nothing new."""

_GIVE_UP_AFTER: Final = timedelta(days=3)  # then it goes to the dead letters, for a person to see
_SHORT_WAIT: Final = 60.0  # BigCommerce does not answer, or not so often
_LONG_WAIT: Final = 900.0  # it refuses: a person has to act first
_SETTLED_AFTER: Final = 90.0  # longer than a worker lives, and so than what it read can be on its way to the table
_TRIES: Final = 4  # each time somebody else changed the customer meanwhile, and that seldom happens once
_CLOCKS_APART: Final = timedelta(seconds=30)  # of two workers, at most: a hint must not take itself for another


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did.

    Attributes:
        written: rows added or changed.
        removed: rows marked as removed.
        woken: declined orders sent back to the orders queue.
        table_read_at: when the read began that the table now comes from; None where there was none.
    """

    written: int = 0
    removed: int = 0
    woken: int = 0
    table_read_at: datetime | None = None

    def is_unexpected(self, hinted_at: datetime) -> bool:
        """Whether nothing was written, though the table does not come from a read that began after the hint."""
        is_known = self.table_read_at is not None and self.table_read_at >= hinted_at
        return not self.written and not self.removed and not is_known


class InstrumentSync:
    """Syncs one customer at a time. Safe to call any number of times: the newest read wins."""

    def __init__(
        self,
        table: Instruments,
        ledger: Ledger,
        orders: Queue,
        customers: Queue,
        stores: Stores,
        connect: Connect,
        clock: Clock,
    ) -> None:
        self._table = table
        self._ledger = ledger
        self._orders = orders
        self._customers = customers
        self._stores = stores
        self._connect = connect
        self._clock = clock

    def sync(self, message: Message) -> Synced:
        """Sync the customer of a hint; a look in vain brings the hint back.

        A hint that finds nothing new, though it is newer than what the table was read from, looks once more a little
        later: BigCommerce may have been behind its own webhook, and another worker may be about to write what it read
        before. That costs a read, where noting each look in the table would cost a write.

        Args:
            message: the hint.

        Raises:
            UnknownStoreError: no credentials.
            BigCommerceError: no answer for days.
            ConflictError: others change the customer all the time.
        """
        asked_at = self._clock()
        try:
            synced = self.sync_customer(message.store_hash, message.id)
        except BigCommerceError as error:
            if asked_at - message.received_at > _GIVE_UP_AFTER:
                raise
            self._come_back(message, error, asked_at)
            return Synced()
        if synced.is_unexpected(message.received_at) and message.cause != LOOK_AGAIN:
            again = replace(message, cause=LOOK_AGAIN, received_at=asked_at, event_hash=None)
            self._customers.send(again, delay=_SETTLED_AFTER)
        return synced

    def sync_customer(self, store_hash: str, customer_id: int) -> Synced:
        """Make the table equal to what BigCommerce holds of the customer now.

        Raises:
            UnknownStoreError: no credentials.
            BigCommerceError: no answer.
            ConflictError: others change the customer all the time.
        """
        policy = self._policy(store_hash)
        for _ in range(_TRIES):
            read_at = self._clock()
            found = self._read_customer(store_hash, customer_id, policy)
            synced = self._make_equal(store_hash, customer_id, found, read_at, read_at + policy.instrument_retention)
            if synced is not None:
                return synced
        raise ConflictError("the customer's instruments are changed all the time: try again later")

    def _come_back(self, message: Message, error: BigCommerceError, read_at: datetime) -> None:
        """Send the hint again, to arrive later, unless one is on its way.

        A hint that a queue delivers twice, or whose worker dies once it has sent the next, would else be two from then
        on, and four some minutes later. Noted once it is sent: what a crash leaves between is one hint too many.
        """
        look_at = self._table.read(message.store_hash, message.id).look_at
        if look_at is not None and look_at > read_at:
            return
        wait = _wait_after(error, (read_at - message.received_at).total_seconds())
        self._customers.send(message, delay=wait)
        self._table.postpone(message.store_hash, message.id, read_at + timedelta(seconds=wait) - _CLOCKS_APART)

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
            woken = self._wake_orders(store_hash, customer_id) if change.has_new_default else 0
            if not self._table.save([change]):
                return Synced(len(change.rows) - change.removed, change.removed, woken, read_at)
        return None

    def _wake_orders(self, store_hash: str, customer_id: int) -> int:
        waiting = list(self._ledger.list_waiting(store_hash, customer_id))
        now = self._clock()
        self._orders.send_all([Message(store_hash, Kind.ORDER, order, CAUSE, now) for order in waiting])
        return len(waiting)

    def _policy(self, store_hash: str) -> Policy:
        """An unreadable policy charges nothing, but what the shopper removed is still removed: with the defaults."""
        try:
            return self._stores.policy(store_hash) or Policy()
        except InvalidInputError:
            return Policy()


def _wait_after(error: BigCommerceError, age: float) -> float:
    """Seconds until the message comes again, the longer the older it is: an outage must not end it, nor be flooded."""
    if isinstance(error, RateLimitedError):
        return max(_SHORT_WAIT, min(_LONG_WAIT, error.wait))
    return _LONG_WAIT if isinstance(error, RefusedError) else max(_SHORT_WAIT, min(_LONG_WAIT, age))
