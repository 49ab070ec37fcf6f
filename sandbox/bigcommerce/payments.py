"""Process Payment: `POST /stores/{hash}/payments` on the payments host, as strict as the documents."""

from dataclasses import replace
from http import HTTPStatus

from sandbox.bigcommerce import gateway, raw_cards, tokens
from sandbox.bigcommerce.calls import Call, Reply
from sandbox.bigcommerce.errors import Refusal, coded, invalid_fields, unauthorized
from sandbox.bigcommerce.faults import Answer
from sandbox.bigcommerce.gateway import Charge
from sandbox.bigcommerce.payment_form import PaymentForm, read_payment
from sandbox.bigcommerce.records import Instrument, Kind, Order, PaymentMethod
from sandbox.bigcommerce.state import Shop, State
from sandbox.bigcommerce.testcards import APPROVED, read_card_token
from sandbox.bigcommerce.tokens import PaymentToken

ACCEPT = "application/vnd.bc.v1+json"
_GATEWAY_DECLINES = range(30102, 30108)  # in the table of codes
_CREDITS = {"store_credit", "gift_certificate"}
_STORED_KINDS = {f"stored_{kind}": kind for kind in Kind}


def process_payment(call: Call) -> Reply:
    """Charge an order. Takes the lock itself: while the gateway is slow, other requests go on."""
    state, shop, planned = call.state, call.shop, call.planned or Answer()
    with state.lock:
        _check_accept(call)
        token = _use_token(call)
        form = read_payment(call.json())
        order = _find_order(shop, token)
        if form.kind in _CREDITS:
            return _pay_with_credit(state, shop, order, form)
        method = _find_method(shop, form)
        behaviour, charge = _prepare(state, shop, order, form, method, token)
    if planned.gateway_delay:
        state.sleep(planned.gateway_delay)
    with state.lock:
        code = planned.code if planned.code is not None and not planned.acted else behaviour
        if code != APPROVED:
            raise _decline(state, shop, order, charge, code)
        gateway.take(state, shop, order, charge, recorded=not planned.unrecorded)
        if form.save_instrument and form.kind == "card":
            raw_cards.save(state, shop, order, form)
        if planned.code is not None:
            raise coded(planned.code)
    return _accept(charge)


def _check_accept(call: Call) -> None:
    if call.request.headers.get("Accept") != ACCEPT:
        raise Refusal(HTTPStatus.NOT_ACCEPTABLE, f"The Accept header must be {ACCEPT}.", violation=True)


def _use_token(call: Call) -> PaymentToken:
    """The token of the request, from now on used: "single use", whatever comes of it."""
    scheme, _, text = call.request.headers.get("Authorization", "").partition(" ")
    claims = tokens.decode(text, call.state.signing_key) if scheme == "PAT" else None
    token = call.shop.tokens.get(str(claims.get("jti"))) if claims else None
    if token is None:
        raise unauthorized("A payment access token of this store is required: Authorization: PAT {token}.")
    now = call.state.clock()
    if token.used_at is not None:
        raise unauthorized("The payment access token was used before.")
    if now >= token.expires_at:
        raise unauthorized("The payment access token has expired.")
    call.shop.tokens[token.jti] = replace(token, used_at=now)
    return token


def _find_order(shop: Shop, token: PaymentToken) -> Order:
    order = shop.orders.get(token.order_id)
    if order is None or order.is_deleted:
        raise coded(30003)
    if not gateway.is_payable(shop, order):
        # A race can be lost only by who once saw the order payable.
        raise coded(30101, violation=order.order_id not in shop.shown_payable)
    if (token.amount, token.currency) != (order.owed, order.currency):
        raise coded(30004)
    return order


def _find_method(shop: Shop, form: PaymentForm) -> PaymentMethod:
    method = shop.methods.get(form.method_id) if shop.configured else None
    if method is None:
        raise coded(30000)
    wanted = _STORED_KINDS.get(form.kind, Kind.CARD)
    if method.kind is not wanted:
        raise invalid_fields({"payment.payment_method_id": "is not offered for this kind of instrument"})
    return method


def _prepare(
    state: State, shop: Shop, order: Order, form: PaymentForm, method: PaymentMethod, token: PaymentToken
) -> tuple[int, Charge]:
    """How the gateway will treat the instrument, and the charge it will make."""
    charge = Charge(method, "api", state.new_uuid())
    if form.kind == "card":
        return raw_cards.treat(form, state.clock()), charge
    if form.kind == "tokenized_card":
        return read_card_token(form.text("token")), charge
    if not shop.vaulting:
        raise coded(30002)
    stored = _find_stored(shop, order, form, token)
    if stored.method_id != method.method_id:
        raise coded(30051)
    charge = replace(charge, instrument_token=stored.token)
    return _treat(stored, form, method, expired=stored.has_expired(state.clock())), charge


def _find_stored(shop: Shop, order: Order, form: PaymentForm, token: PaymentToken) -> Instrument:
    """The stored instrument. One that was never the order's customer's comes with the token of another order."""
    stored = shop.instruments.get(form.text("token"))
    if stored is None or stored.customer_id != order.customer_id:
        raise coded(30051, violation=stored is not None and stored.customer_id != token.customer_id)
    return stored


def _treat(stored: Instrument, form: PaymentForm, method: PaymentMethod, *, expired: bool) -> int:
    if stored.kind is Kind.CARD and method.verification != "none":
        value = form.text("verification_value")
        if not value:
            raise invalid_fields({"payment.instrument.verification_value": "is required by this payment method"})
        if method.verification == "last_4" and value != stored.last_4:
            return 30102
    return 30103 if expired else stored.behaviour


def _decline(state: State, shop: Shop, order: Order, charge: Charge, code: int) -> Refusal:
    """What a decline leaves: a transaction with `status: error` for the codes that the gateway itself says."""
    if code in _GATEWAY_DECLINES:
        draft = gateway.new_transaction(state, order, charge, charge.event)
        state.add_transaction(shop, replace(draft, ok=False, code=code))
    return coded(code)


def _accept(charge: Charge) -> Reply:
    status = "pending" if charge.method.settles_later else "success"
    kind = "authorization" if charge.method.authorize_only else "purchase"
    body = {"data": {"id": charge.payment_id, "status": status, "transaction_type": kind}}
    return Reply(HTTPStatus.CREATED, body)


def _pay_with_credit(state: State, shop: Shop, order: Order, form: PaymentForm) -> Reply:
    if form.method_id != f"bigcommerce.{form.kind}":
        raise invalid_fields({"payment.payment_method_id": "is not offered for this kind of instrument"})
    amount = min(order.owed, _draw(shop, order, form))
    if amount == 0:
        raise coded(30106)
    charge = Charge(PaymentMethod(form.method_id, form.kind.replace("_", " ").capitalize()), "api", state.new_uuid())
    if form.kind == "gift_certificate":
        shop.gift_certificates[form.text("gift_certificate_code")] -= amount
    else:
        customer = shop.customers[order.customer_id]
        shop.customers[order.customer_id] = replace(customer, store_credit=customer.store_credit - amount)
    gateway.cover(state, shop, order, amount, charge)
    return _accept(charge)


def _draw(shop: Shop, order: Order, form: PaymentForm) -> int:
    """What the gift certificate or the customer's store credit still holds."""
    if form.kind == "gift_certificate":
        return shop.gift_certificates.get(form.text("gift_certificate_code"), 0)
    customer = shop.customers.get(order.customer_id)
    return customer.store_credit if customer else 0
