"""Process Payment: strict as the documents, every code reachable, and a book that tells what was really charged."""

from typing import Any

import pytest

from sandbox.bigcommerce.faults import Answer, Endpoint
from sandbox.bigcommerce.records import Kind, PaymentMethod, fingerprint
from tests.contract.box_world import PAYMENT_HEADERS, World, code_of

CARD: dict[str, Any] = {
    "type": "card",
    "number": "4242424242424242",
    "cardholder_name": "Jane Doe",
    "expiry_month": 12,
    "expiry_year": 2020,
    "verification_value": "422",
}
TOKENIZED: dict[str, Any] = {
    "type": "tokenized_card",
    "token": "K7KW-M9GX-6PQ3",
    "iin": "411111",
    "last_four_digits": "1111",
    "expiration_month": 12,
    "expiration_year": 2030,
}


def kinds_in_book(world: World) -> list[str]:
    return [entry.kind for entry in world.box.book]


def test_a_success_is_in_the_book_the_transactions_and_the_order(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id, amount=9800)
    answer = world.pay(order, card)
    [entry] = world.box.book
    assert (entry.store_hash, entry.order_id, entry.kind, entry.by) == ("abc123", order.order_id, "purchase", "api")
    assert (entry.amount, entry.currency, entry.at) == (9800, "USD", world.clock.now)
    assert entry.token_fingerprint == fingerprint(card.token)
    assert entry.payment_id == answer.get_json()["data"]["id"]
    [transaction] = world.box.transactions(order.order_id)
    assert (transaction.transaction_id, transaction.event, transaction.ok) == (entry.transaction_id, "purchase", True)
    paid = world.box.order(order.order_id)
    assert (paid.status_id, paid.payment_provider_id) == (11, transaction.gateway_transaction_id)
    assert world.box.violations == ()


def test_an_authorize_only_gateway_authorizes_and_the_merchant_captures(world: World) -> None:
    world.box.offer_method(PaymentMethod("authorizenet.card", "Authorize.net", authorize_only=True))
    customer_id, card = world.shopper_with_card(method_id="authorizenet.card")
    order = world.box.create_order(customer_id=customer_id)
    answer = world.pay(order, card)
    assert answer.get_json()["data"] | {"id": ""} == {
        "id": "",
        "status": "success",
        "transaction_type": "authorization",
    }
    assert world.box.order(order.order_id).status_id == 11
    assert world.call("POST", f"/v3/orders/{order.order_id}/payment_actions/capture").status_code == 201
    assert kinds_in_book(world) == ["authorization", "capture"]
    assert world.box.book[1].charge == world.box.book[0].number
    again = world.call("POST", f"/v3/orders/{order.order_id}/payment_actions/capture")
    assert again.status_code == 422


def test_a_void_gives_the_authorization_up(world: World) -> None:
    world.box.offer_method(PaymentMethod("authorizenet.card", "Authorize.net", authorize_only=True))
    customer_id, card = world.shopper_with_card(method_id="authorizenet.card")
    order = world.box.create_order(customer_id=customer_id)
    world.pay(order, card)
    assert world.call("POST", f"/v3/orders/{order.order_id}/payment_actions/void").status_code == 201
    assert world.box.live_charges() == {}
    assert world.box.order(order.order_id).status_id == 5
    assert world.call("POST", f"/v3/orders/{order.order_id}/payment_actions/capture").status_code == 422


def test_a_refund_is_in_the_book_and_can_not_exceed_the_total(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id, amount=1000)
    world.pay(order, card)
    refunds = f"/v3/orders/{order.order_id}/payment_actions/refunds"
    part = world.call(
        "POST", refunds, {"items": [], "payments": [{"provider_id": "stripe", "amount": 4, "offline": False}]}
    )
    assert (part.status_code, part.get_json()["data"]["total_amount"]) == (201, 4.0)
    assert world.box.order(order.order_id).status_id == 14
    world.box.refund(order.order_id, 600)
    assert world.box.order(order.order_id).status_id == 4
    assert [(entry.kind, entry.amount) for entry in world.box.book] == [
        ("purchase", 1000),
        ("refund", 400),
        ("refund", 600),
    ]
    too_much = world.call("POST", refunds, {"payments": [{"amount": "0.01"}]})
    assert too_much.status_code == 422


def test_a_bank_account_is_pending_until_it_settles(world: World) -> None:
    customer_id = world.box.create_customer().customer_id
    account = world.box.store_instrument(customer_id, Kind.BANK_ACCOUNT)
    order = world.box.create_order(customer_id=customer_id)
    answer = world.pay(order, account)
    assert (answer.status_code, answer.get_json()["data"]["status"]) == (201, "pending")
    assert world.box.order(order.order_id).status_id == 1
    assert code_of(world.pay(order, account)) == 30101
    world.box.settle_pending(order.order_id)
    assert world.box.order(order.order_id).status_id == 11
    assert kinds_in_book(world) == ["pending", "settled"]
    events = [(entry.event, entry.ok) for entry in world.box.transactions(order.order_id)]
    assert events == [("pending", True), ("settled", True)]


def test_a_pending_payment_that_fails_is_no_charge(world: World) -> None:
    customer_id = world.box.create_customer().customer_id
    order = world.box.create_order(customer_id=customer_id)
    world.pay(order, world.box.store_instrument(customer_id, Kind.BANK_ACCOUNT))
    world.box.settle_pending(order.order_id, failed=True)
    assert kinds_in_book(world) == ["pending", "failed"]
    assert world.box.live_charges() == {}
    assert world.box.order(order.order_id).status_id == 6


def test_a_paypal_account_is_charged_without_a_verification_value(world: World) -> None:
    customer_id = world.box.create_customer().customer_id
    account = world.box.store_instrument(customer_id, Kind.PAYPAL_ACCOUNT)
    assert world.pay(world.box.create_order(customer_id=customer_id), account).status_code == 201
    assert world.box.violations == ()


def test_a_tokenized_card_is_charged(world: World) -> None:
    assert world.pay(world.box.create_order(), TOKENIZED).status_code == 201
    assert code_of(world.pay(world.box.create_order(), TOKENIZED | {"token": "test-30104"})) == 30104


def test_store_credit_covers_a_part_and_the_order_stays_pending_until_the_rest_is_paid(world: World) -> None:
    customer_id = world.box.create_customer(store_credit=300).customer_id
    card = world.box.store_instrument(customer_id)
    order = world.box.create_order(customer_id=customer_id, amount=1000)
    part = world.pay(order, {"type": "store_credit"}, method_id="bigcommerce.store_credit")
    assert part.status_code == 201
    seen = world.call("GET", f"/v2/orders/{order.order_id}").get_json()
    assert (seen["status_id"], seen["store_credit_amount"]) == (1, "3.0000")
    assert world.pay(order, card).status_code == 201
    assert [(entry.kind, entry.amount) for entry in world.box.book] == [("store_credit", 300), ("purchase", 700)]
    assert world.box.order(order.order_id).status_id == 11
    assert world.box.charged_twice() == {}


def test_the_rest_of_an_order_is_paid_once_though_it_is_pending_too(world: World) -> None:
    customer_id = world.box.create_customer(store_credit=300).customer_id
    account = world.box.store_instrument(customer_id, Kind.BANK_ACCOUNT)
    order = world.box.create_order(customer_id=customer_id)
    world.pay(order, {"type": "store_credit"}, method_id="bigcommerce.store_credit")
    assert world.pay(order, account).get_json()["data"]["status"] == "pending"
    assert code_of(world.pay(order, account)) == 30101


def test_a_gift_certificate_that_covers_all_pays_the_order(world: World) -> None:
    world.box.create_gift_certificate("ABC-DEF-GXX", 5000)
    certificate = {"type": "gift_certificate", "gift_certificate_code": "ABC-DEF-GXX"}
    order = world.box.create_order(amount=1000)
    assert world.pay(order, certificate, method_id="bigcommerce.gift_certificate").status_code == 201
    assert world.box.order(order.order_id).status_id == 11
    wrong = certificate | {"gift_certificate_code": "NOT-OURS"}
    assert code_of(world.pay(world.box.create_order(), wrong, method_id="bigcommerce.gift_certificate")) == 30106


def test_a_card_is_kept_when_the_payment_says_so(world: World) -> None:
    customer_id = world.box.create_customer().customer_id
    order = world.box.create_order(customer_id=customer_id)
    assert world.pay(order, CARD, save_instrument=True).status_code == 201
    [kept] = world.box.instruments(customer_id)
    assert (kept.brand, kept.iin, kept.last_4, kept.is_default) == ("visa", "424242", "4242", True)


@pytest.mark.parametrize("behaviour", [10000, 30001, 30102, 30103, 30104, 30105, 30106, 30107])
def test_a_test_card_fails_with_its_code_and_nothing_is_charged(world: World, behaviour: int) -> None:
    customer_id, card = world.shopper_with_card(behaviour=behaviour)
    assert card.token.startswith(f"000{behaviour}")
    order = world.box.create_order(customer_id=customer_id)
    answer = world.pay(order, card)
    assert (answer.status_code, code_of(answer)) == (500 if behaviour == 10000 else 422, behaviour)
    assert world.box.book == ()
    assert world.box.order(order.order_id).status_id == 0
    assert world.box.violations == ()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4000000000000119", 10000),
        ("4000000000000341", 30050),
        ("4000000000000127", 30102),
        ("4000000000000069", 30103),
        ("4000000000000002", 30104),
        ("4000000000000259", 30105),
        ("4000000000009995", 30106),
        ("4000000000000101", 30107),
        ("4242424242424241", 30102),
    ],
)
def test_a_raw_test_card_fails_with_its_code(world: World, number: str, code: int) -> None:
    assert code_of(world.pay(world.box.create_order(), CARD | {"number": number})) == code


def test_a_decline_leaves_a_transaction_that_says_error(world: World) -> None:
    customer_id, card = world.shopper_with_card(behaviour=30106)
    order = world.box.create_order(customer_id=customer_id)
    world.pay(order, card)
    [entry] = world.call("GET", f"/v3/orders/{order.order_id}/transactions").get_json()["data"]
    assert (entry["event"], entry["status"]) == ("purchase", "error")


def test_a_card_whose_behaviour_changes_can_be_paid_with_later(world: World) -> None:
    customer_id, card = world.shopper_with_card(behaviour=30106)
    order = world.box.create_order(customer_id=customer_id)
    assert code_of(world.pay(order, card)) == 30106
    world.box.set_behaviour(card.token, 0)
    assert world.pay(order, card).status_code == 201


def test_an_expired_card_is_30103(world: World) -> None:
    customer_id, card = world.shopper_with_card(expiry_month=1, expiry_year=2019)
    order = world.box.create_order(customer_id=customer_id)
    assert code_of(world.pay(order, card)) == 30103
    assert code_of(world.pay(order, CARD | {"expiry_year": 2018})) == 30103


def test_a_token_is_used_once_whatever_came_of_it(world: World) -> None:
    customer_id, card = world.shopper_with_card(behaviour=30104)
    order = world.box.create_order(customer_id=customer_id)
    token = world.mint(order)
    assert code_of(world.pay(order, card, token=token)) == 30104
    world.box.set_behaviour(card.token, 0)
    assert world.pay(order, card, token=token).status_code == 401
    assert world.box.book == ()
    assert world.rules() == ["The payment access token was used before."]


def test_a_token_dies_after_an_hour(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    token = world.mint(order)
    world.clock.pass_time(3600)
    assert world.pay(order, card, token=token).status_code == 401
    assert world.rules() == ["The payment access token has expired."]
    assert world.box.book == ()


def test_a_token_is_of_one_store(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    assert world.pay(order, card, store="def456").status_code == 401
    assert len(world.box.violations) == 1


@pytest.mark.parametrize(
    "authorization", ["", "PAT", "PAT x.y.z", "Bearer {token}", "PAT  {token}", "PAT {token}x", "{token}"]
)
def test_nothing_is_charged_without_a_good_token(world: World, authorization: str) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    header = {"Authorization": authorization.format(token=world.mint(order))}
    assert world.pay(order, card, headers=header).status_code == 401
    assert (world.box.book, len(world.box.violations)) == ((), 1)


@pytest.mark.parametrize("accept", ["", "application/json", "*/*"])
def test_payments_want_their_own_accept_header(world: World, accept: str) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    assert world.pay(order, card, headers={"Accept": accept}).status_code == 406
    assert (world.box.book, len(world.box.violations)) == ((), 1)


def test_payments_want_json(world: World) -> None:
    order = world.box.create_order()
    assert world.pay(order, CARD, headers={"Content-Type": "text/plain"}).status_code == 415
    headers = {**PAYMENT_HEADERS, "Authorization": f"PAT {world.mint(order)}"}
    assert world.call("POST", "/payments", "{", headers=headers).status_code == 400
    assert len(world.box.violations) == 2


STORED = {"type": "stored_card", "token": "a" * 64}


@pytest.mark.parametrize(
    ("instrument", "field"),
    [
        ({}, "type"),
        ({"type": "cash"}, "type"),
        ({"type": "stored_card"}, "token"),
        (STORED | {"token": "a" * 63}, "token"),
        (STORED | {"token": "a" * 65}, "token"),
        (STORED | {"token": 64}, "token"),
        (STORED | {"verification_value": "12"}, "verification_value"),
        (STORED | {"verification_value": "12345"}, "verification_value"),
        (STORED | {"verification_value": 4242}, "verification_value"),
        ({"type": "stored_paypal_account", "token": "short"}, "token"),
        ({"type": "stored_bank_account", "token": ""}, "token"),
        (CARD | {"number": "4242"}, "number"),
        (CARD | {"number": 4242424242424242}, "number"),
        (CARD | {"cardholder_name": ""}, "cardholder_name"),
        (CARD | {"expiry_month": 0}, "expiry_month"),
        (CARD | {"expiry_month": 13}, "expiry_month"),
        (CARD | {"expiry_month": "12"}, "expiry_month"),
        (CARD | {"expiry_year": 20}, "expiry_year"),
        (CARD | {"expiry_year": "2020"}, "expiry_year"),
        (CARD | {"verification_value": "1"}, "verification_value"),
        (CARD | {"issue_month": 13}, "issue_month"),
        (CARD | {"issue_year": 99}, "issue_year"),
        (CARD | {"issue_number": "x"}, "issue_number"),
        (TOKENIZED | {"token": ""}, "token"),
        (TOKENIZED | {"expiration_month": 13}, "expiration_month"),
        (TOKENIZED | {"expiration_year": 30}, "expiration_year"),
        ({"type": "gift_certificate"}, "gift_certificate_code"),
    ],
)
def test_a_wrong_field_of_an_instrument_is_10001_and_named(
    world: World, instrument: dict[str, Any], field: str
) -> None:
    answer = world.pay(world.box.create_order(), instrument)
    assert (answer.status_code, code_of(answer)) == (422, 10001)
    assert list(answer.get_json()["errors"]) == [f"payment.instrument.{field}"]
    assert (world.box.book, len(world.box.violations)) == ((), 1)


@pytest.mark.parametrize("body", [[], {}, {"payment": 1}, {"payment": {}}, {"payment": {"instrument": 1}}])
def test_a_body_without_a_payment_is_10001(world: World, body: object) -> None:
    headers = {**PAYMENT_HEADERS, "Authorization": f"PAT {world.mint(world.box.create_order())}"}
    assert code_of(world.call("POST", "/payments", body, headers=headers)) == 10001


def test_the_payment_method_must_be_named_and_saving_is_a_boolean(world: World) -> None:
    answer = world.pay(world.box.create_order(), CARD, method_id=" ", save_instrument="yes")
    assert list(answer.get_json()["errors"]) == ["payment.payment_method_id", "payment.save_instrument"]


def test_the_payment_method_must_be_offered_for_this_kind(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    assert code_of(world.pay(order, card, method_id="unknown.card")) == 30000
    assert code_of(world.pay(order, card, method_id="braintree.paypal")) == 10001
    world.box.offer_method(PaymentMethod("other.card", "Other"))
    assert code_of(world.pay(order, card, method_id="other.card")) == 30051
    store_credit = {"type": "store_credit"}
    assert code_of(world.pay(order, store_credit, method_id="stripe.card")) == 10001


def test_a_card_gateway_that_wants_a_verification_value_gets_one(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    bare = {"type": "stored_card", "token": card.token}
    assert code_of(world.pay(order, bare)) == 10001
    assert code_of(world.pay(order, bare | {"verification_value": "1111"})) == 30102
    world.box.offer_method(PaymentMethod("stripe.card", "Stripe", verification="any"))
    assert world.pay(order, bare | {"verification_value": "123"}).status_code == 201
    world.box.offer_method(PaymentMethod("stripe.card", "Stripe", verification="none"))
    assert world.pay(world.box.create_order(customer_id=customer_id), bare).status_code == 201


@pytest.mark.parametrize("status_id", [1, 2, 5, 7, 11])
def test_only_an_incomplete_order_is_charged(world: World, status_id: int) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id, status_id=status_id)
    assert code_of(world.pay(order, card)) == 30101
    assert (world.box.book, world.rules()) == ((), ["Order is invalid."])


def test_who_saw_an_order_incomplete_can_lose_a_race_without_a_violation(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    assert world.call("GET", f"/v2/orders/{order.order_id}").get_json()["status_id"] == 0
    world.box.pay_as_shopper(order.order_id)
    assert code_of(world.pay(order, card)) == 30101
    assert world.box.violations == ()


def test_an_order_of_the_control_panel_is_30101_though_incomplete(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id, order_source="manual")
    assert code_of(world.pay(order, card)) == 30101


def test_a_second_payment_of_a_paid_order_is_30101(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    world.pay(order, card)
    assert code_of(world.pay(order, card)) == 30101
    assert len(world.box.book) == 1


@pytest.mark.parametrize("change", [{"total": 1001}, {"total": 999}, {"currency": "EUR"}, {"store_credit_amount": 1}])
def test_an_order_that_changed_after_its_token_is_30004(world: World, change: dict[str, Any]) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    token = world.mint(order)
    world.box.set_order(order.order_id, **change)
    assert code_of(world.pay(order, card, token=token)) == 30004
    assert world.box.book == ()
    assert world.pay(order, card).status_code == 201


def test_a_token_unknown_removed_or_of_another_customer_is_30051(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    _, others = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    assert code_of(world.pay(order, others)) == 30051
    assert world.rules() == ["The stored card was not found."], "an honest client does not name another's card"
    assert code_of(world.pay(order, {"type": "stored_card", "token": "f" * 64})) == 30051
    world.box.remove_instrument(card.token)
    assert code_of(world.pay(order, card)) == 30051
    assert (world.box.book, len(world.box.violations)) == ((), 1)


def test_the_token_of_another_order_charges_neither_and_is_a_violation(world: World) -> None:
    """A payment names no order but by its token: with the card of this order's customer, another's token shows."""
    customer_id, card = world.shopper_with_card()
    other = world.box.create_order(customer_id=world.shopper_with_card()[0])
    order = world.box.create_order(customer_id=customer_id)
    assert code_of(world.pay(order, card, token=world.mint(other))) == 30051
    assert (world.box.book, len(world.box.violations)) == ((), 1)


def test_a_store_without_payments_or_vault_says_so(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    world.box.configure_store(vaulting=False)
    assert code_of(world.pay(order, card)) == 30002
    world.box.configure_store(configured=False)
    assert code_of(world.pay(order, card)) == 30000


def test_an_order_that_is_gone_is_30003(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    token = world.mint(order)
    world.box.set_order(order.order_id, is_deleted=True)
    assert code_of(world.pay(order, card, token=token)) == 30003
    answer = world.call("POST", "/v3/payments/access_tokens", {"order": {"id": 4711}})
    assert (answer.status_code, code_of(answer)) == (404, 30003)


def test_no_token_is_made_for_an_order_that_owes_nothing(world: World) -> None:
    order = world.box.create_order(amount=0)
    answer = world.call("POST", "/v3/payments/access_tokens", {"order": {"id": order.order_id}})
    assert code_of(answer) == 30100


@pytest.mark.parametrize(
    "body", [{}, {"order": {}}, {"order": {"id": "100"}}, {"order": {"id": 100, "is_recurring": 1}}]
)
def test_a_wrong_token_request_is_refused(world: World, body: object) -> None:
    world.box.create_order()
    assert world.call("POST", "/v3/payments/access_tokens", body).status_code == 422
    assert len(world.box.violations) == 1


def test_a_double_charge_can_not_be_missed(world: World) -> None:
    """The gateway charged, BigCommerce did not hear of it and the client paid again: the book shows both."""
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    lost = Answer(code=10000, acted=True, unrecorded=True)
    world.box.next_answer(Endpoint.PAYMENTS, lost, order_id=order.order_id)
    assert code_of(world.pay(order, card)) == 10000
    assert world.box.order(order.order_id).status_id == 0
    assert world.box.transactions(order.order_id) == []
    assert world.pay(order, card).status_code == 201
    twice = world.box.charged_twice()
    assert [entry.amount for entry in twice["abc123", order.order_id]] == [1000, 1000]


def test_a_charge_that_bigcommerce_missed_is_recorded_later(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    world.box.next_answer(Endpoint.PAYMENTS, Answer(status=504, acted=True, unrecorded=True))
    assert world.pay(order, card).status_code == 504
    assert world.box.order(order.order_id).status_id == 0
    assert world.box.record_charges(order.order_id) == 1
    assert world.box.order(order.order_id).status_id == 11
    assert world.box.book[0].transaction_id == world.box.transactions(order.order_id)[0].transaction_id
    assert world.box.record_charges(order.order_id) == 0


def test_while_a_gateway_is_slow_the_shopper_can_pay_too(world: World) -> None:
    """BigCommerce's checks come before the gateway's answer: two payments can cross, and the book has both."""
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)

    def shopper_pays(_seconds: float) -> None:
        assert world.box.pay_as_shopper(order.order_id)

    world.box.state.sleep = shopper_pays
    world.box.next_answer(Endpoint.PAYMENTS, Answer(gateway_delay=2.0))
    assert world.pay(order, card).status_code == 201
    assert len(world.box.charged_twice()["abc123", order.order_id]) == 2


def test_a_shopper_pays_only_an_incomplete_order(world: World) -> None:
    order = world.box.create_order()
    assert world.box.pay_as_shopper(order.order_id)
    assert not world.box.pay_as_shopper(order.order_id)
    assert [(entry.by, entry.kind) for entry in world.box.book] == [("shopper", "purchase")]


def test_a_yen_is_a_minor_unit_and_a_dinar_has_a_thousand(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    for currency, minor, major in (("JPY", 5000, 5000.0), ("KWD", 5000, 5.0), ("USD", 5000, 50.0)):
        order = world.box.create_order(customer_id=customer_id, amount=minor, currency=currency)
        seen = world.call("GET", f"/v2/orders/{order.order_id}").get_json()
        assert seen["total_inc_tax"] == f"{major:.4f}"
        assert world.pay(order, card).status_code == 201
        [entry] = world.call("GET", f"/v3/orders/{order.order_id}/transactions").get_json()["data"]
        assert (entry["amount"], entry["currency"]) == (major, currency)
