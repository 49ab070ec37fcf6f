"""What is printed: progress, figures, and a history that a person can read."""

import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from tests.simulation.run import Outcome
from tests.simulation.timeline import START

_EVERY = 100  # seeds between two lines of progress


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

    def show_progress(self, of: int, seconds: float) -> None:
        """Say how far it is, now and then."""
        if self.seeds % _EVERY == 0:
            line = f"{self.seeds} of {of} seeds, {self.violations} violations, {self.seeds / seconds:.0f} seeds/s"
            sys.stderr.write(f"{line}\n")

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


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_history(outcome: Outcome) -> None:
    """Print what was seen, line by line, and how it ended."""
    for at, who, what in outcome.history:
        moment = START + timedelta(seconds=at)
        say(f"{moment:%m-%d %H:%M:%S}.{moment.microsecond // 1000:03} {who:22} {what}")
    say(f"seed {outcome.seed}: {outcome.violation or 'every invariant holds'}")


def replay_command(outcome: Outcome) -> str:
    """The command that replays exactly this run."""
    names = ",".join(dict.fromkeys(one.name for one in outcome.struck))
    return f"make simulate SEED={outcome.seed} KEEP={names}"
