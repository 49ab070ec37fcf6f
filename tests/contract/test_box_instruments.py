"""Stored instruments of a store: pages, cursors, import, update, delete, as the document has them."""

from typing import Any

import pytest

from sandbox.bigcommerce.records import Instrument, Kind
from tests.contract.box_world import World
from tests.contract.test_box_documents import IMPORT_ROW

PATH = "/v3/payments/stored-instruments"


@pytest.fixture
def seven(world: World) -> list[Instrument]:
    return [world.shopper_with_card()[1] for _ in range(7)]


def get(world: World, query: str) -> tuple[list[str], dict[str, Any]]:
    answer = world.call("GET", f"{PATH}?{query}").get_json()
    return [entry["token"] for entry in answer["data"]], answer["meta"]


def test_pages_are_numbered(world: World, seven: list[Instrument]) -> None:
    tokens = [card.token for card in seven]
    for page, part in ((1, tokens[:3]), (2, tokens[3:6]), (3, tokens[6:]), (4, [])):
        found, meta = get(world, f"page={page}&limit=3")
        assert found == part
        assert (meta["pagination"]["current_page"], meta["pagination"]["total_pages"]) == (page, 3)


def test_cursors_come_only_on_the_first_page_or_when_one_was_sent(world: World, seven: list[Instrument]) -> None:
    assert get(world, "limit=3")[1]["cursor_pagination"]["end_cursor"]
    assert not get(world, "limit=3&page=2")[1]["cursor_pagination"]["end_cursor"]
    after = get(world, "limit=3")[1]["cursor_pagination"]["end_cursor"]
    assert get(world, f"limit=3&after={after}")[1]["cursor_pagination"]["end_cursor"]
    assert len(seven) == 7


def test_cursors_walk_forth_to_the_end_and_back(world: World, seven: list[Instrument]) -> None:
    tokens, found = [card.token for card in seven], []
    part, meta = get(world, "limit=3")
    while part:
        found += part
        last = meta["cursor_pagination"]
        part, meta = get(world, f"limit=3&after={last['end_cursor']}")
    assert found == tokens
    assert not meta["cursor_pagination"]["end_cursor"]
    assert get(world, f"limit=3&before={last['start_cursor']}")[0] == tokens[3:6]


def test_a_cursor_outlives_the_removal_of_what_it_names(world: World, seven: list[Instrument]) -> None:
    _, meta = get(world, "limit=3")
    for card in seven[1:4]:
        world.box.remove_instrument(card.token)
    assert get(world, f"after={meta['cursor_pagination']['end_cursor']}")[0] == [card.token for card in seven[4:]]


@pytest.mark.parametrize("query", ["limit=0", "limit=251", "page=x", "after=%21", "before=YWJj"])
def test_a_wrong_page_or_cursor_is_refused(world: World, query: str) -> None:
    assert world.call("GET", f"{PATH}?{query}").status_code == 422
    assert len(world.box.violations) == 1


def test_the_first_instrument_is_the_default_and_a_customer_has_one_default(world: World) -> None:
    customer_id, first = world.shopper_with_card()
    second = world.box.store_instrument(customer_id, Kind.BANK_ACCOUNT, default=True)
    assert first.is_default
    assert [kept.is_default for kept in world.box.instruments(customer_id)] == [False, True]
    world.call("PUT", PATH, {"token": first.token, "make_default": True})
    assert [kept.is_default for kept in world.box.instruments(customer_id)] == [True, False]
    assert second.token


def test_an_update_can_change_the_billing_address(world: World) -> None:
    _, card = world.shopper_with_card()
    answer = world.call("PUT", PATH, {"token": card.token, "billing_address": {"city": "Austin"}})
    assert answer.get_json()["data"]["billing_address"] == {"city": "Austin"}
    assert world.call("PUT", PATH, {"token": card.token, "billing_address": "Austin"}).status_code == 422
    assert world.call("PUT", PATH, {}).status_code == 422
    assert world.call("PUT", PATH, {"token": "f" * 64}).status_code == 404


def test_an_import_keeps_what_is_good_and_names_what_is_not_by_index(world: World) -> None:
    world.box.create_customer()
    card = {"type": "credit_card", "vault_token": "00030106", "brand": "visa", "last_4": "1111", "iin": "411111"}
    rows = [
        IMPORT_ROW,
        IMPORT_ROW | {"customer_id": 4711, "currency_code": None},
        IMPORT_ROW | {"instrument": card, "payment_method_id": "stripe.card", "default_instrument": True},
        "nonsense",
    ]
    answer = world.call("POST", PATH, rows)
    assert answer.status_code == 207
    body = answer.get_json()
    assert [row["instrument"]["type"] for row in body["data"]] == ["paypal_account", "credit_card"]
    assert [list(error) for error in body["errors"]] == [["1"], ["3"]]
    assert list(body["errors"][0]["1"]) == ["currency_code", "customer_id"]
    kept = world.box.instruments(1)
    assert [(one.kind, one.is_default, one.behaviour) for one in kept] == [
        (Kind.PAYPAL_ACCOUNT, False, 0),
        (Kind.CARD, True, 30106),
    ]
    assert world.call("POST", PATH, []).status_code == 422


def test_instruments_are_deleted_in_bulk_or_one_with_the_gateway(world: World, seven: list[Instrument]) -> None:
    answer = world.call("DELETE", f"{PATH}?token:in={seven[0].token},{seven[1].token},{'f' * 64}")
    assert answer.status_code == 204
    assert world.call("DELETE", f"{PATH}/{seven[2].token}").status_code == 204
    assert world.call("DELETE", f"{PATH}/{seven[2].token}").status_code == 404
    assert world.call("DELETE", PATH).status_code == 422
    assert [kept.token for kept in world.box.instruments()] == [card.token for card in seven[3:]]


def test_a_customer_that_is_gone_has_no_list(world: World) -> None:
    customer_id, _ = world.shopper_with_card()
    world.box.delete_customer(customer_id)
    assert world.call("GET", f"/v3/customers/{customer_id}/stored-instruments").status_code == 404


def test_an_unknown_behaviour_is_an_error(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    with pytest.raises(ValueError, match="behaviour"):
        world.box.store_instrument(customer_id, behaviour=12345)
    with pytest.raises(ValueError, match="behaviour"):
        world.box.set_behaviour(card.token, 1)


def test_a_given_token_tells_its_behaviour(world: World) -> None:
    customer_id = world.box.create_customer().customer_id
    assert world.box.store_instrument(customer_id, token=f"00030104{'a' * 56}").behaviour == 30104


def test_a_token_is_kept_once(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    with pytest.raises(ValueError, match="already"):
        world.box.store_instrument(customer_id, token=card.token)
