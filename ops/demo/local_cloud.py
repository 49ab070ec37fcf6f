"""`bigcharge local` as a process of its own, started and asked as a user would."""

import json
import os
import socket
import subprocess  # nosec B404 # it runs programs of ours
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from ops.errors import FAILED, CommandError

_COMMAND: Final = (sys.executable, "-m", "ops.cli")
_STARTS_WITHIN: Final = 40.0  # seconds
_STOPS_WITHIN: Final = 10.0
_ANSWERS_WITHIN: Final = 20.0
# A delayed hint of a customer only looks once more at what is in step already.
_QUEUES: Final = {
    "bigcharge-dev-orders": ("", "NotVisible", "Delayed"),
    "bigcharge-dev-customers": ("", "NotVisible"),
}


@dataclass(frozen=True, slots=True)
class Upstream:
    """The BigCommerce that it is to speak with."""

    api_url: str
    payments_url: str


class LocalCloud:
    """A context manager: started on entry, stopped on exit.

    Attributes:
        endpoint: of its AWS.
        webhooks_url: where BigCommerce is to send webhooks.

    Args:
        folder: takes the logs.
        stores_file: for `--stores`.
        upstream: what it charges at.
    """

    def __init__(self, folder: Path, stores_file: Path, upstream: Upstream) -> None:
        port, aws_port = _find_ports(2)
        self.endpoint = f"http://127.0.0.1:{aws_port}"
        self.webhooks_url = f"http://127.0.0.1:{port}/webhooks"
        self._log = folder / "local.log"
        self._arguments = (
            f"--stores={stores_file}",
            f"--api-url={upstream.api_url}",
            f"--payments-url={upstream.payments_url}",
            f"--port={port}",
            f"--aws-port={aws_port}",
            f"--logs={folder}",
            "--tick=1",
        )
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - this program  # nosec B603
                [*_COMMAND, "local", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for the demo, which then stops it
            )
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_until_ready(self) -> None:
        """Wait for its line.

        Raises:
            CommandError: it ended, or took too long.
        """
        until = time.monotonic() + _STARTS_WITHIN
        while "ready" not in self._log.read_text(encoding="utf-8"):
            self.check_running()
            if time.monotonic() > until:
                raise CommandError(f"demo: the local cloud did not start within {_STARTS_WITHIN:.0f} s", FAILED)
            time.sleep(0.05)

    def check_running(self) -> None:
        """See that it has not ended by itself.

        Raises:
            CommandError: it has; with what it said.
        """
        if self._process.poll() is not None:
            said = " ".join(self._log.read_text(encoding="utf-8").split())
            raise CommandError(f"demo: the local cloud ended by itself: {said}", FAILED)

    def is_idle(self, queues: Any) -> bool:  # noqa: ANN401 - a client of SQS, whose class boto3 makes at run time
        """Whether nothing that is still to happen waits in its queues or is being worked on."""

        def count(queue: str, words: tuple[str, ...]) -> int:
            url = queues.get_queue_url(QueueName=queue)["QueueUrl"]
            names = [f"ApproximateNumberOfMessages{word}" for word in words]
            attributes = queues.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            return sum(int(attributes[name]) for name in names)

        return not any(count(queue, words) for queue, words in _QUEUES.items())

    def read_listings(self, *groups: str) -> list[list[dict[str, Any]]]:
        """What `bigcharge <group> list --json` prints, for each group; asked with nothing but the endpoint.

        Raises:
            CommandError: a command failed.
        """
        plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = {**plain, "AWS_ENDPOINT_URL": self.endpoint}
        with ExitStack() as stack:
            asked = [
                stack.enter_context(
                    subprocess.Popen(  # noqa: S603 - this program  # nosec B603
                        [*_COMMAND, group, "list", "--json"], stdout=subprocess.PIPE, env=environment
                    )
                )
                for group in groups
            ]
            return [_read_answer(process) for process in asked]


def _read_answer(process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    try:
        answer, _ = process.communicate(timeout=_ANSWERS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        raise CommandError("demo: the ledger could not be read in time", FAILED) from None
    if process.returncode:
        raise CommandError("demo: the ledger could not be read", FAILED)
    rows: list[dict[str, Any]] = json.loads(answer)
    return rows


def _find_ports(count: int) -> list[int]:
    """Ports that are free now, all held at once so that they differ."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
