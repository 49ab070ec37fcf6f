"""On-failure destinations: queues that keep what a function could not process."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def send_undelivered(client: "SQSClient", queue_arn: str, record: object) -> None:
    """Keep in a queue what a function could not process."""
    url = client.get_queue_url(QueueName=queue_arn.rsplit(":", 1)[-1])["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody=json.dumps(record))
