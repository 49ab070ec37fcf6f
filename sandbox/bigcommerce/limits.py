"""Rate limits: so many requests a store in a window, told on every reply."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """The rate limits of a store.

    The documented ones are those of `PLANS`; the box's own are so large that nothing trips over them by accident.

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

    def __post_init__(self) -> None:
        if min(self.rest_requests, self.payments) < 1 or min(self.rest_window, self.payments_window) <= 0:
            raise ValueError("a limit is at least one request in a window of more than no seconds")


_PAYMENTS: Final = 50  # "Payments API: 50 payment requests per 4 s"
PLANS: Final[Mapping[str, Limits]] = {
    "standard": Limits(rest_requests=150, payments=_PAYMENTS),
    "plus": Limits(rest_requests=150, payments=_PAYMENTS),
    "pro": Limits(rest_requests=450, payments=_PAYMENTS),
    "enterprise": Limits(payments=_PAYMENTS),  # "more"; how many is the merchant's contract
    "unlimited": Limits(),
}


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
