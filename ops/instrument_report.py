"""What an import says: a bar on a terminal or plain lines elsewhere, the first faults, a summary, and a report file."""

import csv
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from bigcharge.domain.import_results import DONE, RowOutcome, RowResult
from ops.errors import CommandError

if TYPE_CHECKING:
    from rich.console import Console

_PLAIN_EVERY: Final = 3.0  # seconds between two plain lines of progress
_MOST_SAID: Final = 20  # rows whose faults are printed; a report has them all
_WORDS: Final = {
    RowOutcome.IMPORTED: "imported",
    RowOutcome.IMPORTED_BEFORE: "imported before",
    RowOutcome.VALID: "to be sent",
    RowOutcome.INVALID: "invalid",
    RowOutcome.REFUSED: "refused by BigCommerce",
    RowOutcome.NOT_SENT: "not sent",
    RowOutcome.UNKNOWN: "of unknown outcome",
}


class ImportScreen:
    """A context manager: says what became of rows while they are imported.

    Args:
        console: where to say it.
        size: bytes of the file.
        consumed: how many of them were read.
        monotonic: seconds that never go back.

    Attributes:
        counts: rows by what became of them.
        card_numbers: rows that hold what may be a card number.
    """

    def __init__(
        self,
        console: "Console",
        size: int,
        consumed: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn  # noqa: PLC0415 - who imports waits

        self._console = console
        self._consumed = consumed
        self._monotonic = monotonic
        self._next_line = monotonic() + _PLAIN_EVERY
        columns = (TaskProgressColumn(), BarColumn(bar_width=20), TextColumn("{task.description}", markup=False))
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("starting", total=max(1, size))
        self._said = 0
        self.counts: Counter[RowOutcome] = Counter()
        self.card_numbers = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    @property
    def summary(self) -> str:
        """How many rows came to what."""
        counted = ", ".join(
            f"{self.counts[outcome]} {words}" for outcome, words in _WORDS.items() if self.counts[outcome]
        )
        return f"{self.counts.total()} rows: {counted}" if counted else "no rows"

    def show(self, result: RowResult) -> None:
        """Count a row, and say it where it is not as it should be."""
        self.counts[result.outcome] += 1
        self.card_numbers += result.is_card_number
        if result.outcome not in DONE:
            self._said += 1
            if self._said <= _MOST_SAID:
                self._say(f"line {result.line}: {_WORDS[result.outcome]}: {result.reason}")
        if self._console.is_terminal:
            self._progress.update(self._task, completed=self._consumed(), description=self.summary)
        elif self._monotonic() >= self._next_line:
            self._next_line = self._monotonic() + _PLAIN_EVERY
            self._say(self.summary)

    @property
    def unsaid(self) -> int:
        """Rows that were not as they should be, and of which nothing was said."""
        return max(0, self._said - _MOST_SAID)

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class ReportFile:
    """A context manager: a CSV with a line for each row.

    Args:
        path: of the file; None: nothing is written.

    Raises:
        CommandError: it cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def __enter__(self) -> Callable[[RowResult], object]:
        if self._path is None:
            return lambda _: None
        try:
            self._file = self._path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise CommandError(f"cannot write the report {self._path}: {error.strerror}") from None
        lines = csv.writer(self._file)
        lines.writerow(("line", "customer_id", "outcome", "reason"))
        return lambda one: lines.writerow((one.line, one.customer_id or "", one.outcome, one.reason))

    def __exit__(self, *exception: object) -> None:
        if self._path is not None:
            self._file.close()


def warn(text: str) -> None:
    """Say something on stderr that the operator must not miss."""
    print(f"bigcharge: {text}", file=sys.stderr)
