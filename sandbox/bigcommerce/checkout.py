"""What comes before a payment: the methods that are offered for an order, and the token that fences it."""

from datetime import UTC, datetime
from http import HTTPStatus

from sandbox.bigcommerce import instruments, tokens
from sandbox.bigcommerce.calls import Call, Reply
from sandbox.bigcommerce.errors import Refusal, coded, invalid_data, not_found
from sandbox.bigcommerce.records import Kind, PaymentMethod
from sandbox.bigcommerce.state import Shop
from sandbox.bigcommerce.tokens import PaymentToken

_CARD_BRANDS = ("VISA", "MASTERCARD", "AMEX", "DISCOVER", "JCB", "DINERS_CLUB")


def get_methods(call: Call) -> Reply:
    """`GET /v3/payments/methods?order_id=` or `?checkout_id=`: only here is it said which method a token belongs to."""
    args = call.request.args
    if ("order_id" in args) == ("checkout_id" in args):
        title = "The parameter order_id or the parameter checkout_id is required."
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, title, violation=True)
    customer_id = _customer_of_order(call) if "order_id" in args else _customer_of_checkout(call)
    methods = call.shop.methods.values() if call.shop.configured else ()
    return Reply(body={"data": [_spell_method(call.shop, method, customer_id) for method in methods], "meta": {}})


def _customer_of_order(call: Call) -> int:
    order = call.shop.orders.get(call.query_number("order_id", 0))
    if order is None:
        raise coded(30003)
    return order.customer_id


def _customer_of_checkout(call: Call) -> int:
    """The customer of a checkout; one that became an order has that order's `cart_id`."""
    checkout_id = call.request.args["checkout_id"]
    known = call.shop.checkouts.get(checkout_id)
    ordered = (order.customer_id for order in call.shop.orders.values() if order.cart_id == checkout_id)
    customer_id = known if known is not None else next(ordered, None)
    if customer_id is None:
        raise not_found("The checkout was not found.")
    return customer_id


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
    shop.tokens[jti] = PaymentToken(
        jti, order_id, order.owed, order.currency, is_recurring, now, expires_at, customer_id=order.customer_id
    )
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


def _spell_method(shop: Shop, method: PaymentMethod, customer_id: int) -> dict[str, object]:
    required = method.verification != "none"
    brands = (*_CARD_BRANDS, "STORED_CARD") if method.kind is Kind.CARD else (f"STORED_{method.kind.upper()}",)
    own = instruments.customers(shop, customer_id) if customer_id and shop.vaulting else []
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
