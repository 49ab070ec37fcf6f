"""What an operator changes of one customer's stored instruments in BigCommerce; the table follows by a hint."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from bigcharge.domain.errors import BigchargeError, BigCommerceError, NotFoundError, OutcomeUnknownError
from bigcharge.domain.instruments import Instrument
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.stored_instruments import InstrumentChanges, OwnedInstrument
from bigcharge.services.ports import Clock, Queue

CAUSE: Final = "operator"
# Seconds after which a request whose answer was lost is looked for once more: BigCommerce may still have been at it.
_SETTLED_AFTER: Final = 60.0


class InstrumentCalls(Protocol):
    """What BigCommerce can be asked to do with stored instruments, each sent once."""

    def update_instrument(self, token: str, changes: InstrumentChanges) -> OwnedInstrument:
        """Change one."""

    def delete_instruments(self, tokens: Iterable[str]) -> None:
        """Delete them from the store; those that it does not have are passed over."""

    def delete_instrument(self, token: str) -> None:
        """Delete one from the store and the gateway's vault."""


class StoreCalls(Protocol):
    """One store's BigCommerce."""

    def list_customer_instruments(self, customer_id: int) -> tuple[Instrument, ...]:
        """Every stored instrument of the customer."""

    @property
    def stored_instruments(self) -> InstrumentCalls:
        """What changes them."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of an instrument that was to be deleted.

    Attributes:
        instrument: which.
        error: why it is not known to be gone; None where it is.
    """

    instrument: Instrument
    error: BigCommerceError | None = None


class CustomerHints:
    """Puts customers on their queue, so that the sync makes the table follow: one path writes the table.

    Args:
        store_hash: the customers' store.
        queue: of customers.
        clock: the present.

    Attributes:
        lost: hints that could not be sent; the nightly comparison finds what they were about.
    """

    def __init__(self, store_hash: str, queue: Callable[[], Queue], clock: Clock) -> None:
        self._store_hash = store_hash
        self._queue = queue
        self._clock = clock
        self.lost = 0

    def send(self, customers: Iterable[int], *, settled: bool = True) -> None:
        """Have customers looked at now, and where it is not settled what BigCommerce did, once more a little later."""
        now = self._clock()
        messages = [Message(self._store_hash, Kind.CUSTOMER, one, CAUSE, now) for one in dict.fromkeys(customers)]
        try:
            queue = self._queue()
            queue.send_all(messages)
            for message in () if settled else messages:
                queue.send(message, delay=_SETTLED_AFTER)
        except BigchargeError:  # what was done in BigCommerce is done: it must be told, whatever becomes of the hint
            self.lost += len(messages)


class InstrumentEditor:
    """Changes and deletes the instruments of a store's customers.

    Args:
        bigcommerce: of the store.
        hints: to its customers.
    """

    def __init__(self, bigcommerce: StoreCalls, hints: CustomerHints) -> None:
        self._bigcommerce = bigcommerce
        self._hints = hints

    def find(self, customer_id: int, fingerprints: Sequence[str]) -> tuple[list[Instrument], list[str]]:
        """The instruments that bear these fingerprints, and the fingerprints that none bears.

        BigCommerce is asked, not the table: the table is a copy, and what is about to be changed is not. Where it does
        not have what was asked for, the table is made to follow.

        Raises:
            BigCommerceError: no answer.
        """
        try:
            held = {one.fingerprint: one for one in self._bigcommerce.list_customer_instruments(customer_id)}
        except NotFoundError:  # the customer is gone, and the instruments with it
            held = {}
        wanted = list(dict.fromkeys(fingerprints))
        missing = [one for one in wanted if one not in held]
        if missing:
            self._hints.send([customer_id])
        return [held[one] for one in wanted if one in held], missing

    def update(self, customer_id: int, instrument: Instrument, changes: InstrumentChanges) -> Instrument:
        """Change one.

        Raises:
            BigCommerceError: `OutcomeUnknownError` where it may have been changed; any other: it was not.
        """
        with self._follow(customer_id):
            return self._bigcommerce.stored_instruments.update_instrument(instrument.token, changes).instrument

    def delete(self, customer_id: int, instruments: Sequence[Instrument], *, from_gateway: bool) -> list[Deleted]:
        """Delete instruments from the store, and if wanted from the gateway's vault as well.

        Deleting again what is gone does no harm, so whatever failed may be asked for again.
        """
        if from_gateway:
            return [self._delete_everywhere(customer_id, instrument) for instrument in instruments]
        error: BigCommerceError | None = None
        try:
            with self._follow(customer_id):
                self._bigcommerce.stored_instruments.delete_instruments([one.token for one in instruments])
        except BigCommerceError as caught:
            error = caught
        return [Deleted(instrument, error) for instrument in instruments]

    def _delete_everywhere(self, customer_id: int, instrument: Instrument) -> Deleted:
        try:
            with self._follow(customer_id):
                self._bigcommerce.stored_instruments.delete_instrument(instrument.token)
        except NotFoundError:  # gone already
            return Deleted(instrument)
        except BigCommerceError as error:
            return Deleted(instrument, error)
        return Deleted(instrument)

    @contextmanager
    def _follow(self, customer_id: int) -> Iterator[None]:
        """Have the customer looked at, whatever came of the request: also a refusal tells that the table is behind."""
        settled = True
        try:
            yield
        except OutcomeUnknownError:
            settled = False
            raise
        finally:
            self._hints.send([customer_id], settled=settled)
