"""What the instruments table holds of a customer, and what has to change for it to equal what BigCommerce holds.

A customer's rows change together with the customer's head, under the version of the head that was read: so all of them
come from one read of BigCommerce, or from one read and the store's list that was read after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bigcharge.domain.instruments import Instrument


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """A row of the instruments table.

    Attributes:
        store_hash: the store.
        customer_id: whose it is.
        instrument: what it holds.
        read_at: when the read of BigCommerce began that found it so.
        removed_at: the read that did not find it any more; None while it is there.
        leaves_at: from then on it is as good as deleted, though DynamoDB deletes it some time later; only with
            `removed_at`.
    """

    store_hash: str
    customer_id: int
    instrument: Instrument
    read_at: datetime
    removed_at: datetime | None = None
    leaves_at: datetime | None = None

    def has_left(self, now: datetime) -> bool:
        """Whether nobody is to see it any more."""
        return self.leaves_at is not None and self.leaves_at <= now


@dataclass(frozen=True, slots=True)
class CustomerInstruments:
    """What the instruments table holds of a customer.

    Attributes:
        instruments: those that are not removed.
        default: a name of the default (`name_default`) for which orders were woken last; None: there was none.
        read_at: when the newest read of the whole customer began that changed anything; None: none did yet.
        look_at: when a hint that is in the queue by then comes for the customer, after a look in vain; None: none does.
        version: of the head; 0 where there is none yet.
        newest: when the newest read began that any row comes from, the store's list among them.
        forgotten_at: since when nothing is kept of the customer; None: no such thing.
    """

    instruments: tuple[Instrument, ...] = ()
    default: str | None = None
    read_at: datetime | None = None
    look_at: datetime | None = None
    version: int = 0
    newest: datetime | None = None
    forgotten_at: datetime | None = None

    def is_newer_than(self, read_at: datetime) -> bool:
        """Whether a whole read that began after this one has changed the customer.

        A forgotten customer is newer than whatever is read: nothing comes back.
        """
        return self.forgotten_at is not None or (self.read_at is not None and self.read_at > read_at)


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """Rows of one customer that are written together, if nobody has changed the customer since `held` was read.

    Attributes:
        store_hash: the store.
        customer_id: the customer.
        held: what the table held.
        rows: as they are to be.
        default: noted in the head.
        read_at: noted in the head.
    """

    store_hash: str
    customer_id: int
    held: CustomerInstruments
    rows: tuple[InstrumentRow, ...]
    default: str | None
    read_at: datetime | None

    @property
    def has_new_default(self) -> bool:
        """Whether what orders waited for may have come: another default, or the same card renewed."""
        return self.default is not None and self.default != self.held.default

    @property
    def removed(self) -> int:
        """How many of the rows are marked as removed."""
        return sum(row.removed_at is not None for row in self.rows)


def compare(
    store_hash: str,
    customer_id: int,
    held: CustomerInstruments,
    found: tuple[Instrument, ...],
    read_at: datetime,
    leaves_at: datetime,
) -> CustomerChange | None:
    """What a read of the whole customer changes; None where nothing is to be written.

    The newest read decides, by when it began. Of two that began at the same time nobody can say which is newer: the one
    that is compared last decides, all of it, so that the table equals one of them and never a mixture.

    Args:
        store_hash: the store.
        customer_id: the customer.
        held: what the table holds, with no row of a newer read than this.
        found: everything that BigCommerce holds of the customer.
        read_at: when the read began that found it.
        leaves_at: when what is removed now leaves the table.
    """
    if held.is_newer_than(read_at):
        return None
    known = {instrument.token: instrument for instrument in held.instruments}
    kept = {instrument.token: instrument for instrument in found}
    rows = [
        InstrumentRow(store_hash, customer_id, _date(instrument, known.get(token), read_at), read_at)
        for token, instrument in kept.items()
        if instrument != known.get(token)
    ]
    rows += [
        InstrumentRow(store_hash, customer_id, instrument, read_at, removed_at=read_at, leaves_at=leaves_at)
        for instrument in held.instruments
        if instrument.token not in kept
    ]
    default = name_default(found)
    if not rows and default == held.default:
        return None
    return CustomerChange(store_hash, customer_id, held, tuple(rows), default, read_at)


def name_default(instruments: Iterable[Instrument]) -> str | None:
    """A name of the default among a customer's instruments: another one also where its card was renewed."""
    return next((_name(instrument) for instrument in instruments if instrument.is_default), None)


def _name(instrument: Instrument) -> str:
    return f"{instrument.fingerprint}:{instrument.expiry_year}-{instrument.expiry_month}"


def _date(instrument: Instrument, known: Instrument | None, read_at: datetime) -> Instrument:
    return replace(instrument, added_at=known.added_at if known and known.added_at else read_at)
