"""The execution environments of a function: kept warm, and more of them when more events come at once."""

import threading
from pathlib import Path

from sandbox.cloud.clients import Clients, assume
from sandbox.cloud.deployment import Function
from sandbox.cloud.environments import Answer, Environment
from sandbox.cloud.errors import CannotStart

# An environment costs this machine a second of a processor: another is started when an event has waited this long
# for one to be free, and not at once as in AWS; one at a time, or their loading would starve the work they are for.
PATIENCE_SECONDS = 0.25
MOST_ENVIRONMENTS = 10


class FunctionPool:
    """Runs a function as often at once as it is asked to, up to a limit."""

    def __init__(
        self, function: Function, clients: Clients, log_dir: Path | None, limit: int = MOST_ENVIRONMENTS
    ) -> None:
        self.function = function
        self.credentials = assume(clients, function.role)
        self._endpoint = clients.endpoint
        self._limit = limit
        self._log = log_dir / f"{function.name}.log" if log_dir else None
        self._changed = threading.Condition()
        self._free: list[Environment] = []
        self._busy: set[Environment] = set()
        self._count = 0  # those being started included
        self._is_starting = False
        self._closed = False

    def load(self, environment: Environment) -> None:
        """Take a started environment; its handler is being loaded when this returns."""
        self._count += 1
        environment.load(self.function, self._endpoint, self.credentials, self._log)

    def warm(self, environment: Environment) -> None:
        """Wait until an environment is loaded, and keep it for the events to come.

        Raises:
            CannotStart: its handler cannot be loaded.
        """
        environment.wait_until_loaded()
        self._give(environment)

    def invoke(self, event: object) -> Answer:
        """Invoke the function and wait for its answer."""
        try:
            environment = self._take()
        except CannotStart as error:
            return Answer({"errorType": "Runtime.ImportModuleError", "errorMessage": str(error)}, failed=True)
        answer = environment.invoke(event)
        self._give(environment)
        return answer

    def close(self) -> None:
        """End every environment, whatever it is doing."""
        with self._changed:
            self._closed = True
            environments = [*self._free, *self._busy]
            self._changed.notify_all()
        for environment in environments:
            environment.close()

    def _take(self) -> Environment:
        with self._changed:
            while not self._free:
                if self._closed:
                    raise CannotStart("the local cloud is stopping")
                waited = not self._changed.wait(PATIENCE_SECONDS)
                if waited and self._count < self._limit and not self._is_starting:
                    self._count += 1
                    self._is_starting = True
                    break
            environment = self._free.pop() if self._free else None
            if environment:
                self._busy.add(environment)
                return environment
        return self._start_another()

    def _start_another(self) -> Environment:
        environment = Environment()
        try:
            environment.load(self.function, self._endpoint, self.credentials, self._log)
            environment.wait_until_loaded()
        except CannotStart:
            with self._changed:
                self._count -= 1
                self._is_starting = False
            raise
        with self._changed:
            self._is_starting = False
            self._busy.add(environment)
        return environment

    def _give(self, environment: Environment) -> None:
        with self._changed:
            self._busy.discard(environment)
            if environment.alive and not self._closed:
                self._free.append(environment)
            else:
                self._count -= 1
            self._changed.notify()
