"""The sweep: what is due goes back to the orders queue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

from bigcharge.domain.attempts import LONGEST_REQUEST
from bigcharge.domain.messages import Kind, Message
from bigcharge.services.ports import Clock, Ledger, Queue

CAUSE: Final = "sweep"
# How long a charge that was sent stays out of the sweep, so that a long queue is not filled again each minute.
_QUEUED: Final = timedelta(minutes=15)
_BATCH: Final = 10  # messages of one SQS call
_SECONDS_FOR_BATCH: Final = 5.0


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did and saw.

    Attributes:
        sent: how many charges went back to the queue.
        oldest_unknown: how long ago the oldest payment left that nobody knows the outcome of; zero where there is none.
    """

    sent: int
    oldest_unknown: timedelta


class Sweeping:
    """Finds what is due."""

    def __init__(self, ledger: Ledger, queue: Queue, clock: Clock) -> None:
        self._ledger = ledger
        self._queue = queue
        self._clock = clock

    def sweep(self, seconds_left: Callable[[], float]) -> Swept:
        """Send every due charge to the queue; what time does not suffice for, the next sweep sends.

        Sent first and handed over after: a crash between the two sends a charge twice, which is safe, and loses none.

        Args:
            seconds_left: until this function is stopped.
        """
        now, sent = self._clock(), 0
        for batch in batched(self._ledger.list_due(now), _BATCH, strict=False):
            if seconds_left() < _SECONDS_FOR_BATCH:
                break
            self._queue.send_all([Message(due.store_hash, Kind.ORDER, due.order_id, CAUSE, now) for due in batch])
            for due in batch:
                self._ledger.hand_over(due, now + _QUEUED)
            sent += len(batch)
        return Swept(sent, self._age_of_oldest_unknown(now))

    def _age_of_oldest_unknown(self, now: datetime) -> timedelta:
        """A request that may still be on its way is no unknown yet."""
        sent_at = self._ledger.find_oldest_unknown(now - LONGEST_REQUEST)
        return now - sent_at if sent_at else timedelta()
