"""Canaries through every way a charge can go: no secret is where it must not be, in any spelling."""

import json
import secrets
from pathlib import Path
from typing import Any, Final

import pytest

from sandbox.bigcommerce import tokens
from sandbox.bigcommerce.faults import Answer, Endpoint
from sandbox.bigcommerce.records import Kind
from tests.e2e import evidence
from tests.e2e.canaries import Canaries, Leak
from tests.e2e.house import House, open_house, wait_until

PAN: Final = "4929381332664295"  # invented; its check digit is right
CVV: Final = "7391"
ADDRESS: Final = "1729 Canary Wharf Crescent"
EMAIL: Final = "canary.bird+shop@mines.example"
BROKEN: Final = "brokenstore"
DEFAULT_UPDATED: Final = "store/customer/payment/instrument/default/updated"
# What may be where; all else may be nowhere.
ALLOWED: Final = frozenset(
    {
        ("instrument token", "table bigcharge-dev-instruments"),
        ("instrument token", "stream of bigcharge-dev-instruments"),
        ("e-mail", "table bigcharge-dev-instruments"),
        ("e-mail", "stream of bigcharge-dev-instruments"),
    }
)


def invent(what: str) -> str:
    return f"canary{what}{secrets.token_hex(12)}"


CREDENTIALS: Final[dict[str, Any]] = {
    "access_token": invent("access"),
    "client_id": invent("client"),
    "client_secret": invent("secret"),
    "hook_header": {"name": "X-Canary", "value": invent("header")},
}
WORDS: Final = f"card {PAN} ({PAN[:4]} {PAN[4:8]} {PAN[8:12]} {PAN[12:]}), cvv {CVV}, {ADDRESS}, {EMAIL}"


def test_every_form_of_every_canary_is_found_where_it_is_planted() -> None:
    """The search is proven too: a planted leak goes red, however it is spelled, and only where it is not allowed."""
    canaries = Canaries(
        {"PAN": (PAN,), "CVV": (CVV,), "address": (ADDRESS,), "access token": (CREDENTIALS["access_token"],)},
        frozenset({("PAN", "a vault")}),
    )
    for canary, form, text in canaries.planted():
        found = canaries.search({"log": f"before {text} after", "nothing": "x" * 100})
        assert {(leak.canary, leak.place) for leak in found} == {(canary, "log")}, form
    assert canaries.search({"a vault": PAN, "log": "2026-11-26 10:11:12,739 port 17391"}) == []


def quote_everything(*, code: int | None = None) -> str:
    """An answer of BigCommerce that quotes what it was sent, and more."""
    document: dict[str, Any] = {"status": 400, "title": WORDS, "detail": json.dumps(CREDENTIALS), "errors": {PAN: CVV}}
    return json.dumps(document | ({"code": code} if code else {}))


def drive(house: House) -> tuple[dict[str, int], list[str]]:
    """Send canaries down every path, and see that each was taken; the orders by path, and the tokens."""
    box, shown = house.box, []

    def store(kind: Kind = Kind.CARD, **looks: Any) -> int:
        customer = box.create_customer(email=EMAIL).customer_id
        looks |= {"email": EMAIL} if kind is Kind.PAYPAL_ACCOUNT else {}
        shown.append(box.store_instrument(customer, kind, billing_address={"street_1": ADDRESS}, **looks).token)
        box.send_webhook(DEFAULT_UPDATED, {"type": "customer", "id": customer})
        return customer

    def order(customer: int) -> int:
        return box.create_order(customer_id=customer, amount=1250, external_source="e2e").order_id

    def comes_to(path: str, *states: str) -> bool:
        return wait_until(lambda: house.charges().get(orders[path], {}).get("state") in states, 60)

    orders = {"success": order(store()), "another success": order(store(Kind.PAYPAL_ACCOUNT))}
    assert comes_to("success", "paid")
    assert comes_to("another success", "paid")
    box.next_answer(Endpoint.PAYMENTS, Answer(status=400, body=quote_everything(code=30102)))
    orders["decline"] = order(store())
    assert comes_to("decline", "declined")
    box.next_answer(Endpoint.PAYMENTS, Answer(drop="after", unrecorded=True))
    orders["time-out"] = order(store())
    assert comes_to("time-out", "unknown")
    box.next_answer(Endpoint.PAYMENTS, Answer(status=500, body=quote_everything()))
    orders["server error"] = order(store())
    assert comes_to("server error", "unknown", "declined", "claimed", "paid")
    box.next_answer(Endpoint.CUSTOMER_INSTRUMENTS, Answer(status=422, body=quote_everything()))
    store()
    signed = {"id": PAN, "email": EMAIL, "note": WORDS, "token": shown[0], "verification_value": CVV, **CREDENTIALS}
    box.send_webhook("store/order/created", signed)
    box.send_webhook("store/order/created", {"id": int(PAN)})
    box.send_webhook(f"store/order/{PAN}", signed)
    assert wait_until(lambda: in_queue(house, "quarantine") == 2, 30), "quarantine"
    # A secret that was pasted wrong: whoever needs it fails, time and again, and in the end for good.
    text = json.dumps({**CREDENTIALS, "access_token": 7}) + WORDS
    evidence.client(house, "secretsmanager").create_secret(Name=f"bigcharge/dev/stores/{BROKEN}", SecretString=text)
    hint = {
        "store_hash": BROKEN,
        "kind": "order",
        "id": 1,
        "cause": "sweep",
        "received_at": "2026-11-26T10:00:00+00:00",
    }
    send(house, "orders", json.dumps(hint))
    send(house, "orders", json.dumps({"no": "message of ours"}))
    assert wait_until(lambda: in_queue(house, "orders-dead") == 2, 120), "exception, and dead letter"
    return orders, shown


def send(house: House, queue: str, body: str) -> None:
    sqs = evidence.client(house, "sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=f"bigcharge-dev-{queue}")["QueueUrl"], MessageBody=body)


def in_queue(house: House, queue: str) -> int:
    groups = json.loads(house.bigcharge("dead-letters", "list", "--queue", queue, "--json").stdout or "[]")
    return sum(group["messages"] for group in groups)


@pytest.mark.slow
def test_no_secret_is_where_it_must_not_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    minted: list[str] = []
    encode = tokens.encode

    def remember(claims: dict[str, object], key: bytes) -> str:
        minted.append(encode(claims, key))
        return minted[-1]

    monkeypatch.setattr(tokens, "encode", remember)
    with open_house(tmp_path, credentials=CREDENTIALS) as house:
        house.start_aws()
        house.start_functions("--logs", tmp_path / "logs")
        evidence.copy_the_bus(house)
        orders, shown = drive(house)
        written = evidence.run_commands(house, list(orders.values()))
        written |= evidence.read_queues(house) | evidence.read_tables(house) | evidence.read_parameters(house)
        house.end_processes()
        written |= evidence.read_output(house) | evidence.read_logs(tmp_path / "logs")
    said = capfd.readouterr()
    written |= {"stdout": said.out, "stderr": said.err}
    must_have_been_written(written)
    canaries = Canaries(
        {
            "access token": (CREDENTIALS["access_token"],),
            "client id": (CREDENTIALS["client_id"],),
            "client secret": (CREDENTIALS["client_secret"],),
            "hook header": (CREDENTIALS["hook_header"]["value"],),
            "PAT": tuple(minted),
            "PAT's signature": tuple(token.rpartition(".")[2] for token in minted),
            "instrument token": tuple(shown),
            "PAN": (PAN,),
            "CVV": (CVV,),
            "address": (ADDRESS,),
            "e-mail": (EMAIL,),
        },
        ALLOWED,
    )
    assert minted
    assert canaries.search(written) == []
    assert Leak("instrument token", "table bigcharge-dev-instruments", "plain") in Canaries(canaries.values).search(
        written
    ), "the search sees what is allowed, where it is"


def must_have_been_written(written: dict[str, str]) -> None:
    """Nothing was searched in vain: each place holds what the paths leave there."""
    wanted = {
        "log bigcharge-dev-charge-order": ("order.looked_at", "order.message_failed", "StoreSecretError", "Traceback"),
        "log bigcharge-dev-receive-webhook": ("webhook.received", "quarantined", "CloudWatchMetrics"),
        "log bigcharge-dev-sync-instruments": ("customer.synced",),
        "queue bigcharge-dev-quarantine": ("[redacted]",),
        "queue bigcharge-dev-orders-dead": (BROKEN,),
        f"queue {evidence.BUS_COPY}": ("order.charged", "order.declined", "instrument.added"),
        "table bigcharge-dev-ledger": ("paid", "declined"),
        "stream of bigcharge-dev-ledger": ("NewImage",),
        "command charges list": ("paid",),
        "command instruments list": ("paypal",),
        "command dead-letters list": ("quarantine", "orders-dead"),
        "parameters": ("external_sources",),
    }
    for place, words in wanted.items():
        for word in words:
            assert word in written[place], (place, word)
