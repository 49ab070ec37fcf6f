"""One seed: its world from beginning to end, and what came of it."""

import gc
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from tests.simulation.chance import Chance, Struck
from tests.simulation.expressions import UnsupportedError
from tests.simulation.faults import DAY
from tests.simulation.hooks import find_hook_faults
from tests.simulation.judge import Violation
from tests.simulation.scenario import make_scenario
from tests.simulation.verdict import find_faults
from tests.simulation.world import World

_CALM_DAYS = 30  # after the last fault: more than a default policy's retries, and than unknown outcomes take

_OWNER_ACTS = 7200.0  # seconds until the owners have mended what paused their stores
_SEEN_TO = 3600.0  # seconds in which what somebody did last has been seen to
_LATEST_NEWS = 4  # days in which banks settle and late webhooks come


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a seed.

    Attributes:
        violation: the invariant that does not hold; None: all hold.
        start: when its world began, aware UTC.
        days: simulated.
        orders: made.
        charges: lines of the gateway's book that took money.
        states: in which the ledger left the orders.
        faults: how many of each kind; what people wanted to do and could not is none.
        struck: what happened by chance, in order.
        history: what was seen, line by line.
        seconds: real ones.
    """

    seed: int
    violation: str | None
    start: datetime
    days: float
    orders: int
    charges: int
    states: Counter[str]
    faults: Counter[str]
    struck: Sequence[Struck] = field(repr=False)
    history: Sequence[tuple[float, str, str]] = field(repr=False)
    seconds: float = 0.0

    def without_history(self) -> Self:
        """The figures alone."""
        return replace(self, struck=(), history=())


def run_seed(seed: int, keep: frozenset[str] | None = None) -> Outcome:
    """Run a seed's world.

    Args:
        seed: which.
        keep: the names of what may happen (see `Chance.keep`); None: everything.
    """
    started = time.perf_counter()
    scenario = make_scenario(seed)
    chance = Chance(seed, scenario.rates, keep)
    world = World(scenario, chance)
    violation = None
    try:
        world.begin()
        world.run(scenario.trouble)
        chance.is_calm = True
        world.note("world", "no more faults from here on")
        world.timeline.call_at(scenario.trouble + _OWNER_ACTS, world.owners.mend)
        let_rest(world)
        for fault in find_faults(world):
            world.judge.violate(fault)
    except Violation as error:
        violation = str(error)
    states = Counter(item["state"]["S"] for item in world.charges().values())
    return Outcome(
        seed,
        violation,
        scenario.start,
        world.timeline.now / DAY,
        len(world.totals),
        sum(entry.kind in {"purchase", "authorization", "pending"} for entry in world.box.state.book),
        states,
        Counter(one.kind for one in chance.struck if one.kind != "order") - chance.refused,
        tuple(chance.struck),
        world.history,
        time.perf_counter() - started,
    )


def let_rest(world: World) -> None:
    """Let calm days pass, until time alone changes nothing more.

    A hook that was repaired too often may be off for a day: what BigCommerce could not deliver to where it pointed once
    is given up two days later, and switches the hook off that has long been right, once for each event.
    """
    for day in range(1, _CALM_DAYS + 1):
        world.run(world.scenario.trouble + day * DAY)
        is_quiet = world.timeline.now - world.actors.acted_at > _SEEN_TO
        if day >= _LATEST_NEWS and is_quiet and world.is_settled() and not any(find_hook_faults(world)):
            break


def run_lean(seed: int) -> Outcome:
    """Run a seed in a process of a pool: a history that nobody reads is not sent from process to process.

    Raises:
        RuntimeError: the simulation is too small for what the code does.
    """
    try:
        outcome = run_seed(seed)
    except UnsupportedError as error:  # a pool that meets it as it is never ends
        raise RuntimeError(f"seed {seed}: the stand-ins do not know {error}") from None
    return outcome if outcome.violation else outcome.without_history()


def spare_collector() -> None:
    """What is loaded stays, and a world is garbage as a whole: looking at it often only takes time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
