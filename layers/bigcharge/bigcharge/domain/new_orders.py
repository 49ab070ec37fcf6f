"""Orders as we make and change them (V2); the fields have BigCommerce's names, and what is None is not sent."""

from dataclasses import dataclass, field
from datetime import datetime

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.money import Money
from bigcharge.domain.orders import OrderStatus


@dataclass(frozen=True, slots=True, repr=False)
class OrderAddress:
    """A billing or shipping address; no `repr` shows it."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    street_1: str | None = None
    street_2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    country_iso2: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class CustomProduct:
    """A line that is in no catalog.

    Attributes:
        name: what the shopper reads.
        quantity: 1 or more.
        price_inc_tax: of one, tax included.
        price_ex_tax: of one, without tax.
        sku: the merchant's own number.
    """

    name: str
    quantity: int
    price_inc_tax: Money
    price_ex_tax: Money
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class ProductOption:
    """What was chosen of a product's option; both as BigCommerce numbers them."""

    id: int
    value: str


@dataclass(frozen=True, slots=True)
class CatalogProduct:
    """A line of the store's catalog.

    Attributes:
        product_id: BigCommerce's number.
        quantity: 1 or more.
        product_options: where the product has options.
        price_inc_tax: of one; None: the catalog's.
        price_ex_tax: likewise.
    """

    product_id: int
    quantity: int
    product_options: tuple[ProductOption, ...] | None = None
    price_inc_tax: Money | None = None
    price_ex_tax: Money | None = None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be made.

    Attributes:
        billing_address: the Payments API needs it.
        products: at least one line.
        shipping_addresses: one or several; none where nothing is shipped.
        customer_id: 0 is a guest.
        status_id: Incomplete, or the Payments API refuses to charge it (30101).
        default_currency_code: ISO 4217; None: the store's own. All prices are in it.
        external_source: who makes the order; a store's policy names the ones that it consents to.
        external_id: the maker's own number.
        channel_id: the sales channel; None: BigCommerce's own choice.
        staff_notes: for the merchant.
        customer_message: from the shopper.

    Raises:
        InvalidInputError: no line, a line of no quantity, or prices in more than one currency.
    """

    billing_address: OrderAddress = field(repr=False)
    products: tuple[CustomProduct | CatalogProduct, ...]
    shipping_addresses: tuple[OrderAddress, ...] | None = field(default=None, repr=False)
    customer_id: int = 0
    status_id: int = OrderStatus.INCOMPLETE
    default_currency_code: str | None = None
    external_source: str | None = None
    external_id: str | None = None
    channel_id: int | None = None
    staff_notes: str | None = field(default=None, repr=False)
    customer_message: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.products or any(line.quantity < 1 for line in self.products):
            raise InvalidInputError("an order has at least one line, of a quantity of at least 1")
        prices = [price for line in self.products for price in (line.price_inc_tax, line.price_ex_tax) if price]
        named = {price.currency for price in prices} | ({self.default_currency_code} - {None})
        if len(named) > 1:
            raise InvalidInputError("the prices of an order are in one currency, its own")


@dataclass(frozen=True, slots=True)
class OrderChanges:
    """What to change of an order; what is None stays as it is.

    Attributes:
        status_id: one of `OrderStatus`.
        customer_id: 0 is a guest.
        external_source: who made the order.
        external_id: the maker's own number.
        staff_notes: for the merchant.
        customer_message: from the shopper.
        billing_address: the new one.
    """

    status_id: int | None = None
    customer_id: int | None = None
    external_source: str | None = None
    external_id: str | None = None
    staff_notes: str | None = field(default=None, repr=False)
    customer_message: str | None = field(default=None, repr=False)
    billing_address: OrderAddress | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list, and how sorted; what is None does not matter.

    Attributes:
        status_id: one of `OrderStatus`.
        customer_id: 0 is every guest.
        min_id: the smallest id.
        min_date_modified: changed at or after this (aware UTC).
        max_date_modified: changed at or before this (aware UTC).
        sort: "id", "date_modified", "date_created", "customer_id" or "status_id", with ":desc" for the other way round.
    """

    status_id: int | None = None
    customer_id: int | None = None
    min_id: int | None = None
    min_date_modified: datetime | None = None
    max_date_modified: datetime | None = None
    sort: str | None = None
