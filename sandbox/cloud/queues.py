"""The queue mappings: messages are received, given to the function, and deleted when it has processed them."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cloud.clients import Clients, maker
from sandbox.cloud.deployment import QueueMapping
from sandbox.cloud.environments import Answer
from sandbox.cloud.errors import CannotStart
from sandbox.cloud.pacing import Pace
from sandbox.cloud.pool import MOST_ENVIRONMENTS, FunctionPool
from sandbox.cloud.shapes import queue_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef, ReceiveMessageRequestTypeDef

LOG = logging.getLogger(__name__)
MOST_RECEIVED = 10  # of one ReceiveMessage


class QueuePoller:
    """Polls one queue for one function, with no more batches at once than the mapping allows."""

    def __init__(
        self,
        mapping: QueueMapping,
        pool: FunctionPool,
        clients: Clients,
        visibility: int | None,
        stopped: threading.Event,
    ) -> None:
        self.name = f"queue of {mapping.function.name}"
        self._mapping = mapping
        self._pool = pool
        # Lambda polls in the function's name.
        self._client: SQSClient = maker(clients.endpoint, pool.credentials)("sqs")
        self._stopped = stopped
        self._url = clients.queues.get_queue_url(QueueName=mapping.queue_arn.rsplit(":", 1)[-1])["QueueUrl"]
        self._check_visibility()
        self._request: ReceiveMessageRequestTypeDef = {
            "QueueUrl": self._url,
            "MaxNumberOfMessages": min(mapping.batch_size, MOST_RECEIVED),
            "MessageAttributeNames": ["All"],
            "MessageSystemAttributeNames": ["All"],
        }
        if visibility is not None:
            self._request["VisibilityTimeout"] = visibility
        concurrency = min(mapping.maximum_concurrency or MOST_ENVIRONMENTS, MOST_ENVIRONMENTS)
        self._slots = threading.Semaphore(concurrency)
        self._workers = ThreadPoolExecutor(concurrency, thread_name_prefix=self.name)

    def _check_visibility(self) -> None:
        """Refuse what Lambda refuses: a message that could come again while its function still runs."""
        attributes = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["VisibilityTimeout"])
        seconds, timeout = int(attributes["Attributes"]["VisibilityTimeout"]), self._mapping.function.timeout
        if seconds < timeout:
            raise CannotStart(
                f"{self.name}: its visibility time-out of {seconds} s is under the function's {timeout} s"
            )

    def run(self) -> None:
        """Poll until stopped; then wait for the batches that are under way."""
        pace = Pace(self._stopped)
        while not self._stopped.is_set():
            self._slots.acquire()
            messages = self._receive()
            if messages:
                self._workers.submit(self._process, messages)
            else:
                self._slots.release()
            pace.rest(busy=bool(messages))
        self._workers.shutdown()

    def _receive(self) -> "Sequence[MessageTypeDef]":
        try:
            return self._client.receive_message(**self._request).get("Messages", [])
        except (BotoCoreError, ClientError) as error:
            LOG.warning("%s: %s", self.name, error)
            return []

    def _process(self, messages: "Sequence[MessageTypeDef]") -> None:
        try:
            answer = self._pool.invoke(queue_event(messages, self._mapping.queue_arn))
            failed = failed_ids(answer, {m["MessageId"] for m in messages}, reports=self._mapping.reports_failures)
            self._delete([message for message in messages if message["MessageId"] not in failed])
        except (BotoCoreError, ClientError) as error:
            LOG.warning("%s: %s", self.name, error)  # not deleted: they become visible again
        finally:
            self._slots.release()

    def _delete(self, messages: "Sequence[MessageTypeDef]") -> None:
        if messages:
            self._client.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(messages)
                ],
            )


def failed_ids(answer: Answer, sent: set[str], *, reports: bool) -> set[str]:
    """Say which items of a batch the function did not process.

    All of them if it failed, or if it reports an item that was not in the batch: "Reporting batch item failures" in
    AWS's documentation of Lambda.
    """
    if answer.failed:
        return sent
    if not reports or not answer.payload:
        return set()
    items: Any = answer.payload.get("batchItemFailures") if isinstance(answer.payload, dict) else None
    if not items:
        return set()
    try:
        reported = {item["itemIdentifier"] for item in items}
    except (KeyError, TypeError):
        return sent
    return reported if reported.issubset(sent) else sent
