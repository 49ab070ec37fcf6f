"""Taking in webhooks: only what is signed, fresh and usable reaches a queue, and nothing is answered before it has."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigcharge.adapters.signatures import read_signature
from bigcharge.domain.errors import InvalidInputError, TooManyStoresError
from bigcharge.domain.messages import NO_ID, Kind, Message, read_message
from bigcharge.domain.policy import Policy
from bigcharge.domain.webhooks import DELIVERY_EXCEPTION
from bigcharge.services.intake import Intake, Outcome
from tests.fakes import CREDENTIALS, STORE, FakeQueue, FakeStores, Time

MESSAGE_ID = "msg-1"


class Door:
    def __init__(self) -> None:
        self.clock = Time()
        self.stores = FakeStores()
        self.orders, self.customers = FakeQueue(), FakeQueue()
        self.hooks, self.departing = FakeQueue(), FakeQueue()
        self.quarantined: list[tuple[str, str, str]] = []
        queues = {
            Kind.ORDER: self.orders,
            Kind.CUSTOMER: self.customers,
            Kind.HOOK: self.hooks,
            Kind.STORE: self.departing,
        }
        self.intake = Intake(queues, self, self.stores, read_signature, self.clock)

    def send(self, reason: str, store_hash: str, body: str) -> None:
        self.quarantined.append((reason, store_hash, body))

    def receive(
        self,
        body: Any,
        headers: dict[str, str] | None = None,
        *,
        age: float = 0,
        secret: str = CREDENTIALS.client_secret,
    ) -> Outcome:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = self.sign(raw, str(int(self.clock().timestamp() - age)), secret)
        return self.intake.receive(signed | (headers or {}), raw).outcome

    @staticmethod
    def sign(body: bytes, timestamp: str, secret: str = CREDENTIALS.client_secret) -> dict[str, str]:
        content = b".".join((MESSAGE_ID.encode(), timestamp.encode(), body))
        signature = base64.b64encode(hmac.digest(secret.encode(), content, hashlib.sha256)).decode()
        return {
            "webhook-id": MESSAGE_ID,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}",
        }


@pytest.fixture
def door() -> Door:
    return Door()


def order_created(**changes: Any) -> dict[str, Any]:
    body = {
        "scope": "store/order/created",
        "store_id": "1025646",
        "data": {"type": "order", "id": 215},
        "hash": "3f9ea420af83450d7ef9f78b08c8af25b2213637",
        "created_at": 1561479335,
        "producer": f"stores/{STORE}",
    }
    return body | changes


def test_a_signed_webhook_becomes_one_message(door: Door) -> None:
    assert door.receive(order_created()) is Outcome.QUEUED
    [(message, delay)] = door.orders.sent
    assert message == Message(
        STORE, Kind.ORDER, 215, "store/order/created", door.clock(), "3f9ea420af83450d7ef9f78b08c8af25b2213637"
    )
    assert delay == 0
    assert read_message(message.to_json()) == message


@pytest.mark.parametrize(
    ("scope", "data", "kind", "number"),
    [
        ("store/order/created", {"type": "order", "id": 7}, Kind.ORDER, 7),
        ("store/order/updated", {"type": "order", "id": "7"}, Kind.ORDER, 7),
        ("store/order/statusUpdated", {"type": "order", "id": 7, "status": {"new_status_id": 0}}, Kind.ORDER, 7),
        ("store/order/archived", {"type": "order", "id": 7}, Kind.ORDER, 7),
        ("store/order/refund/created", {"type": "order", "id": 7, "refund": {"refund_id": 3}}, Kind.ORDER, 7),
        ("store/order/refund/created", {"type": "refund", "id": 3, "order_id": 7}, Kind.ORDER, 7),
        ("store/order/refund/created", {"type": "order", "id": 7, "order_id": None}, Kind.ORDER, 7),
        ("store/order/transaction/created", {"type": "transaction", "id": 1, "order_id": 7}, Kind.ORDER, 7),
        ("store/order/transaction/updated", {"type": "transaction", "id": 1, "order_id": 7}, Kind.ORDER, 7),
        ("store/cart/converted", {"type": "cart", "id": "6f0dd8fb", "orderId": 7}, Kind.ORDER, 7),
        ("store/customer/payment/instrument/default/updated", {"type": "customer", "id": 7}, Kind.CUSTOMER, 7),
        ("store/customer/deleted", {"type": "customer", "id": 7}, Kind.CUSTOMER, 7),
    ],
)
def test_every_scope_goes_to_its_queue_with_its_id(
    door: Door, scope: str, data: dict[str, Any], kind: Kind, number: int
) -> None:
    assert door.receive(order_created(scope=scope, data=data)) is Outcome.QUEUED
    sent = door.orders.sent if kind is Kind.ORDER else door.customers.sent
    assert [(message.kind, message.id, message.cause) for message, _ in sent] == [(kind, number, scope)]


@pytest.mark.parametrize("event_hash", [None, 7, "", "\ud800", "a b", "a\nb", "x" * 129])
def test_a_hash_that_is_no_plain_word_is_left_out_of_message_and_log(door: Door, event_hash: object) -> None:
    assert door.receive(order_created(hash=event_hash)) is Outcome.QUEUED
    assert [message.event_hash for message, _ in door.orders.sent] == [None]


def test_a_scope_that_is_not_ours_is_taken_and_left(door: Door) -> None:
    assert door.receive(order_created(scope="store/product/updated")) is Outcome.NOT_HANDLED
    assert door.orders.sent == []


@pytest.mark.parametrize(
    "data", [None, [], {}, {"id": None}, {"id": "abc"}, {"id": 0}, {"id": -1}, {"id": True}, {"id": 1.5}]
)
def test_signed_but_unusable_is_kept_in_quarantine(door: Door, data: object) -> None:
    body = order_created(data=data)
    assert door.receive(body) is Outcome.QUARANTINED
    [(_, store_hash, kept)] = door.quarantined
    assert (store_hash, json.loads(kept)) == (STORE, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 60_000,
        b"null",
        b"[]",
        b"{}",
        json.dumps(order_created(producer=5)).encode(),
        json.dumps(order_created(producer="stores/")).encode(),
        json.dumps(order_created(producer="stores/../x")).encode(),
        *(
            json.dumps(order_created(scope=scope)).encode()
            for scope in (None, "", "a b", "\ud800", "\u00e9", "x" * 129)
        ),
        json.dumps(order_created()).encode("utf-16"),
        json.dumps(order_created()).encode("utf-16-le"),
        json.dumps(order_created()).encode("utf-8-sig"),
        json.dumps(order_created(created_at=float("nan"))).encode(),
        json.dumps(order_created(created_at=float("-inf"))).encode(),
        json.dumps(order_created()).encode()[:-1] + b', "x": ' + b"9" * 5000 + b"}",
        json.dumps(order_created(padding="x" * 65_536)).encode(),
    ],
)
def test_what_is_no_webhook_is_unreadable(door: Door, body: bytes) -> None:
    assert door.receive(body) is Outcome.UNREADABLE


def test_a_webhook_of_just_64_kib_is_read(door: Door) -> None:
    body = order_created(padding="")
    body["padding"] = "x" * (65_536 - len(json.dumps(body)))
    assert door.receive(body) is Outcome.QUEUED


def test_a_store_that_is_not_ours_is_unknown(door: Door) -> None:
    assert door.receive(order_created(producer="stores/other")) is Outcome.UNKNOWN_STORE


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,!!!!"},
        {"webhook-signature": "v1,\ud800"},
        {"webhook-signature": ",".join("v1" * 50)},
        {"webhook-id": "msg-2"},
        {"webhook-id": ""},
        {"webhook-id": "a b"},
        {"webhook-id": "\u00e9"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "1_7"},
        {"webhook-timestamp": "\u0661\u0662"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "0"},
        {"webhook-timestamp": "+1795176000"},
        {"webhook-timestamp": " 1795176000"},
        {"webhook-timestamp": "1795176000\n"},
        {"webhook-timestamp": "1795176000.0"},
    ],
)
def test_headers_that_do_not_prove_the_sender_are_forged(door: Door, headers: dict[str, str]) -> None:
    assert door.receive(order_created(), headers) is Outcome.FORGED
    assert door.orders.sent == []


def test_a_body_that_was_changed_is_forged(door: Door) -> None:
    signed = door.sign(json.dumps(order_created()).encode(), str(int(door.clock().timestamp())))
    changed = json.dumps(order_created(data={"type": "order", "id": 216})).encode()
    assert door.intake.receive(signed, changed).outcome is Outcome.FORGED


def test_another_stores_secret_is_forged(door: Door) -> None:
    body = json.dumps(order_created()).encode()
    signed = door.sign(body, str(int(door.clock().timestamp())), secret="another-invented-secret")
    assert door.intake.receive(signed, body).outcome is Outcome.FORGED


def test_a_valid_signature_counts_also_behind_a_malformed_one(door: Door) -> None:
    body = json.dumps(order_created()).encode()
    signed = door.sign(body, str(int(door.clock().timestamp())))
    signed["webhook-signature"] = f"v1 v2,x nonsense {signed['webhook-signature']}"
    assert door.intake.receive(signed, body).outcome is Outcome.QUEUED


@pytest.mark.parametrize(
    ("age", "outcome"), [(300, Outcome.QUEUED), (301, Outcome.TOO_OLD), (-300, Outcome.QUEUED), (-301, Outcome.FORGED)]
)
def test_the_timestamp_must_be_within_the_tolerance_on_both_sides(door: Door, age: float, outcome: Outcome) -> None:
    assert door.receive(order_created(), age=age) is outcome


def test_the_tolerance_is_the_stores_setting(door: Door) -> None:
    door.stores.policies = Policy(webhook_tolerance=timedelta(hours=48))
    assert door.receive(order_created(), age=47 * 3600) is Outcome.QUEUED


def test_only_what_is_signed_is_called_too_old(door: Door) -> None:
    """So that the count of those tells of late retries, and not of strangers."""
    assert door.receive(order_created(), age=301, secret="another-invented-secret") is Outcome.FORGED


def test_a_timestamp_that_is_written_in_another_way_was_not_signed(door: Door) -> None:
    """`0123` and `123` are one moment and two texts; the signature is over the text."""
    body, timestamp = json.dumps(order_created()).encode(), str(int(door.clock().timestamp()))
    signed = door.sign(body, timestamp) | {"webhook-timestamp": f"0{timestamp}"}
    assert door.intake.receive(signed, body).outcome is Outcome.FORGED


@pytest.mark.parametrize("policy", [None, InvalidInputError("unknown policy key")])
def test_without_a_usable_policy_the_tolerance_is_five_minutes(door: Door, policy: InvalidInputError | None) -> None:
    door.stores.policies = policy
    assert (door.receive(order_created(), age=299), door.receive(order_created(), age=301)) == (
        Outcome.QUEUED,
        Outcome.TOO_OLD,
    )


@pytest.mark.parametrize(
    ("value", "outcome"), [("invented-value", Outcome.QUEUED), ("wrong", Outcome.FORGED), (None, Outcome.FORGED)]
)
def test_a_stores_own_header_must_be_there(door: Door, value: str | None, outcome: Outcome) -> None:
    door.stores.known = replace(CREDENTIALS, hook_header=("X-Hook-Key", "invented-value"))
    assert door.receive(order_created(), {"x-hook-key": value} if value else {}) is outcome


OLD = replace(CREDENTIALS, client_secret="invented-old-secret")


def test_while_the_secret_is_rotated_either_may_have_signed(door: Door) -> None:
    door.stores.others = (OLD,)
    for secret in (CREDENTIALS.client_secret, OLD.client_secret):
        assert door.receive(order_created(), secret=secret) is Outcome.QUEUED
    assert door.receive(order_created(), secret="another-invented-secret") is Outcome.FORGED


def test_while_the_hooks_header_is_rotated_they_may_carry_either(door: Door) -> None:
    """Whichever secret BigCommerce signs with: hooks get their new header later than the app its new secret."""
    door.stores.known = replace(CREDENTIALS, hook_header=("X-Hook-Key", "new"))
    door.stores.others = (replace(OLD, hook_header=("X-Hook-Key", "old")),)
    for secret in (CREDENTIALS.client_secret, OLD.client_secret):
        for value, outcome in {"new": Outcome.QUEUED, "old": Outcome.QUEUED, "else": Outcome.FORGED}.items():
            assert door.receive(order_created(), {"x-hook-key": value}, secret=secret) is outcome
    assert door.receive(order_created(), {"x-hook-key": "new"}, secret="another") is Outcome.FORGED


def test_when_too_many_stores_are_asked_for_it_is_not_said_that_one_is_unknown(door: Door) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(door.stores, "credentials", raise_too_many)
        assert door.receive(order_created()) is Outcome.TOO_MANY_STORES


def raise_too_many(_: str) -> None:
    raise TooManyStoresError("more stores are asked for than are looked up at a time")


def test_a_queue_that_fails_is_an_error_so_that_nothing_is_promised(door: Door) -> None:
    door.orders.error = ConnectionError("the queue is away")
    with pytest.raises(ConnectionError):
        door.receive(order_created())


def test_the_signature_of_a_known_message_is_the_known_one() -> None:
    """Computed apart from any of our code: `openssl dgst -sha256 -hmac invented-client-secret -binary | base64`."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,0cjl3py9Q0NmN7faDOb3MORyM/JWoJ7ymTCVCddkp7I=",
    }
    body = b'{"test": 2432232314}'
    signature = read_signature(headers, body)
    assert (signature.message_id, signature.sent_at) == (headers["webhook-id"], datetime.fromtimestamp(1614265330, UTC))
    assert signature.is_by(CREDENTIALS.client_secret)
    assert not signature.is_by(CREDENTIALS.client_secret + "x")
    assert not read_signature(headers, body + b" ").is_by(CREDENTIALS.client_secret)


@given(
    headers=st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "x"]), st.text(st.characters())
    ),
    body=st.one_of(
        st.binary(), st.builds(lambda value: json.dumps(value).encode(), st.dictionaries(st.text(), st.integers()))
    ),
)
def test_whatever_a_stranger_sends_is_answered_and_never_taken(headers: dict[str, str], body: bytes) -> None:
    door = Door()
    receipt = door.intake.receive(headers, body)
    assert receipt.outcome in {Outcome.UNREADABLE, Outcome.UNKNOWN_STORE, Outcome.FORGED}


@given(
    headers=st.fixed_dictionaries(
        dict.fromkeys(["webhook-id", "webhook-timestamp", "webhook-signature"], st.text(st.characters()))
    )
)
def test_whatever_stands_in_the_headers_of_a_real_body_is_refused(headers: dict[str, str]) -> None:
    assert Door().intake.receive(headers, json.dumps(order_created()).encode()).outcome is Outcome.FORGED


@pytest.mark.parametrize(
    ("created_at", "happened_at"),
    [
        (1561479335, datetime(2019, 6, 25, 16, 15, 35, tzinfo=UTC)),
        *((unreadable, None) for unreadable in (None, "1561479335", True, 1.5, 10**20, -(10**20))),
    ],
)
@pytest.mark.parametrize("data", [{"type": "app", "id": "invented-client"}, {}, None])
def test_an_uninstalled_app_is_a_hint_about_its_store_with_the_time_that_it_names(
    door: Door, data: object, created_at: object, happened_at: datetime | None
) -> None:
    body = order_created(scope="store/app/uninstalled", data=data, created_at=created_at)
    assert door.receive(body) is Outcome.QUEUED
    [(message, _)] = door.departing.sent
    assert (message.store_hash, message.kind, message.id) == (STORE, Kind.STORE, 0)
    assert (message.happened_at, message.received_at) == (happened_at, door.clock())


def test_a_forged_uninstall_reaches_nobody(door: Door) -> None:
    body = order_created(scope="store/app/uninstalled")
    assert door.receive(body, secret="another-secret") is Outcome.FORGED
    assert not door.departing.sent


def delivery_exception(code: object) -> dict[str, Any]:
    data = {"type": "hook", "id": 7, "scope": "store/order/created", "error_code": code}
    return order_created(scope=DELIVERY_EXCEPTION, data=data)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (90002, "delivery_given_up"),
        ("90002", "delivery_given_up"),
        (90003, "destination_blocked"),
        (90004, "delivery_exception"),
        (None, "delivery_exception"),
    ],
)
def test_a_delivery_that_was_given_up_or_blocked_has_the_hooks_looked_at(door: Door, code: object, cause: str) -> None:
    assert door.receive(delivery_exception(code)) is Outcome.QUEUED
    [(message, _)] = door.hooks.sent
    assert (message.kind, message.id, message.cause) == (Kind.HOOK, 7, cause)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        ({"error_code": 90003}, "destination_blocked"),
        ({"error_code": 90002, "id": None}, "delivery_given_up"),
        ({}, "delivery_exception"),
    ],
)
def test_an_exception_that_names_no_hook_has_all_looked_at(door: Door, data: dict[str, Any], cause: str) -> None:
    assert door.receive(order_created(scope=DELIVERY_EXCEPTION, data=data)) is Outcome.QUEUED
    [(message, _)] = door.hooks.sent
    assert (message.kind, message.id, message.cause) == (Kind.HOOK, NO_ID, cause)
    assert "hook_id" not in message.ids
    assert read_message(message.to_json()) == message


@pytest.mark.parametrize("hook_id", [0, -1, "", "abc", True, 1.5, [], 2**60])
def test_an_exception_of_what_is_no_hook_is_kept_in_quarantine(door: Door, hook_id: object) -> None:
    body = order_created(scope=DELIVERY_EXCEPTION, data={"error_code": 90002, "id": hook_id})
    assert door.receive(body) is Outcome.QUARANTINED
    assert not door.hooks.sent


def test_a_delivery_that_will_be_retried_is_only_counted(door: Door) -> None:
    assert door.receive(delivery_exception(90001)) is Outcome.COUNTED
    assert not door.hooks.sent


def test_a_forged_exception_has_nobody_look(door: Door) -> None:
    assert door.receive(delivery_exception(90003), secret="another") is Outcome.FORGED
    assert not door.hooks.sent
