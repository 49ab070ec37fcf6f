"""Each file of events/ does what events/expected.json says: here in the local cloud's own processes."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from ops.recorded_events import CHECKOUT, FOLDER, Ports, RecordedEvent, World, list_events, make_world
from sandbox.cloud.pool import FunctionPool
from sandbox.cloud.template import read_template

EVENTS = list_events()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        ports = Ports(*(probe.getsockname()[1] for probe in sockets))
    with make_world(ports) as world:
        yield world


@pytest.fixture(scope="module")
def pools(world: World) -> Iterator[dict[str, FunctionPool]]:
    with ExitStack() as stack:
        pools = {}
        for function in world.deployment.functions:
            pools[function.code.name] = pool = FunctionPool(function, world.clients, None)
            stack.callback(pool.close)
        yield pools


@pytest.mark.parametrize("event", EVENTS, ids=[event.name for event in EVENTS])
def test_a_recorded_event_is_answered_as_expected(
    event: RecordedEvent, world: World, pools: dict[str, FunctionPool]
) -> None:
    answer = pools[event.name.split("/")[0]].invoke(event.read())
    assert not answer.failed, answer.payload
    assert world.find_fault(event, answer.payload) is None, answer.payload


def test_every_file_is_expected_and_every_function_has_one() -> None:
    files = {str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.json")}
    assert files == {event.name for event in EVENTS}
    resources = read_template(CHECKOUT / "template.yaml")["Resources"]
    functions = {name for name, resource in resources.items() if resource["Type"] == "AWS::Serverless::Function"}
    assert functions == {event.function for event in EVENTS}


def test_what_sam_local_gives_the_functions_is_what_the_template_gives_them(world: World) -> None:
    """SAM does not resolve references to resources: events/environment.json says what they are."""
    given = json.loads((FOLDER / "environment.json").read_text())["Parameters"]
    deployed: dict[str, str] = {}
    for function in world.deployment.functions:
        deployed |= function.environment
    elsewhere = {"AWS_ENDPOINT_URL", "BIGCOMMERCE_API_URL", "BIGCOMMERCE_PAYMENTS_URL"}
    fixed = {name for name in deployed if name.startswith("POWERTOOLS_")}
    assert given.keys() - elsewhere == deployed.keys() - elsewhere - fixed
    assert {name: deployed[name] for name in given.keys() - elsewhere} == {
        name: given[name] for name in given.keys() - elsewhere
    }
