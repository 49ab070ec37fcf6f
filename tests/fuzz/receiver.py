"""The real receiver in this process: its handler, put together by its own bootstrap, over AWS clients in memory."""

import json
import logging
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, TextIO
from unittest.mock import patch

from bigcharge import bootstrap
from bigcharge.observability import logger
from tests.fuzz.shops import EPOCH, SHOPS
from tests.simulation.aws_errors import Exceptions
from tests.simulation.small_services import Parameters, Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUEUES: Final = {
    f"{name}_QUEUE_URL": f"https://sqs.invented/{name}"
    for name in ("ORDERS", "CUSTOMERS", "STORES", "HOOKS", "QUARANTINE")
}


class _Secrets(Secrets):
    exceptions = Exceptions
    reads = 0

    def get_secret_value(self, **request: Any) -> dict[str, Any]:
        self.reads += 1
        return super().get_secret_value(**request)


class _Parameters(Parameters):
    exceptions = Exceptions


@dataclass
class Receiver:
    """The receiver, at a time that moves when it is told.

    Attributes:
        at: seconds since the epoch of the run.
        queued: what the queues were given.
    """

    at: float
    queued: int = 0
    secrets: _Secrets = field(default_factory=_Secrets)
    parameters: _Parameters = field(default_factory=_Parameters)
    handle: Callable[[dict[str, Any], Any], dict[str, Any]] = lambda _, __: {}
    _versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for shop in SHOPS.values():
            self.secrets.put(f"bigcharge/dev/stores/{shop.store_hash}", shop.document(shop.version(self.at) - 1))
            if shop.policy is not None:
                self.parameters.values[f"/bigcharge/dev/stores/{shop.store_hash}/policy"] = shop.policy
        self.move_to(self.at)

    def move_to(self, at: float) -> None:
        """Let time pass; secrets are rotated when they are to be."""
        self.at = at
        for name, shop in SHOPS.items():
            version = shop.version(at)
            if self._versions.get(name) != version:
                self._versions[name] = version
                self.secrets.put(f"bigcharge/dev/stores/{name}", shop.document(version))

    def client(self, service: str) -> Any:
        """As `bootstrap._aws`."""
        return {"secretsmanager": self.secrets, "ssm": self.parameters, "sqs": self}[service]

    def send_message(self, **request: Any) -> dict[str, Any]:
        """SQS's SendMessage."""
        assert request["QueueUrl"] in _QUEUES.values()
        request["MessageBody"].encode()
        self.queued += 1
        return {"MessageId": "invented"}

    def present(self) -> datetime:
        """As `bootstrap.now`."""
        return EPOCH + timedelta(seconds=self.at)


@contextmanager
def open_receiver(at: float) -> "Iterator[Receiver]":
    """The receiver, whose first request comes at a time; what it logs is lost."""
    receiver = Receiver(at)
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, _QUEUES))
        stack.enter_context(patch.object(sys, "stdout", _sink()))
        stack.enter_context(patch.object(logging.Handler, "handleError", _raise_again))
        replaced = {
            "_aws": receiver.client,
            "now": receiver.present,
            "time": SimpleNamespace(monotonic=lambda: receiver.at),
        }
        for name, value in replaced.items():
            stack.enter_context(patch.object(bootstrap, name, value))
        from functions.receive_webhook import handler  # noqa: PLC0415 - its logger takes the stdout of its import

        # Another's test may have made it, with a stdout that is closed by now.
        stack.enter_context(patch.object(logger().registered_handler, "stream", _sink()))
        stack.enter_context(patch.object(handler, "intake", cache(bootstrap.intake)))
        receiver.handle = handler.handler
        yield receiver


@cache
def _sink() -> TextIO:
    """Open for as long as the process lives, as is the logger that writes to it."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - see above


def _raise_again(_: logging.Handler, __: logging.LogRecord) -> None:
    """What cannot be written to the log is a finding, and not a note on stderr."""
    raise  # noqa: PLE0704 - logging calls it while it handles the error


def show(event: dict[str, Any]) -> str:
    """An event, for a person who looks why it was answered as it was."""
    return json.dumps(event)[:20_000]
