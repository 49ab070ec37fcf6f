"""What the box refuses beside payments, and what it offers beside them: lists of errors, plans, catalog, checkouts."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.bigcommerce.errors import PAYMENT_CODES
from sandbox.bigcommerce.limits import PLANS, Limits
from sandbox.bigcommerce.stores import StoresFileError, load_stores
from sandbox.bigcommerce.testcards import CARD_NUMBERS
from tests.contract.box_world import World, code_of
from tests.contract.test_box_documents import IMPORT_ROW, ORDER_EXAMPLE

PATH = "/v3/payments/stored-instruments"
CARD = {"type": "credit_card", "vault_token": "5292sx35"}


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"customer_id": "1"}, "customer_id"),
        ({"currency_code": "gbp"}, "currency_code"),
        ({"payment_method_id": ""}, "payment_method_id"),
        ({"billing_address": None}, "billing_address"),
        ({"trusted_shipping_addresses": {}}, "trusted_shipping_addresses"),
        ({"default_instrument": 1}, "default_instrument"),
        ({"instrument": None}, "instrument"),
        ({"instrument": CARD | {"type": "stored_card"}}, "instrument.type"),
        ({"instrument": CARD | {"vault_token": 5}}, "instrument.vault_token"),
        ({"instrument": CARD | {"expiry_month": 13}}, "instrument.expiry_month"),
        ({"instrument": CARD | {"expiry_month": "12"}}, "instrument.expiry_month"),
        ({"instrument": CARD | {"expiry_year": 66}}, "instrument.expiry_year"),
        ({"instrument": CARD | {"last_4": "111"}}, "instrument.last_4"),
        ({"instrument": CARD | {"iin": 411111}}, "instrument.iin"),
    ],
)
def test_a_row_of_an_import_with_a_wrong_type_or_length_is_an_error_and_a_violation(
    world: World, row: dict[str, Any], wrong: str
) -> None:
    world.box.create_customer()
    answer = world.call("POST", PATH, [IMPORT_ROW | row])
    assert [list(error["0"]) for error in answer.get_json()["errors"]] == [[wrong]]
    assert (len(world.box.violations), world.box.instruments()) == (1, [])


def test_a_customer_or_a_method_that_is_gone_is_an_error_and_no_violation(world: World) -> None:
    world.box.create_customer()
    rows = [IMPORT_ROW | {"customer_id": 2}, IMPORT_ROW | {"payment_method_id": "braintree.credit_card"}]
    answer = world.call("POST", PATH, rows)
    assert [list(error.popitem()[1]) for error in answer.get_json()["errors"]] == [
        ["customer_id"],
        ["payment_method_id"],
    ]
    assert world.box.violations == ()


@pytest.mark.parametrize(
    "change",
    [
        {"token": "short"},
        {"token": None},
        {"billing_address": "here"},
        {"trusted_shipping_addresses": ["here"]},
        {"make_default": "yes"},
    ],
)
def test_a_wrong_update_of_an_instrument_is_refused(world: World, change: dict[str, Any]) -> None:
    _, card = world.shopper_with_card()
    assert world.call("PUT", PATH, {"token": card.token, **change}).status_code == 422
    assert [rule.partition(": ")[0] for rule in world.rules()] == [
        f"JSON data is missing or invalid; {name}" for name in change
    ]


@pytest.mark.parametrize("path", ["/short", "?token:in=short", f"?token:in={'f' * 64},{'f' * 63}", "?token:in="])
def test_a_deletion_names_tokens_of_64_characters(world: World, path: str) -> None:
    assert world.call("DELETE", f"{PATH}{path}").status_code == 422
    assert len(world.box.violations) == 1


def test_methods_can_be_asked_by_checkout_before_and_after_it_became_an_order(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    opened = world.box.create_checkout(customer_id)
    world.box.create_order(customer_id=customer_id, cart_id="ordered")
    for checkout_id in (opened, "ordered"):
        data = world.call("GET", f"/v3/payments/methods?checkout_id={checkout_id}").get_json()["data"]
        assert [stored["token"] for stored in data[0]["stored_instruments"]] == [card.token]
    guest = world.box.create_checkout()
    data = world.call("GET", f"/v3/payments/methods?checkout_id={guest}").get_json()["data"]
    assert [method["stored_instruments"] for method in data] == [[], [], []]
    assert world.call("GET", "/v3/payments/methods?checkout_id=nowhere").status_code == 404
    assert world.box.violations == ()


@pytest.mark.parametrize("query", ["", "?order_id=", "?order_id=100&checkout_id=a", "?order_id=x"])
def test_methods_are_asked_by_order_or_by_checkout(world: World, query: str) -> None:
    world.box.create_order()
    assert world.call("GET", f"/v3/payments/methods{query}").status_code == 422
    assert len(world.box.violations) == 1


def test_methods_of_an_unknown_order_are_30003(world: World) -> None:
    assert code_of(world.call("GET", "/v3/payments/methods?order_id=1")) == 30003


def test_a_product_of_the_catalog_costs_what_it_says_there_unless_the_order_says_otherwise(world: World) -> None:
    product = world.box.create_product(name="Poster", price=1250)
    lines = [
        {"product_id": product.product_id, "quantity": 2},
        {"product_id": product.product_id, "quantity": 1, "price_inc_tax": 5},
        {"name": "Custom", "quantity": 1, "price_inc_tax": "1.00"},
    ]
    order = world.call("POST", "/v2/orders", ORDER_EXAMPLE | {"customer_id": 0, "products": lines}).get_json()
    assert order["total_inc_tax"] == "31.0000"


@pytest.mark.parametrize("line", [{"product_id": 7}, {"product_id": "1"}, {"name": "Custom"}, {"product_id": None}])
def test_a_line_names_a_product_of_the_catalog_or_a_name_and_a_price(world: World, line: dict[str, Any]) -> None:
    lines = [{"quantity": 1, **line}]
    answer = world.call("POST", "/v2/orders", ORDER_EXAMPLE | {"customer_id": 0, "products": lines})
    assert (answer.status_code, len(world.box.violations)) == (400, 1)


def test_an_order_can_go_to_several_addresses_and_be_paid(world: World) -> None:
    """The documents: "checkouts and orders with more than one consignment can use the Payments API"."""
    customer_id, card = world.shopper_with_card()
    first = ORDER_EXAMPLE["shipping_addresses"][0]
    wanted = ORDER_EXAMPLE | {"customer_id": customer_id, "shipping_addresses": [first, {**first, "city": "Elsewhere"}]}
    order = world.call("POST", "/v2/orders", wanted).get_json()
    path = f"/v2{order['shipping_addresses']['resource']}"
    assert [place["city"] for place in world.call("GET", path).get_json()] == ["Anywhere", "Elsewhere"]
    lines = world.call("GET", f"/v2{order['products']['resource']}").get_json()
    assert [line["name"] for line in lines] == ["BigCommerce Poster", "BigCommerce Poster II"]
    assert world.pay(world.box.order(order["id"]), card).status_code == 201
    bare = world.box.create_order()
    assert world.call("GET", f"/v2/orders/{bare.order_id}/products").status_code == 204
    for wrong in ("here", ["here"]):
        assert world.call("POST", "/v2/orders", wanted | {"shipping_addresses": wrong}).status_code == 400


def test_the_plans_have_the_documented_quotas_and_windows() -> None:
    told = {}
    for name in ("standard", "plus", "pro"):
        world = World(PLANS[name])
        headers = world.call("GET", "/v2/orders").headers
        told[name] = (headers["X-Rate-Limit-Requests-Quota"], headers["X-Rate-Limit-Time-Window-Ms"])
    assert told == {"standard": ("150", "30000"), "plus": ("150", "30000"), "pro": ("450", "30000")}


@pytest.mark.parametrize("plan", ["standard", "plus", "pro", "enterprise"])
def test_fifty_payments_in_four_seconds_are_the_most(plan: str) -> None:
    world = World(PLANS[plan])
    body: dict[str, Any] = {"payment": {}}
    answers = [world.call("POST", "/payments", body, headers={"Accept": "x"}).status_code for _ in range(51)]
    assert answers == [415] * 50 + [429]
    refused = world.call("POST", "/payments", body)
    assert refused.status_code == 429
    assert refused.headers["X-Rate-Limit-Time-Window-Ms"] == "4000"
    assert refused.headers["X-Rate-Limit-Requests-Quota"] == "50"
    world.clock.pass_time(int(refused.headers["X-Rate-Limit-Time-Reset-Ms"]) / 1000)
    assert world.call("POST", "/payments", body).status_code == 406


def test_limits_can_be_changed_while_the_box_serves(world: World) -> None:
    world.box.set_limits(rest_requests=1)
    assert [world.call("GET", "/v2/orders").status_code for _ in range(2)] == [204, 429]
    world.box.set_limits(rest_requests=5, payments=7, rest_window=10, payments_window=2)
    answer = world.call("GET", "/v2/orders")
    assert (answer.status_code, answer.headers["X-Rate-Limit-Requests-Quota"]) == (204, "5")
    assert world.call("POST", "/payments", {}).headers["X-Rate-Limit-Requests-Quota"] == "7"
    with pytest.raises(ValueError, match="at least one"):
        Limits(payments=0)


ROW = {"store_hash": "abc123", "access_token": "invented-access", "client_id": "c", "client_secret": "s"}


@pytest.mark.parametrize("key", ["scopes", "oauth_scopes"])
def test_a_file_of_stores_may_name_the_oauth_scopes_of_the_token(tmp_path: Path, key: str) -> None:
    file = tmp_path / "stores.json"
    file.write_text(json.dumps([ROW | {key: ["store_v2_orders_read_only"]}]))
    [store] = load_stores(file)
    world = World(stores=(store,))
    assert world.call("GET", "/v2/orders").status_code == 204
    assert world.call("POST", "/v2/orders", ORDER_EXAMPLE).status_code == 403
    assert world.call("POST", "/v3/payments/access_tokens", {"order": {"id": 1}}).status_code == 403
    assert len(world.box.violations) == 2


@pytest.mark.parametrize("scopes", ["store_v2_orders", [1], {}])
def test_scopes_that_are_no_list_of_texts_are_a_clear_error(tmp_path: Path, scopes: Any) -> None:
    file = tmp_path / "stores.json"
    file.write_text(json.dumps([ROW | {"scopes": scopes}]))
    with pytest.raises(StoresFileError, match="scopes"):
        load_stores(file)


@pytest.mark.parametrize("code", sorted(PAYMENT_CODES))
def test_every_code_can_be_had_by_number_by_stored_token_and_by_card_token(world: World, code: int) -> None:
    number = next(number for number, behaviour in CARD_NUMBERS.items() if behaviour == code)
    customer_id, stored = world.shopper_with_card(behaviour=code)
    assert len(stored.token) == 64
    raw = {
        "type": "card",
        "number": number,
        "cardholder_name": "Jane Doe",
        "expiry_month": 12,
        "expiry_year": 2040,
        "verification_value": "422",
    }
    for instrument in (raw, stored, {"type": "tokenized_card", "token": f"tok-{code}"}):
        answer = world.pay(world.box.create_order(customer_id=customer_id), instrument)
        assert (answer.status_code, code_of(answer)) == (PAYMENT_CODES[code].status, code)
    assert (world.box.book, world.box.violations) == ((), ())
