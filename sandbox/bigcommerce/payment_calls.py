"""The calls about payments that were made: transactions, capture, void, refund."""

from http import HTTPStatus

from sandbox.bigcommerce import payment_actions
from sandbox.bigcommerce.calls import Call, Reply
from sandbox.bigcommerce.errors import Refusal, invalid_data, not_found
from sandbox.bigcommerce.money import to_major, to_minor
from sandbox.bigcommerce.records import Transaction


def get_transactions(call: Call) -> Reply:
    """`GET /v3/orders/{id}/transactions`: 204 where there are none (and where a planned lag says so)."""
    order = call.shop.order(call.number("order_id"))
    known = call.shop.transactions.get(order.order_id, [])
    now, store_hash = call.state.clock(), call.shop.store.store_hash
    status, seen = call.state.faults.view_transactions(store_hash, order.order_id, known, now)
    if status == HTTPStatus.NOT_FOUND:
        raise not_found("The requested resource was not found.")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable")
    if not seen:
        return Reply(HTTPStatus.NO_CONTENT)
    return Reply(body={"data": [_spell(entry) for entry in seen], "meta": {}})


def capture_payment(call: Call) -> Reply:
    """`POST /v3/orders/{id}/payment_actions/capture` -> 201; the box captures at once."""
    payment_actions.capture(call.state, call.shop, call.shop.order(call.number("order_id")), by="api")
    return Reply(HTTPStatus.CREATED, {})


def void_payment(call: Call) -> Reply:
    """`POST /v3/orders/{id}/payment_actions/void` -> 201."""
    payment_actions.void(call.state, call.shop, call.shop.order(call.number("order_id")), by="api")
    return Reply(HTTPStatus.CREATED, {})


def refund_payment(call: Call) -> Reply:
    """`POST /v3/orders/{id}/payment_actions/refunds`: the sum of the body's `payments`."""
    order, body = call.shop.order(call.number("order_id")), call.json()
    payments = body.get("payments") if isinstance(body, dict) else None
    if not isinstance(payments, list) or not payments:
        raise invalid_data({"payments": "is missing"})
    try:
        amount = sum(to_minor(payment["amount"], order.currency) for payment in payments)
    except (TypeError, KeyError, ValueError):
        raise invalid_data({"payments.amount": "is missing or not an amount"}) from None
    refund_id = payment_actions.refund(call.state, call.shop, order, amount, by="api")
    data = {"id": refund_id, "order_id": order.order_id, "total_amount": float(to_major(amount, order.currency))}
    return Reply(HTTPStatus.CREATED, {"data": {**data, "payments": payments}, "meta": {}})


def _spell(entry: Transaction) -> dict[str, object]:
    return {
        "id": entry.transaction_id,
        "order_id": str(entry.order_id),
        "event": entry.event,
        "method": entry.method,
        "amount": float(to_major(entry.amount, entry.currency)),
        "currency": entry.currency,
        "gateway": entry.gateway,
        "gateway_transaction_id": entry.gateway_transaction_id,
        "payment_method_id": entry.method_id,
        "payment_instrument_token": entry.instrument_token or None,
        "status": "ok" if entry.ok else "error",
        "test": entry.test,
        "fraud_review": False,
        "reference_transaction_id": entry.reference_id,
        "date_created": entry.created_at.isoformat(timespec="seconds"),
    }
