"""A world: the real functions over stand-ins for AWS and a BigCommerce in a box, moved by one clock and one seed."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from copy import copy
from dataclasses import replace
from datetime import UTC
from functools import cache, partial
from importlib.util import find_spec
from typing import Any, Final, Protocol, cast
from unittest.mock import patch

from greenlet import getcurrent

from bigcharge.adapters.ledger_items import is_pause_item, pause_key
from sandbox.bigcommerce.app import Application
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.control import Control
from sandbox.bigcommerce.records import PaymentMethod, Store
from tests.simulation.actors import Actors
from tests.simulation.chance import Chance, Draw
from tests.simulation.deployment import QUEUES_URL, STAGE, QueueSource, ScheduleSource, StreamSource, read_deployment
from tests.simulation.environments import CRASHES, Environment
from tests.simulation.front_door import FrontDoor
from tests.simulation.judge import Judge, OrderKey
from tests.simulation.lambdas import Function, QueueFeed, ScheduleFeed, StreamFeed
from tests.simulation.logbook import Logbook
from tests.simulation.queues import Message, Queue, Sqs
from tests.simulation.scenario import QUEUES, Scenario, StorePlan
from tests.simulation.small_services import Events, Parameters, Secrets
from tests.simulation.tables import Dynamo, Index, Table
from tests.simulation.timeline import START, Task, Timeline
from tests.simulation.wire import Wire, wired

_TOGETHER: Final = "bigcharge.adapters.together"  # threads, which a clock of one task cannot move
LEDGER: Final = f"bigcharge-{STAGE}-ledger"
_LONGEST_QUEUE: Final = 12  # messages that are doubled
_LONGEST_LAG: Final = 3.0  # seconds that an index may be behind
_LONGEST_HOLD: Final = 120.0  # seconds that a queue may keep a message back


class Killer(Protocol):
    """Who is killed, and when."""

    def strikes(self, environment: Environment, draw: Draw, kind: str) -> bool:
        """Whether a process is killed at this moment: before or after a call."""


class Crashes:
    """Kills by chance."""

    def strikes(self, environment: Environment, draw: Draw, kind: str) -> bool:
        """Whether a process is killed before or after its call."""
        if kind not in environment.world.chance.rates:
            return False
        index = 2 if kind == CRASHES[0] else 3
        where = Draw(f"{draw.where} {kind}", draw.numbers)
        return environment.world.chance.choose(where, index, (kind,)) is not None


class World:
    """Everything of one run.

    Args:
        scenario: what it begins with.
        chance: what happens in it.
        crashes: who is killed.
    """

    def __init__(self, scenario: Scenario, chance: Chance, crashes: Killer | None = None) -> None:
        self.scenario, self.chance, self.crashes = scenario, chance, crashes or Crashes()
        self.timeline = Timeline()
        self.epoch = START.timestamp()
        self.history: list[tuple[float, str, str]] = []
        self.working = ""
        self.processes = 0
        self.metrics: Counter[str] = Counter()
        self.sent_for: Counter[str] = Counter()  # messages sent by the invocations of one subject
        self.undelivered: list[str] = []
        self.totals: dict[OrderKey, list[int]] = {}
        self.policies = {store.store_hash: store.policy for store in scenario.stores}
        self.box = self._make_box()
        self.judge = Judge(self)
        self.wire = Wire(self, _serve(self.box))
        self._make_aws()
        self._make_functions()
        self.actors = Actors(self)

    def run(self, until: float) -> None:
        """Let time pass, as far as `until` seconds after the start, and judge each step.

        Raises:
            Violation: an invariant does not hold.
        """
        with ExitStack() as stack:
            stack.enter_context(wired(self.wire, self.chance.source("pacing").random))
            stack.enter_context(Logbook(self).kept())
            if find_spec(_TOGETHER):
                stack.enter_context(patch(f"{_TOGETHER}.run_together", self._run_in_turn))
            self.timeline.run(until, self.judge.look)

    def note(self, who: str, what: str) -> None:
        """Write a line of the history."""
        self.history.append((self.timeline.now, who, what))

    def touch(self, by: str) -> None:
        """Something changed."""
        for feed in self.schedules:
            feed.consider(by)

    def next_due(self) -> float:
        """When the next charge is due, on the timeline."""
        due = [int(item["sweep_at"]["N"]) for item in self.ledger.items.values() if "sweep_at" in item]
        return min(due) - self.epoch if due else float("inf")

    def rotate(self, store_hash: str) -> None:
        """A merchant rotates the access token; our copy of it follows."""
        shop = self.box.state.shops[store_hash]
        number = int(shop.store.access_token.rpartition("-")[2]) + 1
        shop.store = _store(store_hash, shop.store.store_id, number)
        self.secrets.values[_secret_name(store_hash)] = _secret(shop.store)

    def operator_retries(self, key: OrderKey) -> None:
        """An operator sends an order to the queue again."""
        hint = {"store_hash": key[0], "kind": "order", "id": key[1], "cause": "operator", "event_hash": None}
        body = json.dumps(hint | {"received_at": self.timeline.present().isoformat()})
        self.sqs.send_message(QueueUrl=f"{QUEUES_URL}bigcharge-{STAGE}-orders", MessageBody=body)

    def is_settled(self) -> bool:
        """Whether time alone changes nothing more: what is open waits for somebody."""
        return all(_rests(item) for item in self.charges().values()) and not any(
            queue.messages for url, queue in self.sqs.queues.items() if url in self.queue_feeds
        )

    def was_told(self, key: OrderKey) -> bool:
        """Whether anything told bigcharge of an order: a webhook that was taken, or a function that looks by itself."""
        told = any(subject == key for subject in self.front_door.taken)
        return told or "reconcile_orders" in self.functions

    def resume(self, store_hash: str) -> bool:
        """An operator lifts a store's pause; False where there is none."""
        key = {"order_key": {"S": pause_key(store_hash)}}
        if self.ledger.key_of(key) not in self.ledger.items:
            return False
        self.dynamo.delete_item(TableName=LEDGER, Key=key)
        return True

    @property
    def ledger(self) -> Table:
        """The ledger's table."""
        return self.dynamo.tables[LEDGER]

    def charges(self) -> dict[OrderKey, Mapping[str, Any]]:
        """The ledger's items of orders."""
        items = (item for item in self.ledger.items.values() if not is_pause_item(item) and "order_id" in item)
        return {(item["store_hash"]["S"], int(item["order_id"]["N"])): item for item in items}

    def _make_box(self) -> Box:
        stores = [_store(store.store_hash, 1000 + number) for number, store in enumerate(self.scenario.stores)]
        box = Box(
            stores,
            lambda: self.timeline.present().astimezone(UTC),
            self.chance.source("box"),
            sleep=self.timeline.sleep,
        )
        for store in self.scenario.stores:
            _offer(box, store)
        return box

    def _make_aws(self) -> None:
        deployment, now = read_deployment(), lambda: self.epoch + self.timeline.now
        self.dynamo = Dynamo(
            {name: _table(declared) for name, declared in deployment.tables.items()},
            now,
            self._lag,
            on_record=self._take,
        )
        queues = {url: _queue(declared) for url, declared in deployment.queues.items()}
        self.sqs = Sqs(queues, now, self._hold_back, on_send=self._sent, pick=self._pick)
        self.secrets, self.parameters = Secrets(), Parameters()
        self.bus = Events(frozenset({deployment.bus}))
        for store in self.scenario.stores:
            self.secrets.values[_secret_name(store.store_hash)] = _secret(self.box.state.shops[store.store_hash].store)
            if store.policy is not None:
                self.parameters.values[f"/bigcharge/{STAGE}/stores/{store.store_hash}/policy"] = json.dumps(
                    store.policy
                )
        services = {"dynamodb": self.dynamo, "sqs": self.sqs, "events": self.bus}
        self.services: Mapping[str, Any] = services | {"secretsmanager": self.secrets, "ssm": self.parameters}

    def _make_functions(self) -> None:
        self.functions = {name: Function(self, plan) for name, plan in read_deployment().functions.items()}
        self.queue_feeds: dict[str, QueueFeed] = {}
        self.stream_feeds: dict[str, StreamFeed] = {}
        self.schedules: list[ScheduleFeed] = []
        for function in self.functions.values():
            for source in function.plan.sources:
                match source:
                    case QueueSource():
                        self.queue_feeds[source.queue] = QueueFeed(self, function, source)
                    case StreamSource():
                        self.stream_feeds[source.table] = StreamFeed(self, function, source)
                    case ScheduleSource():
                        self.schedules.append(ScheduleFeed(self, function, source))
        self.front_door = FrontDoor(self)

    def begin(self) -> None:
        """Plan everything that the scenario has."""
        for plan in self.scenario.orders:
            if self.chance.allow("order", str(plan.number)):
                self.timeline.call_at(plan.at, partial(self.actors.create, plan))
        for act in self.scenario.acts:
            self.timeline.call_at(act.at, partial(self.actors.act, act))

    def _lag(self) -> float:
        draw = self.chance.draw("index")
        return draw.between(1, 0.0, _LONGEST_LAG) if self.chance.choose(draw, 0, ("index lags",)) else 0.0

    def _hold_back(self) -> float:
        draw = self.chance.draw("queue")
        return draw.between(1, 0.0, _LONGEST_HOLD) if self.chance.choose(draw, 0, (QUEUES[1],)) else 0.0

    def _pick(self, messages: Any) -> Message:
        draw = self.chance.draw("receive") if len(messages) > 1 else None
        chosen: Message = draw.pick(1, messages) if draw and self.chance.choose(draw, 0, (QUEUES[2],)) else messages[0]
        return chosen

    def _take(self, table: str, record: dict[str, Any]) -> None:
        if table in self.stream_feeds:
            self.stream_feeds[table].take(record)
        self.touch(self.working)

    def _sent(self, url: str, message: Message) -> None:
        draw = self.chance.draw("send")
        is_short = len(self.sqs.queues[url].messages) < _LONGEST_QUEUE  # or what sends itself again would never end
        if is_short and self.chance.choose(draw, 0, (QUEUES[3],)):
            copies = [replace(message, message_id=f"{message.message_id}-{number}") for number in range(1, 4)]
            self.sqs.queues[url].messages += copies
        if url in self.queue_feeds:
            self.queue_feeds[url].wake(message.visible_at - self.epoch)

    def _run_in_turn[A, B](self, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
        """Both, one after the other, in either order; raises as the real one does."""
        environment = cast("Task", getcurrent()).environment
        if environment is None:
            raise AssertionError("nobody but a function runs two at a time")
        is_swapped = self.chance.draw(f"{environment.subject}:order of two").numbers[0] < 0.5
        two: list[Callable[[], Any]] = [first, second]
        outcomes: list[Any] = [None, None]
        for index in (1, 0) if is_swapped else (0, 1):
            try:
                outcomes[index] = two[index]()
            except Exception as error:  # noqa: BLE001 - the other one runs all the same
                outcomes[index] = error
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return outcomes[0], outcomes[1]


@cache
def _application() -> Application:
    box = Box([_store("any", 1)])
    return Application(box.state, Control(box))


def _serve(box: Box) -> Application:
    """The application of a box: a copy of one, whose table of routes takes longer to make than a short run."""
    application = copy(_application())
    application._state, application._control = box.state, Control(box)
    return application


def _rests(item: Mapping[str, Any]) -> bool:
    """Whether a charge has come to its end, or waits for somebody; daily looks at such ones go on for ever."""
    waits = item.get("reason", {}).get("S") in {"store_paused", "needs_a_person", "order_archived"}
    return waits or item["state"]["S"] == "authorized" or "sweep_at" not in item


def _store(store_hash: str, store_id: int, number: int = 0) -> Store:
    return Store(store_hash, store_id, f"access-{store_hash}-{number}", f"client-{store_hash}", f"secret-{store_hash}")


def _secret_name(store_hash: str) -> str:
    return f"bigcharge/{STAGE}/stores/{store_hash}"


def _secret(store: Store) -> str:
    names = ("access_token", "client_id", "client_secret")
    return json.dumps({name: getattr(store, name) for name in names})


def _offer(box: Box, store: StorePlan) -> None:
    box.offer_method(
        PaymentMethod("stripe.card", "Stripe", authorize_only=store.authorizes), store_hash=store.store_hash
    )
    needs_cvv = store.policy is not None and store.policy.get("verification_value") == "never"
    if needs_cvv:
        box.offer_method(PaymentMethod("stripe.card", "Stripe", verification="none"), store_hash=store.store_hash)


def _table(declared: Mapping[str, Any]) -> Table:
    keys = tuple(key["AttributeName"] for key in declared["KeySchema"])
    indexes = {
        index["IndexName"]: Index(
            tuple(key["AttributeName"] for key in index["KeySchema"]),
            None
            if index["Projection"]["ProjectionType"] == "ALL"
            else frozenset(index["Projection"].get("NonKeyAttributes", ())),
        )
        for index in declared.get("GlobalSecondaryIndexes", ())
    }
    return Table(keys, indexes)


def _queue(declared: Mapping[str, Any]) -> Queue:
    redrive = declared.get("RedrivePolicy", {})
    dead = str(redrive.get("deadLetterTargetArn", "")).lstrip("@").partition(".")[0]
    names = {logical: url.rpartition("/")[2] for logical, url in read_deployment().queue_names.items()}
    return Queue(float(declared.get("VisibilityTimeout", 30)), names.get(dead), int(redrive.get("maxReceiveCount", 0)))
