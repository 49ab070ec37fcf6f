"""How often something may be done that strangers can bring about: a few at once, then at a steady rate."""

from collections.abc import Callable


class Allowance:
    """A bucket of tokens: full at first, refilled steadily.

    Args:
        at_once: how many may be taken at once.
        per_second: how many come back each second.
        monotonic: seconds that never go back.
    """

    def __init__(self, at_once: int, per_second: float, monotonic: Callable[[], float]) -> None:
        self._most = float(at_once)
        self._per_second = per_second
        self._monotonic = monotonic
        self._left = self._most
        self._counted_at = monotonic()

    def take(self) -> bool:
        """Take one; False where none is left."""
        now = self._monotonic()
        self._left = min(self._most, self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
