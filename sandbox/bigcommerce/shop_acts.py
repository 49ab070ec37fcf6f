"""What shoppers and merchants do in a store, beside paying: customers, their instruments, orders."""

from collections.abc import Mapping
from dataclasses import replace

from sandbox.bigcommerce import instruments
from sandbox.bigcommerce.acting import Acting
from sandbox.bigcommerce.records import Customer, Instrument, Kind, Order
from sandbox.bigcommerce.statuses import INCOMPLETE
from sandbox.bigcommerce.testcards import APPROVED, BEHAVIOURS, make_token, read_token

_METHODS = {Kind.CARD: "stripe.card", Kind.PAYPAL_ACCOUNT: "braintree.paypal", Kind.BANK_ACCOUNT: "braintree.ach"}
_LOOKS: Mapping[Kind, Mapping[str, object]] = {
    Kind.CARD: {"brand": "visa", "iin": "424242", "last_4": "4242"},
    Kind.PAYPAL_ACCOUNT: {"email": "shopper@example.com"},
    Kind.BANK_ACCOUNT: {"issuer": "011000015", "masked_account_number": "0000"},
}


class ShopActs(Acting):
    """Customers, instruments and orders. `store_hash` None is the first store."""

    def create_customer(
        self, *, email: str = "shopper@example.com", store_credit: int = 0, store_hash: str | None = None
    ) -> Customer:
        """Make a customer. `store_credit` in minor units."""
        with self.state.lock:
            shop = self._shop(store_hash)
            customer = Customer(shop.next_id("customer"), email, store_credit)
            shop.customers[customer.customer_id] = customer
            return customer

    def delete_customer(self, customer_id: int, *, store_hash: str | None = None) -> None:
        """Delete a customer with everything stored for it, and tell.

        Raises:
            KeyError: there is no such customer.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            del shop.customers[customer_id]
            for instrument in instruments.customers(shop, customer_id):
                instruments.remove(shop, instrument.token)
            self.state.emit(shop, "store/customer/deleted", {"type": "customer", "id": customer_id})

    def store_instrument(
        self,
        customer_id: int,
        kind: Kind = Kind.CARD,
        *,
        behaviour: int = APPROVED,
        default: bool = False,
        method_id: str | None = None,
        token: str | None = None,
        store_hash: str | None = None,
        **looks: object,
    ) -> Instrument:
        """Store an instrument for a customer.

        Args:
            customer_id: whose.
            kind: card, PayPal account or bank account.
            behaviour: one of `testcards.BEHAVIOURS`; the token will tell it too.
            default: whether it becomes the default (a customer's first one does anyway).
            method_id: the payment method that it belongs to; the default store's for its kind unless named.
            token: 64 characters, whose head may tell the behaviour; made up unless given.
            store_hash: of which store.
            **looks: fields of `Instrument` (brand, last_4, iin, expiry_month, expiry_year, email, issuer, ...).

        Raises:
            ValueError: no such behaviour, or a token that the store keeps already.
            KeyError: no such customer.
        """
        _check_behaviour(behaviour)
        with self.state.lock:
            shop = self._shop(store_hash)
            instrument = Instrument(
                token=token or make_token(self.state.random, behaviour),
                customer_id=shop.customers[customer_id].customer_id,
                kind=kind,
                method_id=method_id or _METHODS[kind],
                is_default=default,
                behaviour=behaviour or read_token(token or ""),
            )
            return instruments.keep(self.state, shop, replace(instrument, **{**_LOOKS[kind], **looks}))  # type: ignore[arg-type]  # fields by name

    def set_behaviour(self, token: str, behaviour: int, *, store_hash: str | None = None) -> None:
        """Change how the gateway treats an instrument from now on.

        Raises:
            ValueError: no such behaviour.
            KeyError: no such instrument.
        """
        _check_behaviour(behaviour)
        with self.state.lock:
            shop = self._shop(store_hash)
            shop.instruments[token] = replace(shop.instruments[token], behaviour=behaviour)

    def change_default(self, token: str, *, store_hash: str | None = None) -> Instrument:
        """The shopper makes an instrument the default; told by webhook.

        Raises:
            KeyError: no such instrument.
        """
        with self.state.lock:
            return instruments.make_default(self.state, self._shop(store_hash), token)

    def remove_instrument(self, token: str, *, store_hash: str | None = None) -> None:
        """The shopper removes an instrument; nothing tells of it.

        Raises:
            KeyError: no such instrument.
        """
        with self.state.lock:
            instruments.remove(self._shop(store_hash), token)

    def create_order(
        self,
        *,
        customer_id: int = 0,
        amount: int = 1000,
        currency: str = "USD",
        status_id: int = INCOMPLETE,
        order_source: str = "external",
        store_hash: str | None = None,
        **details: object,
    ) -> Order:
        """Make an order; told by webhook (and as a converted cart, where it has a `cart_id`).

        Args:
            customer_id: 0 is a guest.
            amount: minor units, what is owed.
            currency: ISO 4217.
            status_id: Incomplete unless named.
            order_source: "external" (Orders API), "checkout_api", "www" (storefront), "manual" (control panel).
            store_hash: of which store.
            **details: other fields of `Order` (external_source, channel_id, cart_id, ...).
        """
        with self.state.lock:
            shop, now = self._shop(store_hash), self.state.clock()
            order = Order(0, customer_id, status_id, currency, amount, now, now, order_source)
            order = self.state.add_order(shop, replace(order, **details))  # type: ignore[arg-type]  # fields by name
            if order.cart_id:
                data: dict[str, object] = {"type": "cart", "id": order.cart_id, "orderId": order.order_id}
                self.state.emit(shop, "store/cart/converted", data)
            return order

    def set_order(self, order_id: int, *, store_hash: str | None = None, **changes: object) -> Order:
        """Change fields of `Order` by name (total, status_id, ...), as the merchant would; told by webhook.

        Raises:
            KeyError: no such order.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            return self.state.change_order(shop, shop.orders[order_id], **changes)

    def order(self, order_id: int, *, store_hash: str | None = None) -> Order:
        """The order as it truly is.

        Raises:
            KeyError: no such order.
        """
        with self.state.lock:
            return self._shop(store_hash).orders[order_id]

    def orders(self, *, store_hash: str | None = None) -> list[Order]:
        """All orders of a store, oldest first."""
        with self.state.lock:
            return list(self._shop(store_hash).orders.values())

    def customers(self, *, store_hash: str | None = None) -> list[Customer]:
        """All customers of a store, oldest first."""
        with self.state.lock:
            return list(self._shop(store_hash).customers.values())

    def instruments(self, customer_id: int | None = None, *, store_hash: str | None = None) -> list[Instrument]:
        """What a store keeps, or what it keeps for one customer, oldest first."""
        with self.state.lock:
            kept = self._shop(store_hash).instruments.values()
            return [instrument for instrument in kept if customer_id in {None, instrument.customer_id}]


def _check_behaviour(behaviour: int) -> None:
    if behaviour not in BEHAVIOURS:
        raise ValueError(f"the gateway has no behaviour {behaviour}: it is one of {sorted(BEHAVIOURS)}")
