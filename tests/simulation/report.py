"""What is printed: progress, figures, and a history that a person can read."""

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from tests.simulation.run import Outcome

# Seconds between two words of progress: a terminal's line lives, a log is to be read later.
_LIVE, _LOGGED = 0.2, 10.0


@dataclass(slots=True)
class Totals:
    """The figures of many seeds."""

    seeds: int = 0
    days: float = 0.0
    orders: int = 0
    charges: int = 0
    violations: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one seed."""
        self.seeds += 1
        self.days += outcome.days
        self.orders += outcome.orders
        self.charges += outcome.charges
        self.violations += outcome.violation is not None
        self.faults += outcome.faults
        self.states += outcome.states

    def print(self, seconds: float) -> None:
        """Print everything."""
        say("faults and acts by kind:")
        for kind, number in sorted(self.faults.items()):
            say(f"  {kind:34} {number:9,}")
        say("orders by the ledger's last word:")
        for state, number in sorted(self.states.items()):
            say(f"  {state:34} {number:9,}")
        say(f"seeds          {self.seeds:,}")
        say(f"simulated days {self.days:,.0f}")
        say(f"orders         {self.orders:,}")
        say(f"charges        {self.charges:,}")
        say(f"faults         {self.faults.total():,}")
        say(f"violations     {self.violations:,}")
        say(f"seconds        {seconds:,.1f}")
        say(f"seeds/s        {self.seeds / seconds:,.1f}")


class Progress:
    """Says how far it is: on a terminal in one line that changes, else in a line now and then.

    Args:
        seeds: how many are to be run.
        started: when, by `time.monotonic`.
    """

    def __init__(self, seeds: int, started: float) -> None:
        self._seeds, self._started, self._said = seeds, started, started
        self._is_live = sys.stderr.isatty()

    def show(self, totals: Totals) -> None:
        """Say it, if it is time."""
        if time.monotonic() - self._said >= (_LIVE if self._is_live else _LOGGED):
            self._say(totals, "" if self._is_live else "\n")

    def interrupt(self, text: str) -> None:
        """Print a line of something else."""
        sys.stderr.write("\r\033[K" if self._is_live else "")
        say(text)

    def end(self, totals: Totals) -> None:
        """Say it for the last time."""
        self._say(totals, "\n")

    def _say(self, totals: Totals, end: str) -> None:
        self._said = time.monotonic()
        passed = max(self._said - self._started, 0.001)
        rate = f"{totals.seeds / passed:.1f} seeds/s"
        line = f"{passed:4.0f} s: {totals.seeds} of {self._seeds} seeds, {totals.violations} violations, {rate}"
        sys.stderr.write(f"\r\033[K{line}{end}" if self._is_live else f"{line}\n")
        sys.stderr.flush()


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_history(outcome: Outcome) -> None:
    """Print what was seen, line by line, and how it ended."""
    for at, who, what in outcome.history:
        moment = outcome.start + timedelta(seconds=at)
        say(f"{moment:%m-%d %H:%M:%S}.{moment.microsecond // 1000:03} {who:22} {what}")
    say(f"seed {outcome.seed}: {outcome.violation or 'every invariant holds'}")


def replay_command(outcome: Outcome) -> str:
    """The command that replays exactly this run."""
    names = ",".join(dict.fromkeys(one.name for one in outcome.struck))
    return f"make simulate SEED={outcome.seed} KEEP={names}"
