"""Every call of the two documents, answered field by field as they print it."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.bigcommerce.errors import PAYMENT_CODES
from sandbox.bigcommerce.records import Kind
from tests.contract.box_world import PAYMENT_HEADERS, START, World

CARD_TOKEN = "050a1e5c982e5905288ec5ec33f292772762033a0704f46fccb16bf1940b51ef"
STORED_TOKEN = "84596bea275fa254da820056bdc3e495bdf01fd11c51b0336347d447ee16200c"
ORDER_EXAMPLE: dict[str, Any] = {
    "status_id": 0,
    "customer_id": 11,
    "billing_address": {
        "first_name": "Jane",
        "last_name": "Does",
        "company": "",
        "street_1": "123 Main Street",
        "street_2": "",
        "city": "Austin",
        "state": "Texas",
        "zip": "78751",
        "country": "United States",
        "country_iso2": "US",
        "email": "janedoe@email.com",
    },
    "shipping_addresses": [
        {
            "first_name": "Trishy",
            "last_name": "Test",
            "company": "Acme Pty Ltd",
            "street_1": "666 Sussex St",
            "street_2": "",
            "city": "Anywhere",
            "state": "Some State",
            "zip": "12345",
            "country": "United States",
            "country_iso2": "US",
            "phone": "",
            "email": "janedoe@email.com",
        }
    ],
    "products": [
        {"name": "BigCommerce Poster", "quantity": 1, "price_inc_tax": 10.98, "price_ex_tax": 10},
        {"name": "BigCommerce Poster II", "quantity": 1, "price_inc_tax": 50, "price_ex_tax": 45},
    ],
}


def store_the_examples_card(world: World) -> int:
    customer_id = world.box.create_customer().customer_id
    world.box.store_instrument(customer_id, expiry_month=9, expiry_year=2020, token=CARD_TOKEN)
    return customer_id


def test_get_payment_methods_answers_as_the_document_prints_it(world: World) -> None:
    for method_id in ("braintree.paypal", "braintree.ach"):
        world.box.withdraw_method(method_id)
    order = world.box.create_order(customer_id=store_the_examples_card(world))
    answer = world.call("GET", f"/v3/payments/methods?order_id={order.order_id}")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "data": [
            {
                "id": "stripe.card",
                "name": "Stripe",
                "test_mode": True,
                "type": "card",
                "supported_instruments": [
                    {"instrument_type": "VISA", "verification_value_required": True},
                    {"instrument_type": "MASTERCARD", "verification_value_required": True},
                    {"instrument_type": "AMEX", "verification_value_required": True},
                    {"instrument_type": "DISCOVER", "verification_value_required": True},
                    {"instrument_type": "JCB", "verification_value_required": True},
                    {"instrument_type": "DINERS_CLUB", "verification_value_required": True},
                    {"instrument_type": "STORED_CARD", "verification_value_required": True},
                ],
                "stored_instruments": [
                    {
                        "type": "stored_card",
                        "brand": "VISA",
                        "expiry_month": 9,
                        "expiry_year": 2020,
                        "issuer_identification_number": "424242",
                        "last_4": "4242",
                        "token": CARD_TOKEN,
                        "is_default": True,
                    }
                ],
            }
        ],
        "meta": {},
    }


def test_the_access_token_is_the_jwt_of_the_document_and_lives_an_hour(world: World) -> None:
    order = world.box.create_order(amount=9800)
    answer = world.call("POST", "/v3/payments/access_tokens", {"order": {"id": order.order_id}})
    assert answer.status_code == 201
    assert answer.get_json().keys() == {"data", "meta"}
    head, claims, _ = answer.get_json()["data"]["id"].split(".")
    assert head == "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"  # the first part of the document's token, letter for letter
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=="))
    jti = decoded.pop("jti")
    assert len(jti) == len("7787fe5f-59bf-47ec-a1fd-4d47e9061e5c")
    assert decoded == {
        "exp": 1551393742,
        "nbf": 1551390142,
        "iss": "payments.bigcommerce.com",
        "sub": "abc123",
        "iat": 1551390142,
        "data": {"store_id": 1025646, "order_id": order.order_id, "amount": 9800, "currency": "USD"},
    }
    assert decoded["nbf"] == int(START.timestamp())


def test_that_a_payment_is_recurring_is_noted_with_its_token(world: World) -> None:
    order = world.box.create_order()
    world.mint(order, recurring=True)
    world.call("POST", "/v3/payments/access_tokens", {"order": {"id": order.order_id}})
    assert [token.is_recurring for token in world.box.payment_tokens()] == [True, False]


def test_process_payment_with_a_stored_card_is_the_documents_example(world: World) -> None:
    order = world.box.create_order(customer_id=store_the_examples_card(world), amount=9800)
    body = {
        "payment": {
            "instrument": {"type": "stored_card", "token": CARD_TOKEN, "verification_value": "4242"},
            "payment_method_id": "stripe.card",
        }
    }
    headers = {**PAYMENT_HEADERS, "Authorization": f"PAT {world.mint(order)}"}
    answer = world.call("POST", "/payments", body, headers=headers)
    assert answer.status_code == 201
    payment_id = answer.get_json()["data"].pop("id")
    assert len(payment_id) == len("693bb4cd-3f20-444a-8315-6369f582c68a")
    assert answer.get_json()["data"].keys() == {"id", "status", "transaction_type"}
    assert answer.get_json()["data"] | {"id": ""} == {"id": "", "status": "success", "transaction_type": "purchase"}
    assert world.box.order(order.order_id).status_id == 11
    assert world.box.violations == ()


def test_process_payment_with_a_card_is_the_documents_example(world: World) -> None:
    order = world.box.create_order(amount=9800)
    card = {
        "type": "card",
        "number": "4242424242424242",
        "cardholder_name": "Jane Doe",
        "expiry_month": 12,
        "expiry_year": 2020,
        "verification_value": "422",
    }
    answer = world.pay(order, card)
    assert answer.status_code == 201
    assert answer.get_json()["data"] | {"id": ""} == {"id": "", "status": "success", "transaction_type": "purchase"}


def test_an_order_is_created_as_in_the_documents_example(world: World) -> None:
    for _ in range(11):
        world.box.create_customer()
    answer = world.call("POST", "/v2/orders", ORDER_EXAMPLE)
    assert answer.status_code == 201
    order = answer.get_json()
    assert order | {"products": 0, "shipping_addresses": 0} == {
        "id": 100,
        "customer_id": 11,
        "date_created": "Thu, 28 Feb 2019 21:42:22 +0000",
        "date_modified": "Thu, 28 Feb 2019 21:42:22 +0000",
        "date_shipped": "",
        "status_id": 0,
        "status": "Incomplete",
        "subtotal_inc_tax": "60.9800",
        "total_ex_tax": "60.9800",
        "total_inc_tax": "60.9800",
        "items_total": 2,
        "payment_method": "",
        "payment_provider_id": None,
        "payment_status": "",
        "refunded_amount": "0.0000",
        "store_credit_amount": "0.0000",
        "gift_certificate_amount": "0.0000",
        "currency_code": "USD",
        "default_currency_code": "USD",
        "currency_exchange_rate": "1.0000000000",
        "staff_notes": "",
        "customer_message": "",
        "discount_amount": "0.0000",
        "is_deleted": False,
        "order_source": "external",
        "external_source": None,
        "external_id": None,
        "channel_id": 1,
        "cart_id": None,
        "billing_address": ORDER_EXAMPLE["billing_address"],
        "products": 0,
        "shipping_addresses": 0,
    }
    assert order["products"]["url"].endswith("/stores/abc123/v2/orders/100/products")
    assert order["shipping_addresses"]["resource"] == "/orders/100/shipping_addresses"


def pagination(count: int) -> dict[str, Any]:
    """As the document prints it, with the numbers of this list."""
    links = {"previous": "", "current": "?page=1&limit=50", "next": ""}
    return {"total": count, "count": count, "per_page": 50, "current_page": 1, "total_pages": 1, "links": links}


ADDRESS = {
    "first_name": "Tester",
    "last_name": "Tester",
    "email": "example@email.com",
    "company": "",
    "address1": "1 Sample Street",
    "address2": "",
    "city": "",
    "state_or_province": "Nevada",
    "state_or_province_code": "NV",
    "country_code": "US",
}


@pytest.mark.parametrize(
    ("kind", "looks", "example"),
    [
        (
            Kind.CARD,
            {
                "brand": "visa",
                "expiry_month": 1,
                "expiry_year": 1,
                "iin": "411111",
                "last_4": "1111",
                "billing_address": ADDRESS,
            },
            {
                "type": "credit_card",
                "brand": "visa",
                "expiry_month": 1,
                "expiry_year": 1,
                "iin": "411111",
                "last_4": "1111",
                "billing_address": ADDRESS,
            },
        ),
        (
            Kind.PAYPAL_ACCOUNT,
            {"email": "bc-buyer-paypal-express@bigcommerce.com"},
            {"type": "paypal_account", "email": "bc-buyer-paypal-express@bigcommerce.com"},
        ),
        (
            Kind.BANK_ACCOUNT,
            {"issuer": "011000015", "masked_account_number": "0000"},
            {"type": "bank_account", "issuer": "011000015", "masked_account_number": "0000"},
        ),
    ],
)
def test_the_stores_list_prints_each_kind_as_the_document_does(
    world: World, kind: Kind, looks: dict[str, Any], example: dict[str, Any]
) -> None:
    customer = world.box.create_customer()
    world.box.store_instrument(customer.customer_id, kind, token=STORED_TOKEN, **looks)
    answer = world.call("GET", "/v3/payments/stored-instruments")
    assert answer.status_code == 200
    meta = answer.get_json()["meta"]
    assert answer.get_json()["data"] == [
        {"token": STORED_TOKEN, "customer_id": 1, "is_default": True, **example},
    ]
    assert meta["pagination"] == pagination(1)
    assert meta["cursor_pagination"].keys() == {"count", "per_page", "start_cursor", "end_cursor"}


@pytest.mark.parametrize(
    ("kind", "spelled"),
    [
        (
            Kind.CARD,
            {
                "type": "stored_card",
                "brand": "VISA",
                "expiry_month": 12,
                "expiry_year": 2040,
                "issuer_identification_number": "424242",
                "last_4": "4242",
            },
        ),
        (Kind.PAYPAL_ACCOUNT, {"type": "stored_paypal_account", "email": "shopper@example.com"}),
        (
            Kind.BANK_ACCOUNT,
            {"type": "stored_bank_account", "issuer": "011000015", "masked_account_number": "0000"},
        ),
    ],
)
def test_the_customers_list_is_a_bare_array_in_its_own_spelling(
    world: World, kind: Kind, spelled: dict[str, Any]
) -> None:
    customer = world.box.create_customer()
    stored = world.box.store_instrument(customer.customer_id, kind)
    answer = world.call("GET", f"/v3/customers/{customer.customer_id}/stored-instruments")
    assert answer.status_code == 200
    assert answer.get_json() == [{**spelled, "token": stored.token, "is_default": True}]


IMPORT_ROW: dict[str, Any] = {
    "billing_address": {"first_name": "test", "last_name": "shop", "email": "example@email.com"},
    "trusted_shipping_addresses": [{"first_name": "test", "last_name": "shop"}],
    "default_instrument": False,
    "payment_method_id": "braintree.paypal",
    "currency_code": "GBP",
    "customer_id": 1,
    "instrument": {"type": "paypal_account", "vault_token": "provider_token", "email": "bc-buyer@example.com"},
}


def test_an_import_answers_each_instrument_with_its_vault_token(world: World) -> None:
    world.box.create_customer()
    answer = world.call("POST", "/v3/payments/stored-instruments", [IMPORT_ROW])
    [row] = answer.get_json()["data"]
    token = row["instrument"].pop("token")
    assert len(token) == 64
    assert row == {
        "customer_id": 1,
        "provider_vault_token": "provider_token",
        "instrument": {"type": "paypal_account", "is_default": True, "email": "bc-buyer@example.com"},
    }


def test_an_update_answers_the_instrument_in_the_stores_spelling(world: World) -> None:
    customer = world.box.create_customer()
    world.box.store_instrument(customer.customer_id)
    looks: dict[str, Any] = {"email": "bc-buyer-paypal-express@bigcommerce.com"}
    paypal = world.box.store_instrument(customer.customer_id, Kind.PAYPAL_ACCOUNT, **looks)
    answer = world.call("PUT", "/v3/payments/stored-instruments", {"token": paypal.token, "make_default": True})
    assert answer.get_json() == {
        "data": {"token": paypal.token, "customer_id": 1, "type": "paypal_account", "is_default": True, **looks},
        "meta": {},
    }


def test_transactions_have_the_fields_of_the_facts(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id, amount=9800)
    world.pay(order, card)
    [entry] = world.call("GET", f"/v3/orders/{order.order_id}/transactions").get_json()["data"]
    assert entry.pop("gateway_transaction_id")
    assert entry == {
        "id": 1,
        "order_id": str(order.order_id),
        "event": "purchase",
        "method": "credit_card",
        "amount": 98.0,
        "currency": "USD",
        "gateway": "stripe",
        "payment_method_id": "stripe.card",
        "payment_instrument_token": card.token,
        "status": "ok",
        "test": True,
        "fraud_review": False,
        "reference_transaction_id": None,
        "date_created": "2019-02-28T21:42:22+00:00",
    }


def test_the_table_of_codes_is_the_documents_and_the_facts() -> None:
    printed = {10000, 10001, 30000, 3001, 30002, 30003, 30004, 30050, 30051, 30100, *range(30101, 30107)}
    assert set(PAYMENT_CODES) == printed | {30001, 30107}
    assert all(entry.title for entry in PAYMENT_CODES.values())


def test_an_error_has_status_title_type_and_code(world: World) -> None:
    customer_id, card = world.shopper_with_card(behaviour=30106)
    answer = world.pay(world.box.create_order(customer_id=customer_id), card)
    assert answer.status_code == 422
    assert answer.get_json() == {
        "status": 422,
        "title": "The payment was declined due to insufficient funds.",
        "type": "https://developer.bigcommerce.com/api-docs/payments/errors/insufficient_funds",
        "code": 30106,
    }


def test_an_error_of_v2_orders_is_a_list_of_status_and_message(world: World) -> None:
    answer = world.call("GET", "/v2/orders/4711")
    assert answer.status_code == 404
    assert answer.get_json() == [{"status": 404, "message": "The requested resource was not found."}]


def test_a_webhook_has_the_body_of_the_facts(world: World) -> None:
    world.box.add_hook("store/order/created", "http://127.0.0.1:9/hooks")
    order = world.box.create_order()
    world.post_due()
    [(url, _, body)] = world.receiver.posts
    told = json.loads(body)
    assert url == "http://127.0.0.1:9/hooks"
    assert len(told.pop("hash")) == 40
    assert told == {
        "scope": "store/order/created",
        "store_id": "1025646",
        "data": {"type": "order", "id": order.order_id},
        "created_at": 1551390142,
        "producer": "stores/abc123",
    }


def test_hooks_are_created_listed_read_changed_and_deleted(world: World) -> None:
    made = {
        "scope": "store/order/created",
        "destination": "https://example.com/hooks",
        "headers": {"custom-key": "value"},
    }
    created = world.call("POST", "/v3/hooks", made)
    assert created.status_code == 200
    hook = {
        "id": 1,
        "client_id": "invented-client",
        "store_hash": "abc123",
        "is_active": True,
        "created_at": 1551390142,
        "updated_at": 1551390142,
        **made,
    }
    assert created.get_json() == {"data": hook, "meta": {}}
    assert world.call("GET", "/v3/hooks").get_json() == {"data": [hook], "meta": {"pagination": pagination(1)}}
    assert world.call("GET", "/v3/hooks?is_active=false").get_json()["data"] == []
    assert world.call("GET", "/v3/hooks/1").get_json()["data"] == hook
    world.clock.now = datetime(2019, 3, 1, tzinfo=UTC)
    changed = world.call("PUT", "/v3/hooks/1", {"is_active": False}).get_json()["data"]
    assert changed == {**hook, "is_active": False, "updated_at": 1551398400}
    assert world.call("DELETE", "/v3/hooks/1").get_json()["data"] == changed
    assert world.call("GET", "/v3/hooks/1").get_json()["title"] == "Webhook with id [1] not found"


def test_hooks_admin_lists_and_takes_the_notification_emails(world: World) -> None:
    assert world.call("PUT", "/v3/hooks/admin", {"emails": ["ops@example.com"]}).status_code == 204
    answer = world.call("GET", "/v3/hooks/admin").get_json()["data"]
    assert answer == {"emails": ["ops@example.com"], "hooks_list": [], "blocked_domains": []}


def test_every_reply_tells_the_rate_limit(world: World) -> None:
    answer = world.call("GET", "/v2/orders")
    headers = {name: value for name, value in answer.headers.items() if name.startswith("X-Rate-Limit")}
    assert headers == {
        "X-Rate-Limit-Time-Window-Ms": "30000",
        "X-Rate-Limit-Time-Reset-Ms": "8000",
        "X-Rate-Limit-Requests-Quota": "100000",
        "X-Rate-Limit-Requests-Left": "99999",
    }
