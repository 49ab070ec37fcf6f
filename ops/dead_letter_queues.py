"""The queues of what failed, read without keeping anything from anybody for long."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.messages import Kind, read_message
from bigcharge.domain.redaction import redactor

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

QUARANTINE: Final = "quarantine"
UNDELIVERED: Final = "undelivered"
ROUTES: Final = {Kind.ORDER: "orders", Kind.CUSTOMER: "customers", Kind.STORE: "stores", Kind.HOOK: "hooks"}
"""The queue that a webhook's hint goes to."""
SOURCES: Final = (*ROUTES.values(), "walks")
"""The queues of hints; what fails in one ends in the queue of the same name with "-dead"."""
DEAD: Final = "-dead"
QUEUES: Final = (*(f"{name}{DEAD}" for name in SOURCES), QUARANTINE, UNDELIVERED)

# What is read is hidden from others, and given back at the end; whoever is killed hides it no longer than this.
_HIDDEN_SECONDS: Final = 60
_READ_PER_SECOND: Final = 20  # messages, at the least
_BATCH: Final = 10  # messages a call, of SQS
_MOST_IN_FLIGHT: Final = 100_000  # SQS lets 120,000 be hidden at a time


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message of what failed.

    Attributes:
        queue: its queue, without the stage ("orders-dead").
        message_id: SQS's.
        body: as it was kept.
        attributes: of the message.
        sent_at: when it was first sent, aware UTC.
        receipt: for as long as it is hidden.
    """

    queue: str
    message_id: str
    body: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    sent_at: datetime
    receipt: str = field(repr=False)

    @property
    def cause(self) -> str:
        """What it is listed under: what led to it, or why it was put aside; as it may be shown."""
        return redactor.redact_text(self._name_cause())

    def _name_cause(self) -> str:
        if self.queue == QUARANTINE:
            return self.attributes.get("reason", "unknown")
        if self.queue == UNDELIVERED:
            return _name_failure(self.document, self.attributes)
        try:
            return read_message(self.body).cause
        except InvalidInputError:
            return "not a message of bigcharge"

    @property
    def document(self) -> dict[str, Any]:
        """What its body says; empty where it is no JSON object."""
        with suppress(ValueError, RecursionError):
            document = json.loads(self.body)
            if isinstance(document, dict):
                return document
        return {}


class DeadLetterQueue:
    """One of the queues.

    Args:
        client: of SQS.
        stage: the deployment's.
        name: of the queue, without the stage.

    Attributes:
        name: likewise.
        cut_off: whether more messages were there than may be hidden at a time.
    """

    def __init__(self, client: "SQSClient", stage: str, name: str) -> None:
        self._client = client
        self._url = client.get_queue_url(QueueName=f"bigcharge-{stage}-{name}")["QueueUrl"]
        self._hidden: dict[str, DeadLetter] = {}
        self.name = name
        self.cut_off = False

    @contextmanager
    def opened(self) -> Iterator["Iterator[list[DeadLetter]]"]:
        """Its messages, ten at a time; whatever was not deleted is given back at the end."""
        try:
            yield self._read()
        finally:
            for letters in batched(self._hidden.values(), _BATCH, strict=False):
                entries: list[Any] = [{**_entry(letter), "VisibilityTimeout": 0} for letter in letters]
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def delete(self, letters: Sequence[DeadLetter]) -> None:
        """Delete some that were just read."""
        for some in batched(letters, _BATCH, strict=False):
            self._client.delete_message_batch(QueueUrl=self._url, Entries=[_entry(letter) for letter in some])
        for letter in letters:
            self._hidden.pop(letter.message_id, None)

    def _read(self) -> Iterator[list[DeadLetter]]:
        seen: set[str] = set()
        expected = self._count()
        seconds = _HIDDEN_SECONDS + expected // _READ_PER_SECOND
        while page := self._receive(seconds, wait=len(seen) < expected):
            self._hidden |= {letter.message_id: letter for letter in page}
            fresh = [letter for letter in page if letter.message_id not in seen]
            seen |= {letter.message_id for letter in page}
            yield fresh
            # The first ones show again where it took longer than they are hidden.
            if not fresh or len(self._hidden) >= _MOST_IN_FLIGHT:
                self.cut_off = True
                return

    def _count(self) -> int:
        wanted = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(wanted["Attributes"]["ApproximateNumberOfMessages"])

    def _receive(self, seconds: int, *, wait: bool) -> list[DeadLetter]:
        """The next ten; one that waits makes SQS look at all of its servers, some of which could seem empty."""
        received = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=seconds,
            WaitTimeSeconds=int(wait),
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        return [self._to_letter(message) for message in received.get("Messages", [])]

    def _to_letter(self, message: "MessageTypeDef") -> DeadLetter:
        attributes = {
            name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()
        }
        sent_at = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
        body, receipt = message["Body"], message["ReceiptHandle"]
        return DeadLetter(self.name, message["MessageId"], body, attributes, sent_at, receipt)


def _entry(letter: DeadLetter) -> Any:  # noqa: ANN401 - of two calls, which type it twice
    return {"Id": letter.message_id, "ReceiptHandle": letter.receipt}


def _name_failure(record: Mapping[str, Any], attributes: Mapping[str, str]) -> str:
    """Of a run that failed, or a batch of changes: the function and its error, as Lambda or the schedule says."""
    if code := attributes.get("ERROR_CODE"):
        return f"a schedule could not run: {code}"
    try:
        function = record["requestContext"]["functionArn"].split(":")[6]
        error = (record.get("responsePayload") or {}).get("errorType") or record["requestContext"]["condition"]
    except (KeyError, IndexError, TypeError, AttributeError):
        return "unknown"
    return f"{function}: {error}"
