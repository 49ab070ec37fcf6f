"""The stream mappings: a table's changes go to the function in order, each at least once."""

import logging
import threading
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.cloud.clients import Clients, maker
from sandbox.cloud.deployment import StreamMapping
from sandbox.cloud.environments import Answer
from sandbox.cloud.errors import CannotStart
from sandbox.cloud.pacing import Pace
from sandbox.cloud.pool import FunctionPool
from sandbox.cloud.queues import failed_ids
from sandbox.cloud.shapes import stream_event, undelivered_batch
from sandbox.cloud.undelivered import send_undelivered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_dynamodbstreams.type_defs import GetShardIteratorInputTypeDef, RecordTypeDef
    from mypy_boto3_sqs import SQSClient

LOG = logging.getLogger(__name__)
RETRY_SECONDS = 0.2


class StreamPoller:
    """Reads one stream for one function.

    How far it came is kept in the emulated AWS, so that a runner that was killed goes on where it stopped.
    """

    def __init__(self, mapping: StreamMapping, pool: FunctionPool, clients: Clients, stopped: threading.Event) -> None:
        table = mapping.stream_arn.split("/")[1]
        self.name = f"stream of {table}"
        self._mapping = mapping
        self._pool = pool
        self._clients = clients
        self._stopped = stopped
        self._checkpoint = f"/local-cloud/{mapping.function.name}/{table}"
        # Lambda polls, and keeps what failed, in the function's name.
        make = maker(clients.endpoint, pool.credentials)
        self._streams: DynamoDBStreamsClient = make("dynamodbstreams")
        self._failures: SQSClient = make("sqs")
        listed = self._streams.list_streams(TableName=table)["Streams"]
        if mapping.stream_arn not in [stream["StreamArn"] for stream in listed]:
            raise CannotStart(f"{self.name}: {mapping.stream_arn} is not there")
        stream = self._streams.describe_stream(StreamArn=mapping.stream_arn)["StreamDescription"]
        self._shard_id = stream["Shards"][0]["ShardId"]  # moto gives a stream one shard, for ever

    def run(self) -> None:
        """Read until stopped."""
        pace = Pace(self._stopped)
        iterator = ""
        while not self._stopped.is_set():
            records: Sequence[RecordTypeDef] = []
            try:
                iterator = iterator or self._resume()
                answer = self._streams.get_records(ShardIterator=iterator, Limit=self._mapping.batch_size)
                records = answer["Records"]
                if records:
                    self._deliver(records)
                    iterator = answer["NextShardIterator"]
            except (BotoCoreError, ClientError) as error:
                LOG.warning("%s: %s", self.name, error)
                iterator = ""
            pace.rest(busy=bool(records))

    def _resume(self) -> str:
        request: GetShardIteratorInputTypeDef = {
            "StreamArn": self._mapping.stream_arn,
            "ShardId": self._shard_id,
            "ShardIteratorType": "TRIM_HORIZON",
        }
        try:
            done = self._clients.parameters.get_parameter(Name=self._checkpoint)["Parameter"]["Value"]
            request |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": done}
        except self._clients.parameters.exceptions.ParameterNotFound:
            pass  # nothing was read yet
        return self._streams.get_shard_iterator(**request)["ShardIterator"]

    def _deliver(self, records: "Sequence[RecordTypeDef]") -> None:
        """Give records to the function until each is processed, or kept in the on-failure destination."""
        attempts = 0
        while records and not self._stopped.is_set():
            answer = self._pool.invoke(stream_event(records, self._mapping.stream_arn))
            if self._stopped.is_set() and answer.failed:
                return  # it was stopped, it did not fail: the records come again
            done = self._processed(records, answer)
            self._remember(records[:done])
            records = records[done:]
            attempts = 0 if done else attempts + 1
            if done or not records:
                continue
            if self._mapping.bisects and len(records) > 1:
                middle = len(records) // 2
                self._deliver(records[:middle])
                self._deliver(records[middle:])
                return
            if self._mapping.retries is not None and attempts > self._mapping.retries:
                self._give_up(records, attempts, answer)
                return
            self._stopped.wait(RETRY_SECONDS)

    def _processed(self, records: "Sequence[RecordTypeDef]", answer: Answer) -> int:
        """Count the records before the first that failed: those after it come again with it."""
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        failed = failed_ids(answer, set(numbers), reports=self._mapping.reports_failures)
        return next((index for index, number in enumerate(numbers) if number in failed), len(numbers))

    def _give_up(self, records: "Sequence[RecordTypeDef]", attempts: int, answer: Answer) -> None:
        if self._mapping.failures_arn:
            batch = undelivered_batch(self._mapping, self._shard_id, records, attempts, answer)
            send_undelivered(self._failures, self._mapping.failures_arn, batch)
        self._remember(records)

    def _remember(self, records: "Sequence[RecordTypeDef]") -> None:
        if records:
            self._clients.parameters.put_parameter(
                Name=self._checkpoint,
                Value=records[-1]["dynamodb"]["SequenceNumber"],
                Type="String",
                Overwrite=True,
            )
