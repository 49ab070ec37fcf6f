"""Orders as the V2 API spells them."""

from email.utils import format_datetime
from typing import cast

from sandbox.bigcommerce.money import to_text
from sandbox.bigcommerce.records import Order
from sandbox.bigcommerce.statuses import STATUS_NAMES


def spell_order(order: Order, api: str) -> dict[str, object]:
    """The order as `GET /v2/orders/{id}` prints it.

    Args:
        order: the order.
        api: the base URL of the store's V2 resources, for the links.
    """
    link = f"{api}/orders/{order.order_id}"
    total = to_text(order.total, order.currency)
    return {
        "id": order.order_id,
        "customer_id": order.customer_id,
        "date_created": format_datetime(order.created_at),
        "date_modified": format_datetime(order.modified_at),
        "date_shipped": "",
        "status_id": order.status_id,
        "status": STATUS_NAMES[order.status_id],
        "subtotal_inc_tax": total,
        "total_ex_tax": total,
        "total_inc_tax": total,
        "items_total": len(cast("list[object]", order.details.get("products", []))),
        "payment_method": order.payment_method,
        "payment_provider_id": order.payment_provider_id or None,
        "payment_status": "",
        "refunded_amount": to_text(order.refunded, order.currency),
        "store_credit_amount": to_text(order.store_credit_amount, order.currency),
        "gift_certificate_amount": to_text(order.gift_certificate_amount, order.currency),
        "currency_code": order.currency,
        "default_currency_code": order.currency,
        "currency_exchange_rate": "1.0000000000",
        "staff_notes": order.details.get("staff_notes", ""),
        "customer_message": order.details.get("customer_message", ""),
        "discount_amount": order.details.get("discount_amount", "0.0000"),
        "is_deleted": order.is_deleted,
        "order_source": order.order_source,
        "external_source": order.external_source,
        "external_id": order.details.get("external_id"),
        "channel_id": order.channel_id,
        "cart_id": order.cart_id,
        "billing_address": order.details.get("billing_address", {}),
        "products": {"url": f"{link}/products", "resource": f"/orders/{order.order_id}/products"},
        "shipping_addresses": {
            "url": f"{link}/shipping_addresses",
            "resource": f"/orders/{order.order_id}/shipping_addresses",
        },
    }
