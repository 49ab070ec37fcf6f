"""One store's BigCommerce, as the services know it (`bigcharge.services.ports.BigCommerce`)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from bigcharge.adapters.bigcommerce.access import Access, FindOthers, check_header_token, find_none
from bigcharge.adapters.bigcommerce.instruments import read_customer_instruments
from bigcharge.adapters.bigcommerce.orders import read_order, read_transactions
from bigcharge.adapters.bigcommerce.pacing import DEFAULT_PACING, Pacing
from bigcharge.adapters.bigcommerce.payments import (
    check_checkout_id,
    make_payment,
    read_payment,
    read_payment_methods,
    read_token,
)
from bigcharge.adapters.bigcommerce.quotas import Quotas
from bigcharge.adapters.bigcommerce.rest import Rest
from bigcharge.adapters.bigcommerce.transport import Host
from bigcharge.domain.access_tokens import AccessToken
from bigcharge.domain.declines import Payment
from bigcharge.domain.errors import RateLimitedError
from bigcharge.domain.instruments import Instrument, PaymentMethod
from bigcharge.domain.orders import Order, Transaction
from bigcharge.domain.payment_instruments import PaymentInstrument
from bigcharge.domain.stores import Credentials, check_id, check_store_hash
from bigcharge.domain.tenders import Tender

if TYPE_CHECKING:
    from bigcharge.adapters.bigcommerce.hooks import Hooks
    from bigcharge.adapters.bigcommerce.order_calls import OrderCalls
    from bigcharge.adapters.bigcommerce.stored_instruments import StoredInstruments

# What the transactions of an order answer where none is shown: it proves nothing, so it is no failure either.
_NONE_SHOWN: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE})


def connect(
    api_url: str,
    payments_url: str,
    pacing: Pacing = DEFAULT_PACING,
    find_others: FindOthers = find_none,
    reserve: float = 0.0,
) -> Callable[[Credentials], "Client"]:
    """Make what makes the clients of stores; they share the connections of the process.

    Args:
        api_url: base URL of the REST host.
        payments_url: base URL of the payments host.
        pacing: time-outs and waits, with the clock, the sleep and the chance behind them.
        find_others: credentials that may hold where those of a store are refused.
        reserve: the share of a store's quota of REST calls that is left to others (0 up to 1).

    Raises:
        InvalidInputError: a URL that credentials must not be sent to; later, credentials that cannot be sent.
    """
    api, payments = Host(api_url), Host(payments_url)
    api_quotas, payments_quotas = Quotas(reserve), Quotas()

    def make_client(credentials: Credentials) -> Client:
        root = f"/stores/{check_store_hash(credentials.store_hash)}"
        check_header_token(credentials.access_token)
        rest = Rest(api, pacing, root, Access(credentials, find_others), api_quotas)
        return Client(credentials.store_hash, rest, payments, payments_quotas)

    return make_client


@dataclass(frozen=True, slots=True)
class Client:
    """BigCommerce for one store: what charging needs, and from `orders` on, by subject, all the rest.

    What the calls raise stands at `Rest.get` for those that read, at `Rest.write` for those that change something, and
    at `process_payment` for a payment. The subjects are imported when they are first asked for: charging does without.

    Attributes:
        store_hash: the store.
        rest: the REST host, with the store's credentials.
        payments: the payments host.
        payments_quotas: its own, apart from the REST host's; shared by all stores.
    """

    store_hash: str
    rest: Rest = field(repr=False)
    payments: Host = field(repr=False)
    payments_quotas: Quotas = field(default_factory=Quotas, repr=False)

    def get_order(self, order_id: int) -> Order:
        """The order now (`GET /v2/orders/{id}`)."""
        asked = check_id(order_id)
        return self.rest.get(f"/v2/orders/{asked}", partial(read_order, asked), empty=frozenset())

    def get_transactions(self, order_id: int) -> tuple[Transaction, ...]:
        """The order's transactions (`GET /v3/orders/{id}/transactions`); empty where none is shown."""
        return self.rest.get(f"/v3/orders/{check_id(order_id)}/transactions", read_transactions, empty=_NONE_SHOWN)

    def get_payment_methods(self, order_id: int) -> tuple[PaymentMethod, ...]:
        """The payment methods that the order may use (`GET /v3/payments/methods`)."""
        return self.rest.get(f"/v3/payments/methods?order_id={check_id(order_id)}", read_payment_methods)

    def get_checkout_payment_methods(self, checkout_id: str) -> tuple[PaymentMethod, ...]:
        """The payment methods that a checkout may use (`GET /v3/payments/methods`); its id is a UUID."""
        query = f"checkout_id={check_checkout_id(checkout_id)}"
        return self.rest.get(f"/v3/payments/methods?{query}", read_payment_methods)

    def create_access_token(self, order_id: int, *, is_recurring: bool) -> AccessToken:
        """A new payment access token; one whose answer was lost was never used, so the request may be made again."""
        order = {"id": check_id(order_id), "is_recurring": is_recurring}
        return self.rest.post("/v3/payments/access_tokens", {"order": order}, read_token)

    def pay(self, token: AccessToken, tender: Tender) -> Payment:
        """Charge a tender; see `process_payment`."""
        return self.process_payment(token, tender.instrument, tender.method_id)

    def process_payment(self, token: AccessToken, instrument: PaymentInstrument, method_id: str) -> Payment:
        """Charge (`POST /payments` of the payments host). It is sent once, whatever happens.

        Args:
            token: what it charges, and for which order.
            instrument: of any kind in `domain.payment_instruments` and `domain.presented_instruments`.
            method_id: the payment method that charges it ("stripe.card").

        Raises:
            InvalidInputError: the method has no name; nothing was sent.
            NotSentError: nothing was sent.
            RateLimitedError: refused for its rate, or not even sent, the quota being known to be used up.
            DeclinedError: refused with a code that proves that nothing was charged.
            OutcomeUnknownError: everything else.
        """
        pacing, root = self.rest.pacing, self.rest.root
        request = make_payment(root, token, instrument, method_id)
        wait = self.payments_quotas.read_wait(root, pacing.monotonic())
        if wait > 0:
            raise RateLimitedError(wait)
        answer = self.payments.send_alone(request, connect=pacing.connect, read=pacing.payment)
        self.payments_quotas.note(root, answer, pacing.monotonic())
        return read_payment(answer)

    def list_customer_instruments(self, customer_id: int) -> tuple[Instrument, ...]:
        """Every stored instrument of the customer (`GET /v3/customers/{id}/stored-instruments`)."""
        return self.rest.get(f"/v3/customers/{check_id(customer_id)}/stored-instruments", read_customer_instruments)

    @property
    def orders(self) -> "OrderCalls":
        """Orders: make, list, change, capture, void."""
        from bigcharge.adapters.bigcommerce.order_calls import OrderCalls  # noqa: PLC0415 - see the class

        return OrderCalls(self.rest)

    @property
    def stored_instruments(self) -> "StoredInstruments":
        """The instruments of the whole store: list, import, change, delete."""
        from bigcharge.adapters.bigcommerce.stored_instruments import StoredInstruments  # noqa: PLC0415 - see the class

        return StoredInstruments(self.rest)

    @property
    def hooks(self) -> "Hooks":
        """Hooks: make, list, read, change, delete, administer."""
        from bigcharge.adapters.bigcommerce.hooks import Hooks  # noqa: PLC0415 - see the class

        return Hooks(self.rest)
