"""SQS at the level of boto3's client: standard queues with delays, visibility, receive counts and redrive."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any, Final

from tests.simulation.aws_errors import refuse
from tests.simulation.expressions import UnsupportedError

type Json = dict[str, Any]

_SENT: Final = frozenset({"MessageBody", "MessageGroupId", "DelaySeconds", "MessageAttributes"})
_RECEIVED: Final = frozenset(
    {"QueueUrl", "MaxNumberOfMessages", "MessageAttributeNames", "MessageSystemAttributeNames", "VisibilityTimeout"},
)


@dataclass(slots=True)
class Message:
    """A message in a queue.

    Attributes:
        message_id: its name.
        body: its text.
        group: its `MessageGroupId`; standard queues use it for fairness only.
        visible_at: since when it can be received, in seconds since 1970.
        attributes: what its sender added.
        received: how often it was received.
        handle: what deletes it; each receipt makes another.
    """

    message_id: str
    body: str
    group: str
    visible_at: float
    attributes: Mapping[str, Any]
    received: int = 0
    handle: str = ""


@dataclass(slots=True)
class Queue:
    """A queue.

    Attributes:
        visibility: seconds for which a received message stays hidden.
        dead: the name of the queue to which redrive moves.
        most_receives: after so many receipts in vain a message is moved there.
        messages: what it holds.
        total: how many it ever held.
    """

    visibility: float = 30.0
    dead: str | None = None
    most_receives: int = 0
    messages: list[Message] = field(default_factory=list)
    total: int = 0


@dataclass(slots=True)
class Sqs:
    """The queues.

    Attributes:
        queues: by URL.
        clock: seconds since 1970.
        hold_back: how many seconds longer a new message takes to arrive.
        refused: how many entries of the next batch are not taken.
        on_send: is told of the URL and of each message that arrives, and when.
        pick: chooses which visible message comes next.
    """

    queues: Mapping[str, Queue]
    clock: Callable[[], float] = lambda: 0.0
    hold_back: Callable[[], float] = lambda: 0.0
    refused: int = 0
    on_send: Callable[[str, Message], object] = lambda _url, _message: None
    pick: Callable[[Sequence[Message]], Message] = lambda messages: messages[0]

    def send_message(self, **request: Any) -> Json:
        """SendMessage."""
        queue = self._queue(request)
        entry = {name: value for name, value in request.items() if name != "QueueUrl"}
        return {"MessageId": self._keep(request["QueueUrl"], queue, entry).message_id}

    def send_message_batch(self, **request: Any) -> Json:
        """SendMessageBatch; entries that were not taken are named."""
        queue, entries = self._queue(request), request["Entries"]
        if not 1 <= len(entries) <= 10 or len({entry["Id"] for entry in entries}) < len(entries):
            raise refuse("SendMessageBatch", "TooManyEntriesInBatchRequest", "1 to 10 entries, each with its own Id")
        refused, self.refused = entries[: self.refused], 0
        taken = [entry for entry in entries if entry not in refused]
        for entry in taken:
            self._keep(request["QueueUrl"], queue, {name: entry[name] for name in entry if name != "Id"})
        failed = [{"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"} for entry in refused]
        return {"Successful": [{"Id": entry["Id"]} for entry in taken]} | ({"Failed": failed} if failed else {})

    def receive_message(self, **request: Any) -> Json:
        """ReceiveMessage; a message that came too often goes to the dead letters instead."""
        _check("ReceiveMessage", request, _RECEIVED)
        queue = self._queue(request)
        hidden = request.get("VisibilityTimeout", queue.visibility)
        taken: list[Message] = []
        while len(taken) < request.get("MaxNumberOfMessages", 1):
            visible = [one for one in queue.messages if one.visible_at <= self.clock()]
            if not visible:
                break
            message = self.pick(visible)
            if queue.dead and message.received >= queue.most_receives:
                self._move(queue, message)
                continue
            message.received += 1
            message.handle = f"{message.message_id}/{message.received}"
            message.visible_at = self.clock() + hidden
            taken.append(message)
        return {"Messages": [_describe(message) for message in taken]} if taken else {}

    def delete_message(self, **request: Any) -> Json:
        """DeleteMessage; a handle of an earlier receipt deletes nothing."""
        _check("DeleteMessage", request, {"QueueUrl", "ReceiptHandle"})
        queue = self._queue(request)
        queue.messages = [one for one in queue.messages if one.handle != request["ReceiptHandle"]]
        return {}

    def _queue(self, request: Mapping[str, Any]) -> Queue:
        if request["QueueUrl"] not in self.queues:
            raise refuse("SQS", "AWS.SimpleQueueService.NonExistentQueue", "no such queue")
        return self.queues[request["QueueUrl"]]

    def _keep(self, url: str, queue: Queue, entry: Mapping[str, Any]) -> Message:
        _check("SendMessage", entry, _SENT)
        delay = entry.get("DelaySeconds", 0)
        if not isinstance(delay, int) or not 0 <= delay <= 900 or not entry["MessageBody"]:
            raise refuse("SendMessage", "InvalidParameterValue", "DelaySeconds is 0 to 900, a body is not empty")
        queue.total += 1
        name = f"{url.rpartition('/')[2]}-{queue.total}"
        visible_at = self.clock() + delay + self.hold_back()
        attributes = entry.get("MessageAttributes", {})
        message = Message(name, entry["MessageBody"], entry.get("MessageGroupId", ""), visible_at, attributes)
        queue.messages.append(message)
        self.on_send(url, message)
        return message

    def _move(self, queue: Queue, message: Message) -> None:
        queue.messages.remove(message)
        dead = next(one for url, one in self.queues.items() if url.rpartition("/")[2] == queue.dead)
        dead.total += 1
        message.handle = ""
        message.visible_at = self.clock()
        dead.messages.append(message)


def _describe(message: Message) -> Json:
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": message.handle,
        "Body": message.body,
        "MD5OfBody": md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        "Attributes": {"ApproximateReceiveCount": str(message.received), "MessageGroupId": message.group},
        "MessageAttributes": dict(message.attributes),
    }


def _check(operation: str, request: Mapping[str, Any], known: frozenset[str] | set[str]) -> None:
    if unknown := request.keys() - known:
        raise UnsupportedError(f"{operation} with {', '.join(sorted(unknown))}")
