"""A box with one store, and a client for it: in this process, on a clock that the test moves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from werkzeug import Response
from werkzeug.test import Client

from sandbox.bigcommerce.app import Application
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.control import Control
from sandbox.bigcommerce.limits import Limits
from sandbox.bigcommerce.records import Instrument, Order, Store

STORE = Store("abc123", 1025646, "invented-access", "invented-client", "invented-secret")
OTHER = Store("def456", 1025647, "other-access", "other-client", "other-secret")
START = datetime(2019, 2, 28, 21, 42, 22, tzinfo=UTC)  # the moment of the document's example token
REST_HEADERS = {"X-Auth-Token": STORE.access_token, "Accept": "application/json", "Content-Type": "application/json"}
PAYMENT_HEADERS = {"Accept": "application/vnd.bc.v1+json", "Content-Type": "application/json"}


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Delivered:
    """What a receiver of webhooks got, and what it will answer."""

    posts: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    usual: int = 200

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self.posts.append((url, headers, body))
        answer = self.answers.pop(0) if self.answers else self.usual
        if answer == 0:
            raise ConnectionRefusedError
        return answer

    @property
    def scopes(self) -> list[str]:
        return [json.loads(body)["scope"] for _, _, body in self.posts]


class World:
    """A box and everything around it."""

    def __init__(self, limits: Limits | None = None, stores: tuple[Store, ...] = (STORE, OTHER)) -> None:
        self.clock = Clock()
        self.slept: list[float] = []
        self.box = Box(stores, self.clock, Random(7), sleep=self._sleep, limits=limits)  # noqa: S311 - a seed, so that a test repeats itself
        self.http = Client(Application(self.box.state, Control(self.box)))
        self.receiver = Delivered()

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.pass_time(seconds)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        store: str = "abc123",
        headers: Mapping[str, str] = REST_HEADERS,
    ) -> Response:
        data = body if isinstance(body, str) or body is None else json.dumps(body)
        return self.http.open(f"/stores/{store}{path}", method=method, data=data, headers=dict(headers))

    def mint(self, order: Order | int, *, recurring: bool = True) -> str:
        order_id = order if isinstance(order, int) else order.order_id
        answer = self.call("POST", "/v3/payments/access_tokens", {"order": {"id": order_id, "is_recurring": recurring}})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.get_json()["data"]["id"])

    def pay(
        self,
        order: Order,
        instrument: Instrument | Mapping[str, Any],
        *,
        method_id: str | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        store: str = "abc123",
        **payment: Any,
    ) -> Response:
        """Mint a token for the order (unless given one) and charge the instrument."""
        if isinstance(instrument, Instrument):
            spelled: dict[str, Any] = {"type": f"stored_{instrument.kind}", "token": instrument.token}
            if instrument.last_4:
                spelled["verification_value"] = instrument.last_4
            method_id = method_id or instrument.method_id
        else:
            spelled = dict(instrument)
        body = {"payment": {"instrument": spelled, "payment_method_id": method_id or "stripe.card", **payment}}
        sent = {**PAYMENT_HEADERS, "Authorization": f"PAT {token or self.mint(order)}", **(headers or {})}
        return self.call("POST", "/payments", body, headers=sent, store=store)

    def shopper_with_card(self, **card: Any) -> tuple[int, Instrument]:
        customer = self.box.create_customer()
        return customer.customer_id, self.box.store_instrument(customer.customer_id, **card)

    def post_due(self) -> int:
        return self.box.send_due(self.receiver)

    def rules(self) -> list[str]:
        return [violation.rule for violation in self.box.violations]


def code_of(answer: Response) -> Any:
    return answer.get_json().get("code")
