"""Faults on demand: what the box answers next instead of the truth, and views that lag behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Literal

from sandbox.bigcommerce.errors import PAYMENT_CODES
from sandbox.bigcommerce.records import Order, Transaction


class Endpoint(StrEnum):
    """The calls that the box serves, by the name that faults, violations and the log use."""

    CREATE_ORDER = "create_order"
    GET_ORDER = "get_order"
    LIST_ORDERS = "list_orders"
    UPDATE_ORDER = "update_order"
    ORDER_PRODUCTS = "order_products"
    SHIPPING_ADDRESSES = "shipping_addresses"
    TRANSACTIONS = "transactions"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    METHODS = "methods"
    ACCESS_TOKENS = "access_tokens"
    PAYMENTS = "payments"
    CUSTOMER_INSTRUMENTS = "customer_instruments"
    LIST_INSTRUMENTS = "list_instruments"
    IMPORT_INSTRUMENTS = "import_instruments"
    UPDATE_INSTRUMENT = "update_instrument"
    DELETE_INSTRUMENTS = "delete_instruments"
    DELETE_INSTRUMENT = "delete_instrument"
    CREATE_HOOK = "create_hook"
    LIST_HOOKS = "list_hooks"
    GET_HOOK = "get_hook"
    UPDATE_HOOK = "update_hook"
    DELETE_HOOK = "delete_hook"
    HOOKS_ADMIN = "hooks_admin"
    UPDATE_HOOKS_ADMIN = "update_hooks_admin"

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise ValueError(f"there is no endpoint {value!r}: it is one of {', '.join(cls)}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What to do with one request, instead of the usual.

    Attributes:
        code: a code of the payments table. On Process Payment it is the gateway's word: every check is made first.
        status: an HTTP status, with an error body of that status.
        body: the exact text of the body, in place of the error body.
        headers: further headers (a `Location`, a `Retry-After`).
        drop: "before" closes the connection without doing anything, "after" does it (charges) and closes then.
        acted: with `code`, `status` or `body`: do it (charge) all the same, and then answer this.
        unrecorded: on Process Payment: the gateway charges, but BigCommerce does not hear of it: order and transactions
            stay as they are until `record_charges`.
        gateway_delay: on Process Payment: seconds that the gateway takes between BigCommerce's checks and the charge;
            other requests go on meanwhile, as nothing documented says that they wait.
        delay_before: seconds between receiving and doing.
        delay_after: seconds between doing and answering.
        spoil: what happens to the true answer's body.

    Raises:
        ValueError: a code that the table does not have, or another word than these.
    """

    code: int | None = None
    status: int | None = None
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: Literal["before", "after"] | None = None
    acted: bool = False
    unrecorded: bool = False
    gateway_delay: float = 0.0
    delay_before: float = 0.0
    delay_after: float = 0.0
    spoil: Literal["truncated", "garbage", "empty"] | None = None

    def __post_init__(self) -> None:
        if self.code is not None and self.code not in PAYMENT_CODES:
            raise ValueError(f"the table of the Payments API has no code {self.code}")
        if self.drop not in {None, "before", "after"}:
            raise ValueError('drop is "before" or "after"')
        if self.spoil not in {None, "truncated", "garbage", "empty"}:
            raise ValueError('spoil is "truncated", "garbage" or "empty"')

    @property
    def acts(self) -> bool:
        """Whether the request has its effect."""
        replaced = self.code is not None or self.status is not None or self.body is not None
        return self.drop != "before" and (not replaced or self.acted)


def too_many_requests(wait: float) -> Answer:
    """A 429 as BigCommerce sends it: nothing left, and `wait` seconds until the next window."""
    left = {"X-Rate-Limit-Requests-Left": "0", "X-Rate-Limit-Time-Reset-Ms": str(int(wait * 1000))}
    return Answer(status=HTTPStatus.TOO_MANY_REQUESTS, headers=left)


@dataclass(slots=True)
class _Planned:
    endpoint: Endpoint
    answer: Answer
    store_hash: str | None
    order_id: int | None
    left: int | None

    def fits(self, endpoint: Endpoint, store_hash: str, order_id: int | None) -> bool:
        return (
            self.endpoint is endpoint
            and self.store_hash in {None, store_hash}
            and (self.order_id is None or self.order_id == order_id)
        )


@dataclass(slots=True)
class Lag:
    """How long something stays unseen after it happened: so many reads, so many seconds, or whichever is longer."""

    reads: int = 0
    seconds: float = 0.0

    def hides(self, happened_at: datetime, now: datetime) -> bool:
        """Whether this read does not see it yet. Counts the read."""
        if self.reads > 0:
            self.reads -= 1
            return True
        return now < happened_at + timedelta(seconds=self.seconds)


@dataclass(slots=True)
class FaultPlan:
    """What is planned to go wrong."""

    _planned: list[_Planned] = field(default_factory=list)
    _stale_orders: dict[tuple[str, int], tuple[Order, Lag]] = field(default_factory=dict)
    _late_transactions: dict[tuple[str, int], tuple[int, int, Lag]] = field(default_factory=dict)

    def plan(
        self,
        endpoint: Endpoint,
        answer: Answer,
        *,
        store_hash: str | None = None,
        order_id: int | None = None,
        times: int | None = 1,
    ) -> None:
        """Queue an answer; the first that fits a request is taken. `times` None is for ever."""
        self._planned.append(_Planned(endpoint, answer, store_hash, order_id, times))

    def take(self, endpoint: Endpoint, store_hash: str, order_id: int | None) -> Answer | None:
        """The planned answer to this request, if there is one; used up."""
        planned = next((plan for plan in self._planned if plan.fits(endpoint, store_hash, order_id)), None)
        if planned is None:
            return None
        if planned.left is not None:
            planned.left -= 1
            if planned.left == 0:
                self._planned.remove(planned)
        return planned.answer

    def clear(self) -> None:
        """Forget all that is planned."""
        self._planned.clear()
        self._stale_orders.clear()
        self._late_transactions.clear()

    def freeze_order(self, store_hash: str, order: Order, lag: Lag) -> None:
        """From the order's next change on, reads show it as it is now, for the lag."""
        self._stale_orders[store_hash, order.order_id] = (order, lag)

    def view_order(self, store_hash: str, order: Order, now: datetime) -> Order:
        """The order as a read shows it."""
        old, lag = self._stale_orders.get((store_hash, order.order_id), (order, Lag()))
        return old if old != order and lag.hides(order.modified_at, now) else order

    def delay_transactions(self, store_hash: str, order_id: int, last_seen: int, status: int, lag: Lag) -> None:
        """Transactions after `last_seen` stay unseen for the lag, and reads answer `status` (204, 404, 503)."""
        self._late_transactions[store_hash, order_id] = (last_seen, status, lag)

    def view_transactions(
        self, store_hash: str, order_id: int, transactions: Sequence[Transaction], now: datetime
    ) -> tuple[int, list[Transaction]]:
        """The status and the transactions that a read gets; 200 stands for the usual."""
        last_seen, status, lag = self._late_transactions.get((store_hash, order_id), (0, HTTPStatus.OK, Lag()))
        late = [entry for entry in transactions if entry.transaction_id > last_seen]
        if status == HTTPStatus.OK or not late or not lag.hides(late[0].created_at, now):
            return HTTPStatus.OK, list(transactions)
        seen = [entry for entry in transactions if entry.transaction_id <= last_seen]
        return (HTTPStatus.OK if seen and status == HTTPStatus.NO_CONTENT else status), seen
