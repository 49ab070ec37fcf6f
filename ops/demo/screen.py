"""What the demo shows while it runs: a bar on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Callable, Mapping
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

_PLAIN_EVERY: Final = 3.0  # seconds between two plain lines of progress


class Screen:
    """A context manager; what it says stays, the bar goes when it ends.

    Args:
        console: where to print.
        monotonic: seconds that never go back.
    """

    def __init__(self, console: Console, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._monotonic = monotonic
        self._next_line = monotonic() + _PLAIN_EVERY
        self._progress = Progress(
            SpinnerColumn(),
            MofNCompleteColumn(),
            BarColumn(bar_width=10),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def show(self, settled: int, total: int, outcomes: Mapping[str, int]) -> None:
        """Show how far it is: orders settled, of all, and what they came to."""
        counted = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items() if count)
        if self._console.is_terminal:
            self._progress.update(self._task, completed=settled, total=total, description=counted)
        elif self._monotonic() >= self._next_line:
            self._next_line = self._monotonic() + _PLAIN_EVERY
            self.say(f"{settled} of {total} orders settled: {counted or 'none paid yet'}")
