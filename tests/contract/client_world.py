"""bigcharge's client in front of the box over real HTTP, and all that passes between them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bigcharge.adapters.bigcommerce import Client, Pacing, connect, transport
from bigcharge.adapters.bigcommerce.transport import Answer, Request
from bigcharge.domain.access_tokens import AccessToken
from bigcharge.domain.stores import Credentials
from sandbox.bigcommerce.limits import Limits
from sandbox.bigcommerce.records import Store
from sandbox.bigcommerce.server import serve
from tests.contract.box_world import OTHER, STORE, World


@dataclass(frozen=True)
class Exchange:
    """One request as it left, with its answer."""

    request: Request
    answer: Answer | None

    @property
    def line(self) -> str:
        return f"{self.request.method} {self.request.path}"

    @property
    def headers(self) -> Mapping[str, str]:
        return self.request.headers

    @property
    def sent(self) -> Any:
        return None if self.request.body is None else json.loads(self.request.body)

    @property
    def answered(self) -> Any:
        return None if self.answer is None or not self.answer.body else json.loads(self.answer.body)


@dataclass
class Desk:
    """A box that serves, the client of its first store, and what passed."""

    world: World
    urls: tuple[str, str]
    exchanges: list[Exchange] = field(default_factory=list)
    expected_rules: list[str] = field(default_factory=list)  # what a test broke on purpose
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self._connect = connect(*self.urls, Pacing(monotonic=self._read_clock, sleep=self._sleep))
        self.client = self.make_client(STORE)

    def _read_clock(self) -> float:
        return self.world.clock.now.timestamp()

    def _sleep(self, seconds: float) -> None:
        self.world.slept.append(seconds)
        self.world.clock.now += timedelta(seconds=seconds)

    def make_client(self, store: Store = OTHER) -> Client:
        credentials = Credentials(store.store_hash, store.access_token, store.client_id, store.client_secret)
        return self._connect(credentials)

    def mint(self, order_id: int) -> AccessToken:
        return self.client.create_access_token(order_id, is_recurring=True)

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]


@contextmanager
def open_desk(monkeypatch: pytest.MonkeyPatch, limits: Limits | None = None) -> Iterator[Desk]:
    """Serve a box, and watch what the client sends to it."""
    world = World(limits)
    exchange = transport._exchange

    with serve(world.box) as server:
        desk = Desk(world, (server.api_url, server.payments_url))

        def watch(*args: Any) -> Answer:
            try:
                answer = exchange(*args)
            except Exception:
                desk.exchanges.append(Exchange(args[2], None))
                raise
            desk.exchanges.append(Exchange(args[2], answer))
            return answer

        monkeypatch.setattr(transport, "_exchange", watch)
        yield desk
        desk.client.rest.host._pool.close()
