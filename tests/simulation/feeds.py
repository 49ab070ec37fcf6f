"""What feeds functions: queues, and the streams of tables."""

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.deployment import QueueSource, StreamSource
from tests.simulation.lambda_events import failed_items, queue_record, subject_of
from tests.simulation.lambdas import FAILED, Function

if TYPE_CHECKING:
    from tests.simulation.world import World

type Json = dict[str, Any]

_SHARDS: Final = 2  # of each stream


class QueueFeed:
    """Receives from a queue and deletes what was processed."""

    def __init__(self, world: "World", function: Function, source: QueueSource) -> None:
        self._world, self._function, self._source = world, function, source
        self._running = 0
        self._next = float("inf")

    def wake(self, at: float) -> None:
        """Look at the queue then."""
        if at < self._next:
            self._next = at
            self._world.timeline.call_at(at, self._poll)

    def _poll(self) -> None:
        world, source = self._world, self._source
        if world.timeline.now < self._next:
            return
        self._next = float("inf")
        while self._running < source.concurrency:
            request = {"QueueUrl": source.queue, "MaxNumberOfMessages": min(source.batch_size, 10)}
            messages = world.sqs.receive_message(**request).get("Messages", [])
            if not messages:
                break
            self._running += 1
            world.timeline.spawn(partial(self._process, messages))
        waiting = [message.visible_at for message in world.sqs.queues[source.queue].messages]
        if waiting and self._running < source.concurrency:
            self.wake(max(world.timeline.now, min(waiting) - world.epoch))

    def _process(self, messages: Sequence[Json]) -> None:
        world = self._world
        event = {"Records": [queue_record(message, self._source.queue) for message in messages]}
        subject = subject_of(messages[0]["Body"])
        answer = self._function.invoke(event, subject)
        self._running -= 1
        failed = {message["MessageId"] for message in messages} if answer is FAILED else failed_items(answer)
        draw = world.chance.draw(f"{self._function.plan.name}:{subject}:delete")
        for message in messages:
            if message["MessageId"] in failed or world.chance.choose(draw, 0, ("message delivered again",)):
                continue
            world.sqs.delete_message(QueueUrl=self._source.queue, ReceiptHandle=message["ReceiptHandle"])
        self.wake(world.timeline.now)


class StreamFeed:
    """Reads a table's stream, shard by shard, each in order; gives up on what cannot be processed."""

    def __init__(self, world: "World", function: Function, source: StreamSource) -> None:
        self._world, self._function, self._source = world, function, source
        self._waiting: list[list[Json]] = [[] for _ in range(_SHARDS)]
        self._busy = [False] * _SHARDS

    def take(self, record: Json) -> None:
        """A new record of the stream."""
        shard = hash_of(json.dumps(record["dynamodb"]["Keys"], sort_keys=True)) % _SHARDS
        self._waiting[shard].append(record)
        if not self._busy[shard]:
            self._busy[shard] = True
            self._world.timeline.spawn(partial(self._read, shard), 0.3)

    def _read(self, shard: int) -> None:
        while self._waiting[shard]:
            batch = self._waiting[shard][: self._source.batch_size]
            del self._waiting[shard][: len(batch)]
            self._deliver(batch)
        self._busy[shard] = False

    def _deliver(self, records: list[Json]) -> None:
        failures = 0
        while records:
            answer = self._function.invoke({"Records": records}, "stream")
            failed = {records[0]["dynamodb"]["SequenceNumber"]} if answer is FAILED else failed_items(answer)
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            done = next((index for index, number in enumerate(numbers) if number in failed), len(numbers))
            records, failures = records[done:], 0 if done else failures + 1
            if not records or done:
                continue
            if answer is FAILED and self._source.bisects and len(records) > 1:
                middle = len(records) // 2
                self._deliver(records[:middle])
                self._deliver(records[middle:])
                return
            if failures > self._source.retries:
                self._give_up(records)
                return
            self._world.timeline.sleep(min(60.0, 0.5 * 2**failures))

    def _give_up(self, records: Sequence[Json]) -> None:
        self._world.undelivered += [record["eventID"] for record in records]
        if self._source.undelivered:
            body = json.dumps({"DDBStreamBatchInfo": {"batchSize": len(records)}})
            self._world.sqs.send_message(QueueUrl=self._source.undelivered, MessageBody=body)


def hash_of(text: str) -> int:
    """A number that is the same in each process, unlike Python's own hash."""
    return sum(index * byte for index, byte in enumerate(text.encode(), 1))
