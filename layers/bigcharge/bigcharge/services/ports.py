"""What the services need from the world. The adapters fit these shapes; tests and simulations bring their own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bigcharge.domain.access_tokens import AccessToken
from bigcharge.domain.charges import Charge, DueCharge
from bigcharge.domain.declines import Payment
from bigcharge.domain.instrument_rows import CustomerChange, CustomerInstruments
from bigcharge.domain.instruments import Instrument, PaymentMethod
from bigcharge.domain.messages import Message
from bigcharge.domain.orders import Order, Transaction
from bigcharge.domain.policy import Policy
from bigcharge.domain.stores import Credentials, Pause
from bigcharge.domain.tenders import Tender

if TYPE_CHECKING:
    from bigcharge.domain.hooks import Hook, HookChanges, HooksAdmin, NewHook
    from bigcharge.domain.kept_hooks import KeptHooks
    from bigcharge.domain.new_orders import OrderChanges, OrderFilter
    from bigcharge.domain.reconciling import Cursor

type Clock = Callable[[], datetime]
"""The present, aware UTC."""


class BigCommerce(Protocol):
    """One store's BigCommerce. Every call raises the errors of `bigcharge.domain.errors`."""

    def get_order(self, order_id: int) -> Order:
        """The order now."""

    def get_transactions(self, order_id: int) -> tuple[Transaction, ...]:
        """The order's transactions; empty where none is shown (empty list, 204, 404, 503), which proves nothing."""

    def get_payment_methods(self, order_id: int) -> tuple[PaymentMethod, ...]:
        """The payment methods that the order may use, with the stored instruments of its customer."""

    def create_access_token(self, order_id: int, *, is_recurring: bool) -> AccessToken:
        """A new payment access token. Whatever goes wrong here, nothing was charged."""

    def pay(self, token: AccessToken, tender: Tender) -> Payment:
        """Charge, at most once: nothing below sends the request again.

        Raises:
            NotSentError: nothing left.
            RateLimitedError: refused for its rate.
            DeclinedError: refused with a code that proves that nothing was charged.
            OutcomeUnknownError: everything else.
        """

    @property
    def orders(self) -> "OrderCalls":
        """What changes an order, or the payment of one."""

    def list_customer_instruments(self, customer_id: int) -> tuple[Instrument, ...]:
        """Every stored instrument of the customer."""


class OrderCalls(Protocol):
    """What BigCommerce can be asked to do with an order. It is done later, or refused; the order shows it."""

    def update_order(self, order_id: int, changes: "OrderChanges") -> object:
        """Change it."""

    def capture_payment(self, order_id: int) -> None:
        """Take the money that its authorization holds."""

    def void_payment(self, order_id: int) -> None:
        """Give its authorization up."""


class OrderLists(Protocol):
    """The orders of one store, as lists. Every call raises the errors of `bigcharge.domain.errors`."""

    def list_orders(self, wanted: "OrderFilter", *, limit: int) -> Iterator[Order]:
        """Those that are wanted, `limit` a page, read as they are asked for."""

    def walk_orders(self, wanted: "OrderFilter", after_id: int) -> Iterator[tuple[Order, ...]]:
        """Those that are wanted above an id, by id, a page at a time; none is missed that is wanted all the while."""


type ListsOf = Callable[[Credentials], OrderLists]
"""Makes the lists of a store."""


class Together(Protocol):
    """Runs two calls at the same time."""

    def __call__[A, B](self, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
        """What both returned; raises what the first raised, else what the second did, when both are over."""


type Connect = Callable[[Credentials], BigCommerce]
"""Makes the client of a store."""


class Stores(Protocol):
    """The stores that we serve."""

    def credentials(self, store_hash: str) -> Credentials:
        """The store's credentials, as they were known a short while ago; raises UnknownStoreError."""

    def refresh(self, store_hash: str) -> Credentials:
        """The store's credentials, read anew unless that was done a moment ago, or too often; raises likewise."""

    def find_others(self, refused: Credentials) -> Iterator[Credentials]:
        """Other credentials that may hold where these were refused, the likeliest first; raises likewise."""

    def policy(self, store_hash: str) -> Policy | None:
        """The store's policy, None where it has none; raises InvalidInputError where it cannot be read."""


class ServedStores(Stores, Protocol):
    """The stores that we serve, and which they are."""

    def list_served(self) -> Iterator[str]:
        """The hashes of the stores that have a policy: the others charge nothing."""


class Ledger(Protocol):
    """Every charge, one item an order, and the stores' pauses."""

    def read(self, store_hash: str, order_id: int) -> tuple[Charge | None, Pause | None]:
        """The order's charge and the store's pause, as they are now (consistent)."""

    def save(self, charge: Charge) -> Charge:
        """Save it if the version that was read still stands, else ConflictError; returns the next version."""

    def list_due(self, now: datetime) -> Iterator[DueCharge]:
        """Charges that are due, oldest first in each shard."""

    def find_oldest_unknown(self, before: datetime) -> datetime | None:
        """When the oldest request left that nobody knows the outcome of, of those that left before `before`."""

    def hand_over(self, due: DueCharge, until: datetime) -> None:
        """Keep a charge out of `list_due` until then, unless it changed meanwhile."""

    def read_pause(self, store_hash: str) -> Pause | None:
        """The store's pause, as it is now (consistent)."""

    def pause(self, pause: Pause) -> bool:
        """Pause the store; False where it was paused already with the same credentials."""

    def resume(self, store_hash: str) -> None:
        """Lift the store's pause."""


class Waiting(Protocol):
    """The declined orders that wait for another instrument."""

    def list_waiting(self, store_hash: str, customers: Sequence[int]) -> Iterator[int]:
        """Orders of these customers that were declined and wait."""


class Charges(Protocol):
    """The charges of many orders at once."""

    def read_charges(self, store_hash: str, order_ids: Iterable[int]) -> Mapping[int, Charge]:
        """The charges of those that the ledger knows, by order id."""


class Cursors(Protocol):
    """How far each store is reconciled."""

    def read(self, store_hashes: Iterable[str]) -> "list[tuple[Cursor, Pause | None]]":
        """Each store's cursor, a blank one where it has none yet, and its pause."""

    def save(self, cursor: "Cursor") -> None:
        """Keep it in place of the one before."""


class HookCalls(Protocol):
    """The hooks of one store. Every call raises the errors of `bigcharge.domain.errors`."""

    def list_hooks(self) -> "Iterator[Hook]":
        """Every hook that the store's access token made."""

    def create_hook(self, hook: "NewHook") -> "Hook":
        """Make one."""

    def update_hook(self, hook_id: int, changes: "HookChanges") -> "Hook":
        """Change one."""

    def delete_hook(self, hook_id: int) -> None:
        """Delete one."""

    def get_admin(self) -> "HooksAdmin":
        """What BigCommerce says of the hooks and their destinations."""


type HooksOf = Callable[[Credentials], HookCalls]
"""Makes the calls for a store's hooks."""


class HookMemory(Protocol):
    """What is remembered of each store's hooks."""

    def read(self, store_hashes: Iterable[str]) -> "list[tuple[KeptHooks, Pause | None]]":
        """What is remembered of each store's hooks, nothing where it has none yet, and the store's pause."""

    def save(self, kept: "KeptHooks") -> "KeptHooks":
        """Save it if the version that was read still stands, else ConflictError; returns the next version."""


class Queue(Protocol):
    """A queue of hints."""

    def send(self, message: Message, delay: float = 0) -> None:
        """Send, to arrive after `delay` seconds (900 at most)."""

    def send_all(self, messages: Sequence[Message]) -> None:
        """Send many, in as few calls as can be; raises if any could not be sent."""


class Instruments(Protocol):
    """The customers' stored instruments."""

    def read(self, store_hash: str, customer_id: int) -> CustomerInstruments:
        """What the table holds (consistent)."""

    def is_forgotten(self, store_hash: str, customer_id: int) -> bool:
        """Whether the customer was forgotten (consistent)."""

    def save(self, changes: Sequence[CustomerChange]) -> list[CustomerChange]:
        """Write changes, each of another customer; returns those whose customer was changed since it was read."""
