"""`make sam-local`: every file of events/ through the real `sam local invoke`, in Docker.

`python -m ops.sam_local --serve` only keeps the emulated AWS and the BigCommerce in a box up, for `sam local invoke`
typed by hand.
"""

import errno
import json
import os
import signal
import subprocess  # nosec B404 # it runs programs of ours
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from ops.container_relay import relay
from ops.recorded_events import CHECKOUT, FOLDER, Ports, RecordedEvent, World, list_events, make_world
from sandbox.cloud.errors import CannotStart

_NO_ENGINE: Final = 3
_REPORT: Final = Path("sam-local-report.json")
_LOG_WIDTH: Final = 120
_INVOKE_SECONDS: Final = 90
_AT_ONCE: Final = 2


class NoEngineError(Exception):
    """No Docker engine answers."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one event; `fault` is None where it was what should."""

    event: str
    function: str
    answered: str
    fault: str | None
    seconds: float


def find_bridge() -> str:
    """Ask Docker for the address under which containers see this machine.

    Raises:
        NoEngineError: there is none to ask.
    """
    command = ["docker", "network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)  # noqa: S603 - constant  # nosec B603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoEngineError from error
    if ended.returncode:
        raise NoEngineError
    network = json.loads(ended.stdout)
    # An engine that has not been told the address takes the first of the network.
    return network.get("Gateway") or str(next(ip_network(network["Subnet"]).hosts()))


def read_ports() -> Ports:
    """Read where events/environment.json, which `sam local` gives the functions, expects the world."""
    variables = json.loads((FOLDER / "environment.json").read_text(encoding="utf-8"))["Parameters"]
    names = ("AWS_ENDPOINT_URL", "BIGCOMMERCE_API_URL", "BIGCOMMERCE_PAYMENTS_URL")
    return Ports(*(urlsplit(variables[name]).port or 0 for name in names))


@contextmanager
def world_for_containers(bridge: str) -> Iterator[World]:
    """Make the world, where containers can reach it.

    Raises:
        CannotStart, OSError: a port is taken.
    """
    ports = read_ports()
    with ExitStack() as stack:
        world = stack.enter_context(make_world(ports))
        try:
            stack.enter_context(relay(bridge, (ports.aws, ports.api, ports.payments)))
        except OSError as error:
            # Docker Desktop runs in a machine of its own, and passes on to this one's loopback by itself.
            if error.errno != errno.EADDRNOTAVAIL:
                raise
        yield world


def invoke(world: World, event: RecordedEvent) -> Result:
    """Give one event to its function through `sam local invoke`."""
    began = time.monotonic()
    command = [str(Path(sys.executable).with_name("sam")), "local", "invoke", event.function, "-e", str(event.path)]
    try:
        ended = subprocess.run(  # noqa: S603 - SAM, with files of this checkout  # nosec B603
            command,
            cwd=CHECKOUT,
            env={**os.environ, "SAM_CLI_TELEMETRY": "0"},
            capture_output=True,
            text=True,
            timeout=_INVOKE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Result(event.name, event.function, "", f"no answer in {_INVOKE_SECONDS} s", time.monotonic() - began)
    answered = ended.stdout.strip()
    try:
        fault = world.find_fault(event, json.loads(answered.splitlines()[-1]))
    except (ValueError, IndexError):
        fault = f"answered no JSON: {ended.stderr.strip()[-500:]}"
    return Result(event.name, event.function, answered, fault, time.monotonic() - began)


def invoke_all(world: World, console: Console) -> list[Result]:
    """Invoke every function with every file; the first alone, because it builds the image of the layer."""
    first, *others = list_events()
    with console.status("sam local invoke"), ThreadPoolExecutor(_AT_ONCE) as workers:
        return [invoke(world, first), *workers.map(lambda event: invoke(world, event), others)]


def show(results: Sequence[Result], console: Console) -> None:
    """Print the table, and keep the results in a file."""
    table = Table(box=SIMPLE)
    for heading in ("event", "s", "expected"):
        table.add_column(heading, no_wrap=True)
    table.add_column("answered", overflow="fold")
    for result in results:
        table.add_row(result.event, f"{result.seconds:.1f}", "no" if result.fault else "yes", result.answered)
    console.print(table)
    for result in results:
        if result.fault:
            console.print(f"{result.event}: {result.fault}", markup=False)
    _REPORT.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n", encoding="utf-8")
    wrong = sum(result.fault is not None for result in results)
    functions = len({result.function for result in results})
    console.print(f"sam-local: {len(results)} events, {functions} functions, {wrong} not as expected")


def _serve() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    print("sam-local: ready for `sam local invoke ChargeOrderFunction -e events/charge_order/created.json`", flush=True)
    stopped.wait()


def main(arguments: Sequence[str]) -> int:
    """Invoke everything, or serve; 1 where something was not as expected, 3 where no Docker engine answers."""
    console = Console(width=None if sys.stdout.isatty() else _LOG_WIDTH)
    try:
        with world_for_containers(find_bridge()) as world:
            if "--serve" in arguments:
                _serve()
                return 0
            results = invoke_all(world, console)
    except NoEngineError:
        print("sam-local: no Docker engine answers: start one, or name it in DOCKER_HOST", file=sys.stderr)
        return _NO_ENGINE
    except (CannotStart, OSError) as error:
        print(f"sam-local: {error}", file=sys.stderr)
        return 2
    show(results, console)
    return int(any(result.fault for result in results))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
