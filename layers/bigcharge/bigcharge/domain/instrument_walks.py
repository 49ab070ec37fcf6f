"""A comparison of all instruments of a store: how far it has come, and what its list says of a customer.

First the store's list is walked, page by page: what is new or changed there is written. Then the table's rows are
walked: a row that the list did not show is a reason to read its customer, and no more: a page may have been missing.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from bigcharge.domain.instrument_rows import CustomerChange, CustomerInstruments, InstrumentRow, name_default
from bigcharge.domain.instruments import Instrument

_SIZE: Final = 8  # bytes that are kept of an instrument
_PARTS: Final = 4096  # among which they are spread: of a million, each is looked for among 250

type Key = tuple[int, str]
"""A customer's id, and the fingerprint of an instrument."""


class Phase(StrEnum):
    """What a comparison is at."""

    LISTING = "listing"
    ABSENCES = "absences"
    FINISHED = "finished"


@dataclass(slots=True)
class Tally:
    """What was done.

    Attributes:
        written: rows that were added or changed.
        removed: rows that were marked as removed.
        customers_read: customers who were read by themselves.
        woken: declined orders that were sent back to the orders queue.
    """

    written: int = 0
    removed: int = 0
    customers_read: int = 0
    woken: int = 0


@dataclass(frozen=True, slots=True)
class Walk:
    """A comparison of one store. Each step of it is kept, so that whoever comes next goes on after the last.

    Attributes:
        store_hash: the store.
        began_at: when it was asked for; its name.
        step: how many steps were made.
        phase: what the next step is of.
        position: where it goes on: the cursor of BigCommerce's list, or the key of the last row; None: at the start.
        listed: instruments that BigCommerce listed.
        total: how many there are, where BigCommerce says so.
        written: rows that were added or changed.
        removed: rows that were marked as removed.
        customers_read: customers who were read by themselves.
        woken: declined orders that were sent back to the orders queue.
    """

    store_hash: str
    began_at: datetime
    step: int = 0
    phase: Phase = Phase.LISTING
    position: str | None = None
    listed: int = 0
    total: int | None = None
    written: int = 0
    removed: int = 0
    customers_read: int = 0
    woken: int = 0

    @property
    def is_finished(self) -> bool:
        """Whether everything was compared."""
        return self.phase is Phase.FINISHED

    @property
    def progress(self) -> dict[str, object]:
        """How far it has come, for whoever watches it."""
        counts = ("listed", "total", "written", "removed", "customers_read", "woken")
        return {"phase": self.phase, "step": self.step, **{name: getattr(self, name) for name in counts}}

    def go_on(self, phase: Phase, position: str | None, done: Tally) -> "Walk":
        """The same after one more step."""
        return replace(
            self,
            step=self.step + 1,
            phase=phase,
            position=position,
            written=self.written + done.written,
            removed=self.removed + done.removed,
            customers_read=self.customers_read + done.customers_read,
            woken=self.woken + done.woken,
        )


def pack(keys: Iterable[Key]) -> bytes:
    """What is kept of the instruments that a list showed: 64 bits each, which name nobody."""
    return b"".join(_shorten(key) for key in keys)


class Shown:
    """The instruments that a list showed, in eight bytes each.

    Should two of them have the same 64 bits, one that is gone may stay unnoticed: a chance of one in thirty million for
    a store with a million.
    """

    def __init__(self, packed: Iterable[bytes]) -> None:
        self._parts = [bytearray() for _ in range(_PARTS)]
        for part in packed:
            for at in range(0, len(part), _SIZE):
                one = part[at : at + _SIZE]
                self._find_part(one).extend(one)

    def __contains__(self, key: Key) -> bool:
        one = _shorten(key)
        part = self._find_part(one)
        at = part.find(one)
        while at > 0 and at % _SIZE:  # it lies over the border of two others
            at = part.find(one, at + 1)
        return at >= 0

    def _find_part(self, one: bytes) -> bytearray:
        return self._parts[int.from_bytes(one[:2]) % _PARTS]


def differs(instrument: Instrument, row: InstrumentRow | None, read_at: datetime) -> bool:
    """Whether what a list showed at `read_at` is something else than the row, and newer."""
    if row is None:
        return True
    return row.read_at < read_at and (row.removed_at is not None or row.instrument != instrument)


def must_read(head: CustomerInstruments, instruments: list[Instrument]) -> bool:
    """Whether a customer must be read as a whole, because other rows may have to change than those of the list's page.

    That is so where the default moved: one row stops being it and another becomes it, perhaps pages apart.
    """
    known = head.default.partition(":")[0] if head.default else None
    defaults = [one.fingerprint for one in instruments if one.is_default]
    if known is not None and any(one.fingerprint == known and not one.is_default for one in instruments):
        return True
    return len({*defaults, *([known] if known else [])}) > 1 if defaults else False


def change_listed(
    store_hash: str,
    customer_id: int,
    head: CustomerInstruments,
    instruments: list[tuple[Instrument, InstrumentRow | None]],
    read_at: datetime,
) -> CustomerChange:
    """What a page of the list changes of a customer who need not be read as a whole.

    Args:
        store_hash: the store.
        customer_id: the customer.
        head: as the table has it; of its rows nothing need be known.
        instruments: those that differ from their rows, each with its row.
        read_at: when the page was asked for.
    """
    rows = tuple(
        InstrumentRow(store_hash, customer_id, _date(instrument, row, read_at), read_at)
        for instrument, row in instruments
    )
    default = name_default(instrument for instrument, _ in instruments) or head.default
    return CustomerChange(store_hash, customer_id, head, rows, default, head.read_at)


def is_suspect(row: InstrumentRow, walk: Walk, shown: Shown) -> bool:
    """Whether the store may have a row no more: its list did not show it, and nobody has read it since it began to."""
    is_old = row.store_hash == walk.store_hash and row.removed_at is None and row.read_at <= walk.began_at
    return is_old and (row.customer_id, row.instrument.fingerprint) not in shown


def _date(instrument: Instrument, row: InstrumentRow | None, read_at: datetime) -> Instrument:
    known = row.instrument.added_at if row is not None and row.removed_at is None else None
    return replace(instrument, added_at=known or read_at)


def _shorten(key: Key) -> bytes:
    return hashlib.sha256(f"{key[0]}#{key[1]}".encode()).digest()[:_SIZE]
