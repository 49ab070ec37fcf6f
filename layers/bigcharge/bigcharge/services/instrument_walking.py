"""All instruments of a store compared with the table, step by step; whoever comes next goes on after the last step."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from bigcharge.domain.errors import BigCommerceError, RateLimitedError
from bigcharge.domain.instrument_rows import InstrumentRow
from bigcharge.domain.instrument_walks import Phase, Shown, Tally, Walk, is_suspect, pack
from bigcharge.domain.stores import Credentials
from bigcharge.services.instrument_comparing import InstrumentComparing, OutOfTimeError
from bigcharge.services.instrument_listing import InstrumentLists, Listing
from bigcharge.services.ports import Clock, Stores

SECONDS_FOR_STEP: Final = 60.0  # two calls of BigCommerce, each of which gives up after 12 s, and AWS
_ADOPTED_FOR: Final = timedelta(days=2)  # an unfinished walk that is older is left alone, and another begins


class Walks(Protocol):
    """How far the stores' walks have come."""

    def read_last(self, store_hash: str) -> Walk | None:
        """The store's newest walk after its last step."""

    def append(self, walk: Walk, shown: bytes = b"") -> None:
        """Keep a walk after one more step; ConflictError where somebody else made it."""

    def read_shown(self, walk: Walk) -> Iterable[bytes]:
        """What the list showed in all steps of a walk."""


class Scan(Protocol):
    """The rows of the instruments table, of whatever store."""

    def scan(self, after: str | None) -> tuple[list[InstrumentRow], str | None]:
        """Some rows, and where the next ones begin; None: there are no more."""

    def place_of(self, row: InstrumentRow) -> str:
        """Where the rows after this one begin."""


@dataclass(frozen=True, slots=True)
class Walked:
    """How far a run came.

    Attributes:
        walk: after its last step.
        wait: seconds after which it should go on; None where it is finished.
    """

    walk: Walk
    wait: float | None = None


class InstrumentWalking:
    """Walks through one store at a time."""

    def __init__(
        self,
        walks: Walks,
        rows: Scan,
        comparing: InstrumentComparing,
        stores: Stores,
        lists_of: Callable[[Credentials], InstrumentLists],
        clock: Clock,
        sleep: Callable[[float], None],
    ) -> None:
        self._walks = walks
        self._rows = rows
        self._comparing = comparing
        self._stores = stores
        self._lists_of = lists_of
        self._clock = clock
        self._sleep = sleep

    def walk(
        self,
        store_hash: str,
        asked_at: datetime,
        seconds_left: Callable[[], float],
        report: Callable[[Walk], None] = lambda _: None,
    ) -> Walked:
        """Go on with the store's unfinished walk, or begin one; as far as time suffices.

        Args:
            store_hash: the store.
            asked_at: a walk that was asked for then, or later, and is finished is enough.
            seconds_left: until this function is stopped.
            report: is told of each step.

        Raises:
            UnknownStoreError: no credentials.
            ConflictError: another run goes on with the same walk.
            BigCommerceError: BigCommerce could not be read; what was done before is kept.
        """
        credentials = self._stores.credentials(store_hash)
        run = _Run(self._find(store_hash, asked_at), Listing(self._lists_of(credentials)), seconds_left)
        while not run.walk.is_finished:
            if seconds_left() < SECONDS_FOR_STEP:
                return Walked(run.walk, 0.0)
            try:
                self._make_step(run)
            except OutOfTimeError:
                return Walked(run.walk, 0.0)
            except RateLimitedError as error:
                if seconds_left() < error.wait + SECONDS_FOR_STEP:
                    return Walked(run.walk, error.wait)
                self._sleep(error.wait)
            report(run.walk)
        return Walked(run.walk)

    def _find(self, store_hash: str, asked_at: datetime) -> Walk:
        last = self._walks.read_last(store_hash)
        if last is not None:
            is_under_way = not last.is_finished and asked_at - last.began_at < _ADOPTED_FOR
            if is_under_way or last.began_at >= asked_at:
                return last
        return Walk(store_hash, asked_at)

    def _make_step(self, run: "_Run") -> None:
        if run.walk.phase is Phase.LISTING:
            self._list_page(run)
        else:
            self._look_for_absences(run)

    def _list_page(self, run: "_Run") -> None:
        read_at = self._clock()
        page = run.listing.read(run.walk.position, run.walk.listed)
        self._comparing.compare_page(run.walk.store_hash, page.instruments, read_at, run.tally, run.seconds_left)
        is_last = not page.entries or page.end_cursor is None
        shown = pack((one.customer_id, one.instrument.fingerprint) for one in page.instruments if one.customer_id)
        run.walk = replace(run.walk, listed=run.walk.listed + page.entries, total=page.total or run.walk.total)
        phase, position = (Phase.ABSENCES, None) if is_last else (Phase.LISTING, page.end_cursor)
        self._append(run, phase, position, shown)

    def _look_for_absences(self, run: "_Run") -> None:
        """Have the customers read whose rows the list did not show; what was done is kept, whatever comes between."""
        walk = run.walk
        if run.shown is None:
            run.shown = Shown(self._walks.read_shown(walk))
        rows, following = self._rows.scan(walk.position)
        place, last = walk.position, None
        try:
            for row in rows:
                if row.customer_id != last and is_suspect(row, walk, run.shown):
                    self._comparing.read_customer(walk.store_hash, row.customer_id, run.tally, run.seconds_left)
                    last = row.customer_id
                place = self._rows.place_of(row)
        except (OutOfTimeError, BigCommerceError):
            if place != walk.position:
                self._append(run, Phase.ABSENCES, place)
            raise
        self._append(run, Phase.FINISHED if following is None else Phase.ABSENCES, following)

    def _append(self, run: "_Run", phase: Phase, position: str | None, shown: bytes = b"") -> None:
        """Keep what was done since the last step."""
        walk = run.walk.go_on(phase, position, run.tally)
        self._walks.append(walk, shown)
        run.walk, run.tally = walk, Tally()


@dataclass(slots=True)
class _Run:
    """A run: how far it has come, and what it has done since its last step."""

    walk: Walk
    listing: Listing
    seconds_left: Callable[[], float]
    tally: Tally = field(default_factory=Tally)
    shown: Shown | None = None
