"""The control API, the file of stores, and that a box repeats itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Response

from sandbox.bigcommerce.control import ACTS, VIEWS
from sandbox.bigcommerce.errors import PAYMENT_CODES
from sandbox.bigcommerce.records import Store
from sandbox.bigcommerce.stores import StoresFileError, load_stores, read_stores
from sandbox.bigcommerce.testcards import BEHAVIOURS, CARD_NUMBERS
from tests.contract.box_world import World


def control(world: World, method: str, name: str, body: Any = None, **query: str) -> Response:
    return world.http.open(f"/_control/{name}", method=method, json=body, query_string=query)


def test_another_language_can_make_a_shopper_an_order_and_a_failing_path(world: World) -> None:
    customer = control(world, "POST", "customers", {"email": "a@example.com"}).get_json()["data"]
    wanted = {"customer_id": customer["customer_id"], "kind": "bank_account", "behaviour": 30102}
    instrument = control(world, "POST", "instruments", wanted).get_json()["data"]
    assert (instrument["kind"], instrument["behaviour"]) == ("bank_account", 30102)
    order = control(world, "POST", "orders", {"customer_id": 1, "amount": 5, "external_source": "app"}).get_json()[
        "data"
    ]
    assert (order["total"], order["external_source"]) == (5, "app")
    planned = {"endpoint": "get_order", "answer": {"status": 503}, "order_id": order["order_id"]}
    assert control(world, "POST", "answers", planned).get_json() == {"data": None}
    assert world.call("GET", f"/v2/orders/{order['order_id']}").status_code == 503
    assert control(world, "POST", "pay_as_shopper", {"order_id": order["order_id"]}).get_json() == {"data": True}
    [entry] = control(world, "GET", "book").get_json()["data"]
    assert (entry["order_id"], entry["amount"], entry["by"]) == (order["order_id"], 5, "shopper")


def test_every_view_can_be_seen_and_names_its_store(world: World) -> None:
    world.box.create_order(store_hash="def456")
    for view in VIEWS:
        assert control(world, "GET", view).status_code == 200
    assert control(world, "GET", "orders").get_json()["data"] == []
    assert len(control(world, "GET", "orders", store_hash="def456").get_json()["data"]) == 1
    assert control(world, "GET", "").get_json()["data"] == {"views": sorted(VIEWS), "acts": sorted(ACTS)}


def test_webhooks_are_sent_and_shaped_over_json(world: World) -> None:
    control(world, "POST", "hooks", {"scope": "store/order/created", "destination": "http://127.0.0.1:9/"})
    control(world, "POST", "shape_webhooks", {"shape": {"copies": 3}})
    world.box.create_order()
    control(world, "POST", "webhooks", {"scope": "store/order/created", "data": {"id": 1}, "signed": False})
    world.post_due()
    deliveries = control(world, "GET", "deliveries").get_json()["data"]
    assert [entry["signed"] for entry in deliveries] == [True, True, True, False]


def test_a_method_can_be_offered_over_json(world: World) -> None:
    method = {"method_id": "authorizenet.card", "name": "Authorize.net", "authorize_only": True}
    control(world, "POST", "offer_method", {"method": method})
    assert world.box.state.shops["abc123"].methods["authorizenet.card"].authorize_only


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("nothing", {}, 404),
        ("orders", [], 400),
        ("orders", {"amont": 1}, 400),
        ("set_order", {"order_id": 4711}, 404),
        ("set_order", {}, 400),
        ("answers", {"endpoint": "nowhere", "answer": {}}, 400),
        ("answers", {"endpoint": "payments", "answer": {"coed": 1}}, 400),
        ("answers", {"endpoint": "payments", "answer": {"code": 1}}, 400),
        ("answers", {"endpoint": "payments", "answer": {"drop": "now"}}, 400),
        ("answers", {"endpoint": "payments", "answer": {"spoil": "rotten"}}, 400),
        ("capture", {"order_id": 100}, 422),
    ],
)
def test_a_wrong_control_call_says_what_is_wrong(world: World, name: str, body: Any, status: int) -> None:
    world.box.create_order()
    answer = control(world, "POST", name, body)
    assert answer.status_code == status
    assert answer.get_json()["title"]


ROW = {
    "store_hash": "abc123",
    "access_token": "invented-access",
    "client_id": "client",
    "client_secret": "invented-secret",
}


@pytest.mark.parametrize("header", ["X-Hook: a: b", {"X-Hook": "a: b"}, {"name": "X-Hook", "value": "a: b"}])
def test_a_file_of_stores_is_read_and_other_keys_passed_over(tmp_path: Path, header: object) -> None:
    file = tmp_path / "stores.json"
    file.write_text(json.dumps([{**ROW, "hook_header": header, "policy": {"external_sources": "*"}}]))
    expected = Store("abc123", 1025646, "invented-access", "client", "invented-secret", {"X-Hook": "a: b"})
    assert load_stores(file) == [expected]
    assert "invented" not in repr(expected)
    assert "a: b" not in repr(expected)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not JSON"),
        ("{}", "not a list"),
        ("[]", "not a list"),
        ("[1]", "not an object"),
        ('[{"store_hash": "abc123"}]', "access_token"),
        (json.dumps([ROW | {"store_hash": "../x"}]), "store_hash"),
        (json.dumps([ROW, ROW]), "twice"),
        (json.dumps([ROW | {"hook_header": 1}]), "hook_header"),
        (json.dumps([ROW | {"hook_header": "invented-hush"}]), "hook_header"),
    ],
)
def test_a_wrong_file_of_stores_is_a_clear_error_without_its_values(tmp_path: Path, text: str, word: str) -> None:
    file = tmp_path / "stores.json"
    file.write_text(text)
    with pytest.raises(StoresFileError, match=word) as caught:
        load_stores(file)
    assert "invented" not in str(caught.value)


def test_a_missing_file_of_stores_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoresFileError, match="cannot be read"):
        load_stores(tmp_path / "nowhere.json")


def test_store_ids_differ() -> None:
    assert [store.store_id for store in read_stores([ROW, ROW | {"store_hash": "def456"}])] == [1025646, 1025647]


def test_a_box_with_the_same_seed_and_clock_repeats_itself() -> None:
    def live() -> list[object]:
        world = World()
        world.box.add_default_hooks("http://127.0.0.1:9/")
        customer_id, card = world.shopper_with_card()
        order = world.box.create_order(customer_id=customer_id)
        answer = world.pay(order, card)
        world.post_due()
        return [answer.get_json(), world.box.book, world.box.deliveries, world.receiver.posts]

    assert live() == live()


def test_every_code_has_a_test_card_by_number_that_passes_luhn() -> None:
    assert set(CARD_NUMBERS.values()) == BEHAVIOURS == {0, *PAYMENT_CODES}
    for number in CARD_NUMBERS:
        digits = [int(digit) for digit in reversed(number)]
        total = sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
        assert total % 10 == 0, number
