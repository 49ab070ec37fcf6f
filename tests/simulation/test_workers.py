"""Many workers on one order."""

import json
from functools import partial

import pytest

from tests.simulation.deployment import QUEUES_URL
from tests.simulation.lambda_events import queue_event
from tests.simulation.posts import Post
from tests.simulation.small_world import KEY, ORDER, make_small_world
from tests.simulation.world import World

_WORKERS = 50


def _hint(world: World) -> str:
    hint = {"store_hash": KEY[0], "kind": "order", "id": KEY[1], "cause": "test", "event_hash": None}
    return json.dumps(hint | {"received_at": world.timeline.present().isoformat()})


def _posts(seed: int) -> list[Post]:
    world = make_small_world(seed=seed)
    world.actors.create(ORDER)
    event = queue_event(_hint(world), f"{QUEUES_URL}bigcharge-dev-orders")
    for _ in range(_WORKERS):
        world.timeline.spawn(partial(world.functions["charge_order"].invoke, event, f"order {KEY[0]}#{KEY[1]}"))
    world.run(600.0)
    assert world.processes >= _WORKERS, "each worker is a process of its own"
    assert world.charges()[KEY]["state"] == {"S": "paid"}
    assert len(world.box.book) == 1
    return world.judge.posts.of[KEY]


@pytest.mark.parametrize("seed", range(20))
def test_fifty_workers_on_one_order_send_one_payment(seed: int) -> None:
    assert len(_posts(seed)) == 1
