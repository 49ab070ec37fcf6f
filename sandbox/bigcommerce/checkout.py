"""What comes before a payment: the methods that are offered for an order, and the token that fences it."""

from datetime import UTC, datetime
from http import HTTPStatus

from sandbox.bigcommerce import instruments, tokens
from sandbox.bigcommerce.calls import Call, Reply
from sandbox.bigcommerce.errors import Refusal, coded, invalid_data
from sandbox.bigcommerce.records import Kind, Order, PaymentMethod, PaymentToken
from sandbox.bigcommerce.state import Shop

_CARD_BRANDS = ("VISA", "MASTERCARD", "AMEX", "DISCOVER", "JCB", "DINERS_CLUB")


def get_methods(call: Call) -> Reply:
    """`GET /v3/payments/methods?order_id=`: only here is it said which method a stored instrument belongs to."""
    text = call.request.args.get("order_id", "")
    if not (text.isascii() and text.isdigit()):
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "The parameter order_id is required.", violation=True)
    order = call.shop.orders.get(int(text))
    if order is None:
        raise coded(30003)
    methods = call.shop.methods.values() if call.shop.configured else ()
    return Reply(body={"data": [_spell_method(call.shop, method, order) for method in methods], "meta": {}})


def create_access_token(call: Call) -> Reply:
    """`POST /v3/payments/access_tokens`: a JWT for what the order owes now.

    Whether BigCommerce looks at the order's status here is undocumented; the box leaves that to Process Payment.
    """
    order_id, is_recurring = _read_token_request(call.json())
    state, shop = call.state, call.shop
    order = shop.orders.get(order_id)
    if order is None or order.is_deleted:
        raise coded(30003)
    if order.owed == 0:
        raise coded(30100)
    now = state.clock()
    jti = state.new_uuid()
    claims = tokens.make_claims(
        store_hash=shop.store.store_hash,
        store_id=shop.store.store_id,
        order_id=order_id,
        amount=order.owed,
        currency=order.currency,
        jti=jti,
        now=now,
    )
    expires_at = datetime.fromtimestamp(int(now.timestamp()), UTC) + tokens.LIFETIME
    shop.tokens[jti] = PaymentToken(jti, order_id, order.owed, order.currency, is_recurring, now, expires_at)
    return Reply(HTTPStatus.CREATED, {"data": {"id": tokens.encode(claims, state.signing_key)}, "meta": {}})


def _read_token_request(body: object) -> tuple[int, bool]:
    order = body.get("order") if isinstance(body, dict) else None
    if not isinstance(order, dict):
        raise invalid_data({"order": "is missing"})
    order_id, is_recurring = order.get("id"), order.get("is_recurring", False)
    if not isinstance(order_id, int) or isinstance(order_id, bool) or order_id < 1:
        raise invalid_data({"order.id": "is missing or not a number"})
    if not isinstance(is_recurring, bool):
        raise invalid_data({"order.is_recurring": "is not a boolean"})
    return order_id, is_recurring


def _spell_method(shop: Shop, method: PaymentMethod, order: Order) -> dict[str, object]:
    required = method.verification != "none"
    brands = (*_CARD_BRANDS, "STORED_CARD") if method.kind is Kind.CARD else (f"STORED_{method.kind.upper()}",)
    own = instruments.customers(shop, order.customer_id) if order.customer_id and shop.vaulting else []
    return {
        "id": method.method_id,
        "name": method.name,
        "test_mode": method.test_mode,
        "type": method.kind.value,
        "supported_instruments": [
            {"instrument_type": brand, "verification_value_required": required and method.kind is Kind.CARD}
            for brand in brands
        ],
        "stored_instruments": [
            instruments.spell_for_customer(instrument) for instrument in own if instrument.method_id == method.method_id
        ],
    }
