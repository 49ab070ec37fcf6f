"""The wire to BigCommerce: what the real client sends reaches the box, perhaps late, or never."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from greenlet import getcurrent
from urllib3 import HTTPHeaderDict

from bigcharge.adapters.bigcommerce import pacing
from bigcharge.adapters.bigcommerce.transport import Answer, Host, Request
from bigcharge.domain.errors import NotSentError, OutcomeUnknownError
from sandbox.bigcommerce import faults
from sandbox.bigcommerce.app import Application
from sandbox.bigcommerce.faults import Endpoint
from tests.simulation.environments import Environment
from tests.simulation.judge import read_owed

if TYPE_CHECKING:
    from tests.simulation.chance import Draw
    from tests.simulation.timeline import Task
    from tests.simulation.world import World

LOST: Final = ("http not connected", "http reset before", "http reset after", "http slow before", "http slow after")
SPOILT: Final = ("http 429", "http 429 without header", "http 5xx", "http 5xx after acting", "http garbage")
AT_PAYMENT: Final = ("gateway slow", "gateway unrecorded", "gateway error", "gateway word")
AT_TOKEN: Final = ("total changes under the token",)
_STATUSES: Final = (500, 502, 503, 504, 408)
_BODIES: Final = ("truncated", "garbage", "empty")
_DOCUMENTS: Final = ('{"data": null}', "[]", '{"data": {"id": 5, "status": "success"}}', "null", '"ok"')
# What the gateway may say of itself, whatever the card: transient, final, ambiguous, and the store's own troubles.
_WORDS: Final = (10000, 30004, 30104, 30105, 30106, 30101, 30003, 30100, 30050)
_PAYMENT_REACHES: Final = 1200.0  # seconds: how late a payment that was given up may still arrive


@dataclass(slots=True)
class Exchange:
    """One request on its way.

    Attributes:
        wake: resumes the one who asked.
        is_late: whether the one who asked has given up.
        is_over: whether the one who asked was resumed.
        answer: what came back, or what was raised.
    """

    wake: Callable[[], object]
    is_late: bool = False
    is_over: bool = False
    answer: Answer | Exception | None = None


class Wire:
    """The way from a process to the box.

    Args:
        world: whose.
        application: the box's.
    """

    def __init__(self, world: "World", application: Application) -> None:
        self._world = world
        self._application = application

    def send(self, host: Host, request: Request, *, connect: float, read: float) -> Answer:
        """What `Host.send` and `Host.send_alone` do, for the process that calls."""
        environment = cast("Task", getcurrent()).environment
        if environment is None:
            raise AssertionError("nobody but a function sends")
        endpoint, order_id = self._find_endpoint(request)
        draw = environment.arrive(endpoint)
        is_payment = endpoint is Endpoint.PAYMENTS
        kind = self._choose(draw, endpoint)
        if kind == LOST[0]:
            self._world.note(environment.name, f"{endpoint}: {kind}")
            environment.pause(connect if draw.numbers[6] < 0.5 else 0.01)
            raise NotSentError("no connection to BigCommerce")
        if is_payment:
            self._world.judge.payment_sent(environment, request)
        elif endpoint is Endpoint.ACCESS_TOKENS:
            self._world.judge.token_asked(environment, order_id)
        answer = self._await(environment, Trip(request, endpoint, order_id, kind, draw), read)
        environment.leave(draw)
        if isinstance(answer, Exception):
            raise answer
        if is_payment:
            self._world.judge.payment_answered(environment, request, answer)
        elif endpoint is Endpoint.GET_ORDER:
            environment.owed = read_owed(answer)
        return answer

    def _choose(self, draw: "Draw", endpoint: Endpoint) -> str | None:
        special = {Endpoint.PAYMENTS: AT_PAYMENT, Endpoint.ACCESS_TOKENS: AT_TOKEN}.get(endpoint, ())
        return self._world.chance.choose(draw, 4, (*special, *LOST, *SPOILT))

    def _await(self, environment: Environment, trip: "Trip", read: float) -> Answer | Exception:
        """Let the request travel; give up when `read` seconds are over."""
        world, task = self._world, getcurrent()
        exchange = Exchange(lambda: world.timeline.call_at(world.timeline.now, task.switch))
        world.timeline.spawn(partial(self._travel, trip, exchange, read, environment))
        started = world.timeline.now
        world.timeline.call_at(started + min(read, environment.deadline - started), partial(_wake, exchange))
        world.timeline.park()
        if exchange.answer is None:
            exchange.is_late = True
            if world.timeline.now >= environment.deadline:
                environment.die("timed out")
            world.note(environment.name, f"{trip.endpoint} {trip.order_id or ''}: no answer in time")
            return OutcomeUnknownError("no whole answer from BigCommerce (ReadTimeoutError)")
        return exchange.answer

    def _travel(self, trip: "Trip", exchange: Exchange, read: float, environment: Environment) -> None:
        """The request's own task: it goes on, whatever became of the one who sent it."""
        world, draw = self._world, trip.draw
        out = draw.between(0, 0.01, 0.2)
        if trip.kind == "http slow before":
            longest = _PAYMENT_REACHES if trip.endpoint is Endpoint.PAYMENTS else read * 3
            out = read * 0.9 + draw.numbers[5] ** 3 * longest
        world.timeline.sleep(out)
        answer = self._act(trip)
        shown = answer.status if isinstance(answer, Answer) else "connection lost"
        late = " (nobody waits)" if exchange.is_late or environment.is_dead else ""
        world.note(
            "bigcommerce",
            f"{trip.endpoint} {trip.order_id or ''} for {environment.name}: {shown} {trip.kind or ''}{late}",
        )
        world.timeline.sleep(read if trip.kind == "http slow after" else draw.between(1, 0.005, 0.1))
        exchange.answer = answer
        _wake(exchange)

    def _act(self, trip: "Trip") -> Answer | Exception:
        """Let the box act and answer, with what was planned to go wrong."""
        world = self._world
        if trip.kind == "http reset before":
            return OutcomeUnknownError("no whole answer from BigCommerce (ProtocolError)")
        world.actors.race(trip.key, trip.draw)
        if trip.kind in AT_TOKEN:
            world.actors.do("total changes", trip.key)
        planned = _plan(trip)
        if planned is not None:
            world.box.next_answer(trip.endpoint, planned)
        world.working = "bigcommerce"
        try:
            answer = call(self._application, trip.request)
        except ConnectionAbortedError:
            return OutcomeUnknownError("no whole answer from BigCommerce (ProtocolError)")
        finally:
            world.working = ""
        if trip.endpoint in {Endpoint.PAYMENTS, Endpoint.CAPTURE, Endpoint.VOID, Endpoint.UPDATE_ORDER}:
            world.touch("bigcommerce")
            if trip.endpoint is Endpoint.PAYMENTS:
                world.actors.after_payment(trip.key, trip.kind, trip.draw)
        cut = int(answer.headers.get("Content-Length", len(answer.body))) > len(answer.body)
        if cut or trip.kind == "http reset after":
            return OutcomeUnknownError("no whole answer from BigCommerce (IncompleteRead)")
        return answer

    def _find_endpoint(self, request: Request) -> tuple[Endpoint, int | None]:
        """Which call it is, and of which order, as far as that is said."""
        path = request.path.partition("?")[0]
        routes = self._application._map.bind("box")
        route, ids = routes.match(path, method=request.method)
        order_id = ids.get("order_id")
        if route.endpoint is Endpoint.METHODS:
            order_id = int(request.path.rpartition("=")[2])
        elif route.endpoint is Endpoint.ACCESS_TOKENS:
            order_id = json.loads(request.body or b"{}")["order"]["id"]
        elif route.endpoint is Endpoint.PAYMENTS:
            order_id = self._world.judge.read_token(request)["data"]["order_id"]
        return route.endpoint, order_id


@dataclass(frozen=True, slots=True)
class Trip:
    """A request with what chance has in store for it."""

    request: Request
    endpoint: Endpoint
    order_id: int | None
    kind: str | None
    draw: "Draw"

    @property
    def key(self) -> tuple[str, int]:
        """The store and the order."""
        return self.request.path.split("/")[2], self.order_id or 0


def _wake(exchange: Exchange) -> None:
    """Resume the one who waits, once: when the answer is there, or when the time is over."""
    if not exchange.is_over:
        exchange.is_over = True
        exchange.wake()


def _plan(trip: Trip) -> faults.Answer | None:
    """The box's word for a fault; None where the fault is the wire's own, or there is none."""
    make = _PLANS.get(trip.kind or "")
    return make(trip.draw) if make else None


def _garbage(draw: "Draw") -> faults.Answer:
    """More often the true answer spoilt than another one in its place."""
    if draw.numbers[6] < 0.6:
        return faults.Answer(spoil=cast("Any", draw.pick(5, _BODIES)))
    return faults.Answer(status=draw.pick(7, (200, 201)), body=draw.pick(5, _DOCUMENTS), acted=True)


_PLANS: Final[Mapping[str, Callable[["Draw"], faults.Answer]]] = {
    "http 429": lambda draw: faults.too_many_requests(draw.between(5, 1, 40)),
    "http 429 without header": lambda _: faults.Answer(status=429),
    "http 5xx": lambda draw: faults.Answer(status=draw.pick(5, _STATUSES)),
    "http 5xx after acting": lambda draw: faults.Answer(status=draw.pick(5, _STATUSES), acted=True),
    "http garbage": _garbage,
    "gateway slow": lambda draw: faults.Answer(gateway_delay=draw.between(5, 1, 60)),
    "gateway unrecorded": lambda _: faults.Answer(unrecorded=True),
    "gateway error": lambda draw: faults.Answer(code=draw.pick(5, (10000, 30105, 30050)), acted=True),
    "gateway word": lambda draw: faults.Answer(code=draw.pick(5, _WORDS)),
}


def call(application: Callable[..., Any], request: Request) -> Answer:
    """Let a WSGI application answer a request, in this task."""
    told: list[tuple[str, list[tuple[str, str]]]] = []
    path, _, query = request.path.partition("?")
    body = request.body or b""
    environ = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "bigcommerce",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    chunks = application(environ, lambda status, headers, _=None: told.append((status, headers)))
    [(status, headers)] = told
    return Answer(int(status[:3]), cast("Mapping[str, str]", HTTPHeaderDict(headers)), b"".join(chunks))


@contextmanager
def wired(wire: Wire, source: Callable[[], float]) -> Iterator[None]:
    """Put this wire under the real client, for as long as a world runs: sending, waiting and the chance of waits."""
    kept = {name: getattr(pacing.DEFAULT_PACING, name) for name in ("monotonic", "sleep", "random")}
    send, send_alone = Host.send, Host.send_alone

    def pause(seconds: float) -> None:
        cast("Environment", cast("Task", getcurrent()).environment).pause(seconds)

    def monotonic() -> float:
        return cast("Environment", cast("Task", getcurrent()).environment).monotonic()

    def exchange(host: Host, request: Request, *, connect: float, read: float) -> Answer:
        return wire.send(host, request, connect=connect, read=read)

    try:
        for name, value in {"monotonic": monotonic, "sleep": pause, "random": source}.items():
            object.__setattr__(pacing.DEFAULT_PACING, name, value)
        Host.send = Host.send_alone = exchange  # type: ignore[assignment,method-assign]
        yield
    finally:
        for name, value in kept.items():
            object.__setattr__(pacing.DEFAULT_PACING, name, value)
        Host.send, Host.send_alone = send, send_alone  # type: ignore[method-assign]
