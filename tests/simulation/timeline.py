"""Virtual time: what is to happen next happens now. Tasks are greenlets, so that real code can wait in the middle."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from tests.simulation.environments import Environment

START: Final = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""When a world begins, unless its scenario says otherwise."""


class Task(greenlet):
    """Something that runs and can wait.

    Attributes:
        environment: the process whose code it runs; None while it is the world itself.
    """

    environment: "Environment | None" = None


class Timeline:
    """A clock and what is to happen. Nothing passes by itself: `run` jumps from one event to the next.

    Attributes:
        start: when the world began, aware UTC.
        now: seconds since then.
        steps: how many events there were.
    """

    def __init__(self, start: datetime = START) -> None:
        self.start = start
        self.now = 0.0
        self.steps = 0
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._number = 0
        self._hub = getcurrent()

    def present(self, skew: float = 0.0) -> datetime:
        """The moment, by a clock that is `skew` seconds ahead."""
        return self.start + timedelta(seconds=self.now + skew)

    def call_at(self, time: float, action: Callable[[], object]) -> None:
        """Do something then, or now where that is past."""
        self._number += 1
        heapq.heappush(self._events, (max(time, self.now), self._number, action))

    def spawn(self, action: Callable[[], object], delay: float = 0.0) -> None:
        """Start a task."""
        self.call_at(self.now + delay, Task(action, self._hub).switch)

    def sleep(self, seconds: float) -> None:
        """Let the task that calls this wait."""
        self.call_at(self.now + seconds, getcurrent().switch)
        self._hub.switch()

    def park(self) -> None:
        """Let the task that calls this wait until somebody resumes it."""
        self._hub.switch()

    def run(self, until: float, after_each: Callable[[], object]) -> None:
        """Let everything happen that happens before `until`, and look after each step."""
        events = self._events
        while events and events[0][0] <= until:
            self.now, _, action = heapq.heappop(events)
            self.steps += 1
            action()
            after_each()
        self.now = max(self.now, until)


class Killed(BaseException):
    """The process that runs this code was killed."""
