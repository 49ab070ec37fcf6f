"""Faults on demand: each is what it says, for the request it is meant for, and no other."""

from http import HTTPStatus

import pytest

from sandbox.bigcommerce.faults import Answer, Endpoint, too_many_requests
from sandbox.bigcommerce.limits import Limits
from sandbox.bigcommerce.routes import ROUTES
from tests.contract.box_world import World, code_of


def test_every_endpoint_has_a_route_and_every_route_its_endpoint() -> None:
    assert sorted(route.endpoint for route in ROUTES) == sorted(Endpoint)


@pytest.mark.parametrize("code", [10000, 10001, 30000, 3001, 30001, 30002, 30003, 30004, 30050, 30100, 30101, 30105])
def test_any_code_of_the_table_can_be_the_next_answer(world: World, code: int) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    world.box.next_answer(Endpoint.PAYMENTS, Answer(code=code), order_id=order.order_id)
    assert code_of(world.pay(order, card)) == code
    assert world.box.book == ()
    assert world.pay(order, card).status_code == 201


def test_a_planned_code_does_not_hide_wrong_use(world: World) -> None:
    world.box.next_answer(Endpoint.PAYMENTS, Answer(code=30106))
    answer = world.pay(world.box.create_order(), {"type": "stored_card", "token": "short"})
    assert code_of(answer) == 10001
    assert len(world.box.violations) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500, 502, 503, 504, 599])
def test_any_status_can_be_the_next_answer_of_any_endpoint(world: World, status: int) -> None:
    world.box.next_answer("list_orders", Answer(status=status))
    assert world.call("GET", "/v2/orders").status_code == status
    assert world.call("GET", "/v2/orders").status_code == 204


def test_a_status_can_come_after_the_charge_was_made(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    world.box.next_answer(Endpoint.PAYMENTS, Answer(status=502, acted=True))
    assert world.pay(order, card).status_code == 502
    assert len(world.box.book) == 1
    assert world.box.order(order.order_id).status_id == 11


def test_a_status_without_the_charge_leaves_the_token_unused(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    token = world.mint(order)
    world.box.next_answer(Endpoint.PAYMENTS, Answer(status=503))
    assert world.pay(order, card, token=token).status_code == 503
    assert world.box.book == ()
    assert world.pay(order, card, token=token).status_code == 201


def test_a_planned_429_names_its_wait(world: World) -> None:
    world.box.next_answer(Endpoint.GET_ORDER, too_many_requests(2.5))
    order = world.box.create_order()
    answer = world.call("GET", f"/v2/orders/{order.order_id}")
    assert answer.status_code == 429
    assert answer.headers["X-Rate-Limit-Time-Reset-Ms"] == "2500"
    assert answer.headers["X-Rate-Limit-Requests-Left"] == "0"
    assert answer.headers["X-Rate-Limit-Requests-Quota"] == "100000"


def test_a_redirect_and_an_exact_body_can_be_the_next_answer(world: World) -> None:
    world.box.next_answer(
        Endpoint.LIST_ORDERS, Answer(status=307, body="", headers={"Location": "https://example.com/"})
    )
    answer = world.call("GET", "/v2/orders")
    assert (answer.status_code, answer.headers["Location"], answer.get_data()) == (307, "https://example.com/", b"")
    world.box.next_answer(Endpoint.LIST_ORDERS, Answer(body='{"odd": 1}'))
    assert world.call("GET", "/v2/orders").get_json() == {"odd": 1}


def test_a_drop_before_acting_charges_nothing(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    world.box.next_answer(Endpoint.PAYMENTS, Answer(drop="before"))
    with pytest.raises(ConnectionAbortedError):
        world.pay(order, card)
    assert world.box.book == ()
    assert [entry.status for entry in world.box.served] == [201, None]


def test_a_drop_after_acting_has_charged(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    world.box.next_answer(Endpoint.PAYMENTS, Answer(drop="after"))
    with pytest.raises(ConnectionAbortedError):
        world.pay(order, card)
    assert [entry.kind for entry in world.box.book] == ["purchase"]
    assert world.box.order(order.order_id).status_id == 11


def test_delays_pass_before_and_after_acting(world: World) -> None:
    order = world.box.create_order()
    world.box.next_answer(Endpoint.UPDATE_ORDER, Answer(delay_before=3.0, delay_after=4.0))
    before = world.clock.now
    world.call("PUT", f"/v2/orders/{order.order_id}", {"status_id": 10})
    assert world.slept == [3.0, 4.0]
    assert (world.box.order(order.order_id).modified_at - before).total_seconds() == 3.0


def test_a_body_can_be_truncated_garbled_or_empty(world: World) -> None:
    order = world.box.create_order()
    path = f"/v2/orders/{order.order_id}"
    whole = world.call("GET", path).get_data()
    world.box.next_answer(Endpoint.GET_ORDER, Answer(spoil="truncated"))
    cut = world.call("GET", path)
    assert cut.headers["Content-Length"] == str(len(whole))
    assert cut.get_data() == whole[: len(whole) // 2]
    world.box.next_answer(Endpoint.GET_ORDER, Answer(spoil="garbage"))
    garbled = world.call("GET", path)
    assert (garbled.status_code, garbled.mimetype, garbled.get_data()[:6]) == (200, "text/html", b"<html>")
    world.box.next_answer(Endpoint.GET_ORDER, Answer(spoil="empty"))
    assert world.call("GET", path).get_data() == b""


def test_a_spoiled_reply_to_a_payment_has_charged(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    world.box.next_answer(Endpoint.PAYMENTS, Answer(spoil="garbage"))
    assert world.pay(order, card).get_json(silent=True) is None
    assert len(world.box.book) == 1


def test_a_fault_is_for_its_order_its_store_and_its_number_of_times(world: World) -> None:
    mine, other = world.box.create_order(), world.box.create_order()
    world.box.next_answer("get_order", Answer(status=503), order_id=mine.order_id, store_hash="abc123", times=2)
    world.box.next_answer("get_order", Answer(status=500), store_hash="def456")
    statuses = [world.call("GET", f"/v2/orders/{order.order_id}").status_code for order in (mine, other, mine, mine)]
    assert statuses == [503, 200, 503, 200]
    world.box.next_answer("get_order", Answer(status=503), times=None)
    assert {world.call("GET", f"/v2/orders/{mine.order_id}").status_code for _ in range(9)} == {503}
    world.box.clear_faults()
    assert world.call("GET", f"/v2/orders/{mine.order_id}").status_code == 200


@pytest.mark.parametrize(
    ("endpoint", "method", "path", "body"),
    [
        (Endpoint.METHODS, "GET", "/v3/payments/methods?order_id={id}", None),
        (Endpoint.ACCESS_TOKENS, "POST", "/v3/payments/access_tokens", '{{"order": {{"id": {id}}}}}'),
        (Endpoint.TRANSACTIONS, "GET", "/v3/orders/{id}/transactions", None),
    ],
)
def test_an_endpoint_knows_which_order_it_is_asked_about(
    world: World, endpoint: Endpoint, method: str, path: str, body: str | None
) -> None:
    spared, meant = (world.box.create_order().order_id for _ in range(2))
    world.box.next_answer(endpoint, Answer(status=418), order_id=meant)
    statuses = [
        world.call(method, path.format(id=number), body and body.format(id=number)).status_code
        for number in (spared, meant)
    ]
    assert statuses[0] in {200, 201, 204}
    assert statuses[1] == 418


def test_an_unknown_endpoint_is_an_error(world: World) -> None:
    with pytest.raises(ValueError, match="no_such"):
        world.box.next_answer("no_such", Answer())


def test_a_stale_order_shows_its_old_state_for_so_many_reads_after_the_change(world: World) -> None:
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    world.box.stale_order(order.order_id, reads=2)

    def read() -> int:
        return int(world.call("GET", f"/v2/orders/{order.order_id}").get_json()["status_id"])

    assert [read() for _ in range(3)] == [0, 0, 0]
    world.pay(order, card)
    assert [read() for _ in range(3)] == [0, 0, 11]


def test_a_stale_order_is_stale_in_lists_too_and_for_so_many_seconds(world: World) -> None:
    order = world.box.create_order()
    world.box.stale_order(order.order_id, seconds=60)
    world.box.pay_as_shopper(order.order_id)
    assert [entry["id"] for entry in world.call("GET", "/v2/orders?status_id=0").get_json()] == [order.order_id]
    world.clock.pass_time(60)
    assert world.call("GET", "/v2/orders?status_id=0").status_code == 204


@pytest.mark.parametrize("status", [204, 404, 503])
def test_transactions_lag_with_a_status_for_so_many_reads(world: World, status: int) -> None:
    order = world.box.create_order()
    world.box.lag_transactions(order.order_id, status=status, reads=2)
    path = f"/v3/orders/{order.order_id}/transactions"
    assert world.call("GET", path).status_code == 204
    world.box.pay_as_shopper(order.order_id)
    assert [world.call("GET", path).status_code for _ in range(3)] == [status, status, 200]


def test_transactions_lag_for_so_many_seconds_behind_those_that_were_known(world: World) -> None:
    customer_id, card = world.shopper_with_card(behaviour=30104)
    order = world.box.create_order(customer_id=customer_id)
    world.pay(order, card)
    world.box.lag_transactions(order.order_id, seconds=30)
    world.box.pay_as_shopper(order.order_id)
    path = f"/v3/orders/{order.order_id}/transactions"
    assert [entry["status"] for entry in world.call("GET", path).get_json()["data"]] == ["error"]
    world.clock.pass_time(30)
    assert [entry["status"] for entry in world.call("GET", path).get_json()["data"]] == ["error", "ok"]


def test_over_the_quota_is_429_until_the_window_ends() -> None:
    world = World(Limits(rest_requests=2, rest_window=30.0))
    statuses = [world.call("GET", "/v2/orders").status_code for _ in range(3)]
    assert statuses == [204, 204, HTTPStatus.TOO_MANY_REQUESTS]
    refused = world.call("GET", "/v2/orders")
    assert refused.headers["X-Rate-Limit-Requests-Left"] == "0"
    world.clock.pass_time(int(refused.headers["X-Rate-Limit-Time-Reset-Ms"]) / 1000)
    assert world.call("GET", "/v2/orders").status_code == 204


def test_the_quota_is_a_stores_own_and_payments_have_theirs() -> None:
    world = World(Limits(rest_requests=1, payments=1))
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id)
    token = world.mint(order)
    assert world.call("GET", "/v2/orders").status_code == 429
    assert world.pay(order, card, token=token).status_code == 201
    assert world.pay(order, card, token=token).status_code == 429
    headers = {"X-Auth-Token": "other-access", "Accept": "application/json"}
    assert world.call("GET", "/v2/orders", store="def456", headers=headers).status_code == 204
