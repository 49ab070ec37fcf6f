"""`bigcharge instruments import`: instruments of another vault, from a CSV or JSON lines."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from bigcharge.domain.import_results import DONE, RowOutcome, RowResult
from bigcharge.domain.stores import check_store_hash
from bigcharge.services.instrument_imports import InstrumentImport, check_rows
from ops.aws import Stage
from ops.errors import FAILED, CommandError
from ops.instrument_access import ApiUrl, DryRun, Store, open_bigcommerce, open_hints
from ops.instrument_files import Lines, read_rows
from ops.instrument_journal import default_path, open_journal
from ops.instrument_report import ImportScreen, ReportFile, warn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigcharge.domain.import_results import ImportRow
    from ops.instrument_journal import ImportJournal


def import_instruments(  # noqa: PLR0913 - one parameter for each option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv with a header, or .jsonl.")],
    store: Store,
    *,
    dry_run: DryRun = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a CSV with a line for each row: line, customer_id, outcome, reason.")
    ] = None,
    again_unknown: Annotated[
        bool, typer.Option("--again-unknown", help="Send those too of which nobody knows whether they were imported.")
    ] = False,
    journal: Annotated[Path | None, typer.Option(help="What was sent; FILE.journal unless given.")] = None,
    api_url: ApiUrl = None,
    stage: Stage = "dev",
) -> None:
    """Import instruments that another vault holds.

    Each row is checked first; what has faults is told by its line, and the others are sent. What was sent is noted in
    the journal, so that the same command can be run again: it sends what was not imported yet. Rows whose answer was
    lost are not sent again unless you say so: look whether the customer has the instrument. See docs/instruments.md.

    Ends with 0 when every row is imported, 1 when not, 2 when it could not run as asked.
    """
    check_store_hash(store)
    noted = journal or default_path(file)
    _check_apart(file, report, noted)
    with ExitStack() as stack:
        lines = Lines(stack.enter_context(_open(file)))
        rows = read_rows(file, lines)
        known = stack.enter_context(open_journal(noted, for_reading=dry_run))
        run = None if dry_run else _Run(store, stage, api_url, known)
        results = run.results(rows, again_unknown=again_unknown) if run else check_rows(rows, store, known)
        screen = _show_all(results, file, lines, report)
    _conclude(screen, run, report)


class _Run:
    """A run that sends, with what it is made of."""

    def __init__(self, store: str, stage: str, api_url: str | None, journal: "ImportJournal") -> None:
        self.hints = open_hints(store, stage)
        calls = open_bigcommerce(store, stage, api_url).stored_instruments
        self._run = InstrumentImport(store, calls, journal, self.hints, time.sleep)

    @property
    def stopped(self) -> str | None:
        return self._run.stopped

    def results(self, rows: "Iterable[ImportRow]", *, again_unknown: bool) -> Iterator[RowResult]:
        return self._run.run(rows, again_unknown=again_unknown)


def _check_apart(*paths: Path | None) -> None:
    named = [path.resolve() for path in paths if path]
    if len(set(named)) < len(named):
        raise CommandError("FILE, --report and --journal are one file each")


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from None
    with file:
        yield file


def _show_all(results: "Iterable[RowResult]", file: Path, lines: Lines, report: Path | None) -> ImportScreen:
    from rich.console import Console  # noqa: PLC0415 - only who imports waits for it

    size = file.stat().st_size
    with (
        ReportFile(report) as write,
        ImportScreen(Console(stderr=True), size, lambda: lines.consumed) as screen,
    ):
        for result in results:
            write(result)
            screen.show(result)
    return screen


def _conclude(screen: ImportScreen, run: _Run | None, report: Path | None) -> None:
    print(screen.summary)
    if screen.unsaid and report is None:
        warn(f"{screen.unsaid} more lines have faults: --report FILE lists them all")
    if screen.card_numbers:
        warn(f"{screen.card_numbers} rows hold what may be CARD NUMBERS: none was sent; have the file destroyed")
    if screen.counts[RowOutcome.UNKNOWN]:
        warn("what is unknown may have been imported: look at its customers before you say --again-unknown")
    if run and run.stopped:
        warn(f"stopped: {run.stopped}; the same command goes on with the rest")
    if run and run.hints.lost:
        warn(f"{run.hints.lost} customers could not be put on the queue: their table follows by the next comparison")
    if any(screen.counts[outcome] for outcome in RowOutcome if outcome not in DONE):
        raise typer.Exit(FAILED)
