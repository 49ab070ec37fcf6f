"""The schedules: every function that has one is invoked at each tick."""

import logging
import threading
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cloud.clients import Clients, maker
from sandbox.cloud.deployment import Schedule
from sandbox.cloud.environments import Answer
from sandbox.cloud.pool import FunctionPool
from sandbox.cloud.shapes import schedule_event, undelivered_event
from sandbox.cloud.undelivered import send_undelivered

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LOG = logging.getLogger(__name__)


class Scheduler:
    """Runs one schedule every `tick` seconds, in place of its own rate; a run that takes longer delays the next."""

    def __init__(
        self, schedule: Schedule, pool: FunctionPool, clients: Clients, tick: float, stopped: threading.Event
    ) -> None:
        self.name = f"schedule of {schedule.function.name}"
        self._schedule = schedule
        self._pool = pool
        # Lambda keeps what failed in the function's name.
        self._failures: SQSClient = maker(clients.endpoint, pool.credentials)("sqs")
        self._tick = tick
        self._stopped = stopped

    def run(self) -> None:
        """Invoke until stopped."""
        while not self._stopped.wait(self._tick):
            event = schedule_event(self._schedule)
            answer = self._pool.invoke(event)
            if answer.failed and not self._stopped.is_set():
                self._keep(event, answer)

    def _keep(self, event: object, answer: Answer) -> None:
        function = self._schedule.function
        if function.failures_arn is None:
            return
        try:
            send_undelivered(self._failures, function.failures_arn, undelivered_event(function, event, 1, answer))
        except (BotoCoreError, ClientError) as error:
            LOG.warning("%s: %s", self.name, error)
