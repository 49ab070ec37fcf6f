"""Schedules: functions that run by themselves, as often as it is worth it."""

import json
from typing import TYPE_CHECKING, Final

from tests.simulation.deployment import ScheduleSource
from tests.simulation.lambda_events import SCHEDULED
from tests.simulation.lambdas import FAILED, Function

if TYPE_CHECKING:
    from tests.simulation.world import World

# Functions that look only at what is due: for them nothing else is news.
BY_DUE_TIME: Final = frozenset({"sweep"})
# Seconds after news within which hourly duties are still to come, between runs then, and between runs in quiet days.
_NEWS, _SOON, _SELDOM = 3600.0, 3900.0, 3 * 86400.0


class ScheduleFeed:
    """Starts a function on its schedule; runs that could find nothing new are skipped: quiet days cost nothing."""

    def __init__(self, world: "World", function: Function, source: ScheduleSource) -> None:
        self._world, self._function, self._source = world, function, source
        self._planned = float("inf")
        self._is_running = False
        self._news_at = 0.0

    def consider(self, by: str) -> None:
        """Something changed: see when the next run is worth it.

        Args:
            by: who changed it. What functions write is no news: what is due later is seen by its time.
        """
        name = self._function.plan.name
        is_news = by not in self._world.functions and name not in BY_DUE_TIME
        if is_news:
            self._news_at = self._world.timeline.now
            self._plan(self._news_at)
        elif name in BY_DUE_TIME:
            self._plan(self._world.next_due())

    def _plan(self, time: float) -> None:
        now, every = self._world.timeline.now, float(self._source.every)
        if time == float("inf"):
            return
        at = every * max(now // every + 1, -(-time // every))
        if at < self._planned:
            self._planned = at
            self._world.timeline.call_at(at, self._tick)

    def _tick(self) -> None:
        now = self._world.timeline.now
        if now < self._planned or self._is_running:
            return
        self._planned = float("inf")
        if self._function.plan.name in BY_DUE_TIME and (due := self._world.next_due()) > now:
            self._plan(due)
            return
        self._is_running = True
        self._world.timeline.spawn(self._run)

    def _run(self) -> None:
        world, name = self._world, self._function.plan.name
        answer = self._function.invoke(SCHEDULED, "schedule")
        self._is_running = False
        if answer is FAILED:
            self._plan(world.timeline.now)
            if self._source.undelivered:
                world.sqs.send_message(QueueUrl=self._source.undelivered, MessageBody=json.dumps({"function": name}))
        if name in BY_DUE_TIME:
            self._plan(world.next_due())
        else:
            self._plan(world.timeline.now + (_SOON if world.timeline.now - self._news_at < _NEWS else _SELDOM))
