"""What a maker of a V2 order may send, checked field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.bigcommerce.catalog import Product
from sandbox.bigcommerce.errors import invalid_order
from sandbox.bigcommerce.money import to_minor
from sandbox.bigcommerce.records import Order
from sandbox.bigcommerce.statuses import PENDING, STATUS_NAMES

_KEPT: Final = frozenset(
    {
        "billing_address",
        "shipping_addresses",
        "products",
        "staff_notes",
        "customer_message",
        "external_id",
        "discount_amount",
    }
)
_KNOWN: Final = _KEPT | {
    "status_id",
    "customer_id",
    "channel_id",
    "external_source",
    "default_currency_code",
    "currency_code",
    "total_inc_tax",
    "total_ex_tax",
    "subtotal_inc_tax",
    "subtotal_ex_tax",
    "shipping_cost_inc_tax",
    "shipping_cost_ex_tax",
    "payment_method",
    "payment_provider_id",
    "customer_locale",
    "is_deleted",
}
_CURRENCY_LENGTH: Final = 3  # ISO 4217
_INTEGERS: Final = ("status_id", "customer_id", "channel_id")
_TEXTS: Final = ("external_source", "staff_notes", "customer_message", "payment_method", "payment_provider_id")


@dataclass(frozen=True, slots=True)
class OrderForm:
    """What a maker of an order sent, checked.

    Attributes:
        changes: fields of `Order` by name.
        details: what is kept as sent.
    """

    changes: Mapping[str, object]
    details: Mapping[str, object]


def read_new_order(body: object, catalog: Mapping[int, Product]) -> OrderForm:
    """Check the body of `POST /v2/orders`.

    Args:
        body: decoded.
        catalog: by id, where the price of a line that gives none comes from.

    Raises:
        Refusal: 400, as the V2 orders spell it.
    """
    fields = _read_fields(body)
    products = fields.get("products")
    if not isinstance(products, list) or not products:
        raise invalid_order("The required field 'products' was not supplied.")
    _check_addresses(fields)
    if not isinstance(fields.get("billing_address"), dict):
        raise invalid_order("The required field 'billing_address' was not supplied.")
    currency = _read_currency(fields) or "USD"
    lines = sum(_read_line(line, currency, catalog) for line in products)
    shipping = _read_amount(fields, "shipping_cost_inc_tax", currency) or 0
    total = _read_amount(fields, "total_inc_tax", currency)
    changes = {
        **_read_changes(fields),
        "currency": currency,
        "total": lines + shipping if total is None else total,
    }
    return OrderForm(changes, _details(fields))


def read_order_changes(body: object, order: Order) -> OrderForm:
    """Check the body of `PUT /v2/orders/{id}`; the total may be overridden, the currency may not.

    Raises:
        Refusal: 400, as the V2 orders spell it.
    """
    fields = _read_fields(body)
    _check_addresses(fields)
    if _read_currency(fields) not in {None, order.currency}:
        raise invalid_order("The field 'default_currency_code' is invalid.")
    changes = _read_changes(fields)
    total = _read_amount(fields, "total_inc_tax", order.currency)
    return OrderForm(changes if total is None else {**changes, "total": total}, {**order.details, **_details(fields)})


def _check_addresses(fields: Mapping[str, object]) -> None:
    """An order may go to several places."""
    addresses = fields.get("shipping_addresses", [])
    if not isinstance(addresses, list) or not all(isinstance(address, dict) for address in addresses):
        raise invalid_order("The field 'shipping_addresses' is invalid.")


def _read_fields(body: object) -> dict[str, object]:
    if not isinstance(body, dict) or not body:
        raise invalid_order("The request body is not an object.")
    for name in body:
        if name not in _KNOWN:
            raise invalid_order(f"The field '{name}' is not supported by this resource.")
    return body


def _read_changes(fields: Mapping[str, object]) -> dict[str, object]:
    changes: dict[str, object] = {}
    for name in _INTEGERS:
        if name in fields:
            value = fields[name]
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise invalid_order(f"The field '{name}' is invalid.")
            changes[name] = value
    for name in _TEXTS:
        if not isinstance(fields.get(name, ""), str):
            raise invalid_order(f"The field '{name}' is invalid.")
    if changes.get("status_id", PENDING) not in STATUS_NAMES:
        raise invalid_order("The field 'status_id' is invalid.")
    changes.update({name: fields[name] for name in _TEXTS if name in fields and name not in _KEPT})
    return changes


def _read_currency(fields: Mapping[str, object]) -> str | None:
    currency = fields.get("default_currency_code", fields.get("currency_code"))
    if currency is None:
        return None
    if not isinstance(currency, str) or len(currency) != _CURRENCY_LENGTH or not currency.isupper():
        raise invalid_order("The field 'default_currency_code' is invalid.")
    return currency


def _read_amount(fields: Mapping[str, object], name: str, currency: str) -> int | None:
    if name not in fields:
        return None
    try:
        return to_minor(fields[name], currency)
    except (TypeError, ValueError):
        raise invalid_order(f"The field '{name}' is invalid.") from None


def _read_line(line: object, currency: str, catalog: Mapping[int, Product]) -> int:
    """What a line costs: a custom product has a name and a price, one of the catalog an id."""
    if not isinstance(line, dict):
        raise invalid_order("The field 'products' is invalid.")
    quantity, named = line.get("quantity"), line.get("product_id")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
        raise invalid_order("The field 'quantity' is invalid.")
    product = catalog.get(named) if isinstance(named, int) else None
    if (named is not None and product is None) or not (product or line.get("name")):
        raise invalid_order("The field 'product_id' is invalid." if named else "The field 'products' is invalid.")
    price = _read_amount(line, "price_inc_tax", currency)
    if price is None and product is None:
        raise invalid_order("The required field 'price_inc_tax' was not supplied.")
    return (product.price if price is None and product else price or 0) * quantity


def _details(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: fields[name] for name in _KEPT if name in fields}
