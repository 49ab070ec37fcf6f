"""The hooks of a world at its end: what is not good then is a fault, unless a person knows of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bigcharge.domain.webhooks import DELIVERY_EXCEPTION
from sandbox.bigcommerce.hooks import Hook
from tests.simulation.faults import DAY
from tests.simulation.hooks import find_hook_faults
from tests.simulation.run import let_rest
from tests.simulation.small_world import STORE, make_small_world
from tests.simulation.world import World

_ORDERS = "store/order/created"
_ELSEWHERE = "https://elsewhere.example/hooks"


@pytest.fixture
def world() -> World:
    world = make_small_world()
    world.begin()
    return world


def change(world: World, scope: str, *, at: float, changed: Callable[[Hook], Hook]) -> None:
    """Something happens to a store's hook."""

    def happen() -> None:
        hooks = world.box.state.shops[STORE].hooks
        found = next(hook for hook in hooks.values() if hook.scope == scope)
        del hooks[found.hook_id]
        new = changed(found)
        hooks[new.hook_id] = new
        world.touch("bigcommerce")

    world.timeline.call_at(at, happen)


def test_a_hook_that_is_off_for_the_day_after_too_many_repairs_is_waited_for(world: World) -> None:
    for number in range(5):
        off = 3.8 * DAY + number * 3600
        change(world, _ORDERS, at=off, changed=lambda hook: replace(hook, is_active=False))
    let_rest(world)
    assert any("repaired_too_often" in what for _, _, what in world.history)
    assert list(find_hook_faults(world)) == []


@pytest.mark.parametrize("is_ours", [True, False])
def test_of_exception_hooks_that_point_elsewhere_ours_is_pointed_back_and_another_is_before_a_person(
    world: World, *, is_ours: bool
) -> None:
    """A store may have one alone."""
    change(
        world,
        DELIVERY_EXCEPTION,
        at=DAY,
        changed=lambda hook: replace(hook, hook_id=hook.hook_id if is_ours else 999, destination=_ELSEWHERE),
    )
    let_rest(world)
    assert list(find_hook_faults(world)) == []
    found = [hook for hook in world.box.state.shops[STORE].hooks.values() if hook.scope == DELIVERY_EXCEPTION]
    assert [hook.destination != _ELSEWHERE for hook in found] == [is_ours]
    assert any("refused_422" in what for _, _, what in world.history) is not is_ours


def test_an_exception_hook_that_nobody_looked_at_is_a_fault(world: World) -> None:
    world.run(DAY)
    hooks = world.box.state.shops[STORE].hooks
    found = next(hook for hook in hooks.values() if hook.scope == DELIVERY_EXCEPTION)
    hooks[found.hook_id] = replace(found, destination=_ELSEWHERE)
    assert list(find_hook_faults(world)) == [f"store {STORE} has 0 good hooks of {DELIVERY_EXCEPTION}"]
