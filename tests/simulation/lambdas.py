"""Lambda: functions with warm and cold processes, and what feeds them: queues, streams, schedules, the front door."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.deployment import FunctionPlan, QueueSource, ScheduleSource, StreamSource
from tests.simulation.environments import Environment
from tests.simulation.timeline import Killed

if TYPE_CHECKING:
    from tests.simulation.world import World

type Json = dict[str, Any]

_FAILED: Final = object()
_LONGEST_SKEW: Final = 5.0  # seconds: machines of AWS keep far better time
# Seconds after news within which hourly duties are still to come, between runs then, and between runs in quiet days.
_NEWS, _SOON, _SELDOM = 3600.0, 3900.0, 3 * 86400.0
_SHARDS: Final = 2  # of each stream


@dataclass(slots=True)
class Function:
    """A deployed function.

    Attributes:
        idle: processes that are warm and wait.
    """

    world: "World"
    plan: FunctionPlan
    idle: list[Environment] = field(default_factory=list)

    def invoke(self, event: Mapping[str, Any], subject: str) -> Any:
        """Run it once, in the task that calls this; `_FAILED` where it did not answer."""
        environment = self.idle.pop() if self.idle else self._start(subject)
        try:
            answer = environment.invoke(event, subject)
        except Killed:
            return _FAILED
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failed invocation
            self.world.note(environment.name, f"FAILED: {type(error).__name__}: {error}")
            self.world.judge.handler_raised(environment.name, error)
            answer = _FAILED
        draw = self.world.chance.draw(f"{self.plan.name}:{subject}:retire")
        if not self.world.chance.choose(draw, 0, ("process recycled",)):
            self.idle.append(environment)
        return answer

    def _start(self, subject: str) -> Environment:
        world = self.world
        world.processes += 1
        draw = world.chance.draw(f"{self.plan.name}:{subject}:start")
        is_skewed = world.chance.choose(draw, 0, ("clock skewed",))
        skew = draw.between(1, -_LONGEST_SKEW, _LONGEST_SKEW) if is_skewed else 0.0
        environment = Environment(world, self.plan, world.processes, skew)
        environment.load()
        world.timeline.sleep(draw.between(2, 0.2, 0.9))
        return environment


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
        event = {"Records": [_queue_record(message, self._source.queue) for message in messages]}
        subject = _subject(messages[0]["Body"])
        answer = self._function.invoke(event, subject)
        self._running -= 1
        failed = {message["MessageId"] for message in messages} if answer is _FAILED else _failed(answer)
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
            failed = {records[0]["dynamodb"]["SequenceNumber"]} if answer is _FAILED else _failed(answer)
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            done = next((index for index, number in enumerate(numbers) if number in failed), len(numbers))
            records, failures = records[done:], 0 if done else failures + 1
            if not records or done:
                continue
            if answer is _FAILED and self._source.bisects and len(records) > 1:
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


class ScheduleFeed:
    """Starts a function on its schedule; runs that could find nothing new are skipped: quiet days cost nothing."""

    def __init__(self, world: "World", function: Function, source: ScheduleSource) -> None:
        self._world, self._function, self._source = world, function, source
        self._planned = float("inf")
        self._is_running = False
        self._news_at = 0.0

    def consider(self, by: str) -> None:
        """Something changed: see when the next run is worth it.

        Args:
            by: who changed it. What functions write is no news: what is due later is seen by its time.
        """
        name = self._function.plan.name
        is_news = by not in self._world.functions and name not in BY_DUE_TIME
        if is_news:
            self._news_at = self._world.timeline.now
            self._plan(self._news_at)
        elif name in BY_DUE_TIME:
            self._plan(self._world.next_due())

    def _plan(self, time: float) -> None:
        now, every = self._world.timeline.now, float(self._source.every)
        if time == float("inf"):
            return
        at = every * max(now // every + 1, -(-time // every))
        if at < self._planned:
            self._planned = at
            self._world.timeline.call_at(at, self._tick)

    def _tick(self) -> None:
        now = self._world.timeline.now
        if now < self._planned or self._is_running:
            return
        self._planned = float("inf")
        if self._function.plan.name in BY_DUE_TIME and (due := self._world.next_due()) > now:
            self._plan(due)
            return
        self._is_running = True
        self._world.timeline.spawn(self._run)

    def _run(self) -> None:
        world, name = self._world, self._function.plan.name
        answer = self._function.invoke(_SCHEDULED, "schedule")
        self._is_running = False
        if answer is _FAILED:
            self._plan(world.timeline.now)
            if self._source.undelivered:
                world.sqs.send_message(QueueUrl=self._source.undelivered, MessageBody=json.dumps({"function": name}))
        if name in BY_DUE_TIME:
            self._plan(world.next_due())
        else:
            self._plan(world.timeline.now + (_SOON if world.timeline.now - self._news_at < _NEWS else _SELDOM))


# Functions that look only at what is due: for them nothing else is news.
BY_DUE_TIME: Final = frozenset({"sweep"})
_SCHEDULED: Final = {
    "version": "0",
    "id": "00000000-0000-4000-8000-000000000000",
    "detail-type": "Scheduled Event",
    "source": "aws.scheduler",
    "account": "123456789012",
    "time": "2026-03-02T06:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": "{}",
}


def http_event(headers: Mapping[str, str], body: bytes) -> Json:
    """What API Gateway makes of a webhook (payload format 2.0)."""
    return {
        "version": "2.0",
        "routeKey": "POST /webhooks",
        "rawPath": "/webhooks",
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {"http": {"method": "POST", "path": "/webhooks"}, "requestId": "simulated"},
        "isBase64Encoded": False,
        "body": body.decode(),
    }


def queue_event(body: str, queue: str) -> Json:
    """What Lambda's poller makes of one message."""
    message = {"MessageId": "invented", "ReceiptHandle": "invented", "Body": body, "MD5OfBody": "", "Attributes": {}}
    return {"Records": [_queue_record(message, queue)]}


def _queue_record(message: Json, queue: str) -> Json:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue.rpartition('/')[2]}",
        "awsRegion": "us-east-1",
    }


def _failed(answer: Any) -> set[str]:
    failures = answer.get("batchItemFailures", ()) if isinstance(answer, dict) else ()
    return {failure["itemIdentifier"] for failure in failures}


def _subject(body: str) -> str:
    try:
        hint = json.loads(body)
        return f"{hint['kind']} {hint['store_hash']}#{hint['id']}"
    except (ValueError, KeyError, TypeError):
        return "unreadable"


def hash_of(text: str) -> int:
    """A number that is the same in each process, unlike Python's own hash."""
    return sum(index * byte for index, byte in enumerate(text.encode(), 1))
