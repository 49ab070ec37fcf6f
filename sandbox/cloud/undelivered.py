"""On-failure destinations: queues that keep what a function could not process."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def send_undelivered(client: "SQSClient", queue_arn: str, record: object) -> None:
    """Keep in a queue what a function could not process."""
    _, _, _, region, account, name = queue_arn.split(":")
    url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"  # to look it up would take one permission more
    client.send_message(QueueUrl=url, MessageBody=json.dumps(record))
