"""What people are going to do: at a time, or when it is known what became of an order's payment."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.scenario import Act

if TYPE_CHECKING:
    from tests.simulation.world import World

_ANSWERED: Final = ({"S": "paid"}, {"S": "authorized"}, {"S": "declined"})  # words of the ledger


class Agenda:
    """The acts of a world that are still to come."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._waiting: dict[int, list[Act]] = defaultdict(list)

    def plan(self, act: Act) -> None:
        """See to it that an act is done in time."""
        if act.waits:
            self._waiting[act.order].append(act)
        else:
            self._world.timeline.call_at(act.at, partial(self._world.actors.act, act))

    def saved(self, charge: Mapping[str, Any]) -> None:
        """The ledger may say what became of a payment: what was to wait for that begins."""
        if charge.get("state") not in _ANSWERED:
            return
        actors, timeline = self._world.actors, self._world.timeline
        key = charge["store_hash"]["S"], int(charge["order_id"]["N"])
        number = next((number for number, known in actors.orders.items() if known == key), -1)
        for act in self._waiting.pop(number, ()):
            timeline.call_at(timeline.now + act.at, partial(actors.act, act))
