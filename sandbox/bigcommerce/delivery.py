"""The way of an event to its hooks: queued, shaped by tests, retried on the documented intervals, logged."""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final, Literal
from uuid import UUID

from sandbox.bigcommerce.hooks import Hook, Trouble
from sandbox.bigcommerce.records import Store
from sandbox.bigcommerce.shaping import Rule, Shape
from sandbox.bigcommerce.webhooks import Delivery, Post, make_body

__all__ = ["RETRY_INTERVALS", "Outbox", "Shape"]  # who plans trouble looks for shapes here

# Seconds after each failed attempt: "retried after 60, 180, ... 86400 s (48 h), then the hook is deactivated".
RETRY_INTERVALS: Final = (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400)


@dataclass(slots=True)
class Outbox:
    """Everything that is to be posted, and the log of what was.

    Attributes:
        retry_scale: the documented intervals are multiplied by this.
        wake: called when something new is queued.
        log: every attempt, oldest first.
    """

    clock: Callable[[], datetime]
    random: Random
    retry_scale: float = 1.0
    wake: Callable[[], object] | None = None
    log: list[Delivery] = field(default_factory=list)
    _rules: list[Rule] = field(default_factory=list)
    _queue: list[tuple[datetime, int, Post]] = field(default_factory=list)
    _held: list[Post] | None = None
    _number: int = 0
    _in_flight: int = 0

    @property
    def waiting(self) -> int:
        """Postings queued or being made (held ones are not)."""
        return len(self._queue) + self._in_flight

    def publish(self, store: Store, hooks: Iterable[Hook], scope: str, data: Mapping[str, object]) -> None:
        """Queue an event for every hook that wants it, shaped by the first rule that fits."""
        body = make_body(store, scope, data, int(self.clock().timestamp()))
        for hook in hooks:
            if hook.wants(scope):
                post = Post(
                    store, scope, data, body, self._new_id(), hook.destination, hook.headers or {}, hook.hook_id
                )
                self._queue_shaped(post, self._shape(store, scope, data))

    def send(self, post: Post, shape: Shape) -> None:
        """Queue a posting on demand."""
        self._queue_shaped(replace(post, message_id=post.message_id or self._new_id()), shape)

    def shape_next(
        self,
        shape: Shape,
        *,
        scope: str | None = None,
        entity_id: int | None = None,
        store_hash: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Plan what happens to the next events that fit; `times` counts postings (an event to two hooks is two)."""
        self._rules.append(Rule(shape, scope, entity_id, store_hash, times))

    def hold(self) -> None:
        """Keep whatever is published until `release`."""
        self._held = [] if self._held is None else self._held

    def release(self, order: Literal["kept", "reversed", "shuffled"] = "kept") -> None:
        """Post what was held, in this order."""
        held, self._held = self._held or [], None
        if order == "reversed":
            held.reverse()
        elif order == "shuffled":
            self.random.shuffle(held)
        for post in held:
            self._push(post, 0.0)

    def take_due(self) -> list[Post]:
        """What is due now; each must be reported with `report`."""
        now, due = self.clock(), []
        while self._queue and self._queue[0][0] <= now:
            due.append(heapq.heappop(self._queue)[2])
        self._in_flight += len(due)
        return due

    def next_due(self) -> datetime | None:
        """When the next posting is due."""
        return self._queue[0][0] if self._queue else None

    def queued(self) -> list[tuple[datetime, Post]]:
        """What waits, and until when; held postings too, as due now."""
        return [(due, post) for due, _, post in sorted(self._queue)] + [
            (self.clock(), post) for post in self._held or []
        ]

    def queue_again(self, due: datetime, post: Post) -> None:
        """Queue what `queued` gave to a snapshot."""
        self._push(post, (due - self.clock()).total_seconds())

    def report(self, post: Post, status: int | None, error: str = "") -> Trouble | None:
        """Log an attempt that `take_due` gave; queue the next one if it failed.

        Returns:
            What a delivery exception says of it: `GIVEN_UP` after the last attempt (the hook is to be deactivated).
        """
        self._in_flight -= 1
        delivery = self._note(post, status, error)
        if delivery.accepted or not post.is_regular:
            return None
        if post.attempt > len(RETRY_INTERVALS):
            return Trouble.GIVEN_UP
        self._push(replace(post, attempt=post.attempt + 1), RETRY_INTERVALS[post.attempt - 1] * self.retry_scale)
        return Trouble.WILL_RETRY

    def put_back(self, post: Post, error: str, until: datetime | None = None) -> None:
        """Log that an attempt that `take_due` gave is not made now; queue it for later, where a time is named."""
        self._in_flight -= 1
        self._note(post, None, error)
        if until is not None:
            self._push(post, (until - self.clock()).total_seconds())

    def _shape(self, store: Store, scope: str, data: Mapping[str, object]) -> Shape:
        rule = next((rule for rule in self._rules if rule.fits(store, scope, data)), None)
        if rule is None:
            return Shape()
        if rule.left is not None:
            rule.left -= 1
            if rule.left == 0:
                self._rules.remove(rule)
        return rule.shape

    def _queue_shaped(self, post: Post, shape: Shape) -> None:
        if shape.lose:
            self._note(post, None, "lost")
            return
        post = replace(post, signed=post.signed and not shape.forge)
        for _ in range(shape.copies):
            if self._held is None:
                self._push(post, shape.delay)
            else:
                self._held.append(post)

    def _push(self, post: Post, delay: float) -> None:
        self._number += 1
        heapq.heappush(self._queue, (self.clock() + timedelta(seconds=delay), self._number, post))
        if self.wake is not None:
            self.wake()

    def _note(self, post: Post, status: int | None, error: str) -> Delivery:
        delivery = Delivery(
            at=self.clock(),
            store_hash=post.store.store_hash,
            scope=post.scope,
            data=post.data,
            message_id=post.message_id,
            destination=post.destination,
            hook_id=post.hook_id,
            signed=post.signed,
            attempt=post.attempt,
            status=status,
            error=error,
        )
        self.log.append(delivery)
        return delivery

    def _new_id(self) -> str:
        return f"msg_{UUID(int=self.random.getrandbits(128), version=4).hex}"
