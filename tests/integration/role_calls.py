"""A call of AWS for each action of IAM, on a resource: to see whether it is allowed, not to do anything of use."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

KEY: Final = {"order_key": {"S": "abc123#1"}, "customer_key": {"S": "abc123#1"}, "instrument_key": {"S": "1"}}


def _table(arn: str) -> dict[str, Any]:
    return {"TableName": arn.split("/")[1]}


def _index(arn: str) -> dict[str, Any]:
    index = arn.partition("/index/")[2]
    return _table(arn) | ({"IndexName": index} if index else {})


def _query(arn: str) -> dict[str, Any]:
    return _index(arn) | {"KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}


def _queue(arn: str) -> dict[str, Any]:
    return {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/123456789012/{arn.rsplit(':', 1)[-1]}"}


def _name(arn: str) -> str:
    """The part of an ARN that names the resource, with one store's where it names all."""
    return arn.split(":", 5)[5].replace("*", "abc123").partition("/" if ":ssm:" in arn else ":")[2]


_OF_TABLES: Final[Mapping[str, Callable[[str], dict[str, Any]]]] = {
    "GetItem": lambda arn: _table(arn) | {"Key": KEY},
    "PutItem": lambda arn: _table(arn) | {"Item": KEY},
    "DeleteItem": lambda arn: _table(arn) | {"Key": KEY},
    "UpdateItem": lambda arn: _table(arn) | {"Key": KEY},
    "Query": _query,
    "Scan": _index,
    "DescribeTable": _table,
    "BatchGetItem": lambda arn: {"RequestItems": {_table(arn)["TableName"]: {"Keys": [KEY]}}},
    "BatchWriteItem": lambda arn: {"RequestItems": {_table(arn)["TableName"]: [{"PutRequest": {"Item": KEY}}]}},
    "ConditionCheckItem": lambda arn: {
        "TransactItems": [
            {
                "ConditionCheck": {
                    "TableName": _table(arn)["TableName"],
                    "Key": KEY,
                    "ConditionExpression": "attribute_exists(a)",
                }
            }
        ]
    },
}

# The name of the client, the call (the action itself unless named), and what it is given.
CALLS: Final[Mapping[str, tuple[str, str, Callable[[str], dict[str, Any]]]]] = {
    **{
        f"dynamodb:{name}": ("dynamodb", "TransactWriteItems" if name == "ConditionCheckItem" else name, of)
        for name, of in _OF_TABLES.items()
    },
    "dynamodb:DescribeStream": ("dynamodbstreams", "DescribeStream", lambda arn: {"StreamArn": arn}),
    "dynamodb:GetRecords": ("dynamodbstreams", "GetRecords", lambda arn: {"ShardIterator": f"{arn}|1|x"}),
    "dynamodb:GetShardIterator": (
        "dynamodbstreams",
        "GetShardIterator",
        lambda arn: {"StreamArn": arn, "ShardId": "shardId-00000000000000000000", "ShardIteratorType": "LATEST"},
    ),
    "dynamodb:ListStreams": ("dynamodbstreams", "ListStreams", lambda _: {}),
    "events:PutEvents": (
        "events",
        "PutEvents",
        lambda arn: {"Entries": [{"EventBusName": arn, "Source": "s", "DetailType": "t", "Detail": "{}"}]},
    ),
    "kms:Decrypt": ("kms", "Decrypt", lambda arn: {"KeyId": arn, "CiphertextBlob": b"x"}),
    "kms:Encrypt": ("kms", "Encrypt", lambda arn: {"KeyId": arn, "Plaintext": b"x"}),
    "kms:GenerateDataKey": ("kms", "GenerateDataKey", lambda arn: {"KeyId": arn, "KeySpec": "AES_256"}),
    "kms:ScheduleKeyDeletion": ("kms", "ScheduleKeyDeletion", lambda arn: {"KeyId": arn}),
    "lambda:InvokeFunction": (
        "lambda",
        "Invoke",
        lambda arn: {"FunctionName": arn, "InvocationType": "DryRun"},
    ),
    "logs:CreateLogStream": (
        "logs",
        "CreateLogStream",
        lambda arn: {"logGroupName": _name(arn), "logStreamName": "tried"},
    ),
    "logs:DeleteLogGroup": ("logs", "DeleteLogGroup", lambda arn: {"logGroupName": _name(arn)}),
    "logs:PutLogEvents": (
        "logs",
        "PutLogEvents",
        lambda arn: {
            "logGroupName": _name(arn),
            "logStreamName": "tried",
            "logEvents": [{"timestamp": 1, "message": "m"}],
        },
    ),
    "secretsmanager:DeleteSecret": ("secretsmanager", "DeleteSecret", lambda arn: {"SecretId": _name(arn)}),
    "secretsmanager:DescribeSecret": ("secretsmanager", "DescribeSecret", lambda arn: {"SecretId": _name(arn)}),
    "secretsmanager:GetSecretValue": ("secretsmanager", "GetSecretValue", lambda arn: {"SecretId": _name(arn)}),
    "secretsmanager:PutSecretValue": (
        "secretsmanager",
        "PutSecretValue",
        lambda arn: {"SecretId": _name(arn), "SecretString": "x"},
    ),
    "sqs:ChangeMessageVisibility": (
        "sqs",
        "ChangeMessageVisibility",
        lambda arn: _queue(arn) | {"ReceiptHandle": "x", "VisibilityTimeout": 1},
    ),
    "sqs:DeleteMessage": ("sqs", "DeleteMessage", lambda arn: _queue(arn) | {"ReceiptHandle": "x"}),
    "sqs:DeleteQueue": ("sqs", "DeleteQueue", _queue),
    "sqs:GetQueueAttributes": ("sqs", "GetQueueAttributes", _queue),
    "sqs:PurgeQueue": ("sqs", "PurgeQueue", _queue),
    "sqs:ReceiveMessage": ("sqs", "ReceiveMessage", _queue),
    "sqs:SendMessage": ("sqs", "SendMessage", lambda arn: _queue(arn) | {"MessageBody": "x"}),
    "ssm:DeleteParameter": ("ssm", "DeleteParameter", lambda arn: {"Name": f"/{_name(arn)}"}),
    "ssm:GetParameter": ("ssm", "GetParameter", lambda arn: {"Name": f"/{_name(arn)}"}),
    "ssm:GetParametersByPath": ("ssm", "GetParametersByPath", lambda arn: {"Path": f"/{_name(arn)}"}),
    "ssm:PutParameter": ("ssm", "PutParameter", lambda arn: {"Name": f"/{_name(arn)}", "Value": "x"}),
    "xray:PutTelemetryRecords": ("xray", "PutTelemetryRecords", lambda _: {"TelemetryRecords": [{"Timestamp": 1}]}),
    "xray:PutTraceSegments": ("xray", "PutTraceSegments", lambda _: {"TraceSegmentDocuments": ["{}"]}),
}


def call(make: Callable[[str], Any], action: str, resource: str) -> str:
    """Try an action, and give the code of AWS's answer; an action that is not in CALLS has to be put there.

    Args:
        make: makes the client of a service, under the credentials to try.
        action: of IAM.
        resource: the ARN, as a policy has it.
    """
    service, operation, of = CALLS[action]
    try:
        make(service)._make_api_call(operation, of(resource))
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"
