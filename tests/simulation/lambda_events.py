"""What Lambda gives to a function, and what the function's answer says."""

import json
from collections.abc import Mapping
from typing import Any, Final

type Json = dict[str, Any]

SCHEDULED: Final = {
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


def http_event(headers: Mapping[str, str], body: bytes, path: str) -> Json:
    """What API Gateway makes of a webhook (payload format 2.0)."""
    return {
        "version": "2.0",
        "routeKey": f"POST {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {"http": {"method": "POST", "path": path}, "requestId": "simulated"},
        "isBase64Encoded": False,
        "body": body.decode(),
    }


def queue_event(body: str, queue: str) -> Json:
    """What Lambda's poller makes of one message."""
    message = {"MessageId": "invented", "ReceiptHandle": "invented", "Body": body, "MD5OfBody": "", "Attributes": {}}
    return {"Records": [queue_record(message, queue)]}


def queue_record(message: Json, queue: str) -> Json:
    """A message of a batch."""
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


def failed_items(answer: Any) -> set[str]:
    """The entries of a batch that are to come again."""
    failures = answer.get("batchItemFailures", ()) if isinstance(answer, dict) else ()
    return {failure["itemIdentifier"] for failure in failures}


def subject_of(body: str) -> str:
    """What a message is about."""
    try:
        hint = json.loads(body)
        return f"{hint['kind']} {hint['store_hash']}#{hint['id']}"
    except (ValueError, KeyError, TypeError):
        return "unreadable"
