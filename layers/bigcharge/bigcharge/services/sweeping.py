"""The sweep: what is due goes back to the orders queue."""

from collections.abc import Callable
from datetime import timedelta
from itertools import batched
from typing import Final

from bigcharge.domain.messages import Kind, Message
from bigcharge.services.ports import Clock, Ledger, Queue

CAUSE: Final = "sweep"
# How long a charge that was sent stays out of the sweep, so that a long queue is not filled again each minute.
_QUEUED: Final = timedelta(minutes=15)
_BATCH: Final = 10  # messages of one SQS call
_SECONDS_FOR_BATCH: Final = 5.0


class Sweeping:
    """Finds what is due."""

    def __init__(self, ledger: Ledger, queue: Queue, clock: Clock) -> None:
        self._ledger = ledger
        self._queue = queue
        self._clock = clock

    def sweep(self, seconds_left: Callable[[], float]) -> int:
        """Send every due charge to the queue; what time does not suffice for, the next sweep sends.

        Sent first and handed over after: a crash between the two sends a charge twice, which is safe, and loses none.

        Args:
            seconds_left: until this function is stopped.

        Returns:
            How many were sent.
        """
        now, sent = self._clock(), 0
        for batch in batched(self._ledger.list_due(now), _BATCH, strict=False):
            if seconds_left() < _SECONDS_FOR_BATCH:
                break
            self._queue.send_all([Message(due.store_hash, Kind.ORDER, due.order_id, CAUSE, now) for due in batch])
            for due in batch:
                self._ledger.hand_over(due, now + _QUEUED)
            sent += len(batch)
        return sent
