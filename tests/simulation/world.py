"""A world: the real functions over stand-ins for AWS and a BigCommerce in a box, moved by one clock and one seed."""

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC
from functools import partial
from typing import Any, Final
from unittest.mock import patch

from bigcharge.adapters.ledger_items import is_pause_item, pause_key
from tests.simulation import shops
from tests.simulation.actors import Actors
from tests.simulation.agenda import Agenda
from tests.simulation.books import OrderKey
from tests.simulation.chance import Chance
from tests.simulation.cloud import Cloud
from tests.simulation.crashes import Crashes, Killer
from tests.simulation.deployment import QueueSource, ScheduleSource, StreamSource, read_deployment
from tests.simulation.faults import DAY
from tests.simulation.feeds import QueueFeed, StreamFeed
from tests.simulation.front_door import FrontDoor
from tests.simulation.in_process import run_in_turn, wired
from tests.simulation.judge import Judge
from tests.simulation.lambdas import Function
from tests.simulation.logbook import Logbook
from tests.simulation.operators import LEDGER, Operators
from tests.simulation.owners import Owners
from tests.simulation.policies import Policies
from tests.simulation.queues import Message
from tests.simulation.scenario import Scenario
from tests.simulation.schedules import ScheduleFeed
from tests.simulation.tables import Table
from tests.simulation.timeline import Timeline
from tests.simulation.wire import Wire

_ENDED: Final = frozenset({"paid", "paid_elsewhere", "failed", "canceled"})
_MOST_WAITING: Final = 200  # messages of a queue: a world has a dozen orders, and each two or three hints at most
_TOGETHER: Final = "bigcharge.adapters.together"  # threads, which a clock of one task cannot move


class World:
    """Everything of one run.

    Args:
        scenario: what it begins with.
        chance: what happens in it.
        crashes: who is killed.
    """

    def __init__(self, scenario: Scenario, chance: Chance, crashes: Killer | None = None) -> None:
        self.scenario, self.chance, self.crashes = scenario, chance, crashes or Crashes()
        self.timeline = Timeline(scenario.start)
        self.epoch = scenario.start.timestamp()
        self.history: list[tuple[float, str, str]] = []
        self.working = ""
        self.processes = 0
        self.metrics: Counter[str] = Counter()
        self.sent_for: Counter[str] = Counter()  # messages sent by the invocations of one subject
        self.undelivered: list[str] = []
        self.totals: dict[OrderKey, list[int]] = {}
        self.policies = Policies({store.store_hash: store.policy for store in scenario.stores})
        self.box = shops.make_box(
            scenario, lambda: self.timeline.present().astimezone(UTC), chance.source("box"), self.timeline.sleep
        )
        self.judge = Judge(self)
        self.wire = Wire(self, shops.serve(self.box))
        self._make_cloud()
        self._make_functions()
        self.operators, self.owners = Operators(self), Owners(self)
        self.actors = Actors(self)
        self.agenda = Agenda(self)

    def begin(self) -> None:
        """Plan everything that the scenario has."""
        for plan in self.scenario.orders:
            if self.chance.allow("order", str(plan.number)):
                self.timeline.call_at(plan.at, partial(self.actors.create, plan))
        for act in self.scenario.acts:
            self.agenda.plan(act)

    def run(self, until: float) -> None:
        """Let time pass, as far as `until` seconds after the start, and judge each step.

        Raises:
            Violation: an invariant does not hold.
        """
        with ExitStack() as stack:
            stack.enter_context(wired(self.wire, self.chance.source("pacing").random))
            stack.enter_context(Logbook(self).kept())
            stack.enter_context(patch(f"{_TOGETHER}.run_together", partial(run_in_turn, self.chance)))
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
        store = shops.rotate(self.box, store_hash)
        self.cloud.secrets.put(shops.name_secret(store_hash), shops.spell_secret(store))

    def change_policy(self, store_hash: str, text: str | None) -> None:
        """From now on the store has this policy; None: it has none."""
        name = shops.name_policy(store_hash)
        if text == self.cloud.parameters.values.get(name) or self.policies.planned[store_hash] is None:
            return
        self.note("owner", f"the policy of {store_hash} is {text}")
        document = json.loads(text) if text not in {None, "{"} else None
        self.policies.change(store_hash, document, self.timeline.now)
        self.cloud.parameters.values.pop(name, None)
        if text is not None:
            self.cloud.parameters.values[name] = text
        self.touch("owner")

    def resume(self, store_hash: str) -> bool:
        """An operator lifts a store's pause; False where there is none."""
        key = {"order_key": {"S": pause_key(store_hash)}}
        if self.ledger.key_of(key) not in self.ledger.items:
            return False
        self.dynamo.delete_item(TableName=LEDGER, Key=key)
        return True

    def is_settled(self) -> bool:
        """Whether time alone changes nothing more: what is open waits for somebody."""
        now = self.epoch + self.timeline.now
        return all(_rests(item, now) for item in self.charges().values()) and not any(
            queue.messages for url, queue in self.sqs.queues.items() if url in self.queue_feeds
        )

    def was_told(self, key: OrderKey) -> bool:
        """Whether anything told bigcharge of an order: a webhook that was taken, or a function that looks by itself."""
        return key in self.front_door.taken or "reconcile_orders" in self.functions

    @property
    def ledger(self) -> Table:
        """The ledger's table."""
        return self.dynamo.tables[LEDGER]

    def charges(self) -> dict[OrderKey, Mapping[str, Any]]:
        """The ledger's items of orders."""
        items = (item for item in self.ledger.items.values() if not is_pause_item(item) and "order_id" in item)
        return {(item["store_hash"]["S"], int(item["order_id"]["N"])): item for item in items}

    def _make_cloud(self) -> None:
        self.cloud = Cloud(self.chance, lambda: self.epoch + self.timeline.now, self._take, self._wake)
        self.dynamo, self.sqs, self.bus = self.cloud.dynamo, self.cloud.sqs, self.cloud.bus
        self.services = self.cloud.services
        for store_hash, policy in self.policies.planned.items():
            store = self.box.state.shops[store_hash].store
            self.cloud.secrets.put(shops.name_secret(store_hash), shops.spell_secret(store))
            if policy is not None:
                self.cloud.parameters.values[shops.name_policy(store_hash)] = json.dumps(policy)

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

    def _take(self, table: str, record: dict[str, Any]) -> None:
        if table == LEDGER and is_pause_item(record["dynamodb"]["Keys"]):
            self.judge.consents.pause_changed(record["dynamodb"])
        if table == LEDGER:
            self.agenda.saved(record["dynamodb"].get("NewImage", {}))
        if table in self.stream_feeds:
            self.stream_feeds[table].take(record)
        self.touch(self.working)

    def _wake(self, url: str, message: Message) -> None:
        if len(self.sqs.queues[url].messages) > _MOST_WAITING and url in self.queue_feeds:
            self.judge.violate(f"hints multiply: {_MOST_WAITING} wait in {url}")
        if url in self.queue_feeds:
            self.queue_feeds[url].wake(message.visible_at - self.epoch)


def _rests(item: Mapping[str, Any], now: float) -> bool:
    """Whether a charge has come to its end, or waits for somebody; daily looks at such ones go on for ever."""
    state, reason = item["state"]["S"], item.get("reason", {}).get("S")
    waits = reason in {"store_paused", "order_archived"} or (reason == "needs_a_person" and state != "claimed")
    is_compared_daily = state in _ENDED and "sweep_at" in item and int(item["sweep_at"]["N"]) - now > DAY / 2
    return waits or is_compared_daily or state == "authorized" or "sweep_at" not in item
