"""The client's orders against the box: made as the Payments API document prints them, listed, read and changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bigcharge.domain.errors import InvalidInputError, NotFoundError, RefusedError
from bigcharge.domain.money import Money
from bigcharge.domain.new_orders import (
    CatalogProduct,
    CustomProduct,
    NewOrder,
    OrderAddress,
    OrderChanges,
    OrderFilter,
    ProductOption,
)
from bigcharge.domain.orders import Order, OrderStatus
from tests.contract.client_world import Desk, open_desk
from tests.contract.test_box_documents import ORDER_EXAMPLE

BILLING = OrderAddress(**ORDER_EXAMPLE["billing_address"])
SHIPPING = OrderAddress(**ORDER_EXAMPLE["shipping_addresses"][0])
POSTERS = (
    CustomProduct("BigCommerce Poster", 1, Money(1098, "USD"), Money(1000, "USD")),
    CustomProduct("BigCommerce Poster II", 1, Money(5000, "USD"), Money(4500, "USD")),
)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with open_desk(monkeypatch) as desk:
        yield desk
        assert desk.world.rules() == desk.expected_rules


def test_an_order_is_made_as_in_the_documents_example(desk: Desk) -> None:
    for _ in range(11):
        desk.world.box.create_customer()
    order = desk.client.orders.create_order(NewOrder(BILLING, POSTERS, (SHIPPING,), customer_id=11))
    assert desk.last.line == "POST /stores/abc123/v2/orders"
    assert desk.last.sent == ORDER_EXAMPLE
    assert order == Order(100, 0, 11, Money(6098, "USD"), "external", "", 1, modified_at=order.modified_at)
    assert order.modified_at is not None
    assert desk.last.answered["billing_address"] == ORDER_EXAMPLE["billing_address"]
    assert desk.client.get_order(100) == order


def test_an_order_may_be_a_guests_and_have_several_shipping_addresses(desk: Desk) -> None:
    """FAQ: "Can I use this on orders with more than one shipping address?"."""
    other = OrderAddress(first_name="Jane", street_1="1 Other Street", city="Austin", country_iso2="US")
    order = desk.client.orders.create_order(NewOrder(BILLING, POSTERS, (SHIPPING, other)))
    assert desk.last.sent["customer_id"] == 0
    assert desk.last.sent["shipping_addresses"] == [
        ORDER_EXAMPLE["shipping_addresses"][0],
        {"first_name": "Jane", "street_1": "1 Other Street", "city": "Austin", "country_iso2": "US"},
    ]
    assert (order.customer_id, order.status) == (0, OrderStatus.INCOMPLETE)
    assert desk.mint(order.order_id).money == Money(6098, "USD")


def test_an_order_may_have_products_of_the_catalog_and_say_who_made_it(desk: Desk) -> None:
    product_id = desk.world.box.create_product(price=2500).product_id
    price = Money(198, "USD")
    lines = (
        CatalogProduct(product_id, 2),
        CatalogProduct(product_id, 1, (ProductOption(180, "192"),), price, price),
        CustomProduct("Cap", 1, price, price, sku="C-1"),
    )
    new = NewOrder(
        BILLING,
        lines,
        default_currency_code="USD",
        external_source="app-42",
        external_id="S-7",
        channel_id=1,
        staff_notes="Renewal",
        customer_message="Thank you",
    )
    order = desk.client.orders.create_order(new)
    assert desk.last.sent == {
        "billing_address": ORDER_EXAMPLE["billing_address"],
        "products": [
            {"product_id": product_id, "quantity": 2},
            {
                "product_id": product_id,
                "quantity": 1,
                "product_options": [{"id": 180, "value": "192"}],
                "price_inc_tax": 1.98,
                "price_ex_tax": 1.98,
            },
            {"name": "Cap", "quantity": 1, "price_inc_tax": 1.98, "price_ex_tax": 1.98, "sku": "C-1"},
        ],
        "customer_id": 0,
        "status_id": 0,
        "default_currency_code": "USD",
        "external_source": "app-42",
        "external_id": "S-7",
        "channel_id": 1,
        "staff_notes": "Renewal",
        "customer_message": "Thank you",
    }
    assert (order.owed, order.external_source, order.channel_id) == (Money(5396, "USD"), "app-42", 1)


@pytest.mark.parametrize(("amount", "currency", "sent"), [(1098, "JPY", 1098), (1098, "KWD", 1.098), (5, "EUR", 0.05)])
def test_prices_are_sent_in_major_units_of_their_currency(desk: Desk, amount: int, currency: str, sent: float) -> None:
    price = Money(amount, currency)
    new = NewOrder(BILLING, (CustomProduct("Cap", 1, price, price),), default_currency_code=currency)
    assert desk.client.orders.create_order(new).owed == price
    assert desk.last.sent["products"][0]["price_inc_tax"] == sent


def test_an_order_that_cannot_be_right_is_not_made() -> None:
    price = Money(1098, "USD")
    for lines, currency in (((), None), (POSTERS, "EUR"), ((CustomProduct("Cap", 0, price, price),), None)):
        with pytest.raises(InvalidInputError):
            NewOrder(BILLING, lines, default_currency_code=currency)
    mixed = (CustomProduct("Cap", 1, price, Money(900, "EUR")),)
    with pytest.raises(InvalidInputError):
        NewOrder(BILLING, mixed)


def test_no_repr_shows_an_address() -> None:
    new = NewOrder(BILLING, POSTERS, (SHIPPING,), staff_notes="call Jane")
    shown = repr((new, BILLING, OrderChanges(billing_address=BILLING)))
    assert not [word for word in ("Jane", "Main", "Austin", "janedoe", "Trishy") if word in shown]


def test_an_order_that_bigcommerce_does_not_take_is_refused(desk: Desk) -> None:
    with pytest.raises(RefusedError) as caught:
        desk.client.orders.create_order(NewOrder(BILLING, POSTERS, customer_id=4711))
    assert caught.value.status == 400
    desk.expected_rules = desk.world.rules()
    with pytest.raises(NotFoundError):
        desk.client.get_order(4711)


def test_orders_are_listed_a_page_at_a_time(desk: Desk) -> None:
    made = [desk.world.box.create_order(amount=number).order_id for number in range(1, 8)]
    listed = desk.client.orders.list_orders(limit=3)
    assert desk.exchanges == []
    assert next(listed).order_id == made[0]
    assert len(desk.exchanges) == 1
    assert [order.order_id for order in listed] == made[1:]
    pages = [exchange.line.partition("?")[2] for exchange in desk.exchanges]
    assert pages == [f"page={page}&limit=3" for page in (1, 2, 3, 4)]
    assert desk.last.answer is not None
    assert desk.last.answer.status == 204


def test_orders_are_filtered_and_sorted(desk: Desk) -> None:
    customer_id = desk.world.box.create_customer().customer_id
    old = desk.world.box.create_order(customer_id=customer_id)
    desk.world.clock.pass_time(3600)
    new = desk.world.box.create_order(customer_id=customer_id)
    desk.world.box.create_order(customer_id=customer_id, status_id=11)
    desk.world.box.create_order()
    since = datetime(2019, 2, 28, 22, 0, tzinfo=UTC) + timedelta(seconds=0.5)
    wanted = OrderFilter(status_id=0, customer_id=customer_id, sort="date_modified:desc")
    assert [order.order_id for order in desk.client.orders.list_orders(wanted)] == [new.order_id, old.order_id]
    recent = OrderFilter(status_id=0, customer_id=customer_id, min_date_modified=since)
    assert [order.order_id for order in desk.client.orders.list_orders(recent)] == [new.order_id]
    assert "min_date_modified=2019-02-28T22%3A00%3A00%2B00%3A00" in desk.last.line
    assert list(desk.client.orders.list_orders(OrderFilter(status_id=5))) == []
    with pytest.raises(InvalidInputError):
        desk.client.orders.list_orders(limit=251)


def test_an_order_is_changed(desk: Desk) -> None:
    order_id = desk.world.box.create_order().order_id
    changes = OrderChanges(OrderStatus.CANCELLED, external_source="app-42", staff_notes="Given up")
    changed = desk.client.orders.update_order(order_id, changes)
    assert desk.last.line == f"PUT /stores/abc123/v2/orders/{order_id}"
    assert desk.last.sent == {"status_id": 5, "external_source": "app-42", "staff_notes": "Given up"}
    assert (changed.status, changed.external_source) == (5, "app-42")
    with pytest.raises(InvalidInputError):
        desk.client.orders.update_order(order_id, OrderChanges())
    with pytest.raises(NotFoundError):
        desk.client.orders.update_order(4711, changes)
