"""Hints to look at a customer's stored instruments: what comes of a look, and when it has to be made again."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from bigcharge.domain.errors import BigCommerceError, RateLimitedError, RefusedError
from bigcharge.domain.instrument_rows import CustomerInstruments
from bigcharge.domain.messages import Message
from bigcharge.domain.webhooks import CUSTOMER_DELETED
from bigcharge.services.customer_sync import CustomerSync, Synced
from bigcharge.services.ports import Clock, Queue

LOOK_AGAIN: Final = "look_again"
"""The cause of a customer's hint that follows one that found nothing new."""

_GIVE_UP_AFTER: Final = timedelta(days=3)  # then it goes to the dead letters, for a person to see
_SHORT_WAIT: Final = 60.0  # BigCommerce does not answer, or not so often
_LONG_WAIT: Final = 900.0  # it refuses: a person has to act first
_SETTLED_AFTER: Final = 90.0  # longer than a worker lives, and so than what it read can be on its way to the table
_CLOCKS_APART: Final = timedelta(seconds=30)  # of two workers, at most: a hint must not take itself for another


class Hints(Protocol):
    """What the instruments table notes of the hints that come for a customer."""

    def read(self, store_hash: str, customer_id: int) -> CustomerInstruments:
        """What the table holds (consistent)."""

    def postpone(self, store_hash: str, customer_id: int, look_at: datetime) -> None:
        """Note that a hint comes for the customer then."""


class StillListedError(BigCommerceError):
    """BigCommerce still lists instruments of a customer that it says was deleted: one of the two is behind."""


class InstrumentSync:
    """Takes hints to look at customers."""

    def __init__(self, customers: CustomerSync, table: Hints, queue: Queue, clock: Clock) -> None:
        self._customers = customers
        self._table = table
        self._queue = queue
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
            synced = self._customers.sync(message.store_hash, message.id)
            if message.cause == CUSTOMER_DELETED and synced.found:
                raise StillListedError("the customer is said to be deleted, and BigCommerce lists instruments")
        except BigCommerceError as error:
            if asked_at - message.received_at > _GIVE_UP_AFTER:
                raise
            self._come_back(message, error, asked_at)
            return Synced()
        if synced.is_unexpected(message.received_at) and message.cause != LOOK_AGAIN:
            again = replace(message, cause=LOOK_AGAIN, received_at=asked_at, event_hash=None)
            self._queue.send(again, delay=_SETTLED_AFTER)
        return synced

    def _come_back(self, message: Message, error: BigCommerceError, read_at: datetime) -> None:
        """Send the hint again, to arrive later, unless one is on its way.

        A hint that a queue delivers twice, or whose worker dies once it has sent the next, would else be two from then
        on, and four some minutes later. Noted once it is sent: what a crash leaves between is one hint too many.
        """
        look_at = self._table.read(message.store_hash, message.id).look_at
        if look_at is not None and look_at > read_at:
            return
        wait = _wait_after(error, (read_at - message.received_at).total_seconds())
        self._queue.send(message, delay=wait)
        self._table.postpone(message.store_hash, message.id, read_at + timedelta(seconds=wait) - _CLOCKS_APART)


def _wait_after(error: BigCommerceError, age: float) -> float:
    """Seconds until the message comes again, the longer the older it is: an outage must not end it, nor be flooded."""
    if isinstance(error, RateLimitedError):
        return max(_SHORT_WAIT, min(_LONG_WAIT, error.wait))
    return _LONG_WAIT if isinstance(error, RefusedError) else max(_SHORT_WAIT, min(_LONG_WAIT, age))
