"""The calls that the box serves: method, path below the store, what answers, and the OAuth scope that it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.bigcommerce import checkout, hook_calls, instrument_calls, order_calls, payment_calls, payments
from sandbox.bigcommerce.calls import Call, Reply
from sandbox.bigcommerce.faults import Endpoint


@dataclass(frozen=True, slots=True)
class Route:
    """One call.

    Attributes:
        path: below `/stores/{store_hash}`, in werkzeug's spelling.
        oauth_scopes: one of them is needed; none where every token will do.
    """

    method: str
    path: str
    endpoint: Endpoint
    handler: Callable[[Call], Reply]
    oauth_scopes: frozenset[str] = frozenset()

    @property
    def is_v2(self) -> bool:
        """Whether errors are lists of `{status, message}`."""
        return self.path.startswith("/v2/")


_READ_ORDERS: Final = frozenset({"store_v2_orders_read_only", "store_v2_orders"})
_WRITE_ORDERS: Final = frozenset({"store_v2_orders"})
_READ_TRANSACTIONS: Final = frozenset({"store_v2_transactions_read_only", "store_v2_transactions"})
_ACT_ON_PAYMENTS: Final = frozenset({"store_v2_orders", "store_v2_transactions"})
_READ_METHODS: Final = frozenset({"store_payments_methods_read"})
_CREATE_TOKENS: Final = frozenset({"store_payments_access_token_create"})
_READ_STORED: Final = frozenset({"store_stored_payment_instruments_read_only", "store_stored_payment_instruments"})
_WRITE_STORED: Final = frozenset({"store_stored_payment_instruments"})

_ORDERS: Final = "/v2/orders"
_ORDER: Final = "/v2/orders/<int:order_id>"
_ACTIONS: Final = "/v3/orders/<int:order_id>/payment_actions"
_STORED: Final = "/v3/payments/stored-instruments"
_HOOKS: Final = "/v3/hooks"
_HOOK: Final = "/v3/hooks/<int:hook_id>"

ROUTES: Final = (
    Route("POST", _ORDERS, Endpoint.CREATE_ORDER, order_calls.create_order, _WRITE_ORDERS),
    Route("GET", _ORDERS, Endpoint.LIST_ORDERS, order_calls.list_orders, _READ_ORDERS),
    Route("GET", _ORDER, Endpoint.GET_ORDER, order_calls.get_order, _READ_ORDERS),
    Route("PUT", _ORDER, Endpoint.UPDATE_ORDER, order_calls.update_order, _WRITE_ORDERS),
    Route("GET", f"{_ORDER}/products", Endpoint.ORDER_PRODUCTS, order_calls.list_order_products, _READ_ORDERS),
    Route(
        "GET",
        f"{_ORDER}/shipping_addresses",
        Endpoint.SHIPPING_ADDRESSES,
        order_calls.list_shipping_addresses,
        _READ_ORDERS,
    ),
    Route(
        "GET",
        "/v3/orders/<int:order_id>/transactions",
        Endpoint.TRANSACTIONS,
        payment_calls.get_transactions,
        _READ_TRANSACTIONS,
    ),
    Route("POST", f"{_ACTIONS}/capture", Endpoint.CAPTURE, payment_calls.capture_payment, _ACT_ON_PAYMENTS),
    Route("POST", f"{_ACTIONS}/void", Endpoint.VOID, payment_calls.void_payment, _ACT_ON_PAYMENTS),
    Route("POST", f"{_ACTIONS}/refunds", Endpoint.REFUND, payment_calls.refund_payment, _ACT_ON_PAYMENTS),
    Route("GET", "/v3/payments/methods", Endpoint.METHODS, checkout.get_methods, _READ_METHODS),
    Route("POST", "/v3/payments/access_tokens", Endpoint.ACCESS_TOKENS, checkout.create_access_token, _CREATE_TOKENS),
    Route("POST", "/payments", Endpoint.PAYMENTS, payments.process_payment),
    Route(
        "GET",
        "/v3/customers/<int:customer_id>/stored-instruments",
        Endpoint.CUSTOMER_INSTRUMENTS,
        instrument_calls.list_customer_instruments,
        _READ_STORED,
    ),
    Route("GET", _STORED, Endpoint.LIST_INSTRUMENTS, instrument_calls.list_store_instruments, _READ_STORED),
    Route("POST", _STORED, Endpoint.IMPORT_INSTRUMENTS, instrument_calls.import_instruments, _WRITE_STORED),
    Route("PUT", _STORED, Endpoint.UPDATE_INSTRUMENT, instrument_calls.update_instrument, _WRITE_STORED),
    Route("DELETE", _STORED, Endpoint.DELETE_INSTRUMENTS, instrument_calls.delete_instruments, _WRITE_STORED),
    Route(
        "DELETE", f"{_STORED}/<token>", Endpoint.DELETE_INSTRUMENT, instrument_calls.delete_instrument, _WRITE_STORED
    ),
    Route("POST", _HOOKS, Endpoint.CREATE_HOOK, hook_calls.create_hook),
    Route("GET", _HOOKS, Endpoint.LIST_HOOKS, hook_calls.list_hooks),
    Route("GET", f"{_HOOKS}/admin", Endpoint.HOOKS_ADMIN, hook_calls.get_hooks_admin),
    Route("PUT", f"{_HOOKS}/admin", Endpoint.UPDATE_HOOKS_ADMIN, hook_calls.update_hooks_admin),
    Route("GET", _HOOK, Endpoint.GET_HOOK, hook_calls.get_hook),
    Route("PUT", _HOOK, Endpoint.UPDATE_HOOK, hook_calls.update_hook),
    Route("DELETE", _HOOK, Endpoint.DELETE_HOOK, hook_calls.delete_hook),
)
