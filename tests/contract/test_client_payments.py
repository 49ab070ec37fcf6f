"""The client's payments against the box: requests and answers as the Payments API document prints them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bigcharge.domain.declines import DECLINES, Answer, Decision
from bigcharge.domain.errors import DeclinedError, NotFoundError, OutcomeUnknownError, RefusedError, UnauthorizedError
from bigcharge.domain.instruments import Choice, Instrument, InstrumentType, PaymentMethod, SupportedInstrument
from bigcharge.domain.money import Money
from bigcharge.domain.orders import Transaction
from bigcharge.domain.payment_instruments import (
    PaymentInstrument,
    StoreCredit,
    StoredBankAccount,
    StoredCard,
    StoredPaypalAccount,
)
from bigcharge.domain.policy import Policy
from bigcharge.domain.presented_instruments import Card, GiftCertificate, TokenizedCard
from bigcharge.domain.tenders import make_tender
from sandbox.bigcommerce import records
from sandbox.bigcommerce.errors import PAYMENT_CODES
from sandbox.bigcommerce.faults import Answer as Planned
from tests.contract.client_world import Desk, open_desk

CARD_TOKEN = "050a1e5c982e5905288ec5ec33f292772762033a0704f46fccb16bf1940b51ef"
SUPPORTED = ("VISA", "MASTERCARD", "AMEX", "DISCOVER", "JCB", "DINERS_CLUB", "STORED_CARD")
PAYMENT_HEADERS = {"Accept": "application/vnd.bc.v1+json", "Content-Type": "application/json"}
REST_HEADERS = {"Accept": "application/json", "X-Auth-Token": "invented-access"}
CARD_EXAMPLE = Card("4242424242424242", "Jane Doe", 12, 2020, "422")
CARD_SENT = {
    "type": "card",
    "number": "4242424242424242",
    "cardholder_name": "Jane Doe",
    "expiry_month": 12,
    "expiry_year": 2020,
    "verification_value": "422",
}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with open_desk(monkeypatch) as desk:
        yield desk
        assert desk.world.rules() == desk.expected_rules


def store_the_examples_card(desk: Desk) -> int:
    customer_id = desk.world.box.create_customer().customer_id
    desk.world.box.store_instrument(customer_id, expiry_month=9, expiry_year=2020, token=CARD_TOKEN)
    return customer_id


def the_examples_method() -> PaymentMethod:
    return PaymentMethod(
        "stripe.card",
        (Instrument(CARD_TOKEN, InstrumentType.CARD, True, "visa", "4242", 9, 2020, "424242"),),
        True,
        "Stripe",
        "card",
        True,
        tuple(SupportedInstrument(kind, True) for kind in SUPPORTED),
    )


def test_payment_methods_of_an_order_are_asked_for_and_read_as_the_document_prints_them(desk: Desk) -> None:
    order = desk.world.box.create_order(customer_id=store_the_examples_card(desk))
    assert desk.client.get_payment_methods(order.order_id)[0] == the_examples_method()
    assert desk.last.line == f"GET /stores/abc123/v3/payments/methods?order_id={order.order_id}"
    assert desk.last.headers == REST_HEADERS


def test_payment_methods_of_a_checkout_are_the_same(desk: Desk) -> None:
    checkout_id = desk.world.box.create_checkout(store_the_examples_card(desk))
    assert desk.client.get_checkout_payment_methods(checkout_id)[0] == the_examples_method()
    assert desk.last.line == f"GET /stores/abc123/v3/payments/methods?checkout_id={checkout_id}"


def test_an_access_token_is_asked_for_and_read_as_the_document_prints_it(desk: Desk) -> None:
    order = desk.world.box.create_order(amount=9800)
    token = desk.client.create_access_token(order.order_id, is_recurring=True)
    assert desk.last.line == "POST /stores/abc123/v3/payments/access_tokens"
    assert desk.last.headers == REST_HEADERS | {"Content-Type": "application/json"}
    assert desk.last.sent == {"order": {"id": order.order_id, "is_recurring": True}}
    assert desk.last.answered == {"data": {"id": token.value}, "meta": {}}
    assert (token.order_id, token.money) == (order.order_id, Money(9800, "USD"))
    assert token.expires_at == datetime.fromtimestamp(1551393742, UTC)


def test_a_stored_card_is_paid_with_as_in_the_documents_example(desk: Desk) -> None:
    order = desk.world.box.create_order(customer_id=store_the_examples_card(desk), amount=9800)
    token = desk.mint(order.order_id)
    method = the_examples_method()
    payment = desk.client.pay(token, make_tender(Choice(method.instruments[0], method), Policy()))
    assert desk.last.line == "POST /stores/abc123/payments"
    assert desk.last.headers == PAYMENT_HEADERS | {"Authorization": f"PAT {token.value}"}
    assert desk.last.sent == {
        "payment": {
            "instrument": {"type": "stored_card", "token": CARD_TOKEN, "verification_value": "4242"},
            "payment_method_id": "stripe.card",
        }
    }
    answered = {"id": payment.payment_id, "status": "success", "transaction_type": "purchase"}
    assert (desk.last.answered, payment.answer) == ({"data": answered}, Answer.PAID)
    assert desk.world.box.order(order.order_id).status_id == 11


def test_a_card_is_paid_with_as_in_the_documents_example(desk: Desk) -> None:
    order = desk.world.box.create_order(amount=9800)
    token = desk.mint(order.order_id)
    assert desk.client.process_payment(token, CARD_EXAMPLE, "stripe.card").answer is Answer.PAID
    assert desk.last.headers == PAYMENT_HEADERS | {"Authorization": f"PAT {token.value}"}
    assert desk.last.sent == {"payment": {"instrument": CARD_SENT, "payment_method_id": "stripe.card"}}


def test_a_card_is_saved_where_the_payment_asks_for_it(desk: Desk) -> None:
    """FAQ: "How can I store a credit card?"."""
    customer_id = desk.world.box.create_customer().customer_id
    order = desk.world.box.create_order(customer_id=customer_id)
    card = Card("4242424242424242", "Jane Doe", 12, 2031, "422", 1, 2020, "7", save_instrument=True)
    assert desk.client.process_payment(desk.mint(order.order_id), card, "stripe.card").answer is Answer.PAID
    assert desk.last.sent["payment"] == {
        "instrument": CARD_SENT | {"expiry_year": 2031, "issue_month": 1, "issue_year": 2020, "issue_number": "7"},
        "payment_method_id": "stripe.card",
        "save_instrument": True,
    }
    [kept] = desk.client.list_customer_instruments(customer_id)
    assert (kept.type, kept.brand, kept.last_4, kept.expiry_year) == (InstrumentType.CARD, "visa", "4242", 2031)


@pytest.mark.parametrize(
    ("instrument", "method_id", "sent", "answer", "status"),
    [
        (
            TokenizedCard("gateway-token"),
            "stripe.card",
            {"type": "tokenized_card", "token": "gateway-token"},
            Answer.PAID,
            11,
        ),
        (
            TokenizedCard("gateway-token", "424242", "4242", 12, 2031),
            "stripe.card",
            {
                "type": "tokenized_card",
                "token": "gateway-token",
                "iin": "424242",
                "last_four_digits": "4242",
                "expiration_month": 12,
                "expiration_year": 2031,
            },
            Answer.PAID,
            11,
        ),
        (
            GiftCertificate("GIFT-1"),
            "bigcommerce.gift_certificate",
            {"type": "gift_certificate", "gift_certificate_code": "GIFT-1"},
            Answer.PAID,
            1,
        ),
        (StoreCredit(), "bigcommerce.store_credit", {"type": "store_credit"}, Answer.PAID, 1),
    ],
    ids=["tokenized_card", "tokenized_card_with_details", "gift_certificate", "store_credit"],
)
def test_every_kind_that_a_shopper_presents_can_be_paid_with(
    desk: Desk, instrument: PaymentInstrument, method_id: str, sent: dict[str, Any], answer: Answer, status: int
) -> None:
    """What store credit and gift certificates cover of an order leaves it Pending until the rest is paid."""
    customer = desk.world.box.create_customer(store_credit=500)
    desk.world.box.create_gift_certificate("GIFT-1", 500)
    order = desk.world.box.create_order(customer_id=customer.customer_id, amount=1000)
    assert desk.client.process_payment(desk.mint(order.order_id), instrument, method_id).answer is answer
    assert desk.last.sent == {"payment": {"instrument": sent, "payment_method_id": method_id}}
    assert desk.world.box.order(order.order_id).status_id == status


@pytest.mark.parametrize(
    ("kind", "method_id", "answer"),
    [
        (records.Kind.CARD, "stripe.card", Answer.PAID),
        (records.Kind.PAYPAL_ACCOUNT, "braintree.paypal", Answer.PAID),
        (records.Kind.BANK_ACCOUNT, "braintree.ach", Answer.PENDING),
    ],
)
def test_every_stored_kind_can_be_paid_with(desk: Desk, kind: records.Kind, method_id: str, answer: Answer) -> None:
    customer_id = desk.world.box.create_customer().customer_id
    token = desk.world.box.store_instrument(customer_id, kind).token
    stored: dict[records.Kind, PaymentInstrument] = {
        records.Kind.CARD: StoredCard(token, "4242"),
        records.Kind.PAYPAL_ACCOUNT: StoredPaypalAccount(token),
        records.Kind.BANK_ACCOUNT: StoredBankAccount(token),
    }
    order = desk.world.box.create_order(customer_id=customer_id)
    assert desk.client.process_payment(desk.mint(order.order_id), stored[kind], method_id).answer is answer
    verification = {"verification_value": "4242"} if kind is records.Kind.CARD else {}
    assert desk.last.sent["payment"]["instrument"] == {"type": f"stored_{kind}", "token": token} | verification


def test_an_authorization_is_captured_or_voided_later(desk: Desk) -> None:
    desk.world.box.offer_method(records.PaymentMethod("authorizenet.card", "Authorize.net", authorize_only=True))
    for finish, event in ((desk.client.orders.capture_payment, "capture"), (desk.client.orders.void_payment, "void")):
        order_id = desk.world.box.create_order(amount=9800).order_id
        payment = desk.client.process_payment(desk.mint(order_id), CARD_EXAMPLE, "authorizenet.card")
        assert payment.answer is Answer.AUTHORIZED
        finish(order_id)
        assert desk.last.line == f"POST /stores/abc123/v3/orders/{order_id}/payment_actions/{event}"
        assert desk.last.sent is None
        assert desk.last.answer is not None
        assert desk.last.answer.status == 201
        events = [(entry.event, entry.ok, entry.money) for entry in desk.client.get_transactions(order_id)]
        assert events == [("authorization", True, Money(9800, "USD")), (event, True, Money(9800, "USD"))]
        with pytest.raises(RefusedError):
            finish(order_id)


def test_transactions_are_read(desk: Desk) -> None:
    order_id = desk.world.box.create_order(amount=9800).order_id
    assert desk.client.get_transactions(order_id) == ()
    desk.client.process_payment(desk.mint(order_id), CARD_EXAMPLE, "stripe.card")
    made_at = desk.world.box.state.clock()
    purchase = Transaction("1", "purchase", True, Money(9800, "USD"), created_at=made_at)
    assert desk.client.get_transactions(order_id) == (purchase,)
    assert desk.last.line == f"GET /stores/abc123/v3/orders/{order_id}/transactions"


@pytest.mark.parametrize("code", sorted(PAYMENT_CODES))
def test_every_code_of_the_table_is_a_decline_that_says_what_to_do_or_unknown(desk: Desk, code: int) -> None:
    """Also 3001, as the older document prints 30001."""
    order_id = desk.world.box.create_order().order_id
    token = desk.mint(order_id)
    desk.world.box.next_answer("payments", Planned(code=code))
    with pytest.raises((DeclinedError, OutcomeUnknownError)) as caught:
        desk.client.process_payment(token, CARD_EXAMPLE, "stripe.card")
    decline = DECLINES[30001 if code == 3001 else code]
    if decline.decision is Decision.SETTLE:
        assert isinstance(caught.value, OutcomeUnknownError)
        assert caught.value.code == decline.code
    else:
        assert isinstance(caught.value, DeclinedError)
        assert caught.value.decline is decline


def test_a_token_that_was_used_proves_nothing_and_one_of_no_order_is_refused(desk: Desk) -> None:
    """What a second use of a token answers is not documented: it may have paid."""
    token = desk.mint(desk.world.box.create_order().order_id)
    desk.client.process_payment(token, CARD_EXAMPLE, "stripe.card")
    with pytest.raises(OutcomeUnknownError):
        desk.client.process_payment(token, CARD_EXAMPLE, "stripe.card")
    assert len(desk.world.box.book) == 1
    desk.expected_rules = ["The payment access token was used before."]
    with pytest.raises(RefusedError) as caught:
        desk.mint(4711)
    assert (caught.value.code, isinstance(caught.value, NotFoundError)) == (30003, caught.value.status == 404)


def test_a_payment_that_is_cut_off_is_unknown_and_was_sent_once(desk: Desk) -> None:
    for drop in ("before", "after"):
        token = desk.mint(desk.world.box.create_order().order_id)
        desk.world.box.next_answer("payments", Planned(drop=drop))
        with pytest.raises(OutcomeUnknownError):
            desk.client.process_payment(token, CARD_EXAMPLE, "stripe.card")
    assert [served.endpoint for served in desk.world.box.served].count("payments") == 2
    assert len(desk.world.box.book) == 1


def test_a_wrong_access_token_is_unauthorized(desk: Desk) -> None:
    order_id = desk.world.box.create_order().order_id
    desk.world.box.next_answer("methods", Planned(status=401))
    with pytest.raises(UnauthorizedError):
        desk.client.get_payment_methods(order_id)
