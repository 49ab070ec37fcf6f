"""A failing seed made small: whatever is not needed for the violation is taken away (delta debugging, Zeller 2002)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.simulation.run import Outcome, run_seed

_MOST_RUNS: Final = 300


@dataclass(slots=True)
class _Shrinking:
    """Tries smaller and smaller sets of what may happen.

    Attributes:
        best: the smallest failing run so far.
        until: when it ends, by `time.monotonic`.
        runs: how many were made.
    """

    best: Outcome
    until: float
    runs: int = 0

    @property
    def is_over(self) -> bool:
        """Whether no more is tried."""
        return self.runs >= _MOST_RUNS or time.monotonic() >= self.until

    def fails(self, names: Sequence[str]) -> bool:
        """Whether the seed still fails with only these; the smallest failing run is kept."""
        if self.is_over:
            return False
        self.runs += 1
        outcome = run_seed(self.best.seed, frozenset(names))
        if outcome.violation is None or _kind(outcome.violation) != _kind(self.best.violation or ""):
            return False
        self.best = outcome
        return True


def shrink(failed: Outcome, seconds: float = float("inf")) -> Outcome:
    """The smallest run of the same seed that breaks the same rule, as far as some hundred runs find it.

    Args:
        failed: a run with its history.
        seconds: real ones, after which the smallest so far will do.
    """
    shrinking = _Shrinking(failed, time.monotonic() + seconds)
    names = list(dict.fromkeys(one.name for one in failed.struck))
    pieces = 2
    while len(names) > 1 and not shrinking.is_over:
        size = -(-len(names) // pieces)
        smaller = _without_one(names, size, shrinking)
        if smaller is not None:
            names, pieces = smaller, max(2, pieces - 1)
        elif pieces >= len(names):
            break
        else:
            pieces = min(len(names), pieces * 2)
    return shrinking.best


def _without_one(names: Sequence[str], size: int, shrinking: _Shrinking) -> list[str] | None:
    for start in range(0, len(names), size):
        rest = [*names[:start], *names[start + size :]]
        if rest and shrinking.fails(rest):
            struck = {one.name for one in shrinking.best.struck}
            return [name for name in rest if name in struck]
    return None


def _kind(violation: str) -> str:
    """A violation without its numbers."""
    return "".join(character for character in violation if not character.isdigit())
