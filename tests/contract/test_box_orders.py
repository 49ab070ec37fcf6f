"""V2 orders and the REST host's manners: filters, pages, strict bodies, credentials."""

from typing import Any

import pytest

from sandbox.bigcommerce.records import Store
from tests.contract.box_world import REST_HEADERS, World
from tests.contract.test_box_documents import ORDER_EXAMPLE

GUEST_ORDER = ORDER_EXAMPLE | {"customer_id": 0}


def ids(world: World, query: str) -> list[int]:
    answer = world.call("GET", f"/v2/orders?{query}")
    return [order["id"] for order in answer.get_json()] if answer.status_code == 200 else []


def test_an_empty_list_is_204(world: World) -> None:
    answer = world.call("GET", "/v2/orders?status_id=0")
    assert (answer.status_code, answer.get_data()) == (204, b"")


def test_orders_are_filtered_by_status_customer_channel_and_id(world: World) -> None:
    customer_id = world.box.create_customer().customer_id
    world.box.create_order(status_id=11)
    world.box.create_order(customer_id=customer_id)
    world.box.create_order(channel_id=2)
    assert ids(world, "status_id=0") == [101, 102]
    assert ids(world, f"customer_id={customer_id}") == [101]
    assert ids(world, "channel_id=2") == [102]
    assert ids(world, "min_id=101&max_id=101") == [101]


@pytest.mark.parametrize(
    "date", ["Thu, 28 Feb 2019 21:43:22 %2B0000", "2019-02-28T21:43:22Z", "2019-02-28T22:43:22%2B01:00"]
)
def test_orders_are_filtered_by_when_they_changed(world: World, date: str) -> None:
    world.box.create_order()
    for seconds in (60, 0.5):
        world.clock.pass_time(seconds)
        world.box.create_order()
    assert ids(world, f"min_date_modified={date}") == [101, 102]
    assert ids(world, f"min_date_created={date}") == [101, 102]
    assert ids(world, f"max_date_created={date}") == [100, 101, 102]
    assert ids(world, f"max_date_modified={date}") == [100, 101, 102]
    world.clock.pass_time(1)
    world.box.set_order(100, total=1)
    assert ids(world, f"min_date_modified={date}") == [100, 101, 102]
    assert ids(world, f"max_date_modified={date}") == [101, 102]


def test_orders_come_sorted_a_page_at_a_time(world: World) -> None:
    for _ in range(5):
        world.box.create_order()
        world.clock.pass_time(1)
    world.box.set_order(100, total=1)
    assert ids(world, "limit=2&page=2") == [102, 103]
    assert ids(world, "sort=id:desc&limit=2") == [104, 103]
    assert ids(world, "sort=date_modified:asc") == [101, 102, 103, 104, 100]
    assert ids(world, "page=4&limit=2") == []


def test_fifty_orders_are_a_page_and_250_the_most(world: World) -> None:
    for _ in range(51):
        world.box.create_order()
    assert len(ids(world, "")) == 50
    assert len(ids(world, "limit=250")) == 51
    assert world.call("GET", "/v2/orders?limit=251").status_code == 422


@pytest.mark.parametrize(
    "query", ["status_id=x", "page=0", "limit=0", "sort=colour", "sort=id:up", "min_date_modified=soon"]
)
def test_a_wrong_query_is_refused_as_a_list_of_messages(world: World, query: str) -> None:
    world.box.create_order()
    answer = world.call("GET", f"/v2/orders?{query}")
    assert answer.status_code in {400, 422}
    assert [list(entry) for entry in answer.get_json()] == [["status", "message"]]
    assert len(world.box.violations) == 1


def test_an_order_needs_products_a_billing_address_and_a_known_customer(world: World) -> None:
    bodies: list[Any] = [
        GUEST_ORDER | {"products": []},
        GUEST_ORDER | {"products": [{"quantity": 1}]},
        GUEST_ORDER | {"products": [{"name": "Poster", "quantity": 0, "price_inc_tax": 1}]},
        GUEST_ORDER | {"products": [{"name": "Poster", "quantity": 1}]},
        {key: value for key, value in GUEST_ORDER.items() if key != "billing_address"},
        GUEST_ORDER | {"customer_id": 4711},
        GUEST_ORDER | {"status_id": 99},
        GUEST_ORDER | {"status_id": "0"},
        GUEST_ORDER | {"external_source": 1},
        GUEST_ORDER | {"total_inc_tax": "much"},
        GUEST_ORDER | {"default_currency_code": "usd"},
        GUEST_ORDER | {"colour": "red"},
        [],
    ]
    for wrong in bodies:
        assert world.call("POST", "/v2/orders", wrong).status_code == 400, wrong
    assert world.box.orders() == []


def test_an_order_is_pending_unless_it_says_incomplete(world: World) -> None:
    order = {key: value for key, value in GUEST_ORDER.items() if key not in {"status_id", "customer_id"}}
    answer = world.call("POST", "/v2/orders", order).get_json()
    assert (answer["status_id"], answer["customer_id"]) == (1, 0)


def test_a_total_can_be_given_with_shipping_currency_and_source(world: World) -> None:
    order = GUEST_ORDER | {
        "shipping_cost_inc_tax": "5.00",
        "external_source": "bigcharge",
        "default_currency_code": "EUR",
    }
    answer = world.call("POST", "/v2/orders", order).get_json()
    assert (answer["total_inc_tax"], answer["currency_code"], answer["external_source"]) == (
        "65.9800",
        "EUR",
        "bigcharge",
    )
    override = world.call("POST", "/v2/orders", order | {"total_inc_tax": "361.95"}).get_json()
    assert override["total_inc_tax"] == "361.9500"


def test_an_update_changes_what_it_names_and_nothing_else(world: World) -> None:
    order = world.call("POST", "/v2/orders", GUEST_ORDER).get_json()
    world.clock.pass_time(1)
    changed = world.call("PUT", f"/v2/orders/{order['id']}", {"status_id": 5, "staff_notes": "card failed"}).get_json()
    moved = {"status_id": 5, "status": "Cancelled", "staff_notes": "card failed"}
    assert changed == order | moved | {"date_modified": "Thu, 28 Feb 2019 21:42:23 +0000"}
    assert world.call("PUT", f"/v2/orders/{order['id']}", {"default_currency_code": "EUR"}).status_code == 400
    assert world.call("PUT", "/v2/orders/4711", {"status_id": 5}).status_code == 404


def test_ids_start_alike_in_every_store_and_stores_are_apart(world: World) -> None:
    assert world.box.create_order().order_id == world.box.create_order(store_hash="def456", amount=5).order_id
    assert world.box.order(100, store_hash="def456").total == 5


@pytest.mark.parametrize(
    "path", ["/v2/orders", "/v3/payments/methods?order_id=100", "/v3/hooks", "/v3/payments/stored-instruments"]
)
def test_the_rest_host_wants_the_stores_own_token(world: World, path: str) -> None:
    for token in ("", "wrong", "other-access"):
        answer = world.call("GET", path, headers=REST_HEADERS | {"X-Auth-Token": token})
        assert answer.status_code == 401
    assert len(world.box.violations) == 3
    assert "other-access" not in repr(world.box.violations)


def test_the_rest_host_wants_to_be_asked_for_json_and_sent_json(world: World) -> None:
    plain = {key: value for key, value in REST_HEADERS.items() if key != "Accept"}
    assert world.call("GET", "/v2/orders", headers=plain).status_code == 406
    assert world.call("GET", "/v2/orders", headers=plain | {"Accept": "text/html"}).status_code == 406
    assert world.call("GET", "/v2/orders", headers=plain | {"Accept": "*/*"}).status_code == 204
    assert (
        world.call("POST", "/v2/orders", GUEST_ORDER, headers=REST_HEADERS | {"Content-Type": "text/xml"}).status_code
        == 415
    )
    assert world.call("POST", "/v2/orders", "{").status_code == 400
    assert len(world.box.violations) == 4


def test_a_token_can_do_what_its_scopes_say(world: World) -> None:
    reader = Store(
        "abc123", 1, "invented-access", "client", "secret", oauth_scopes=frozenset({"store_v2_orders_read_only"})
    )
    narrow = World(stores=(reader,))
    assert narrow.call("GET", "/v2/orders").status_code == 204
    answer = narrow.call("POST", "/v2/orders", GUEST_ORDER)
    assert (answer.status_code, len(narrow.box.violations)) == (403, 1)
    assert world.call("POST", "/v2/orders", GUEST_ORDER).status_code == 201


def test_what_bigcommerce_does_not_serve_is_a_violation(world: World) -> None:
    assert world.call("GET", "/v3/nothing").status_code == 404
    assert world.call("DELETE", "/v2/orders").status_code == 405
    assert world.call("GET", "/v2/orders", store="nobody").status_code == 404
    assert world.rules() == ["Not Found", "Method Not Allowed"]


def test_methods_offer_the_orders_customers_instruments_and_no_others(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    world.shopper_with_card()
    for order, tokens in (
        (world.box.create_order(customer_id=customer_id), [card.token]),
        (world.box.create_order(), []),
    ):
        data = world.call("GET", f"/v3/payments/methods?order_id={order.order_id}").get_json()["data"]
        offered: list[Any] = [instrument["token"] for method in data for instrument in method["stored_instruments"]]
        assert offered == tokens
    assert world.call("GET", "/v3/payments/methods").status_code == 422
    assert world.call("GET", "/v3/payments/methods?order_id=4711").status_code == 404
