"""The queues: hints to look at an order or a customer, and the quarantine of webhooks that could not be used."""

import base64
import math
import re
from collections.abc import Callable, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Final

from bigcharge.adapters.aws_errors import AwsUnavailableError, translate_aws_errors
from bigcharge.domain.messages import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_LONGEST_DELAY: Final = 900  # seconds, of SQS
_BATCH: Final = 10  # messages a call, of SQS
_CARRIED: Final = re.compile(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")  # what SQS takes as a body


class SqsQueue:
    """A standard queue whose messages carry their store as `MessageGroupId`: it serves the stores fairly.

    Args:
        client: of SQS.
        url: the queue's.
        on_sent: is told of each message that the queue has taken, and after how many seconds it arrives.
    """

    def __init__(
        self, client: "SQSClient", url: str, on_sent: Callable[[Message, float], None] = lambda _message, _delay: None
    ) -> None:
        self._client = client
        self._url = url
        self._on_sent = on_sent

    def send(self, message: Message, delay: float = 0) -> None:
        """Send one, to arrive after `delay` seconds, or after 900 where it is longer.

        Raises:
            AwsUnavailableError: it may not have been sent.
        """
        seconds = max(0, min(_LONGEST_DELAY, math.ceil(delay)))
        with translate_aws_errors("send a message"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=message.to_json(),
                MessageGroupId=message.store_hash,
                DelaySeconds=seconds,
            )
        self._on_sent(message, seconds)

    def send_all(self, messages: Sequence[Message]) -> None:
        """Send many, ten a call.

        Raises:
            AwsUnavailableError: some may not have been sent; sending all of them again does no harm.
        """
        failed = sum(self._send_batch(batch) for batch in batched(messages, _BATCH, strict=False))
        if failed:
            raise AwsUnavailableError(f"could not send {failed} of {len(messages)} messages")

    def _send_batch(self, messages: Sequence[Message]) -> int:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(index), "MessageBody": message.to_json(), "MessageGroupId": message.store_hash}
            for index, message in enumerate(messages)
        ]
        with translate_aws_errors("send messages"):
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        failed = {refused["Id"] for refused in answer.get("Failed", ())}
        for index, message in enumerate(messages):
            if str(index) not in failed:
                self._on_sent(message, 0)
        return len(failed)


class Quarantine:
    """The queue of signed webhooks that could not be used: for a person to read.

    Args:
        client: of SQS.
        url: the queue's.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, reason: str, store_hash: str, body: str) -> None:
        """Keep a webhook.

        Args:
            reason: a stable word for why it could not be used.
            store_hash: the store whose signature it carries.
            body: as received, not empty; in base64, and said so, where it has characters that SQS does not take.

        Raises:
            AwsUnavailableError: it may not have been kept.
        """
        encoding = "text" if _CARRIED.fullmatch(body) else "base64"
        text = body if encoding == "text" else base64.b64encode(body.encode()).decode()
        attributes = {"reason": reason, "store_hash": store_hash, "encoding": encoding}
        with translate_aws_errors("quarantine a webhook"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=text,
                MessageGroupId=store_hash,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
