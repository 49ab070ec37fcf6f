"""Each night all instruments of every store are compared: a message a store, which is sent on until it is done."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from bigcharge.domain.errors import BigCommerceError, ConflictError, UnknownStoreError
from bigcharge.domain.instrument_walks import Walk
from bigcharge.domain.messages import NO_ID, Kind, Message
from bigcharge.services.instrument_walking import InstrumentWalking
from bigcharge.services.ports import Clock, Queue, ServedStores

CAUSE: Final = "reconcile"
_GIVE_UP_AFTER: Final = timedelta(hours=20)  # the next night begins anew, and a person sees the message
_OUTAGE_WAIT: Final = 900.0  # seconds: the longest that a queue can hold a message back


class Outcome(StrEnum):
    """What became of a message."""

    FINISHED = "finished"
    GOES_ON = "goes_on"
    LEFT_ALONE = "left_alone"
    AT_IT_ALREADY = "at_it_already"
    NO_ANSWER = "no_answer"


class Turns(Protocol):
    """How often the messages of walks were sent on."""

    def take(self, message: Message, now: datetime) -> None:
        """Note that a message is about to be sent on for this turn.

        Raises:
            ConflictError: that turn was taken not long ago, or a later one was.
        """


class InstrumentReconciling:
    """Begins the stores' walks, and goes on with them."""

    def __init__(
        self, walking: InstrumentWalking, turns: Turns, queue: Queue, stores: ServedStores, clock: Clock
    ) -> None:
        self._walking = walking
        self._turns = turns
        self._queue = queue
        self._stores = stores
        self._clock = clock

    def begin(self) -> int:
        """Send a message for each store that is served; returns how many."""
        now = self._clock()
        messages = [Message(one, Kind.STORE, NO_ID, CAUSE, now) for one in self._stores.list_served()]
        self._queue.send_all(messages)
        return len(messages)

    def go_on(self, message: Message, seconds_left: Callable[[], float]) -> tuple[Outcome, Walk | None]:
        """Go on with a store; what time does not suffice for goes on at once with the next message.

        Returns:
            What became of it, and how far it came where it did something.

        Raises:
            BigCommerceError: no answer all night long.
        """
        try:
            walked = self._walking.walk(message.store_hash, message.received_at, seconds_left)
        except UnknownStoreError:
            return Outcome.LEFT_ALONE, None
        except ConflictError:  # a message that came twice, or an operator's command
            return Outcome.AT_IT_ALREADY, None
        except BigCommerceError:
            if self._clock() - message.received_at > _GIVE_UP_AFTER:
                raise
            is_sent = self._send_on(message, _OUTAGE_WAIT)
            return Outcome.NO_ANSWER if is_sent else Outcome.AT_IT_ALREADY, None
        if walked.wait is None:
            return Outcome.FINISHED, walked.walk
        is_sent = self._send_on(message, walked.wait)
        return Outcome.GOES_ON if is_sent else Outcome.AT_IT_ALREADY, walked.walk

    def _send_on(self, message: Message, wait: float) -> bool:
        """Send a message on, unless that was done; returns whether it was sent.

        A message that a queue delivers twice, or whose worker dies once it has sent the next, would else be two from
        then on, and in a long outage hundreds: a walk that makes no step has no conflict that would end one of them. So
        each has its turn, and of those with the same turn one is sent on.
        """
        following = replace(message, turn=message.turn + 1)
        try:
            self._turns.take(following, self._clock())
        except ConflictError:
            return False
        self._queue.send(following, delay=wait)
        return True
