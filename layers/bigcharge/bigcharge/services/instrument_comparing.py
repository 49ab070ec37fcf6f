"""What a store's list shows of its instruments, compared with the table; and the table's rows that it does not show."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from bigcharge.domain.errors import ConflictError
from bigcharge.domain.instrument_rows import CustomerChange, CustomerInstruments, InstrumentRow
from bigcharge.domain.instrument_walks import Key, Tally, change_listed, differs, must_read
from bigcharge.domain.instruments import Instrument
from bigcharge.domain.policy import Policy
from bigcharge.domain.stored_instruments import OwnedInstrument
from bigcharge.services.customer_sync import CustomerSync
from bigcharge.services.ports import Instruments

SECONDS_FOR_CUSTOMER: Final = 30.0  # a call of BigCommerce gives up after 12 s; the rest is for AWS


class OutOfTimeError(Exception):
    """There is too little time for the next customer."""


class Rows(Protocol):
    """Many rows of the instruments table at a time; consistent reads."""

    def read_rows(self, store_hash: str, keys: Iterable[Key]) -> Mapping[Key, InstrumentRow]:
        """The rows of instruments, as far as there are any, the removed ones too."""

    def read_heads(self, store_hash: str, customers: Iterable[int]) -> Mapping[int, CustomerInstruments]:
        """What the table notes of customers beside their rows."""


class InstrumentComparing:
    """Compares instruments of one store.

    Args:
        table: of the instruments.
        rows: of it, many at a time.
        sync: of single customers.
    """

    def __init__(self, table: Instruments, rows: Rows, sync: CustomerSync) -> None:
        self._table = table
        self._rows = rows
        self._sync = sync

    def compare_page(
        self,
        store_hash: str,
        page: Iterable[OwnedInstrument],
        read_at: datetime,
        tally: Tally,
        seconds_left: Callable[[], float],
    ) -> None:
        """Write what a page of the store's list shows and the table does not; again does no harm, and only the rest.

        Args:
            store_hash: the store.
            page: of the list.
            read_at: when it was asked for.
            tally: counts what was done.
            seconds_left: until this function is stopped.

        Raises:
            OutOfTimeError, BigCommerceError: a part is not done yet.
        """
        policy = self._sync.policy(store_hash)
        listed = {
            (one.customer_id, one.instrument.fingerprint): _keep(one.instrument, policy)
            for one in page
            if one.customer_id is not None
        }
        held = self._rows.read_rows(store_hash, listed)
        news: dict[int, list[tuple[Instrument, InstrumentRow | None]]] = defaultdict(list)
        for key, instrument in listed.items():
            if differs(instrument, held.get(key), read_at):
                news[key[0]].append((instrument, held.get(key)))
        heads = self._rows.read_heads(store_hash, news)
        changes: list[CustomerChange] = []
        unclear: list[int] = []
        for customer_id, instruments in news.items():
            head = heads.get(customer_id, CustomerInstruments())
            if head.is_newer_than(read_at) or head.read_at == read_at:
                continue  # whoever read all of the customer meanwhile knows better; or the customer was forgotten
            if must_read(head, [instrument for instrument, _ in instruments]):
                unclear.append(customer_id)
            else:
                changes.append(change_listed(store_hash, customer_id, head, instruments, read_at))
        unclear += [one.customer_id for one in self._save(store_hash, changes, tally)]
        for customer_id in unclear:
            self.read_customer(store_hash, customer_id, tally, seconds_left)

    def read_customer(self, store_hash: str, customer_id: int, tally: Tally, seconds_left: Callable[[], float]) -> None:
        """Read a customer as a whole; raises as `compare_page` does."""
        if seconds_left() < SECONDS_FOR_CUSTOMER:
            raise OutOfTimeError
        try:
            synced = self._sync.sync(store_hash, customer_id)
        except ConflictError:  # others are at the customer all the time: they know as much
            return
        tally.customers_read += 1
        tally.written += synced.written
        tally.removed += synced.removed
        tally.woken += synced.woken

    def _save(self, store_hash: str, changes: list[CustomerChange], tally: Tally) -> list[CustomerChange]:
        # First, so that a crash before the table says that it was done does it again.
        woken = [change.customer_id for change in changes if change.has_new_default]
        tally.woken += self._sync.wake_orders(store_hash, woken) if woken else 0
        lost = self._table.save(changes) if changes else []
        tally.written += sum(len(change.rows) for change in changes if change not in lost)
        return lost


def _keep(instrument: Instrument, policy: Policy) -> Instrument:
    return instrument if policy.keep_billing_address else replace(instrument, billing_address=None)
