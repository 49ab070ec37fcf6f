"""Rate limits: so many requests a store in a window, told on every reply."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """The rate limits of a store.

    The documented ones are 150 (Standard, Plus) or 450 (Pro) requests per 30 s and 50 payments per 4 s; the box's own
    are so large that nothing trips over them by accident.

    Attributes:
        rest_requests: requests to the API host in a window.
        rest_window: seconds.
        payments: payment requests in a window.
        payments_window: seconds.
    """

    rest_requests: int = 100_000
    rest_window: float = 30.0
    payments: int = 100_000
    payments_window: float = 4.0


@dataclass(slots=True)
class Quota:
    """A quota of requests for each store, refreshed at fixed moments.

    Attributes:
        requests: how many a window.
        window: seconds. The windows stand on the clock: one starts at each multiple of the length.
    """

    requests: int
    window: float
    _used: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, store_hash: str, now: datetime) -> tuple[bool, dict[str, str]]:
        """Count one request.

        Returns:
            Whether it is within the quota, and the headers that say what is left.
        """
        number, into = divmod(now.timestamp(), self.window)
        counted_in, used = self._used.get(store_hash, (int(number), 0))
        used = used + 1 if counted_in == int(number) else 1
        self._used[store_hash] = (int(number), used)
        return used <= self.requests, self._headers(used, self.window - into)

    def _headers(self, used: int, reset: float) -> dict[str, str]:
        return {
            "X-Rate-Limit-Time-Window-Ms": str(int(self.window * 1000)),
            "X-Rate-Limit-Time-Reset-Ms": str(int(reset * 1000)),
            "X-Rate-Limit-Requests-Quota": str(self.requests),
            "X-Rate-Limit-Requests-Left": str(max(0, self.requests - used)),
        }
