"""Looking at a customer because something hinted at it: sync the instruments, or forget the customer."""

from dataclasses import dataclass
from typing import Final

from bigcharge.domain.errors import UnknownStoreError
from bigcharge.domain.forgetting import BY_BIGCOMMERCE, ForgottenCustomer
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.stores import Credentials
from bigcharge.domain.webhooks import CUSTOMER_DELETED
from bigcharge.services.customer_sync import Synced
from bigcharge.services.forgetting import Forgetting, Forgotten
from bigcharge.services.instrument_sync import InstrumentSync
from bigcharge.services.ports import Clock, Instruments, Ledger, Queue, Stores

FORGET_THE_REST: Final = "forget_the_rest"
"""The cause of the hint that follows a customer's being forgotten."""
# Seconds: by then no worker is under way any more with what it read before, and the ledger's index shows all of it.
_SETTLED_AFTER: Final = 900.0


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of a look.

    Attributes:
        synced: what a sync did; None where there was none.
        forgotten: what was forgotten; None where nothing was to be.
    """

    synced: Synced | None = None
    forgotten: Forgotten | None = None


class Customers:
    """Looks at one customer at a time. Safe to call any number of times, by any number of workers."""

    def __init__(
        self,
        sync: InstrumentSync,
        forgetting: Forgetting,
        table: Instruments,
        ledger: Ledger,
        queue: Queue,
        stores: Stores,
        clock: Clock,
    ) -> None:
        self._sync = sync
        self._forgetting = forgetting
        self._table = table
        self._ledger = ledger
        self._queue = queue
        self._stores = stores
        self._clock = clock

    def look(self, message: Message) -> Looked:
        """Look at the customer of a hint.

        A webhook that says that the customer was deleted is a hint as any other: the customer is forgotten once
        BigCommerce does not list any instruments either, and until then the hint comes back.

        Args:
            message: the hint.

        Raises:
            UnknownStoreError: no credentials.
            BigCommerceError: no answer for days, or instruments of a deleted customer.
            ConflictError: others change the customer, or a charge of the customer's, all the time.
        """
        if message.cause == FORGET_THE_REST:
            is_forgotten = self._table.is_forgotten(message.store_hash, message.id)
            return Looked(forgotten=self._forget(message) if is_forgotten else None)
        if self._is_closed(message.store_hash):
            return Looked()
        synced = self._sync.sync(message)
        is_gone = message.cause == CUSTOMER_DELETED and synced.found == 0
        return Looked(synced, self._forget(message) if is_gone else None)

    def _forget(self, message: Message) -> Forgotten:
        """Forget the customer, and once more when whatever is under way has ended."""
        mark = ForgottenCustomer(message.store_hash, message.id, self._clock(), BY_BIGCOMMERCE, message.cause)
        if message.cause != FORGET_THE_REST:
            forget_the_rest(self._queue, mark)
        return self._forgetting.forget(mark)

    def _is_closed(self, store_hash: str) -> bool:
        pause = self._ledger.read_pause(store_hash)
        return pause is not None and pause.closes(self._credentials(store_hash))

    def _credentials(self, store_hash: str) -> Credentials | None:
        try:
            return self._stores.credentials(store_hash)
        except UnknownStoreError:
            return None


def forget_the_rest(queue: Queue, mark: ForgottenCustomer) -> None:
    """Have a customer forgotten once more, when whatever is under way now has ended."""
    hint = Message(mark.store_hash, Kind.CUSTOMER, mark.customer_id, FORGET_THE_REST, mark.at)
    queue.send(hint, delay=_SETTLED_AFTER)
