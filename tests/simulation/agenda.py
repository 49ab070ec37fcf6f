"""What people are going to do: at a time, or when the ledger says something of an order."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.simulation.scenario import Act

if TYPE_CHECKING:
    from tests.simulation.world import World


class Agenda:
    """The acts of a world that are still to come."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: dict[int, list[Act]] = defaultdict(list)

    def plan(self, act: Act) -> None:
        """See to it that an act is done in time."""
        if act.waits_for:
            self._waiting[act.order].append(act)
        else:
            self._world.timeline.call_at(act.at, partial(self._world.actors.act, act))

    def saved(self, charge: Mapping[str, Any]) -> None:
        """The ledger says something of an order: what was to wait for that begins."""
        if "order_id" not in charge:
            return
        actors, timeline = self._world.actors, self._world.timeline
        key = charge["store_hash"]["S"], int(charge["order_id"]["N"])
        number = next((number for number, known in actors.orders.items() if known == key), -1)
        waiting = self._waiting.pop(number, [])
        self._waiting[number] = [act for act in waiting if charge["state"]["S"] not in act.waits_for]
        for act in waiting:
            if charge["state"]["S"] in act.waits_for:
                timeline.call_at(timeline.now + act.at, partial(actors.act, act))
