"""The events that AWS gives to functions, in their documented shapes.

Sources: "Work with Lambda payload format for HTTP APIs" (format 2.0), "Using Lambda with Amazon SQS", "Using AWS Lambda
with Amazon DynamoDB", "EventBridge Scheduler: templated targets", "Lambda: destinations" in AWS's documentation.
"""

import base64
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.cloud.deployment import Function, Schedule, StreamMapping
from sandbox.cloud.environments import Answer
from sandbox.cloud.template import ACCOUNT, REGION, Json

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams.type_defs import RecordTypeDef
    from mypy_boto3_sqs.type_defs import MessageTypeDef
    from werkzeug.wrappers import Request

# What API Gateway passes on as text; everything else comes base64-encoded.
TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


def http_event(request: "Request", body: bytes, route_key: str, path_parameters: Mapping[str, str]) -> Json:
    """Shape a request as an HTTP API does (payload format 2.0)."""
    now = datetime.now(UTC)
    text, encoded = _body_text(body, request.mimetype)
    event: Json = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.query_string.decode("latin-1"),
        "headers": _joined((name.lower(), value) for name, value in request.headers if name != "Cookie"),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": request.host,
            "domainPrefix": request.host.split(".")[0],
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
                "sourceIp": request.remote_addr or "",
                "userAgent": request.headers.get("User-Agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": encoded,
    }
    optional = {
        "body": text,
        "cookies": request.headers.get("Cookie", "").split("; ") if "Cookie" in request.headers else None,
        "pathParameters": dict(path_parameters),
        "queryStringParameters": _joined(request.args.items(multi=True)),
    }
    return {**event, **{name: value for name, value in optional.items() if value}}


def _body_text(body: bytes, content_type: str) -> tuple[str, bool]:
    if not content_type or content_type.startswith(TEXT_TYPES) or content_type.endswith("+json"):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass  # text by its type alone: as binary it arrives whole
    return base64.b64encode(body).decode(), True


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def queue_event(messages: "Sequence[MessageTypeDef]", queue_arn: str) -> Json:
    """Shape received messages as Lambda's poller does."""
    return {"Records": [_queue_record(message, queue_arn) for message in messages]}


def _queue_record(message: "MessageTypeDef", queue_arn: str) -> Json:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message["Attributes"]),
        "messageAttributes": {
            name: {
                **{key[0].lower() + key[1:]: _plain(value) for key, value in attribute.items()},
                "stringListValues": [],
                "binaryListValues": [],
            }
            for name, attribute in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def stream_event(records: "Sequence[RecordTypeDef]", stream_arn: str) -> Json:
    """Shape a stream's records as Lambda's poller does."""
    return {"Records": [{**_plain(record), "eventVersion": "1.1", "eventSourceARN": stream_arn} for record in records]}


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever boto3 made of the service's JSON
    """Take boto3's types back: times are epoch seconds and binaries base64 in an event."""
    match value:
        case datetime():
            return int(value.timestamp())
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value


def schedule_event(schedule: Schedule) -> object:
    """Shape the payload of a schedule: its own input, or the one that Scheduler makes."""
    if schedule.payload is not None:
        return json.loads(schedule.payload)
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [schedule.arn],
        "detail": "{}",
    }


def undelivered_event(function: Function, event: object, attempts: int, answer: Answer) -> Json:
    """Shape what an on-failure destination is told of an asynchronous event."""
    record = _invocation_record(function, "RetriesExhausted", attempts, answer)
    return {**record, "requestPayload": event, "responsePayload": answer.payload}


def undelivered_batch(
    mapping: StreamMapping, shard_id: str, records: "Sequence[RecordTypeDef]", attempts: int, answer: Answer
) -> Json:
    """Shape what an on-failure destination is told of a stream's batch: where it is, not what is in it."""
    arrivals = [record["dynamodb"]["ApproximateCreationDateTime"].isoformat() for record in records]
    return {
        **_invocation_record(mapping.function, "RetryAttemptsExhausted", attempts, answer),
        "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": records[0]["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": records[-1]["dynamodb"]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": arrivals[0],
            "approximateArrivalOfLastRecord": arrivals[-1],
            "batchSize": len(records),
            "streamArn": mapping.stream_arn,
        },
    }


def _invocation_record(function: Function, condition: str, attempts: int, answer: Answer) -> Json:
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": function.arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            **({"functionError": "Unhandled"} if answer.failed else {}),
        },
    }
