"""Whatever BigCommerce answers, a call gives a value or one of our errors."""

import base64
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bigcharge.adapters.bigcommerce import Client, Pacing, connect
from bigcharge.domain.access_tokens import AccessToken
from bigcharge.domain.declines import Payment
from bigcharge.domain.errors import (
    BigCommerceError,
    DeclinedError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
)
from bigcharge.domain.hooks import HookChanges, NewHook
from bigcharge.domain.money import Money
from bigcharge.domain.new_orders import CustomProduct, NewOrder, OrderAddress, OrderChanges
from bigcharge.domain.payment_instruments import StoredCard
from bigcharge.domain.presented_instruments import GiftCertificate
from bigcharge.domain.stored_instruments import (
    InstrumentAddress,
    InstrumentChanges,
    NewInstrument,
    VaultedPaypalAccount,
)
from bigcharge.domain.stores import Credentials
from bigcharge.domain.tenders import Tender

TOKEN = AccessToken("invented.pat", "jti-1", datetime(2026, 4, 1, tzinfo=UTC), 215, Money(9800, "USD"))
TENDER = Tender("stripe.card", "card", StoredCard("c" * 64))
# The first wait is longer than the call, so each is sent once: what is proved is the reading and not the repeating.
PACING = Pacing(connect=1, read=1, call=1, payment=1, first_wait=9)


class Wire:
    """In place of the network: each connection is one end of a pair whose other end has already answered."""

    def __init__(self) -> None:
        self.answer = b""
        self.far_ends: list[socket.socket] = []

    def connect(self, *_: object, **__: object) -> socket.socket:
        near, far = socket.socketpair()
        far.sendall(self.answer)
        far.shutdown(socket.SHUT_WR)
        self.far_ends.append(far)
        near.settimeout(1)
        return near

    def call(self, answer: bytes, call: Callable[[Client], object]) -> object:
        """Make the call with a client of its own; returns what it gave, a value or the error."""
        self.answer = answer
        client = connect("http://localhost:1", "http://localhost:1", PACING)(Credentials("abc", "t", "i", "s"))
        try:
            return call(client)
        except BigCommerceError as error:
            return error
        finally:
            while self.far_ends:
                self.far_ends.pop().close()
            client.rest.host._pool.close()


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr("urllib3.util.connection.create_connection", wire.connect)
    return wire


def make_pat(claims: object) -> str:
    return "e30." + base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=") + ".c2ln"


WORDS = st.sampled_from(
    ["success", "ok", "USD", "98.00", "1e9999", "30104", "3001", "215", "stored_card", "bank_account"]
)
NUMBERS = st.integers() | st.sampled_from([215, 0, 30104, 10**30]) | st.floats()
LEAVES: st.SearchStrategy[object] = (
    st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=20) | st.just([]) | st.builds(dict)
)
CARD = {"type": "card", "token": "c" * 64, "last_4": "4242", "expiry_month": 1, "billing_address": {"city": "Austin"}}
METHOD = {
    "id": "stripe.card",
    "stored_instruments": [CARD],
    "supported_instruments": [{"instrument_type": "STORED_CARD", "verification_value_required": True}],
}
CLAIMS = {"exp": 1551394142, "jti": "7787fe5f", "data": {"order_id": 215, "amount": 9800, "currency": "USD"}}
PAID = {"data": {"id": "693bb4cd", "status": "success", "transaction_type": "purchase"}}
DECLINED = {"status": 422, "code": 30104, "title": "Declined"}
ORDER = {"id": 215, "status_id": 0, "customer_id": 7, "total_inc_tax": "98.0", "currency_code": "USD"}
HOOK = {
    "id": 1,
    "scope": "store/order/created",
    "destination": "https://example.com",
    "is_active": True,
    "headers": {"a": "b"},
    "created_at": 1551390142,
}
PAGE = {
    "data": [CARD | {"type": "credit_card", "customer_id": 1}],
    "meta": {"pagination": {"total": 1}, "cursor_pagination": {"start_cursor": "ODc=", "end_cursor": "ODg="}},
}
IMPORTED = {
    "data": [{"customer_id": 1, "provider_vault_token": "x", "instrument": CARD}],
    "errors": [{"1": {"customer_id": "is missing"}}],
}
ADMIN = {
    "emails": ["ops@example.com"],
    "hooks_list": [HOOK],
    "blocked_domains": [{"destination": "example.com", "time_left": 120, "reasons": ["slow"]}],
}
READS: Final[dict[str, tuple[Callable[[Client], object], object]]] = {
    "get_order": (
        lambda client: client.get_order(215),
        ORDER,
    ),
    "get_transactions": (
        lambda client: client.get_transactions(215),
        {"data": [{"id": 1, "event": "purchase", "status": "ok", "amount": 98.0, "currency": "USD"}]},
    ),
    "get_payment_methods": (lambda client: client.get_payment_methods(215), {"data": [METHOD]}),
    "create_access_token": (lambda client: client.create_access_token(215, is_recurring=True), CLAIMS),
    "list_customer_instruments": (
        lambda client: client.list_customer_instruments(7),
        [CARD, CARD | {"type": "bank_account", "masked_account_number": "0000"}],
    ),
    "get_checkout_payment_methods": (lambda client: client.get_checkout_payment_methods("1-a"), {"data": [METHOD]}),
    "list_orders": (lambda client: list(client.orders.list_orders()), [ORDER]),
    "list_instruments": (lambda client: list(client.stored_instruments.list_instruments()), PAGE),
    "get_page": (lambda client: client.stored_instruments.get_page(page=2), PAGE),
    "list_hooks": (lambda client: list(client.hooks.list_hooks()), {"data": [HOOK]}),
    "get_hook": (lambda client: client.hooks.get_hook(1), {"data": HOOK}),
    "get_admin": (lambda client: client.hooks.get_admin(), {"data": ADMIN}),
}
PRICE = Money(1098, "USD")
NEW_ORDER = NewOrder(OrderAddress(city="Austin"), (CustomProduct("Poster", 1, PRICE, PRICE),))
PAYPAL = VaultedPaypalAccount("vault-token", "customer", "shopper@example.com")
NEW_INSTRUMENT = NewInstrument("braintree.paypal", "USD", 1, PAYPAL, InstrumentAddress(city="Austin"))
DEFAULT = InstrumentChanges(make_default=True)
WRITES: Final[dict[str, tuple[Callable[[Client], object], object]]] = {
    "create_order": (lambda client: client.orders.create_order(NEW_ORDER), ORDER),
    "update_order": (lambda client: client.orders.update_order(215, OrderChanges(status_id=5)), ORDER),
    "capture_payment": (lambda client: client.orders.capture_payment(215), {}),
    "void_payment": (lambda client: client.orders.void_payment(215), {}),
    "import_instruments": (
        lambda client: client.stored_instruments.import_instruments([NEW_INSTRUMENT]),
        IMPORTED,
    ),
    "update_instrument": (
        lambda client: client.stored_instruments.update_instrument("c" * 64, DEFAULT),
        {"data": CARD | {"customer_id": 1}},
    ),
    "delete_instruments": (lambda client: client.stored_instruments.delete_instruments(["c" * 64]), {}),
    "delete_instrument": (lambda client: client.stored_instruments.delete_instrument("c" * 64), {}),
    "create_hook": (lambda client: client.hooks.create_hook(NewHook("a", "https://example.com")), {"data": HOOK}),
    "update_hook": (lambda client: client.hooks.update_hook(1, HookChanges(is_active=True)), {"data": HOOK}),
    "delete_hook": (lambda client: client.hooks.delete_hook(1), {"data": HOOK}),
    "set_emails": (lambda client: client.hooks.set_emails([]), {}),
}


@st.composite
def documents(draw: st.DrawFn, well_formed: object) -> object:
    """A document of BigCommerce in which, here and there, something else stands or something is missing."""
    if draw(st.integers(0, 29)) == 13:
        return draw(LEAVES)
    match well_formed:
        case dict():
            kept = [name for name in well_formed if draw(st.integers(0, 29)) != 13]
            document = {name: draw(documents(well_formed[name])) for name in kept}
            return {"data": {"id": make_pat(document)}} if well_formed is CLAIMS else document
        case list():
            return [draw(documents(entry)) for entry in well_formed]
    return well_formed


@st.composite
def bodies(draw: st.DrawFn, well_formed: object) -> bytes:
    """Such a document as JSON, cut short now and then, or what is no such document."""
    wrong = [b"", b"[" * 50_000, b"9" * 50_000, b'{"data": [' + b"{}," * 20_000 + b"{}]}", b'"\\ud800"', b"[NaN]"]
    if draw(st.integers(0, 4)) == 3:
        return draw(st.binary(max_size=200) | st.sampled_from(wrong))
    body = json.dumps(draw(documents(well_formed) | documents(DECLINED))).encode()
    return body[: draw(st.integers(0, len(body)))] if draw(st.integers(0, 9)) == 7 else body


@st.composite
def answers(draw: st.DrawFn, well_formed: object) -> bytes:
    """An HTTP answer of any status and such a body, cut short now and then or with a header that lies."""
    status, body = draw(st.sampled_from([200, 201, 400]) | st.integers(100, 599)), draw(bodies(well_formed))
    header = f"Content-Length: {len(body)}"
    if draw(st.integers(0, 4)) == 3:
        lies = ["X: y", "Content-Length: 7", "Content-Length: -1", "Content-Length: 1, 2", "Content-Encoding: gzip"]
        header = draw(st.sampled_from([*lies, "Transfer-Encoding: chunked", "Content-Type: multipart/x; a", "\xe4"]))
    whole = f"HTTP/1.1 {status} Word\r\n{header}\r\n\r\n".encode("latin-1") + body
    return whole[: draw(st.integers(0, len(whole)))] if draw(st.integers(0, 9)) == 7 else whole


TOTAL = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(("call", "well_formed"), READS.values(), ids=READS.keys())
@TOTAL
@given(data=st.data())
def test_a_read_gives_a_value_or_one_of_our_errors(
    wire: Wire, call: Callable[[Client], object], well_formed: object, data: st.DataObject
) -> None:
    wire.call(data.draw(answers(well_formed)), call)


@pytest.mark.parametrize(("call", "well_formed"), WRITES.values(), ids=WRITES.keys())
@TOTAL
@given(data=st.data())
def test_a_write_is_done_refused_or_unknown(
    wire: Wire, call: Callable[[Client], object], well_formed: object, data: st.DataObject
) -> None:
    outcome = wire.call(data.draw(answers(well_formed)), call)
    assert not isinstance(outcome, BigCommerceError) or isinstance(outcome, RefusedError | OutcomeUnknownError)


@pytest.mark.parametrize(("call", "well_formed"), [*READS.values(), *WRITES.values()], ids=[*READS, *WRITES])
def test_the_well_formed_answers_of_this_file_are_understood(
    wire: Wire, call: Callable[[Client], object], well_formed: object
) -> None:
    """Else the tests above would only ever see refusals."""
    document = {"data": {"id": make_pat(well_formed)}} if well_formed is CLAIMS else well_formed
    body = json.dumps(document).encode()
    outcome = wire.call(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body), call)
    assert not isinstance(outcome, BigCommerceError) or "same page" in str(outcome)


@TOTAL
@given(answer=answers(PAID))
def test_a_payment_of_any_kind_is_made_declined_limited_or_unknown(wire: Wire, answer: bytes) -> None:
    outcome = wire.call(answer, lambda client: client.process_payment(TOKEN, GiftCertificate("GIFT-1"), "a.b"))
    assert isinstance(outcome, Payment | DeclinedError | RateLimitedError | OutcomeUnknownError)


@TOTAL
@given(answer=answers(PAID))
@example(answer=b"")
def test_a_payment_is_made_declined_limited_or_unknown(wire: Wire, answer: bytes) -> None:
    outcome = wire.call(answer, lambda client: client.pay(TOKEN, TENDER))
    assert isinstance(outcome, Payment | DeclinedError | RateLimitedError | OutcomeUnknownError)


@TOTAL
@given(
    status=st.just(429) | st.integers(100, 599), code=st.sampled_from([10000, 30104, "30106", 3001, 30105, 39999, None])
)
def test_only_a_refusal_with_a_code_that_is_known_is_a_decline(wire: Wire, status: int, code: object) -> None:
    body = json.dumps({"code": code}).encode()
    answer = b"HTTP/1.1 %d Word\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)
    outcome = wire.call(answer, lambda client: client.pay(TOKEN, TENDER))
    known = 400 <= status < 500 and status != 429 and code in (30104, "30106", 3001)
    assert isinstance(outcome, DeclinedError) == known
    is_left_open = code in (10000, 30105)
    assert isinstance(outcome, RateLimitedError) == (status == 429 and not is_left_open)
