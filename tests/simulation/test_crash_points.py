"""Every crash point of one charge, and every pair of them: the order is paid once, and known as paid."""

import sys
from collections.abc import Iterator

import pytest

from tests.simulation.faults import CRASHES, DAY
from tests.simulation.small_world import KEY, PlannedCrashes, make_small_world
from tests.simulation.verdict import find_faults

type Point = tuple[int, str]


def _run(*points: Point) -> PlannedCrashes:
    """One charge with crashes at these points, judged at each step and at the end."""
    crashes = PlannedCrashes("charge_order", frozenset(points))
    world = make_small_world(crashes)
    world.begin()
    for hours in (1, 6, 24, 72):
        world.run(hours * DAY / 24)
        if world.charges().get(KEY, {}).get("state") == {"S": "paid"} and world.is_settled():
            break
    assert not list(find_faults(world)), points
    assert world.charges()[KEY]["state"] == {"S": "paid"}, points
    assert [entry.kind for entry in world.box.book] == ["purchase"], points
    assert frozenset(crashes.made) == frozenset(points), "each of the crashes happened"
    return crashes


def _points(first: int, last: int) -> Iterator[Point]:
    return ((call, kind) for call in range(first, last + 1) for kind in CRASHES)


def test_one_charge_makes_the_calls_that_it_needs() -> None:
    assert 8 <= _run().until_paid <= 16


def test_after_every_single_crash_and_every_pair_of_crashes_the_order_is_paid_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    singles = pairs = 0
    for point in _points(1, _run().until_paid):
        after = _run(point).until_paid
        singles += 1
        # A second crash at the same call is one before it only where the first one was: then the call comes again.
        for second in _points(point[0] + 1, after):
            _run(point, second)
            pairs += 1
    assert singles >= 16
    assert pairs >= 200
    with capsys.disabled():
        sys.stdout.write(f"\n{singles} crash points and {pairs} pairs of them\n")
