"""The wire to BigCommerce: what the real client sends reaches the box, perhaps late, or never."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Final, cast

from greenlet import getcurrent

from bigcharge.adapters.bigcommerce.transport import Answer, Host, Request
from bigcharge.domain.errors import NotSentError, OutcomeUnknownError
from sandbox.bigcommerce.app import Application
from sandbox.bigcommerce.faults import Endpoint
from tests.simulation.answers import read_claims, read_order, shows_money
from tests.simulation.environments import Environment
from tests.simulation.faults import AT_PAYMENT, AT_TOKEN, LOST, SPOILT
from tests.simulation.in_process import call
from tests.simulation.trips import Trip, plan_fault

if TYPE_CHECKING:
    from tests.simulation.chance import Draw
    from tests.simulation.timeline import Task
    from tests.simulation.world import World

_PAYMENT_REACHES: Final = 1200.0  # seconds: how late a payment that was given up may still arrive
_ACTIONS: Final = frozenset({Endpoint.CAPTURE, Endpoint.VOID, Endpoint.UPDATE_ORDER})
_CHANGES: Final = _ACTIONS | {Endpoint.PAYMENTS}


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
        self._routes = cache(application._map.bind("box").match)

    def send(self, host: Host, request: Request, *, connect: float, read: float) -> Answer:
        """What `Host.send` and `Host.send_alone` do, for the process that calls."""
        environment = cast("Task", getcurrent()).environment
        if environment is None:
            raise AssertionError("nobody but a function sends")
        endpoint, order_id = self._find_endpoint(request)
        draw = environment.arrive(endpoint)
        kind = self._choose(draw, endpoint)
        if kind == LOST[0]:
            self._world.note(environment.name, f"{endpoint}: {kind}")
            environment.pause(connect if draw.numbers[6] < 0.5 else 0.01)
            raise NotSentError("no connection to BigCommerce")
        trip = Trip(request, endpoint, order_id, kind, draw)
        self._tell_sent(environment, trip)
        answer = self._await(environment, trip, read)
        environment.leave(draw)
        if isinstance(answer, Exception):
            raise answer
        self._tell_answered(environment, trip, answer)
        return answer

    def _tell_sent(self, environment: Environment, trip: Trip) -> None:
        """Let the judge see what leaves."""
        judge = self._world.judge
        if trip.endpoint is Endpoint.PAYMENTS:
            judge.posts.sent(environment, trip.request)
        elif trip.endpoint is Endpoint.ACCESS_TOKENS:
            judge.posts.token_asked(environment, trip.key)
        elif trip.endpoint in _ACTIONS:
            judge.requests.asked(environment, trip.endpoint, trip.key, trip.request)

    def _tell_answered(self, environment: Environment, trip: Trip, answer: Answer) -> None:
        """Let the judge see what a process has learnt."""
        match trip.endpoint:
            case Endpoint.PAYMENTS:
                self._world.judge.posts.answered(environment, trip.request, answer)
            case Endpoint.GET_ORDER:
                environment.order = read_order(answer)
            case Endpoint.TRANSACTIONS:
                environment.shown_money = trip.key, shows_money(answer)
            case endpoint if endpoint in _ACTIONS:
                self._world.judge.requests.answered(endpoint, trip.key, answer)

    def _choose(self, draw: "Draw", endpoint: Endpoint) -> str | None:
        special = {Endpoint.PAYMENTS: AT_PAYMENT, Endpoint.ACCESS_TOKENS: AT_TOKEN}.get(endpoint, ())
        return self._world.chance.choose(draw, 4, (*special, *LOST, *SPOILT))

    def _await(self, environment: Environment, trip: Trip, read: float) -> Answer | Exception:
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

    def _travel(self, trip: Trip, exchange: Exchange, read: float, environment: Environment) -> None:
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

    def _act(self, trip: Trip) -> Answer | Exception:
        """Let the box act and answer, with what was planned to go wrong."""
        world = self._world
        if trip.kind == "http reset before":
            return OutcomeUnknownError("no whole answer from BigCommerce (ProtocolError)")
        world.actors.race(trip.key, trip.draw)
        if trip.kind in AT_TOKEN:
            world.actors.do("total changes", trip.key, trip.kind or "")
        if trip.endpoint is Endpoint.METHODS and trip.key in world.totals:
            world.judge.consents.showed_methods(trip.key)
        planned = plan_fault(trip)
        if planned is not None:
            world.box.next_answer(trip.endpoint, planned)
        world.working = "bigcommerce"
        try:
            answer = call(self._application, trip.request)
        except ConnectionAbortedError:
            return OutcomeUnknownError("no whole answer from BigCommerce (ProtocolError)")
        finally:
            world.working = ""
        if trip.endpoint in _CHANGES:
            world.touch("bigcommerce")
            if trip.endpoint is Endpoint.PAYMENTS:
                world.actors.after_payment(trip.key, trip.kind, trip.draw)
        cut = int(answer.headers.get("Content-Length", len(answer.body))) > len(answer.body)
        if cut or trip.kind == "http reset after":
            return OutcomeUnknownError("no whole answer from BigCommerce (IncompleteRead)")
        return answer

    def _find_endpoint(self, request: Request) -> tuple[Endpoint, int | None]:
        """Which call it is, and of which order, as far as that is said."""
        route, ids = self._routes(request.path.partition("?")[0], request.method)
        order_id = ids.get("order_id")
        if route.endpoint is Endpoint.METHODS:
            order_id = int(request.path.rpartition("=")[2])
        elif route.endpoint is Endpoint.ACCESS_TOKENS:
            order_id = json.loads(request.body or b"{}")["order"]["id"]
        elif route.endpoint is Endpoint.PAYMENTS:
            order_id = read_claims(request)["data"]["order_id"]
        return route.endpoint, order_id


def _wake(exchange: Exchange) -> None:
    """Resume the one who waits, once: when the answer is there, or when the time is over."""
    if not exchange.is_over:
        exchange.is_over = True
        exchange.wake()
