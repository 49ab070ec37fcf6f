"""The box's memory: one lock, one clock, one source of randomness, nothing global."""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from sandbox.bigcommerce.blocking import Watch
from sandbox.bigcommerce.catalog import Product
from sandbox.bigcommerce.delivery import Outbox
from sandbox.bigcommerce.errors import Refusal, not_found
from sandbox.bigcommerce.faults import FaultPlan
from sandbox.bigcommerce.hooks import Hook
from sandbox.bigcommerce.limits import Limits, Quota
from sandbox.bigcommerce.logs import Served, Violation
from sandbox.bigcommerce.records import Customer, Instrument, Kind, Order, PaymentMethod, Store, Transaction
from sandbox.bigcommerce.tokens import PaymentToken

if TYPE_CHECKING:
    from sandbox.bigcommerce.book import BookEntry

type Clock = Callable[[], datetime]
type Unrecorded = tuple[str, Transaction, PaymentMethod, int]
"""A charge that BigCommerce has not heard of: store, its transaction to be, its method, its line in the book."""

_FIRST_ORDER_ID = 100
_LOG_LENGTH = 100_000  # requests remembered


def _default_methods() -> dict[str, PaymentMethod]:
    methods = (
        PaymentMethod("stripe.card", "Stripe"),
        PaymentMethod("braintree.paypal", "PayPal", Kind.PAYPAL_ACCOUNT, verification="none"),
        PaymentMethod("braintree.ach", "ACH", Kind.BANK_ACCOUNT, settles_later=True, verification="none"),
    )
    return {method.method_id: method for method in methods}


@dataclass(slots=True)
class Shop:
    """Everything of one store. Ids start alike in every store, so that a caller who mixes stores up is found out."""

    store: Store
    vaulting: bool = True
    configured: bool = True
    methods: dict[str, PaymentMethod] = field(default_factory=_default_methods)
    customers: dict[int, Customer] = field(default_factory=dict)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    tokens_of: dict[int, list[str]] = field(
        default_factory=dict
    )  # by customer, so that 100,000 instruments are no burden
    orders: dict[int, Order] = field(default_factory=dict)
    transactions: dict[int, list[Transaction]] = field(default_factory=dict)
    tokens: dict[str, PaymentToken] = field(default_factory=dict)
    hooks: dict[int, Hook] = field(default_factory=dict)
    hook_emails: list[str] = field(default_factory=list)
    gift_certificates: dict[str, int] = field(default_factory=dict)
    products: dict[int, Product] = field(default_factory=dict)
    checkouts: dict[str, int] = field(default_factory=dict)  # customer by checkout id
    shown_payable: set[int] = field(default_factory=set)  # orders that the API has shown as payable
    counters: dict[str, int] = field(default_factory=dict)

    def next_id(self, of: str, first: int = 1) -> int:
        """The next number of a kind of thing."""
        self.counters[of] = self.counters.get(of, first - 1) + 1
        return self.counters[of]

    def order(self, order_id: int) -> Order:
        """The order as it is now.

        Raises:
            Refusal: 404.
        """
        order = self.orders.get(order_id)
        if order is None:
            raise not_found("The requested resource was not found.")
        return order


class State:
    """What a box knows, and how its parts tell each other of a change.

    Args:
        stores: the stores that it serves.
        clock: the present moment, aware UTC.
        random: the only source of randomness (ids, tokens, keys).
        sleep: how a planned delay passes, in seconds.
        limits: the rate limits.
    """

    def __init__(
        self,
        stores: Iterable[Store],
        clock: Clock,
        random: Random,
        *,
        sleep: Callable[[float], None],
        limits: Limits,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.random = random
        self.sleep = sleep
        self.shops = {store.store_hash: Shop(store) for store in stores}
        self.book: list[BookEntry] = []
        self.violations: list[Violation] = []
        self.faults = FaultPlan()
        self.served: deque[Served] = deque(maxlen=_LOG_LENGTH)
        self.unrecorded: list[Unrecorded] = []
        self.rest_quota = Quota(limits.rest_requests, limits.rest_window)
        self.payments_quota = Quota(limits.payments, limits.payments_window)
        self.outbox = Outbox(clock, random)
        self.watch = Watch()
        # Of the stores' secrets, so that tokens outlive a restart and no snapshot needs to hold a key.
        secrets = (shop.store.client_secret for shop in self.shops.values())
        self.signing_key = hashlib.sha256("payment access tokens\0".join(secrets).encode()).digest()

    def shop(self, store_hash: str) -> Shop:
        """The store of that hash.

        Raises:
            Refusal: 404.
        """
        shop = self.shops.get(store_hash)
        if shop is None:
            raise not_found("The store was not found.")
        return shop

    def new_uuid(self) -> str:
        """A random identifier, from the injected randomness."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def emit(self, shop: Shop, scope: str, data: dict[str, object]) -> None:
        """Tell the store's hooks what happened."""
        self.outbox.publish(shop.store, shop.hooks.values(), scope, data)

    def add_order(self, shop: Shop, order: Order) -> Order:
        """Keep a new order under the next id, and tell."""
        order = replace(order, order_id=shop.next_id("order", _FIRST_ORDER_ID))
        shop.orders[order.order_id] = order
        self.emit(shop, "store/order/created", {"type": "order", "id": order.order_id})
        return order

    def change_order(self, shop: Shop, order: Order, **changes: object) -> Order:
        """Change an order, and tell: `updated` always, `statusUpdated` when the status moved."""
        changed = replace(order, **{"modified_at": self.clock(), **changes})  # type: ignore[arg-type]  # checked by callers' keywords
        shop.orders[order.order_id] = changed
        self.emit(shop, "store/order/updated", {"type": "order", "id": order.order_id})
        if changed.status_id != order.status_id:
            status = {"previous_status_id": order.status_id, "new_status_id": changed.status_id}
            self.emit(shop, "store/order/statusUpdated", {"type": "order", "id": order.order_id, "status": status})
        return changed

    def add_transaction(self, shop: Shop, transaction: Transaction) -> Transaction:
        """Keep a new transaction under the next id, and tell."""
        number, order_id = shop.next_id("transaction"), transaction.order_id
        kept = replace(transaction, transaction_id=number)
        shop.transactions.setdefault(order_id, []).append(kept)
        data: dict[str, object] = {"type": "order_transaction", "transaction_id": number, "order_id": order_id}
        self.emit(shop, "store/order/transaction/created", data)
        return kept

    def note_violation(self, store_hash: str, endpoint: str, refusal: Refusal) -> None:
        """Write down what no honest client does; names of fields only, never their values."""
        rule = "; ".join([refusal.title, *(f"{name}: {text}" for name, text in refusal.errors.items())])
        self.violations.append(Violation(self.clock(), store_hash, endpoint, rule))
