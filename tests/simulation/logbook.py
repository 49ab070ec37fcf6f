"""What the code says of itself while it runs: its log goes into the history, its metrics are counted."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from greenlet import getcurrent

from bigcharge import observability

if TYPE_CHECKING:
    from tests.simulation.environments import Environment
    from tests.simulation.world import World


class Logbook:
    """Stands for the logger and the metrics of every process."""

    def __init__(self, world: "World") -> None:
        self._world = world

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the log and the metrics of whatever runs."""
        observability.logger.cache_clear()
        try:
            with (
                patch.object(observability, "Logger", lambda **_: self),
                patch.object(observability, "single_metric", self._count),
            ):
                yield
        finally:
            observability.logger.cache_clear()

    def info(self, message: str, *, extra: Mapping[str, Any]) -> None:
        """A line of the log."""
        said = " ".join(f"{name}={value}" for name, value in extra.items() if value is not None)
        self._world.note(self._who(), f"{message} {said}")

    warning = info

    def exception(self, message: str, *, extra: Mapping[str, Any]) -> None:
        """A line of the log with the error that is being handled; the judge sees whether it was to be expected."""
        error = sys.exception()
        self.info(message, extra={"error": f"{type(error).__name__}: {error}", **extra})
        environment = _environment()
        if environment is not None and "message_id" in extra:
            environment.failed.append(extra["message_id"])
        if error is not None:
            self._world.judge.handler_raised(self._who(), error)

    def append_keys(self, **_: Any) -> None:
        """Not looked at: the history names the process that says a line."""

    @contextmanager
    def _count(self, name: str, **_: Any) -> Iterator[Any]:
        self._world.metrics[name] += 1
        yield _NOTHING

    def _who(self) -> str:
        environment = _environment()
        return environment.name if environment else "world"


def _environment() -> "Environment | None":
    """The process whose code runs; None while it is the world itself."""
    return getattr(getcurrent(), "environment", None)


class _Nothing:
    def add_dimension(self, **_: Any) -> None:
        """Not looked at."""


_NOTHING = _Nothing()
