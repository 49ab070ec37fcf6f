"""A box's memory: fixtures that fill it, a snapshot that outlives it without credentials, the page that shows it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.bigcommerce.faults import Answer, Endpoint
from sandbox.bigcommerce.fixtures import FixturesError, load_fixtures
from sandbox.bigcommerce.records import Kind, Store
from sandbox.bigcommerce.server import Settings
from sandbox.bigcommerce.snapshot import SnapshotError, load_snapshot, save_snapshot
from tests.contract.box_world import OTHER, World

STORE = Store("abc123", 1025646, "invented-access", "client", "invented-secret", {"X-Hook": "invented-hush"})
URL = "http://127.0.0.1:9/webhooks"
FIXTURES: dict[str, Any] = {
    "products": [{"name": "Poster", "price": 1250}],
    "customers": [
        {
            "email": "jane@example.com",
            "store_credit": 5,
            "cards": [{"behaviour": 30106}, {"kind": "paypal_account", "default": True}],
            "orders": [{"amount": 4999, "external_source": "my-app"}],
        }
    ],
    "orders": [{"amount": 100, "currency": "EUR"}],
}


def fill(world: World, tmp_path: Path, fixtures: object) -> None:
    file = tmp_path / "fixtures.json"
    file.write_text(fixtures if isinstance(fixtures, str) else json.dumps(fixtures))
    load_fixtures(world.box, file)


def test_fixtures_make_customers_with_cards_and_orders(world: World, tmp_path: Path) -> None:
    world.box.add_default_hooks(URL)
    fill(world, tmp_path, [FIXTURES, {"store_hash": "def456", "orders": [{}]}])
    [customer] = world.box.customers()
    assert (customer.email, customer.store_credit) == ("jane@example.com", 5)
    kept = [(one.customer_id, one.kind, one.behaviour, one.is_default) for one in world.box.instruments()]
    assert kept == [(1, Kind.CARD, 30106, False), (1, Kind.PAYPAL_ACCOUNT, 0, True)]
    assert [(order.customer_id, order.total, order.currency) for order in world.box.orders()] == [
        (1, 4999, "USD"),
        (0, 100, "EUR"),
    ]
    assert world.box.state.shops["abc123"].products[1].price == 1250
    assert len(world.box.orders(store_hash="def456")) == 1


@pytest.mark.parametrize(
    ("fixtures", "words"),
    [
        ("", "is not JSON"),
        ([1], "object 1"),
        ({"customer": []}, "customers"),
        ({"store_hash": "nowhere"}, "store_hash"),
        ({"orders": {}}, "orders is not a list"),
        ({"orders": [{"amont": 1}]}, r"orders\[0\]: there is no amont"),
        ({"orders": [{"amount": "1"}]}, r"orders\[0\]: '1' is not of the type int"),
        ({"customers": [{"cards": [{"kind": "coin"}]}]}, r"customers\[0\].cards\[0\]: 'coin'"),
        ({"customers": [{"cards": [{"behaviour": 1}]}]}, r"customers\[0\].cards\[0\]: the gateway"),
    ],
)
def test_a_wrong_fixture_is_named(world: World, tmp_path: Path, fixtures: object, words: str) -> None:
    with pytest.raises(FixturesError, match=words):
        fill(world, tmp_path, fixtures)


def test_fixtures_that_are_not_there_are_a_clear_error(world: World, tmp_path: Path) -> None:
    with pytest.raises(FixturesError, match="cannot be read"):
        load_fixtures(world.box, tmp_path / "nowhere.json")


def live(world: World) -> str:
    """Let a little of everything happen; returns a token that was not used."""
    world.box.add_default_hooks(URL)
    world.box.add_hook("store/app/uninstalled", URL)
    customer_id, card = world.shopper_with_card()
    world.box.store_instrument(customer_id, Kind.BANK_ACCOUNT)
    world.box.create_gift_certificate("gift", 5)
    world.box.create_checkout(customer_id)
    world.box.create_product()
    order = world.box.create_order(customer_id=customer_id)
    world.pay(order, card)
    world.box.refund(order.order_id, 1)
    lost = world.box.create_order(customer_id=customer_id)
    world.box.next_answer(Endpoint.PAYMENTS, Answer(unrecorded=True))
    world.pay(lost, card)
    world.call("GET", "/v3/nothing")
    world.receiver.answers = [500]
    world.post_due()
    return world.mint(world.box.create_order(customer_id=customer_id))


def test_a_box_that_loads_a_snapshot_goes_on_where_the_other_stopped(tmp_path: Path) -> None:
    before, after = World(stores=(STORE, OTHER)), World(stores=(STORE, OTHER))
    token = live(before)
    file = tmp_path / "snapshot.json"
    save_snapshot(before.box.state, file)
    after.clock.now = before.clock.now
    assert load_snapshot(after.box.state, file)
    assert after.box.state.shops == before.box.state.shops
    assert (after.box.book, after.box.violations) == (before.box.book, before.box.violations)
    assert after.box.deliveries == before.box.deliveries
    [card, _] = after.box.instruments()
    assert after.pay(after.box.order(102), card, token=token).status_code == 201
    assert after.box.record_charges(101) == 1
    assert after.box.create_order().order_id == 103
    after.clock.pass_time(60)
    after.post_due()
    retried = [entry for entry in after.box.deliveries if entry.attempt == 2]
    assert [(entry.scope, entry.status) for entry in retried] == [(before.box.deliveries[0].scope, 200)]
    assert {headers["X-Hook"] for _, headers, _ in after.receiver.posts} == {"invented-hush"}


def test_a_snapshot_has_no_credential_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    world = World(stores=(STORE, OTHER))
    token = live(world)
    file = tmp_path / "snapshot.json"
    save_snapshot(world.box.state, file)
    text = file.read_text()
    for secret in ("invented-access", "invented-secret", "invented-hush", "other-access", "other-secret", token):
        assert secret not in text
    assert file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]


def test_a_box_without_a_snapshot_starts_empty_and_saves_one(world: World, tmp_path: Path) -> None:
    fixtures = tmp_path / "fixtures.json"
    fixtures.write_text(json.dumps(FIXTURES))
    settings = Settings(snapshot=tmp_path / "snapshot.json", fixtures=fixtures)
    settings.fill(world.box)
    settings.save(world.box)
    again = World()
    settings.fill(again.box)
    assert again.box.orders() == world.box.orders(), "and the fixtures are not read twice"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "not a snapshot"),
        ("{}", "not a snapshot"),
        ('{"format": 2}', "not a snapshot"),
        ('{"format": 1, "stores": {"nowhere": {}}}', "nowhere"),
    ],
)
def test_a_wrong_snapshot_is_a_clear_error(world: World, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "snapshot.json"
    file.write_text(text)
    with pytest.raises(SnapshotError, match=words):
        load_snapshot(world.box.state, file)


def test_a_snapshot_that_cannot_be_read_or_written_is_a_clear_error(world: World, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be written"):
        save_snapshot(world.box.state, tmp_path / "nowhere" / "snapshot.json")
    with pytest.raises(SnapshotError, match="cannot be read"):
        load_snapshot(world.box.state, tmp_path)


def test_the_page_and_its_script_are_served_and_ask_no_other_host(world: World) -> None:
    for path, kind in (("/", "text/html"), ("/page.js", "text/javascript")):
        answer = world.http.get(path)
        text = answer.get_data(as_text=True)
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"https?://|innerHTML", text)
    assert world.http.get("/page.css").status_code == 404
    assert world.http.post("/").status_code == 404


def test_the_page_shows_what_happens_with_masked_tokens_and_no_address(tmp_path: Path) -> None:
    world = World(stores=(STORE, OTHER))
    token = live(world)
    customer_id, card = world.shopper_with_card(behaviour=30106)
    world.box.store_instrument(customer_id, Kind.PAYPAL_ACCOUNT)
    world.clock.pass_time(1)
    world.pay(world.box.create_order(customer_id=customer_id), card)
    answer = world.http.get("/_control/activity")
    shown = answer.get_json()["data"]
    assert shown["totals"] == {
        "orders": 4,
        "cards": 4,
        "charges": 2,
        "declines": 1,
        "deliveries": len(world.box.deliveries),
        "charged_twice": 0,
        "violations": 1,
    }
    declined = shown["payments"][0]
    assert (declined["what"], declined["word"]) == (
        "declined",
        "30106 The payment was declined due to insufficient funds.",
    )
    assert {row["what"] for row in shown["payments"]} == {"purchase", "refund", "declined"}
    assert [row["status"] for row in shown["orders"]][-1] == "Partially Refunded"
    assert [row["accepted"] for row in shown["deliveries"]].count(False) == 1
    text = answer.get_data(as_text=True)
    for secret in (
        token,
        STORE.access_token,
        "invented-hush",
        "shopper@",
        *(one.token for one in world.box.instruments()),
    ):
        assert secret not in text


def test_the_page_shows_the_store_that_is_asked_for(world: World) -> None:
    world.box.create_order(store_hash="def456", amount=5000, currency="JPY")
    shown = world.http.get("/_control/activity?store_hash=def456").get_json()["data"]
    assert (shown["store_hash"], shown["stores"]) == ("def456", ["abc123", "def456"])
    assert [row["amount"] for row in shown["orders"]] == ["5,000 JPY"]
    assert world.http.get("/_control/activity").get_json()["data"]["orders"] == []
    assert world.http.get("/_control/activity?store_hash=x").status_code == 404
