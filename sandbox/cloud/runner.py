"""Runs what a deployment runs: routes, queue and stream mappings, schedules, each with its function."""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError
from werkzeug.serving import WSGIRequestHandler

from sandbox.cloud.clients import Clients
from sandbox.cloud.deployment import Deployment
from sandbox.cloud.environments import Environment
from sandbox.cloud.errors import CannotStart
from sandbox.cloud.gateway import Gateway
from sandbox.cloud.pool import FunctionPool
from sandbox.cloud.queues import QueuePoller
from sandbox.cloud.schedules import Scheduler
from sandbox.cloud.serving import quiet, serve
from sandbox.cloud.streams import StreamPoller

# What an event that is under way gets to end in when the runner stops; then it comes again, as after a crash.
GRACE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Pacing:
    """Where the runner departs from the template's times, in seconds."""

    tick: float
    visibility: int | None = None


class Runner:
    """A running deployment."""

    def __init__(self, deployment: Deployment, clients: Clients, log_dir: Path | None) -> None:
        self._deployment = deployment
        self._clients = clients
        self._stopped = threading.Event()
        self._pools = {function.name: FunctionPool(function, clients, log_dir) for function in deployment.functions}
        self._threads: list[threading.Thread] = []

    def load(self, environments: Sequence[Environment]) -> None:
        """Load each function into one of the started environments, and wait until all are loaded.

        Raises:
            CannotStart: a handler cannot be loaded.
        """
        pairs = list(zip(self._pools.values(), environments, strict=True))
        for pool, environment in pairs:
            pool.load(environment)
        for pool, environment in pairs:
            pool.warm(environment)

    def start(self, listener: socket.socket, pacing: Pacing) -> None:
        """Answer requests on a port, poll, and keep the schedules.

        Raises:
            CannotStart: a function's role does not let it be fed from its queue or its stream.
        """
        serve(listener, Gateway(self._deployment.routes, self._pools), quiet(WSGIRequestHandler))
        try:
            pollers = self._make_pollers(pacing)
        except ClientError as error:
            raise CannotStart(f"what feeds a function may not do so: {error}") from error
        self._threads = [threading.Thread(target=poller.run, name=poller.name, daemon=True) for poller in pollers]
        for thread in self._threads:
            thread.start()

    def _make_pollers(self, pacing: Pacing) -> "list[QueuePoller | StreamPoller | Scheduler]":
        pools, stopped = self._pools, self._stopped
        pollers: list[QueuePoller | StreamPoller | Scheduler] = [
            QueuePoller(mapping, pools[mapping.function.name], self._clients, pacing.visibility, stopped)
            for mapping in self._deployment.queues
        ]
        pollers += [
            StreamPoller(mapping, pools[mapping.function.name], self._clients, stopped)
            for mapping in self._deployment.streams
        ]
        pollers += [
            Scheduler(schedule, pools[schedule.function.name], self._clients, pacing.tick, stopped)
            for schedule in self._deployment.schedules
        ]
        return pollers

    def stop(self) -> None:
        """Take no more events, give those under way a moment, and end every environment."""
        self._stopped.set()
        until = time.monotonic() + GRACE_SECONDS
        for thread in self._threads:
            thread.join(max(0, until - time.monotonic()))
        for pool in self._pools.values():
            pool.close()
