"""Putting through again what failed: a hint back to its queue, changes of a table to the event bus.

It may be done twice: hints are only looked at, and an event that comes twice has the same id (docs/events.md).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from bigcharge.domain.errors import BigchargeError, InvalidInputError
from bigcharge.domain.messages import Message, read_message
from bigcharge.domain.webhooks import read_webhook
from ops.aws import connect
from ops.dead_letter_queues import DEAD, QUARANTINE, ROUTES, UNDELIVERED, DeadLetter

if TYPE_CHECKING:
    from bigcharge.adapters.bus import EventBus
    from bigcharge.adapters.queues import SqsQueue
    from bigcharge.domain.events import Event


class CannotReplayError(BigchargeError):
    """It stays where it is; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A message, and the name of the queue that it goes to."""

    queue: str
    message: Message


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """Changes of a table that were not announced: where in its stream they are.

    Attributes:
        stream: its ARN.
        shard: of the stream.
        first: sequence number.
        last: likewise.
        size: how many.
    """

    stream: str
    shard: str
    first: str
    last: str
    size: int


def plan_replay(letter: DeadLetter, now: datetime) -> Hint | StreamBatch:
    """What is sent for it again: a hint as new as if it came now, or changes to be announced.

    Raises:
        CannotReplayError: nothing can be.
    """
    try:
        if letter.queue == QUARANTINE:
            return _read_webhook(letter, now)
        if letter.queue != UNDELIVERED:
            return Hint(letter.queue.removesuffix(DEAD), replace(read_message(letter.body), received_at=now))
    except InvalidInputError as error:
        raise CannotReplayError(f"it still cannot be used ({error}): drop it") from None
    if "DDBStreamBatchInfo" not in letter.document:
        raise CannotReplayError("it is a scheduled run that failed: the next run did its work, so drop it")
    try:
        info = letter.document["DDBStreamBatchInfo"]
        first, last = str(info["startSequenceNumber"]), str(info["endSequenceNumber"])
        return StreamBatch(str(info["streamArn"]), str(info["shardId"]), first, last, int(info["batchSize"]))
    except (KeyError, TypeError, ValueError):
        raise CannotReplayError("it does not say which changes of a table it stands for: drop it") from None


def _read_webhook(letter: DeadLetter, now: datetime) -> Hint:
    import base64  # noqa: PLC0415 - imports of a command stand in it

    is_encoded = letter.attributes.get("encoding") == "base64"
    webhook = read_webhook(base64.b64decode(letter.body) if is_encoded else letter.body.encode())
    if not webhook.is_handled:
        raise InvalidInputError("its scope is none that is handled")
    hint = webhook.to_hint(now)
    return Hint(ROUTES[hint.kind], hint)


class Replayer:
    """Puts through again what failed.

    Args:
        stage: the deployment's.
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._open_queue = cache(self._connect_queue)
        self._open_bus = cache(self._connect_bus)

    def replay(self, letters: Sequence[DeadLetter]) -> tuple[list[DeadLetter], dict[str, str]]:
        """Put some through again.

        Returns:
            Those that may be deleted now; and by message id, why others cannot be put through.

        Raises:
            BigchargeError: a queue did not take its hints: sending all of them again does no harm.
        """
        hints: dict[str, list[tuple[DeadLetter, Message]]] = defaultdict(list)
        done: list[DeadLetter] = []
        refused: dict[str, str] = {}
        for letter in letters:
            try:
                planned = plan_replay(letter, datetime.now(UTC))
                if isinstance(planned, Hint):
                    hints[planned.queue].append((letter, planned.message))
                else:
                    self._announce(planned)
                    done.append(letter)
            except CannotReplayError as error:
                refused[letter.message_id] = str(error)
        for queue, pairs in hints.items():
            self._open_queue(queue).send_all([hint for _, hint in pairs])
            done += [letter for letter, _ in pairs]
        return done, refused

    def _announce(self, batch: StreamBatch) -> None:
        """Announce the changes as `announce_changes` would have, with the same ids.

        Raises:
            CannotReplayError: they are gone, cannot be read, or the bus does not take them.
        """
        events = [event for record in self._read_records(batch) for event in _read_change(record)]
        if self._open_bus().publish(events):
            raise CannotReplayError("the event bus did not take all of it: try again in a minute")

    def _read_records(self, batch: StreamBatch) -> list[Mapping[str, Any]]:
        from botocore.exceptions import ClientError  # noqa: PLC0415 - imports of a command stand in it

        client = connect("dynamodbstreams")
        records: list[Mapping[str, Any]] = []
        try:
            iterator = client.get_shard_iterator(
                StreamArn=batch.stream,
                ShardId=batch.shard,
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                SequenceNumber=batch.first,
            )["ShardIterator"]
            while iterator and len(records) < batch.size:
                answer = client.get_records(ShardIterator=iterator, Limit=batch.size - len(records))
                if not answer["Records"]:
                    break
                records += answer["Records"]
                iterator = answer.get("NextShardIterator")
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"TrimmedDataAccessException", "ResourceNotFoundException"}:
                raise
        if not records or str(records[-1]["dynamodb"]["SequenceNumber"]) != batch.last:
            raise CannotReplayError(
                "a table's stream keeps its changes for 24 hours, and these are gone: whoever listens to events has "
                "to look at the present state (bigcharge charges list, bigcharge instruments list); then drop it"
            )
        return records

    def _connect_queue(self, name: str) -> "SqsQueue":
        from bigcharge.adapters.queues import SqsQueue  # noqa: PLC0415 - imports of a command stand in it

        client = connect("sqs")
        return SqsQueue(client, client.get_queue_url(QueueName=f"bigcharge-{self._stage}-{name}")["QueueUrl"])

    def _connect_bus(self) -> "EventBus":
        from bigcharge.adapters.bus import EventBus  # noqa: PLC0415 - imports of a command stand in it

        return EventBus(connect("events"), f"bigcharge-{self._stage}")


def _read_change(record: Mapping[str, Any]) -> "tuple[Event, ...]":
    from bigcharge.adapters.changes import read_change  # noqa: PLC0415 - imports of a command stand in it

    changed = record["dynamodb"]
    plain = {**changed, "ApproximateCreationDateTime": changed["ApproximateCreationDateTime"].timestamp()}
    try:
        return read_change({**record, "dynamodb": plain})
    except (KeyError, TypeError, ValueError):
        raise CannotReplayError("one of the changes cannot be read, a fault of bigcharge: report it, keep it") from None
