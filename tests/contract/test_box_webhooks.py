"""Webhooks: signed as Standard Webhooks, told for every change, retried as documented, and odd on demand."""

import base64
import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from sandbox.bigcommerce.delivery import RETRY_INTERVALS, Shape
from sandbox.bigcommerce.hooks import HANDLED_SCOPES
from sandbox.bigcommerce.records import Kind
from sandbox.bigcommerce.webhooks import sign
from tests.contract.box_world import STORE, World

URL = "http://127.0.0.1:9/webhooks"


@pytest.fixture
def told(world: World) -> World:
    world.box.add_default_hooks(URL)
    return world


def data_of(world: World) -> list[tuple[str, dict[str, Any]]]:
    events = [json.loads(body) for _, _, body in world.receiver.posts]
    return [(event["scope"], event["data"]) for event in events]


def test_the_signature_is_the_known_answer_of_standard_webhooks() -> None:
    """The vector of the Standard Webhooks specification's own libraries."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_posting_passes_the_verifier_of_standard_webhooks(told: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told.box.create_order()
    told.post_due()
    [(url, headers, body)] = told.receiver.posts
    assert url == URL
    monkeypatch.setattr(Webhook, "_Webhook__verify_timestamp", lambda _self, text: told.clock.now if text else None)
    Webhook(base64.b64encode(STORE.client_secret.encode()).decode()).verify(body, dict(headers))
    assert headers["webhook-timestamp"] == str(int(told.clock.now.timestamp()))
    assert headers["Content-Type"] == "application/json"


def test_what_happens_to_an_order_is_told(told: World) -> None:
    customer_id, card = told.shopper_with_card()
    order = told.box.create_order(customer_id=customer_id, cart_id="cart-1")
    told.pay(order, card)
    told.post_due()
    number = order.order_id
    assert data_of(told) == [
        ("store/customer/payment/instrument/default/updated", {"type": "customer", "id": customer_id}),
        ("store/order/created", {"type": "order", "id": number}),
        ("store/cart/converted", {"type": "cart", "id": "cart-1", "orderId": number}),
        ("store/order/transaction/created", {"type": "order_transaction", "transaction_id": 1, "order_id": number}),
        ("store/order/updated", {"type": "order", "id": number}),
        (
            "store/order/statusUpdated",
            {"type": "order", "id": number, "status": {"previous_status_id": 0, "new_status_id": 11}},
        ),
    ]


def test_only_a_changed_default_is_told_of_instruments(told: World) -> None:
    customer_id, first = told.shopper_with_card()
    second = told.box.store_instrument(customer_id, Kind.PAYPAL_ACCOUNT)
    told.box.change_default(second.token)
    told.box.change_default(second.token)
    told.box.remove_instrument(first.token)
    told.box.delete_customer(customer_id)
    told.post_due()
    default = "store/customer/payment/instrument/default/updated"
    assert told.receiver.scopes == [default, default, "store/customer/deleted"]
    assert told.box.instruments(customer_id) == []


def test_a_settled_payment_is_told_as_an_updated_transaction(told: World) -> None:
    customer_id = told.box.create_customer().customer_id
    order = told.box.create_order(customer_id=customer_id)
    told.pay(order, told.box.store_instrument(customer_id, Kind.BANK_ACCOUNT))
    told.post_due()
    told.receiver.posts.clear()
    told.box.settle_pending(order.order_id)
    told.post_due()
    assert "store/order/transaction/updated" in told.receiver.scopes


def test_a_refund_is_told_by_the_order_as_bigcommerce_publishes_it(world: World) -> None:
    world.box.add_hook("store/order/refund/created", URL)
    customer_id, card = world.shopper_with_card()
    order = world.box.create_order(customer_id=customer_id, amount=1000)
    world.pay(order, card)
    world.box.refund(order.order_id, 400)
    world.post_due()
    assert data_of(world) == [
        ("store/order/refund/created", {"type": "order", "id": order.order_id, "refund": {"refund_id": 1}})
    ]


def test_a_hook_gets_its_scope_or_everything_below_it_with_its_headers(world: World) -> None:
    world.box.add_hook("store/order/*", URL, headers={"X-Hook": "ours"})
    world.box.add_hook("store/customer/deleted", URL)
    order = world.box.create_order()
    world.box.set_order(order.order_id, total=1)
    world.post_due()
    assert world.receiver.scopes == ["store/order/created", "store/order/updated"]
    assert {headers["X-Hook"] for _, headers, _ in world.receiver.posts} == {"ours"}


def test_a_doubled_event_comes_twice_with_the_same_id_and_hash(told: World) -> None:
    told.box.shape_webhooks(Shape(copies=2), scope="store/order/created")
    told.box.create_order()
    told.box.create_order()
    told.post_due()
    (_, first, one), (_, again, same), (_, next_one, other) = told.receiver.posts
    assert one == same != other
    assert first["webhook-id"] == again["webhook-id"] != next_one["webhook-id"]


def test_a_late_event_comes_after_its_delay(told: World) -> None:
    told.box.shape_webhooks(Shape(delay=90.0))
    late, prompt = told.box.create_order(), told.box.create_order()
    told.post_due()
    told.clock.pass_time(89)
    assert told.post_due() == 0
    told.clock.pass_time(1)
    told.post_due()
    assert [data["id"] for _, data in data_of(told)] == [prompt.order_id, late.order_id]


def test_a_lost_event_never_comes_and_the_log_says_so(told: World) -> None:
    told.box.shape_webhooks(Shape(lose=True), entity_id=101)
    told.box.create_order()
    told.box.create_order()
    told.clock.pass_time(10**6)
    told.post_due()
    assert [data["id"] for _, data in data_of(told)] == [100]
    assert [(entry.data["id"], entry.status, entry.error) for entry in told.box.deliveries] == [
        (101, None, "lost"),
        (100, 200, ""),
    ]


def test_events_can_come_out_of_order(told: World) -> None:
    told.box.hold_webhooks()
    orders = [told.box.create_order().order_id for _ in range(5)]
    assert told.post_due() == 0
    told.box.release_webhooks("reversed")
    told.post_due()
    assert [data["id"] for _, data in data_of(told)] == orders[::-1]
    told.box.hold_webhooks()
    more = [told.box.create_order().order_id for _ in range(5)]
    told.box.release_webhooks("shuffled")
    told.post_due()
    shuffled = [data["id"] for _, data in data_of(told)][5:]
    assert sorted(shuffled) == more != shuffled


def test_a_forged_event_has_another_signature_and_is_not_repeated(told: World) -> None:
    told.box.shape_webhooks(Shape(forge=True))
    told.receiver.usual = 401
    told.box.create_order()
    told.post_due()
    [(_, headers, body)] = told.receiver.posts
    honest = sign(STORE.client_secret.encode(), headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"].startswith("v1,")
    assert headers["webhook-signature"] != honest
    told.clock.pass_time(10**6)
    assert told.post_due() == 0
    [entry] = told.box.deliveries
    assert (entry.signed, entry.accepted) == (False, False)


def test_any_event_can_be_sent_on_demand(told: World) -> None:
    data = {"type": "app", "id": 1}
    told.box.send_webhook("store/app/uninstalled", data, times=2, timestamp=1)
    told.box.send_webhook("store/app/uninstalled", data, signed=False, destination="http://127.0.0.1:9/other")
    told.post_due()
    assert [url for url, _, _ in told.receiver.posts] == [URL, URL, "http://127.0.0.1:9/other"]
    assert data_of(told) == [("store/app/uninstalled", data)] * 3
    assert [headers["webhook-timestamp"] for _, headers, _ in told.receiver.posts][:2] == ["1", "1"]


def test_without_a_hook_a_destination_is_needed(world: World) -> None:
    with pytest.raises(ValueError, match="destination"):
        world.box.send_webhook("store/order/created", {})


def test_a_refused_event_is_retried_on_the_documented_intervals_then_the_hook_is_deactivated(world: World) -> None:
    hook = world.box.add_hook("store/order/created", URL)
    world.receiver.usual = 500
    world.box.create_order()
    world.post_due()
    for seconds in (60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400):
        assert world.box.hooks()[0].is_active
        world.clock.pass_time(seconds - 1)
        assert world.post_due() == 0
        world.clock.pass_time(1)
        assert world.post_due() == 1
    assert not world.box.hooks()[0].is_active
    assert [entry.attempt for entry in world.box.deliveries] == list(range(1, 13))
    assert len({entry.message_id for entry in world.box.deliveries}) == 1
    world.box.create_order()
    assert world.post_due() == 0
    world.call("PUT", f"/v3/hooks/{hook.hook_id}", {"is_active": True})
    world.box.create_order()
    assert world.post_due() == 1


def test_a_retry_is_signed_at_its_own_time(told: World) -> None:
    told.receiver.answers = [503, 0, 204]
    told.box.create_order()
    for _ in range(3):
        told.post_due()
        told.clock.pass_time(180)
    times = [int(headers["webhook-timestamp"]) for _, headers, _ in told.receiver.posts]
    assert [moment - times[0] for moment in times] == [0, 180, 360]
    assert [(entry.status, entry.error) for entry in told.box.deliveries] == [(503, ""), (None, "no answer"), (204, "")]
    assert told.box.waiting_webhooks == 0


def test_the_intervals_can_be_shortened(told: World) -> None:
    told.box.state.outbox.retry_scale = 0.01
    told.receiver.answers = [500]
    told.box.create_order()
    told.post_due()
    assert told.box.waiting_webhooks == 1
    told.clock.pass_time(RETRY_INTERVALS[0] * 0.01)
    assert told.post_due() == 1


def test_a_deleted_hook_gets_nothing_more(told: World) -> None:
    told.receiver.usual = 500
    told.box.create_order()
    told.post_due()
    for hook in told.box.hooks():
        told.call("DELETE", f"/v3/hooks/{hook.hook_id}")
    told.clock.pass_time(60)
    told.post_due()
    assert len(told.receiver.posts) == 1
    assert told.box.deliveries[-1].error == "hook is gone"


def test_default_hooks_carry_the_stores_own_header_and_every_handled_scope(world: World) -> None:
    world.box.add_default_hooks(URL)
    assert [hook.scope for hook in world.box.hooks(store_hash="def456")] == list(HANDLED_SCOPES)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 422),
        ({"scope": "store/order/created"}, 422),
        ({"scope": "store/nothing", "destination": "https://example.com"}, 422),
        ({"scope": "store/order/created", "destination": "http://example.com"}, 422),
        ({"scope": "store/order/created", "destination": "https://example.com", "is_active": "yes"}, 422),
        ({"scope": "store/order/created", "destination": "https://example.com", "headers": {"a": 1}}, 422),
    ],
)
def test_a_wrong_hook_is_refused(world: World, change: dict[str, Any], status: int) -> None:
    assert world.call("POST", "/v3/hooks", change).status_code == status
    assert len(world.box.violations) == 1


def test_a_scope_has_one_hook_for_a_destination_and_ten_in_all(world: World) -> None:
    for number in range(10):
        made = {"scope": "store/order/created", "destination": f"https://example.com/{number}"}
        assert world.call("POST", "/v3/hooks", made).status_code == 200
    assert world.call("POST", "/v3/hooks", made).status_code == 422
    assert world.call("POST", "/v3/hooks", {**made, "destination": "https://example.com/10"}).status_code == 422
