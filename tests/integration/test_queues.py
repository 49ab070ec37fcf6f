"""The queues in SQS."""

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from bigcharge.adapters.aws_errors import AwsUnavailableError
from bigcharge.adapters.queues import Quarantine, SqsQueue
from bigcharge.domain.messages import Kind, Message, read_message
from tests.integration.conftest import NOW, Aws

if TYPE_CHECKING:
    from bigcharge.services.ports import Queue

MESSAGE = Message("abc123", Kind.ORDER, 215, "store/order/created", NOW, "event-hash")


@pytest.fixture
def queue(aws: Aws, orders_queue: str) -> SqsQueue:
    queue = SqsQueue(aws.sqs, orders_queue)
    _: Queue = queue
    return queue


@pytest.fixture
def sent(aws: Aws) -> Any:
    """The parameters of every call that sends."""
    calls: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        calls.append(params)

    for operation in ("SendMessage", "SendMessageBatch"):
        aws.sqs.meta.events.register(f"provide-client-params.sqs.{operation}", note)
    yield calls
    for operation in ("SendMessage", "SendMessageBatch"):
        aws.sqs.meta.events.unregister(f"provide-client-params.sqs.{operation}", note)


def receive_all(aws: Aws, url: str) -> list[Any]:
    received: list[Any] = []
    while messages := aws.sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
    ).get("Messages"):
        received += messages
    return received


def test_a_message_arrives_as_it_was_sent_in_the_group_of_its_store(
    aws: Aws, queue: SqsQueue, orders_queue: str
) -> None:
    queue.send(MESSAGE)
    [received] = receive_all(aws, orders_queue)
    assert read_message(received["Body"]) == MESSAGE
    assert received["Attributes"]["MessageGroupId"] == "abc123"


@pytest.mark.parametrize(("delay", "seconds"), [(0, 0), (-3, 0), (0.2, 1), (30, 30), (899.5, 900), (86400, 900)])
def test_a_delay_is_rounded_up_to_whole_seconds_and_at_most_900(
    queue: SqsQueue, sent: list[dict[str, Any]], delay: float, seconds: int
) -> None:
    queue.send(MESSAGE, delay)
    assert sent[0]["DelaySeconds"] == seconds


@pytest.mark.parametrize(("number", "calls"), [(0, 0), (1, 1), (10, 1), (11, 2), (25, 3)])
def test_many_are_sent_ten_a_call(
    aws: Aws, queue: SqsQueue, orders_queue: str, sent: list[dict[str, Any]], number: int, calls: int
) -> None:
    messages = [replace(MESSAGE, id=order_id + 1) for order_id in range(number)]
    queue.send_all(messages)
    assert len(sent) == calls
    received = receive_all(aws, orders_queue)
    assert sorted(read_message(message["Body"]).id for message in received) == [message.id for message in messages]
    assert {message["Attributes"]["MessageGroupId"] for message in received} <= {"abc123"}


def test_that_some_could_not_be_sent_is_an_error_after_all_others_were(
    aws: Aws, queue: SqsQueue, orders_queue: str
) -> None:
    def answer_in_part(parsed: dict[str, Any], **_: object) -> None:
        parsed["Failed"] = [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]

    aws.sqs.meta.events.register_first("after-call.sqs.SendMessageBatch", answer_in_part)
    try:
        with pytest.raises(AwsUnavailableError, match="2 of 12"):
            queue.send_all([replace(MESSAGE, id=order_id + 1) for order_id in range(12)])
    finally:
        aws.sqs.meta.events.unregister("after-call.sqs.SendMessageBatch", answer_in_part)
    assert len(receive_all(aws, orders_queue)) == 12


def test_a_queue_that_refuses_is_an_error_of_ours(aws: Aws) -> None:
    queue = SqsQueue(aws.sqs, "https://sqs.eu-central-1.amazonaws.com/123456789012/no-such-queue")
    with pytest.raises(AwsUnavailableError):
        queue.send(MESSAGE)
    with pytest.raises(AwsUnavailableError):
        queue.send_all([MESSAGE])


def test_a_queue_that_cannot_be_reached_is_an_error_of_ours() -> None:
    client = boto3.client(
        "sqs",
        region_name="eu-central-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="invented",
        aws_secret_access_key="invented",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(AwsUnavailableError):
        SqsQueue(client, "http://127.0.0.1:9/123456789012/orders").send(MESSAGE)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [('{"scope": "store/order/created"}', "text"), ("Grüße\t🙂\r\n", "text"), ('{"a": "\ufffe"}', "base64")],
)
def test_a_quarantined_webhook_is_kept_as_received(aws: Aws, quarantine_queue: str, body: str, encoding: str) -> None:
    Quarantine(aws.sqs, quarantine_queue).send("unreadable_id", "abc123", body)
    [received] = receive_all(aws, quarantine_queue)
    kept = received["Body"] if encoding == "text" else base64.b64decode(received["Body"]).decode()
    assert kept == body
    attributes = {name: value["StringValue"] for name, value in received["MessageAttributes"].items()}
    assert attributes == {"reason": "unreadable_id", "store_hash": "abc123", "encoding": encoding}
    assert received["Attributes"]["MessageGroupId"] == "abc123"


def test_a_webhook_that_could_not_be_quarantined_is_an_error_of_ours(aws: Aws) -> None:
    quarantine = Quarantine(aws.sqs, "https://sqs.eu-central-1.amazonaws.com/123456789012/no-such-queue")
    with pytest.raises(AwsUnavailableError):
        quarantine.send("unreadable_id", "abc123", "{}")
