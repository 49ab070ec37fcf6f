"""The calls of V2 orders: create, get, list, update."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, cast

from sandbox.bigcommerce.calls import Call, Reply
from sandbox.bigcommerce.errors import invalid_order
from sandbox.bigcommerce.gateway import is_payable
from sandbox.bigcommerce.order_form import read_new_order, read_order_changes
from sandbox.bigcommerce.orders import spell_order
from sandbox.bigcommerce.records import Order
from sandbox.bigcommerce.statuses import PENDING

_SORT_KEYS: Final[dict[str, Callable[[Order], object]]] = {
    "id": lambda order: order.order_id,
    "customer_id": lambda order: order.customer_id,
    "status_id": lambda order: order.status_id,
    "date_created": lambda order: (order.created_at, order.order_id),
    "date_modified": lambda order: (order.modified_at, order.order_id),
}
_NUMBER_FILTERS: Final[dict[str, Callable[[Order, int], bool]]] = {
    "status_id": lambda order, number: order.status_id == number,
    "customer_id": lambda order, number: order.customer_id == number,
    "channel_id": lambda order, number: order.channel_id == number,
    "min_id": lambda order, number: order.order_id >= number,
    "max_id": lambda order, number: order.order_id <= number,
}
_DATE_FILTERS: Final[dict[str, Callable[[Order, datetime], bool]]] = {
    "min_date_created": lambda order, moment: order.created_at.replace(microsecond=0) >= moment,
    "max_date_created": lambda order, moment: order.created_at.replace(microsecond=0) <= moment,
    "min_date_modified": lambda order, moment: order.modified_at.replace(microsecond=0) >= moment,
    "max_date_modified": lambda order, moment: order.modified_at.replace(microsecond=0) <= moment,
}


def create_order(call: Call) -> Reply:
    """`POST /v2/orders`: an order of source `external`, Pending unless it says `status_id: 0`."""
    form = read_new_order(call.json(), call.shop.products)
    customer_id = form.changes.get("customer_id", 0)
    if customer_id and customer_id not in call.shop.customers:
        raise invalid_order("The field 'customer_id' is invalid.")
    now = call.state.clock()
    blank = Order(0, customer_id=0, status_id=PENDING, currency="USD", total=0, created_at=now, modified_at=now)
    order = replace(blank, details=form.details, **form.changes)  # type: ignore[arg-type]  # the form checked each value
    return Reply(HTTPStatus.CREATED, _spell(call, call.state.add_order(call.shop, order)))


def get_order(call: Call) -> Reply:
    """`GET /v2/orders/{id}`."""
    order = call.shop.order(call.number("order_id"))
    return Reply(body=_spell(call, _view(call, order)))


def list_orders(call: Call) -> Reply:
    """`GET /v2/orders`: filtered, sorted, a page of at most 250; 204 when empty."""
    page, limit = call.page()
    kept = [order for order in (_view(call, order) for order in call.shop.orders.values()) if _passes(call, order)]
    name, _, direction = call.request.args.get("sort", "id:asc").partition(":")
    if name not in _SORT_KEYS or direction not in {"", "asc", "desc"}:
        raise invalid_order("The field 'sort' is invalid.")
    kept.sort(key=_SORT_KEYS[name], reverse=direction == "desc")  # type: ignore[arg-type]  # each key gives one comparable type
    part = kept[(page - 1) * limit : page * limit]
    return Reply(body=[_spell(call, order) for order in part]) if part else Reply(HTTPStatus.NO_CONTENT)


def update_order(call: Call) -> Reply:
    """`PUT /v2/orders/{id}`."""
    order = call.shop.order(call.number("order_id"))
    form = read_order_changes(call.json(), order)
    changed = call.state.change_order(call.shop, order, **form.changes, details=form.details)
    return Reply(body=_spell(call, changed))


def list_order_products(call: Call) -> Reply:
    """`GET /v2/orders/{id}/products`: the lines as they were sent; 204 when there are none."""
    return _list_part(call, "products")


def list_shipping_addresses(call: Call) -> Reply:
    """`GET /v2/orders/{id}/shipping_addresses`: one for each place that the order goes to; 204 when there are none."""
    return _list_part(call, "shipping_addresses")


def _list_part(call: Call, name: str) -> Reply:
    order = call.shop.order(call.number("order_id"))
    kept = cast("list[dict[str, object]]", order.details.get(name, []))
    part = [{"id": number, "order_id": order.order_id, **entry} for number, entry in enumerate(kept, 1)]
    return Reply(body=part) if part else Reply(HTTPStatus.NO_CONTENT)


def _view(call: Call, order: Order) -> Order:
    return call.state.faults.view_order(call.shop.store.store_hash, order, call.state.clock())


def _passes(call: Call, order: Order) -> bool:
    args = call.request.args
    numbers = all(test(order, call.query_number(name, 0)) for name, test in _NUMBER_FILTERS.items() if name in args)
    return numbers and all(test(order, _read_date(args[name])) for name, test in _DATE_FILTERS.items() if name in args)


def _read_date(text: str) -> datetime:
    """A date of the query: RFC 2822 or ISO 8601, whole seconds."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except ValueError:
            continue
        return moment.replace(microsecond=0, tzinfo=moment.tzinfo or UTC)
    raise invalid_order("A date is neither RFC 2822 nor ISO 8601.")


def _spell(call: Call, order: Order) -> dict[str, object]:
    if is_payable(call.shop, order):
        call.shop.shown_payable.add(order.order_id)
    store_hash = call.shop.store.store_hash
    return spell_order(order, f"{call.request.host_url}stores/{store_hash}/v2")
