"""How long to wait before looking again."""

from datetime import timedelta
from typing import Final

_FIRST: Final = timedelta(seconds=5)
LONGEST_OUTAGE_WAIT: Final = timedelta(minutes=15)  # BigCommerce does not answer: it may again at any moment
LONGEST_REFUSAL_WAIT: Final = timedelta(days=1)  # it says no: only a person is likely to change that
# After a decline the shopper may be changing the card this very moment, unseen by the look that is just ending.
EARLY_LOOK: Final = timedelta(minutes=1)
_SHORTEST: Final = timedelta(seconds=1)
_BUSY_LOOKS: Final = 30  # of a long queue of orders, each one has its turn by then: the quota is not merely shared
PAUSE_RECHECK: Final = timedelta(minutes=15)  # how often a paused store's orders look whether it was resumed


def wait_of_rate_limit(seconds: float, looks: int) -> timedelta:
    """As long as BigCommerce named in a 429, a second at least; longer where it named nothing, or goes on and on."""
    if seconds <= 0:
        return backoff(looks)
    named = max(_SHORTEST, timedelta(seconds=seconds))
    return named if looks <= _BUSY_LOOKS else max(named, backoff(looks - _BUSY_LOOKS))


def backoff(looks: int, longest: timedelta = LONGEST_OUTAGE_WAIT) -> timedelta:
    """5, 10, 20, ... seconds after the first, second, third look in vain."""
    return min(longest, _FIRST * (1 << max(0, min(looks - 1, 20))))
