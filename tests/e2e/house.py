"""bigcharge and its BigCommerce as a user runs them: `bigcharge aws`, `bigcharge local` and the box, each by itself."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.server import Server, serve
from sandbox.bigcommerce.stores import load_stores

ROOT = Path(__file__).parents[2]
STORE = "e2estore"
QUICK_POLICY = {
    "external_sources": ["e2e"],
    "retry_after": ["PT2S", "PT2S"],
    "check_unknown_after": ["PT1S", "PT1S", "PT2S", "PT5S"],
    "evidence_window": "PT2S",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(happened: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happened():
            return True
        time.sleep(0.2)
    return happened()


@dataclass
class House:
    """One run; `folder` holds the stores file and the logs."""

    folder: Path
    server: Server
    stores_file: Path
    port: int = field(default_factory=free_port)
    aws_port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def box(self) -> Box:
        return self.server.box

    @property
    def webhooks_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhooks"

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Run a command of bigcharge and wait for its ready line."""
        command = [sys.executable, "-m", "ops.cli", *map(str, arguments)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
        self.processes.append(process)
        assert process.stdout
        assert "ready" in process.stdout.readline()
        return process

    def start_aws(self) -> subprocess.Popen[str]:
        return self.start("aws", "--port", self.aws_port)

    def start_functions(self, *options: object) -> subprocess.Popen[str]:
        urls = ("--api-url", self.server.api_url, "--payments-url", self.server.payments_url)
        ports = ("--port", self.port, "--aws-port", self.aws_port)
        return self.start(
            "local", "--stores", self.stores_file, *urls, *ports, "--tick", 1, "--visibility", 3, *options
        )

    def bigcharge(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as an operator with nothing but the endpoint's address."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.aws_port}"
        command = [sys.executable, "-m", "ops.cli", *map(str, arguments)]
        return subprocess.run(  # noqa: S603 - our own command
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def charges(self) -> dict[int, dict[str, Any]]:
        listed = json.loads(self.bigcharge("charges", "list", "--json").stdout)
        return {charge["order_id"]: charge for charge in listed}

    def end_processes(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)

    def stop(self) -> None:
        self.end_processes()
        for process in self.processes:
            if process.stdout:
                process.stdout.close()


@contextmanager
def open_house(
    folder: Path, policy: dict[str, Any] | None = None, credentials: dict[str, Any] | None = None
) -> Iterator[House]:
    """A box that serves one store, with hooks that point at functions which are yet to be started."""
    stores_file = folder / "stores.json"
    secrets = credentials or {name: f"invented-{name}" for name in ("access_token", "client_id", "client_secret")}
    stores_file.write_text(json.dumps([{"store_hash": STORE, **secrets, "policy": policy or QUICK_POLICY}]))
    with serve(Box(load_stores(stores_file), retry_scale=0.01)) as server:
        house = House(folder, server, stores_file)
        server.box.add_default_hooks(house.webhooks_url)
        try:
            yield house
        finally:
            house.stop()
