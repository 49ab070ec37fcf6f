"""The simulation itself: it repeats itself, it makes everything go wrong that it names, and it finds what is wrong."""

import os
import subprocess
import sys
from collections import Counter
from unittest.mock import patch

import pytest

from bigcharge.domain import settling
from tests.simulation.__main__ import main
from tests.simulation.chance import Chance
from tests.simulation.faults import FAULTS
from tests.simulation.run import Outcome, run_seed
from tests.simulation.scenario import make_scenario
from tests.simulation.shrinking import shrink

_SEEDS = range(130)  # `make simulate` runs thousands


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [run_seed(seed) for seed in _SEEDS]


def test_every_invariant_holds(outcomes: list[Outcome]) -> None:
    assert {one.seed: one.violation for one in outcomes if one.violation} == {}


def test_everything_that_can_go_wrong_does(outcomes: list[Outcome]) -> None:
    struck = sum((one.faults for one in outcomes), Counter[str]())
    assert [kind for kind in FAULTS if not struck[kind]] == []


def test_worlds_have_everything_that_is_drawn_seldom() -> None:
    worlds = [make_scenario(seed) for seed in _SEEDS]
    orders = [order for world in worlds for order in world.orders]
    assert any(order.gift_certificate for order in orders)
    assert {order.channel_id for order in orders} == {1, 2}
    assert any(act.waits_for for world in worlds for act in world.acts)
    assert len({world.start for world in worlds}) > 1


def test_what_people_could_not_do_is_not_counted(outcomes: list[Outcome]) -> None:
    wanted = sum((Counter(one.kind for one in outcome.struck) for outcome in outcomes), Counter[str]())
    done = sum((outcome.faults for outcome in outcomes), Counter[str]())
    acts = [kind for kind in wanted if kind.startswith("act: ")]
    assert [kind for kind in acts if done[kind] > wanted[kind]] == []
    assert 0 < sum(done[kind] for kind in acts) < sum(wanted[kind] for kind in acts)


def test_orders_end_in_every_way_that_counts(outcomes: list[Outcome]) -> None:
    states = sum((one.states for one in outcomes), Counter[str]())
    ends = {"paid", "authorized", "paid_elsewhere", "declined", "failed", "refunded", "canceled", "skipped"}
    assert ends <= set(states)


@pytest.mark.parametrize("seed", [3, 15, 23])
def test_a_seed_has_one_history(seed: int) -> None:
    one, other = run_seed(seed), run_seed(seed)
    assert one.history == other.history
    assert len(one.history) > 100


def test_a_seed_has_one_history_in_every_process() -> None:
    """Nothing hangs on the order of a set, which Python draws anew in each process."""
    command = [sys.executable, "-m", "tests.simulation", "--seed", "17"]
    said = {
        subprocess.run(  # noqa: S603 - our own command
            command, env=os.environ | {"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True
        ).stdout
        for seed in ("1", "4242")
    }
    assert len(said) == 1


def test_keeping_all_that_happened_changes_nothing() -> None:
    whole = run_seed(15)
    assert run_seed(15, frozenset(one.name for one in whole.struck)).history == whole.history


def test_what_is_taken_away_leaves_all_other_decisions_as_they_were() -> None:
    chance = Chance(5, {"a": 0.5, "b": 0.5})
    for number in range(20):
        chance.choose(chance.draw(f"moment {number}"), 0, ("a", "b"))
    without = Chance(5, {"a": 0.5, "b": 0.5}, frozenset(one.name for one in chance.struck[1:]))
    for number in range(20):
        without.choose(without.draw(f"moment {number}"), 0, ("a", "b"))
    assert without.struck == chance.struck[1:]


def test_a_failing_seed_shrinks_to_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        patch.object(settling, "is_evidence", lambda *_: True),
        patch.object(settling, "find_absence", lambda *a: a[-1]),
    ):
        failed = next(one for one in map(run_seed, range(200)) if one.violation)
        small = shrink(failed)
        assert small.violation
        assert len(small.struck) < len(failed.struck)
        assert len(small.struck) <= 8
        keep = ",".join(one.name for one in small.struck)
        assert main(["--seed", str(small.seed), "--keep", keep]) == 1
    assert small.violation in capsys.readouterr().out
