"""A time without webhooks: exactly the orders that changed in it are looked at, once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain.errors import OutcomeUnknownError
from bigcharge.domain.orders import Order
from bigcharge.domain.reconciling import Cursor, Errand, Gap
from bigcharge.domain.states import State
from tests.fakes import NOON, STORE
from tests.unit.reconcile_world import World, ago, seconds


@pytest.fixture
def world() -> World:
    """A store that has been reconciled for long: its walk of each run looks ten minutes back."""
    world = World()
    world.clock.now = NOON - timedelta(days=10)
    world.shop.put(1)
    world.know(1, State.PAID)
    world.reconcile()
    world.clock.now = NOON - timedelta(minutes=10)
    world.shop.put(2)
    world.know(2, State.PAID)
    world.reconcile()
    return world


def put(world: World, order_id: int, days_ago: float) -> Order:
    order = world.shop.put(order_id)
    world.shop.orders[order_id] = replace(order, modified_at=ago(days=days_ago))
    return world.shop.orders[order_id]


def run(world: World) -> int:
    """A run; how many orders the gap had looked at."""
    done = world.run()[STORE]
    assert done is not None
    return done.gap


def test_only_what_changed_in_the_gap_is_looked_at_and_once(world: World) -> None:
    for order_id, days_ago in ((3, 5.0), (4, 3.0), (5, 2.5), (6, 2.0), (7, 1.0)):
        put(world, order_id, days_ago)
    world.cursors.gaps[STORE] = Gap(ago(days=3), ago(days=2))
    assert run(world) == 3
    assert world.sent() == [4, 5, 6]
    world.clock.pass_by(minutes=10)
    assert run(world) == 0
    assert world.sent() == []


def test_a_gap_in_which_nothing_changed_is_walked_through_once(world: World) -> None:
    world.cursors.gaps[STORE] = Gap(ago(days=3), ago(days=2))
    run(world)
    assert not world.cursors.kept[STORE].is_due(Errand.GAP, world.clock())


def test_what_is_known_as_it_is_now_is_not_looked_at_again(world: World) -> None:
    put(world, 3, 2.5)
    world.know(3, State.DECLINED, ago(days=1))
    world.cursors.gaps[STORE] = Gap(ago(days=3), ago(days=2))
    assert run(world) == 0


def test_a_walk_through_a_gap_goes_on_where_it_stopped(world: World) -> None:
    for order_id in range(3, 10):
        put(world, order_id, 2.5)
    world.cursors.gaps[STORE] = Gap(ago(days=3), ago(days=2))
    world.seconds_left = seconds(300, 0)
    assert run(world) == 3
    world.seconds_left = seconds(300)
    assert run(world) == 4
    assert world.sent() == list(range(3, 10))


def test_a_gap_that_could_not_be_read_is_read_later(world: World) -> None:
    put(world, 3, 2.5)
    world.cursors.gaps[STORE] = Gap(ago(days=3), ago(days=2))
    world.shop.trouble = OutcomeUnknownError("no answer")
    with pytest.raises(OutcomeUnknownError):
        world.run()
    world.shop.trouble = None
    assert run(world) == 1


def test_a_second_gap_is_walked_through_by_itself() -> None:
    first, second = Gap(ago(hours=9), ago(hours=8)), Gap(ago(hours=2), ago(hours=1))
    cursor = Cursor(STORE).with_gap(first)
    done = cursor.with_walk(Errand.GAP, cursor.walks[Errand.GAP].end())
    assert done.with_gap(first) == done
    walk = done.with_gap(second).walks[Errand.GAP]
    assert (walk.since, walk.until, walk.newest) == (second.since, second.until, second.until)


def test_a_second_gap_does_not_make_one_be_forgotten_that_is_not_read_to_its_end() -> None:
    first, second = Gap(ago(hours=9), ago(hours=8)), Gap(ago(hours=2), ago(hours=1))
    walk = Cursor(STORE).with_gap(first).with_gap(second).walks[Errand.GAP]
    assert (walk.since, walk.until, walk.after_id) == (first.since, second.until, 0)


def test_a_gap_is_no_errand_of_a_store_that_had_none(world: World) -> None:
    assert Errand.GAP not in world.cursors.kept[STORE].walks
