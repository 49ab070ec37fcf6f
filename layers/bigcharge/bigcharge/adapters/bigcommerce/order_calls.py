"""Orders as a merchant's system needs them: made, listed and changed (V2), captured and voided (V3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from itertools import islice, pairwise
from typing import Final

from bigcharge.adapters.bigcommerce.fields import write_fields
from bigcharge.adapters.bigcommerce.orders import read_any_order
from bigcharge.adapters.bigcommerce.paging import LARGEST_PAGE, check_limit, list_pages
from bigcharge.adapters.bigcommerce.rest import Rest, ignore
from bigcharge.domain.errors import InvalidInputError, OutcomeUnknownError
from bigcharge.domain.new_orders import NewOrder, OrderChanges, OrderFilter
from bigcharge.domain.orders import Order
from bigcharge.domain.stores import check_id

_EVERY_ORDER = OrderFilter()
# One less than a page, because nobody says whether `min_id` itself belongs to what is listed: either way one page holds
# so many that are new.
_STEP: Final = LARGEST_PAGE - 1
_ALMOST_A_SECOND: Final = timedelta(microseconds=999_999)


@dataclass(frozen=True, slots=True)
class OrderCalls:
    """The orders of one store."""

    rest: Rest = field(repr=False)

    def create_order(self, order: NewOrder) -> Order:
        """Make an order (`POST /v2/orders`); raises as `Rest.write` does."""
        return self.rest.write("POST", "/v2/orders", write_fields(order), read_any_order)

    def list_orders(self, wanted: OrderFilter = _EVERY_ORDER, *, limit: int = LARGEST_PAGE) -> Iterator[Order]:
        """List orders (`GET /v2/orders`), a page at a time; raises as `list_pages` does.

        Args:
            wanted: which, and how sorted.
            limit: orders of a page, 1 to 250.
        """
        query = write_fields(wanted)
        # BigCommerce's times have whole seconds: what is wanted is rounded outwards, so that nothing is left out.
        if wanted.min_date_modified is not None:
            query["min_date_modified"] = wanted.min_date_modified.astimezone(UTC).isoformat(timespec="seconds")
        if wanted.max_date_modified is not None:
            latest = wanted.max_date_modified.astimezone(UTC) + _ALMOST_A_SECOND
            query["max_date_modified"] = latest.isoformat(timespec="seconds")
        return list_pages(self.rest, "/v2/orders", query, check_limit(limit), read_any_order)

    def walk_orders(self, wanted: OrderFilter = _EVERY_ORDER, after_id: int = 0) -> Iterator[tuple[Order, ...]]:
        """List orders above an id, by their ids, a page at a time.

        Each page is asked for by the last id before it, never by its number: orders that come or leave meanwhile move
        what stands on a numbered page, but none from its id. So whatever is wanted all the while is listed.

        Args:
            wanted: which; its sort and its smallest id do not matter.
            after_id: 0: from the first.

        Raises:
            BigCommerceError: as `list_orders`; also where they are not sorted as asked for.
        """
        while True:
            asked = replace(wanted, sort="id:asc", min_id=after_id or None)
            above = (order for order in self.list_orders(asked) if order.order_id > after_id)
            orders = tuple(islice(above, _STEP))
            if any(one.order_id >= next_one.order_id for one, next_one in pairwise(orders)):
                raise OutcomeUnknownError("BigCommerce does not list orders by their ids")
            if orders:
                yield orders
                after_id = orders[-1].order_id
            if len(orders) < _STEP:
                return

    def update_order(self, order_id: int, changes: OrderChanges) -> Order:
        """Change an order (`PUT /v2/orders/{id}`).

        Raises:
            InvalidInputError: nothing to change.
            BigCommerceError: as `Rest.write` does.
        """
        asked, body = check_id(order_id), write_fields(changes)
        if not body:
            raise InvalidInputError("there is nothing to change")
        return self.rest.write("PUT", f"/v2/orders/{asked}", body, read_any_order)

    def capture_payment(self, order_id: int) -> None:
        """Take the money that an authorization holds, soon: the gateway does it later; raises as `Rest.write` does.

        `POST /v3/orders/{id}/payment_actions/capture`. What came of it stands in the order's transactions.
        """
        self.rest.write("POST", f"/v3/orders/{check_id(order_id)}/payment_actions/capture", None, ignore)

    def void_payment(self, order_id: int) -> None:
        """Give up an authorization, soon (`POST /v3/orders/{id}/payment_actions/void`); else as `capture_payment`."""
        self.rest.write("POST", f"/v3/orders/{check_id(order_id)}/payment_actions/void", None, ignore)
