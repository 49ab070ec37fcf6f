"""Orders as a merchant's system needs them: made, listed and changed (V2), captured and voided (V3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from functools import partial

from bigcharge.adapters.bigcommerce.fields import write_fields
from bigcharge.adapters.bigcommerce.orders import read_any_order, read_order
from bigcharge.adapters.bigcommerce.paging import LARGEST_PAGE, check_limit, list_pages
from bigcharge.adapters.bigcommerce.rest import Rest, ignore
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.new_orders import NewOrder, OrderChanges, OrderFilter
from bigcharge.domain.orders import Order
from bigcharge.domain.stores import check_id

_EVERY_ORDER = OrderFilter()


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
        if wanted.min_date_modified is not None:
            query["min_date_modified"] = wanted.min_date_modified.astimezone(UTC).isoformat(timespec="seconds")
        return list_pages(self.rest, "/v2/orders", query, check_limit(limit), read_any_order)

    def update_order(self, order_id: int, changes: OrderChanges) -> Order:
        """Change an order (`PUT /v2/orders/{id}`).

        Raises:
            InvalidInputError: nothing to change.
            BigCommerceError: as `Rest.write` does.
        """
        asked, body = check_id(order_id), write_fields(changes)
        if not body:
            raise InvalidInputError("there is nothing to change")
        return self.rest.write("PUT", f"/v2/orders/{asked}", body, partial(read_order, asked))

    def capture_payment(self, order_id: int) -> None:
        """Take the money that an authorization holds, soon: the gateway does it later; raises as `Rest.write` does.

        `POST /v3/orders/{id}/payment_actions/capture`. What came of it stands in the order's transactions.
        """
        self.rest.write("POST", f"/v3/orders/{check_id(order_id)}/payment_actions/capture", None, ignore)

    def void_payment(self, order_id: int) -> None:
        """Give up an authorization, soon (`POST /v3/orders/{id}/payment_actions/void`); else as `capture_payment`."""
        self.rest.write("POST", f"/v3/orders/{check_id(order_id)}/payment_actions/void", None, ignore)
