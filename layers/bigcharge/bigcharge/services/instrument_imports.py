"""Importing instruments from another vault, row by row accounted for, each at most once however often it is run.

BigCommerce documents no key by which it would know a row that comes twice, and its lists do not show the vault's
tokens. So what is sent is noted first, in a journal that outlives the run (design, laws 1 and 3).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, Protocol

from bigcharge.domain.errors import (
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
)
from bigcharge.domain.import_results import ImportRow, RowOutcome, RowResult, conclude, judge_rows, name_row
from bigcharge.domain.stored_instruments import ImportOutcome, NewInstrument
from bigcharge.services.instrument_changes import CustomerHints

# BigCommerce names no limit for this call; ten is what its other calls of many take. Each row may cost the gateway a
# look into its vault, and a lost answer leaves as many rows unknown as were sent.
CHUNK: Final = 10
_MOST_WAITS: Final = 20  # for the quota of one chunk: it is refreshed every 30 s, so this is ten minutes
_LONGEST_WAIT: Final = 60.0  # seconds; what asks for more is asked again
_MOST_UNKNOWN: Final = 3  # answers lost in a row: then BigCommerce is in trouble, and each more leaves rows unknown

_REFUSED: Final = frozenset({RowOutcome.REFUSED, RowOutcome.NOT_SENT})


class Mark(StrEnum):
    """What the journal knows of a row that was sent and not refused."""

    SENT = "sent"  # and nothing was heard of it, or the run ended before
    IMPORTED = "imported"


class Journal(Protocol):
    """What was sent, by the rows' names. Each call is on the disk when it returns."""

    def find(self, name: str) -> Mark | None:
        """What is known of a row; None where it was not sent, or refused."""

    def begin(self, names: Iterable[str]) -> None:
        """Note rows that are about to be sent."""

    def conclude(self, imported: Iterable[str], refused: Iterable[str]) -> None:
        """Note what was imported, and forget what is known not to have been."""


class ImportCalls(Protocol):
    """What BigCommerce is asked."""

    def import_instruments(self, instruments: Sequence[NewInstrument]) -> ImportOutcome:
        """Import some, sent once; raises as `Rest.write` does."""


class InstrumentImport:
    """One run of an import.

    Args:
        store_hash: into which store.
        calls: BigCommerce for it.
        journal: of what was sent.
        hints: to the customers whose instruments they are.
        sleep: waits so many seconds.

    Attributes:
        stopped: why the rest is not sent; None where nothing keeps it.
    """

    def __init__(
        self,
        store_hash: str,
        calls: ImportCalls,
        journal: Journal,
        hints: CustomerHints,
        sleep: Callable[[float], None],
    ) -> None:
        self._store_hash = store_hash
        self._calls = calls
        self._journal = journal
        self._hints = hints
        self._sleep = sleep
        self._unknown = 0  # answers lost in a row
        self._doubtful: set[str] = set()  # names of this chunk's rows that an earlier run may have imported
        self.stopped: str | None = None

    def run(self, rows: Iterable[ImportRow], *, again_unknown: bool = False) -> Iterator[RowResult]:
        """Import rows in chunks; tells what became of each as soon as it is known.

        Args:
            rows: read as they are needed.
            again_unknown: send those too of which nobody knows whether an earlier run imported them.
        """
        chunk: dict[str, ImportRow] = {}
        for row in rows:
            if row.instrument is None:
                yield conclude(row, RowOutcome.INVALID, "; ".join(map(str, row.faults)))
                continue
            name = name_row(self._store_hash, row.instrument)
            if name in chunk:  # the same once more: what becomes of the first decides
                yield from self._send(chunk)
                chunk = {}
            mark = self._journal.find(name)
            if known := _judge_known(row, mark, again_unknown=again_unknown):
                yield known
                continue
            chunk[name] = row
            self._doubtful |= {name} if mark is Mark.SENT else set()
            if len(chunk) == CHUNK:
                yield from self._send(chunk)
                chunk = {}
        yield from self._send(chunk)

    def _send(self, chunk: Mapping[str, ImportRow]) -> Sequence[RowResult]:
        if not chunk:
            return ()
        if not self.stopped:
            self._journal.begin(chunk)
        results = self._ask(list(chunk.values()))
        named = list(zip(chunk, results, strict=True))
        self._journal.conclude(
            [name for name, result in named if result.outcome is RowOutcome.IMPORTED],
            # A refusal now says nothing of an earlier run, whose answer was lost.
            [name for name, result in named if result.outcome in _REFUSED and name not in self._doubtful],
        )
        self._doubtful.clear()
        touched = [one for one in results if one.outcome in {RowOutcome.IMPORTED, RowOutcome.UNKNOWN}]
        if touched:
            settled = all(one.outcome is RowOutcome.IMPORTED for one in touched)
            self._hints.send([one.customer_id for one in touched if one.customer_id], settled=settled)
        return results

    def _ask(self, rows: Sequence[ImportRow]) -> list[RowResult]:
        for _ in range(_MOST_WAITS):
            if self.stopped:
                break
            try:
                outcome = self._calls.import_instruments([row.instrument for row in rows if row.instrument])
            except RateLimitedError as error:
                self._sleep(min(error.wait, _LONGEST_WAIT))
            except (UnauthorizedError, NotFoundError, NotSentError) as error:
                self.stopped = f"BigCommerce takes no imports: {error}"
            except RefusedError as error:
                return self._ask_each(rows, error)
            except OutcomeUnknownError as error:
                return self._lose(rows, error)
            else:
                self._unknown = 0
                return judge_rows(rows, outcome)
        self.stopped = self.stopped or "the store's quota is used up by others"
        return [conclude(row, RowOutcome.NOT_SENT, self.stopped) for row in rows]

    def _ask_each(self, rows: Sequence[ImportRow], error: RefusedError) -> list[RowResult]:
        """A refusal of the whole changed nothing: each row by itself shows which it is about."""
        self._unknown = 0
        if len(rows) == 1:
            return [conclude(rows[0], RowOutcome.REFUSED, f"BigCommerce {error}")]
        return [result for row in rows for result in self._ask([row])]

    def _lose(self, rows: Sequence[ImportRow], error: OutcomeUnknownError) -> list[RowResult]:
        self._unknown += 1
        if self._unknown == _MOST_UNKNOWN:
            self.stopped = f"{_MOST_UNKNOWN} answers of BigCommerce were lost in a row"
        return [conclude(row, RowOutcome.UNKNOWN, f"sent, and the answer was lost ({error})") for row in rows]


def check_rows(rows: Iterable[ImportRow], store_hash: str, journal: Journal) -> Iterator[RowResult]:
    """What a run would do with each row; nothing is sent."""
    for row in rows:
        if row.instrument is None:
            yield conclude(row, RowOutcome.INVALID, "; ".join(map(str, row.faults)))
            continue
        mark = journal.find(name_row(store_hash, row.instrument))
        yield _judge_known(row, mark, again_unknown=False) or conclude(row, RowOutcome.VALID)


def _judge_known(row: ImportRow, mark: Mark | None, *, again_unknown: bool) -> RowResult | None:
    """What the journal decides of a row; None where it is to be sent."""
    if mark is Mark.IMPORTED:
        return conclude(row, RowOutcome.IMPORTED_BEFORE)
    if mark is Mark.SENT and not again_unknown:
        return conclude(row, RowOutcome.UNKNOWN, "sent before, and nobody knows whether it was imported")
    return None
