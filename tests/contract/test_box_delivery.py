"""Deliveries that fail: exceptions told to a hook of their own, destinations blocked, `hooks/admin` that shows it."""

import json
from typing import Any

import pytest

from sandbox.bigcommerce.delivery import RETRY_INTERVALS
from sandbox.bigcommerce.hooks import DELIVERY_EXCEPTION
from sandbox.bigcommerce.records import Store
from tests.contract.box_world import World

URL = "http://127.0.0.1:9/webhooks"
EXCEPTIONS = "http://127.0.0.1:8/exceptions"


def exceptions_of(world: World) -> list[dict[str, Any]]:
    return [json.loads(body)["data"] for url, _, body in world.receiver.posts if url == EXCEPTIONS]


class Refusing:
    """A receiver of a world that refuses everything but delivery exceptions, after so many that it takes."""

    def __init__(self, world: World, takes: int = 0) -> None:
        self.world = world
        self.takes = takes

    def __call__(self, url: str, headers: Any, body: bytes) -> int:
        self.world.receiver(url, headers, body)
        if url == EXCEPTIONS:
            return 200
        self.takes -= 1
        return 200 if self.takes >= 0 else 500


def hooked(world: World) -> World:
    world.box.add_hook("store/order/created", URL)
    world.box.add_hook(DELIVERY_EXCEPTION, EXCEPTIONS)
    return world


def test_each_failed_attempt_is_told_as_90001_and_the_last_as_90002(world: World) -> None:
    hooked(world).box.create_order()
    receiver = Refusing(world)
    for seconds in (0, *RETRY_INTERVALS):
        world.clock.pass_time(seconds)
        world.box.send_due(receiver)
    world.box.send_due(receiver)
    told = exceptions_of(world)
    assert [data["error_code"] for data in told] == [90001] * 11 + [90002]
    assert told[0] == {"type": "hook", "id": 1, "scope": "store/order/created", "error_code": 90001}
    assert [hook.is_active for hook in world.box.hooks()] == [False, True]


def test_a_failing_exception_hook_is_told_to_nobody(world: World) -> None:
    hooked(world).box.create_order()
    world.receiver.usual = 500
    world.post_due()
    world.post_due()
    assert len(exceptions_of(world)) == 1
    assert world.post_due() == 0


def test_below_90_percent_after_100_requests_a_destination_is_blocked_for_three_minutes(world: World) -> None:
    hooked(world)
    receiver = Refusing(world, takes=89)
    for _ in range(100):
        world.box.create_order()
    world.box.send_due(receiver)
    world.box.send_due(receiver)
    assert [data["error_code"] for data in exceptions_of(world)] == [90001] * 11 + [90003]
    blocked = world.call("GET", "/v3/hooks/admin").get_json()["data"]["blocked_domains"]
    reason = "89 of 100 requests succeeded within two minutes"
    assert blocked == [{"destination": "127.0.0.1:9", "time_left": 180, "reasons": [reason]}]
    world.clock.pass_time(170)
    made = len(world.receiver.posts)
    world.box.create_order()
    world.box.send_due(receiver)
    assert len(world.receiver.posts) == made
    assert world.box.deliveries[-1].error == "destination is blocked"
    assert world.call("GET", "/v3/hooks/admin").get_json()["data"]["blocked_domains"][0]["time_left"] == 10
    world.clock.pass_time(10)
    assert world.call("GET", "/v3/hooks/admin").get_json()["data"]["blocked_domains"] == []
    world.box.send_due(world.receiver)
    assert len(world.receiver.posts) == made + 12, "the new event and the eleven that had failed"
    assert [entry.attempt for entry in world.box.deliveries[-1:]] == [1]


@pytest.mark.parametrize(("orders", "takes"), [(99, 0), (100, 90)])
def test_99_failures_or_90_percent_block_nothing(world: World, orders: int, takes: int) -> None:
    hooked(world)
    for _ in range(orders):
        world.box.create_order()
    world.box.send_due(Refusing(world, takes))
    assert world.call("GET", "/v3/hooks/admin").get_json()["data"]["blocked_domains"] == []


def test_failures_of_more_than_two_minutes_ago_are_forgotten(world: World) -> None:
    hooked(world)
    for _ in range(2):
        for _ in range(60):
            world.box.create_order()
        receiver = Refusing(world)
        world.box.send_due(receiver)
        for hook in world.box.hooks()[:1]:  # no retries, so that only the new events count
            world.call("DELETE", f"/v3/hooks/{hook.hook_id}")
        world.box.add_hook("store/order/created", URL)
        world.clock.pass_time(121)
    assert world.call("GET", "/v3/hooks/admin").get_json()["data"]["blocked_domains"] == []


def test_times_of_blocking_are_scaled_like_the_retries(world: World) -> None:
    hooked(world).box.state.outbox.retry_scale = 0.01
    for _ in range(100):
        world.box.create_order()
    world.box.send_due(Refusing(world))
    [blocked] = world.call("GET", "/v3/hooks/admin").get_json()["data"]["blocked_domains"]
    assert blocked["time_left"] == 2
    world.clock.pass_time(1.8)
    assert world.call("GET", "/v3/hooks/admin").get_json()["data"]["blocked_domains"] == []


def test_forged_events_and_those_on_demand_block_nothing(world: World) -> None:
    world.box.send_webhook("store/order/created", {}, destination=URL, times=150, signed=False)
    world.receiver.usual = 401
    world.post_due()
    assert world.box.state.watch.blocks(world.clock.now) == []


def make(world: World, scope: str, destination: str) -> int:
    return world.call("POST", "/v3/hooks", {"scope": scope, "destination": destination}).status_code


def test_a_delivery_exception_hook_has_a_destination_of_its_own_and_is_one(world: World) -> None:
    assert make(world, "store/order/created", "https://example.com/a") == 200
    assert make(world, DELIVERY_EXCEPTION, "https://example.com/a") == 422
    assert make(world, DELIVERY_EXCEPTION, "https://example.com/b") == 200
    assert make(world, "store/order/updated", "https://example.com/b") == 422
    assert make(world, DELIVERY_EXCEPTION, "https://example.com/c") == 422  # no violation: two may make it at once
    rules = world.rules()
    assert len(rules) == 2
    assert rules[0].endswith("destination: a delivery exception hook needs a destination of its own")


@pytest.mark.parametrize(
    ("destination", "status"),
    [
        ("https://example.com:443/x", 200),
        ("https://example.com:8443/x", 422),
        ("https://example.com:x/", 422),
        ("http://127.0.0.1:3000/webhooks", 200),
        ("http://127.0.0.1.example.com/", 422),
        ("https://", 422),
        (1, 422),
    ],
)
def test_a_destination_is_https_on_port_443_or_loopback(world: World, destination: Any, status: int) -> None:
    assert make(world, "store/order/created", destination) == status
    assert len(world.box.violations) == (status == 422)


@pytest.mark.parametrize(
    ("granted", "scope", "status"),
    [
        ("store_v2_orders_read_only", "store/order/created", 200),
        ("store_v2_orders_read_only", "store/customer/deleted", 403),
        ("store_stored_payment_instruments", "store/customer/payment/instrument/default/updated", 200),
        ("store_v2_customers", "store/order/*", 403),
        ("store_v2_customers", "store/app/uninstalled", 200),
        ("store_v2_customers", DELIVERY_EXCEPTION, 200),
    ],
)
def test_a_hook_needs_the_oauth_scope_of_what_it_watches(granted: str, scope: str, status: int) -> None:
    world = World(stores=(Store("abc123", 1, "invented-access", "c", "s", oauth_scopes=frozenset({granted})),))
    assert make(world, scope, "https://example.com/") == status
    assert len(world.box.violations) == (status == 403)
