"""A customer's stored instruments: make the table equal to BigCommerce, then wake the orders that may be paid now."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain.errors import (
    BigCommerceError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
)
from bigcharge.domain.instruments import CustomerInstruments, Instrument
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.policy import Policy
from bigcharge.services.ports import Clock, Connect, Instruments, Ledger, Queue, Stores

CAUSE: Final = "instrument_changed"
_GIVE_UP_AFTER: Final = timedelta(days=3)  # then it goes to the dead letters, for a person to see
_SHORT_WAIT: Final = 60.0  # BigCommerce does not answer, or not so often
_LONG_WAIT: Final = 900.0  # it refuses: a person has to act first
_CLOCKS_APART: Final = timedelta(seconds=30)  # of two workers, at most: a hint must not take itself for another


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did.

    Attributes:
        written: rows added or changed.
        removed: rows marked as removed.
        woken: declined orders sent back to the orders queue.
    """

    written: int = 0
    removed: int = 0
    woken: int = 0


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
        """Sync the customer.

        Args:
            message: the hint.

        Raises:
            UnknownStoreError: no credentials.
            BigCommerceError: no answer for days.
        """
        read_at = self._clock()
        held = self._table.read(message.store_hash, message.id)
        if held.read_at is not None and held.read_at > read_at:
            return Synced()
        policy = self._policy(message.store_hash)
        try:
            found = self._read_customer(message, policy)
        except BigCommerceError as error:
            if read_at - message.received_at > _GIVE_UP_AFTER:
                raise
            self._come_back(message, held, error, read_at)
            return Synced()
        synced = self._make_equal(message, held.instruments, found, read_at, policy)
        default = next((_name(instrument) for instrument in found if instrument.is_default), None)
        if default is not None and default != held.default:
            synced = replace(synced, woken=self._wake_orders(message))
        # Last, so that a crash before this line leaves the old default noted and the next run wakes the orders again.
        if (default, bool(held.read_at)) != (held.default, True) or synced.written or synced.removed:
            self._table.finish(message.store_hash, message.id, default, read_at)
        return synced

    def _come_back(
        self, message: Message, held: CustomerInstruments, error: BigCommerceError, read_at: datetime
    ) -> None:
        """Send the hint again, to arrive later, unless one is on its way.

        A hint that a queue delivers twice, or whose worker dies once it has sent the next, would else be two from then
        on, and four some minutes later. Noted once it is sent: what a crash leaves between is one hint too many.
        """
        if held.look_at is not None and held.look_at > read_at:
            return
        wait = _wait_after(error, (read_at - message.received_at).total_seconds())
        self._customers.send(message, delay=wait)
        self._table.postpone(message.store_hash, message.id, read_at + timedelta(seconds=wait) - _CLOCKS_APART)

    def _read_customer(self, message: Message, policy: Policy) -> tuple[Instrument, ...]:
        bigcommerce = self._connect(self._stores.credentials(message.store_hash))
        try:
            found = bigcommerce.list_customer_instruments(message.id)
        except NotFoundError:  # the customer is gone, and the instruments with it
            return ()
        return found if policy.keep_billing_address else tuple(replace(one, billing_address=None) for one in found)

    def _make_equal(
        self,
        message: Message,
        held: tuple[Instrument, ...],
        found: tuple[Instrument, ...],
        read_at: datetime,
        policy: Policy,
    ) -> Synced:
        store_hash, customer_id = message.store_hash, message.id
        changed = [instrument for instrument in found if instrument not in held]
        kept = {instrument.token for instrument in found}
        removed = [instrument for instrument in held if instrument.token not in kept]
        added_at = {instrument.token: instrument.added_at for instrument in held}
        for instrument in changed:
            known = replace(instrument, added_at=added_at.get(instrument.token) or read_at)
            self._table.put(store_hash, customer_id, known, read_at)
        for instrument in removed:
            self._table.remove(store_hash, customer_id, instrument, read_at, read_at + policy.instrument_retention)
        return Synced(len(changed), len(removed))

    def _wake_orders(self, message: Message) -> int:
        waiting = list(self._ledger.list_waiting(message.store_hash, message.id))
        now = self._clock()
        self._orders.send_all([Message(message.store_hash, Kind.ORDER, order, CAUSE, now) for order in waiting])
        return len(waiting)

    def _policy(self, store_hash: str) -> Policy:
        """An unreadable policy charges nothing, but what the shopper removed is still removed: with the defaults."""
        try:
            return self._stores.policy(store_hash) or Policy()
        except InvalidInputError:
            return Policy()


def _name(instrument: Instrument) -> str:
    """A default is another one also where its card was renewed under the same token."""
    return f"{instrument.fingerprint}:{instrument.expiry_year}-{instrument.expiry_month}"


def _wait_after(error: BigCommerceError, age: float) -> float:
    """Seconds until the message comes again, the longer the older it is: an outage must not end it, nor be flooded."""
    if isinstance(error, RateLimitedError):
        return max(_SHORT_WAIT, min(_LONG_WAIT, error.wait))
    return _LONG_WAIT if isinstance(error, RefusedError) else max(_SHORT_WAIT, min(_LONG_WAIT, age))
