"""The stores' owners: they change their policies for a while, and put things right in the end."""

import json
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.simulation.books import OrderKey
from tests.simulation.faults import DAY

if TYPE_CHECKING:
    from tests.simulation.world import World

_PASSING: Final = frozenset({3001, 30000, 30001, 30002, 10000, 30105, 30050})  # not the card's fault
_LONGEST_CHANGE: Final = DAY  # seconds until a policy is as it was
_SHORTEST_CHANGE: Final = 30.0  # less than a policy is believed
_NARROW: Final = {"external_sources": ["another"], "capture": "never", "when_failed": "leave"}


class Owners:
    """What owners do with their stores."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def withdraw(self, key: OrderKey) -> None:
        """The policy is gone."""
        self._change(None, key)

    def spoil(self, key: OrderKey) -> None:
        """The policy cannot be read."""
        self._change("{", key)

    def narrow(self, key: OrderKey) -> None:
        """The consent is taken back, and whatever goes with it."""
        planned = self._world.policies.planned[key[0]]
        self._change(json.dumps({**(planned or {}), **_NARROW}), key)

    def mend(self) -> None:
        """They and their gateways put things right, and an operator resumes each paused store."""
        world = self._world
        for store_hash, planned in world.policies.planned.items():
            for card in world.box.instruments(store_hash=store_hash):
                if card.behaviour in _PASSING:
                    world.box.set_behaviour(card.token, 0, store_hash=store_hash)
            world.change_policy(store_hash, json.dumps(planned))
            if world.resume(store_hash):
                world.note("operator", f"resumes {store_hash}")

    def _change(self, text: str | None, key: OrderKey) -> None:
        """Another policy for a while, then the planned one again."""
        world = self._world
        if world.policies.planned[key[0]] is None:
            raise KeyError(key)
        world.change_policy(key[0], text)
        share = world.chance.draw(f"policy of {key[0]}").numbers[0] ** 3
        planned = json.dumps(world.policies.planned[key[0]])
        back_at = world.timeline.now + _SHORTEST_CHANGE + share * _LONGEST_CHANGE
        world.timeline.call_at(back_at, partial(world.change_policy, key[0], planned))
