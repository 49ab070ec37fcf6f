"""A world with one order and nothing that goes wrong by chance: for what is planned."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.bigcommerce.records import Kind
from tests.simulation.chance import Chance, Draw
from tests.simulation.documents import SOURCE
from tests.simulation.environments import Environment
from tests.simulation.faults import CRASHES
from tests.simulation.scenario import OrderPlan, Scenario, StorePlan
from tests.simulation.world import World

STORE = "store0"
KEY = (STORE, 100)
# Short, so that every one of thousands of runs is.
POLICY = {"external_sources": [SOURCE], "evidence_window": "PT1H", "check_unknown_after": ["PT30S", "PT2M"]}
ORDER = OrderPlan(0, STORE, 5.0, 4900, "USD", "external", SOURCE, Kind.CARD, 0, None, is_guest=False, store_credit=0)


@dataclass(slots=True)
class PlannedCrashes:
    """Kills one function at the calls that are named, and counts its calls.

    Attributes:
        function: whose processes are killed.
        at: calls by their number, from 1, each with the moment: before it or after it.
        calls: how many were made so far.
        until_paid: how many had been made when the order was known as paid; 0: it never was.
    """

    function: str
    at: frozenset[tuple[int, str]] = frozenset()
    calls: int = 0
    until_paid: int = 0
    made: list[tuple[int, str]] = field(default_factory=list)

    def strikes(self, environment: Environment, draw: Draw, kind: str) -> bool:
        """Whether this is one of the moments."""
        if environment.function.name != self.function:
            return False
        if kind == CRASHES[0]:
            self.calls += 1
        if not self.until_paid and environment.world.charges().get(KEY, {}).get("state") == {"S": "paid"}:
            self.until_paid = self.calls
        strikes = (self.calls, kind) in self.at
        if strikes:
            self.made.append((self.calls, kind))
        return strikes


def make_small_world(
    crashes: PlannedCrashes | None = None, orders: Iterable[OrderPlan] = (ORDER,), seed: int = 1
) -> World:
    """One store, these orders, no faults."""
    scenario = Scenario((StorePlan(STORE, POLICY, authorizes=False),), tuple(orders), (), {}, 0.0)
    return World(scenario, Chance(seed), crashes)
