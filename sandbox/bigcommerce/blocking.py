"""Destinations that fail too often are blocked for a while (facts, "Webhooks")."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

# The facts: blocked for three minutes when, after 100 requests, fewer than 90 % succeeded in two minutes.
_WINDOW: Final = timedelta(minutes=2)
_REQUESTS: Final = 100
_SUCCESS: Final = 0.9
_BLOCKED_FOR: Final = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Block:
    """A destination that gets nothing for a while.

    Attributes:
        domain: host and port. BigCommerce blocks a host; on loopback all receivers share one, and the port tells them
            apart.
        until: when the next post may be made.
        reason: why, for a person.
    """

    domain: str
    until: datetime
    reason: str


@dataclass(slots=True)
class Watch:
    """Counts how posts end, by domain."""

    _results: dict[str, deque[tuple[datetime, bool]]] = field(default_factory=lambda: defaultdict(deque))
    _blocks: dict[str, Block] = field(default_factory=dict)

    def count(self, destination: str, now: datetime, *, accepted: bool, scale: float) -> Block | None:
        """Count an attempt.

        Args:
            destination: its URL.
            now: when it ended.
            accepted: whether the receiver took it.
            scale: factor on the documented times.

        Returns:
            The block that begins with this attempt.
        """
        domain = domain_of(destination)
        results = self._results[domain]
        results.append((now, accepted))
        while results[0][0] < now - _WINDOW * scale:
            results.popleft()
        taken = sum(accepted for _, accepted in results)
        if len(results) < _REQUESTS or taken >= _SUCCESS * len(results) or self.find(destination, now):
            return None
        reason = f"{taken} of {len(results)} requests succeeded within two minutes"
        self._blocks[domain] = Block(domain, now + _BLOCKED_FOR * scale, reason)
        results.clear()
        return self._blocks[domain]

    def find(self, destination: str, now: datetime) -> Block | None:
        """The block that a destination is under now."""
        block = self._blocks.get(domain_of(destination))
        return block if block and now < block.until else None

    def blocks(self, now: datetime) -> list[Block]:
        """Every block that stands now."""
        return [block for block in self._blocks.values() if now < block.until]


def domain_of(destination: str) -> str:
    """Host and port of a URL."""
    return urlsplit(destination).netloc
