"""AWS twice, for the same tests: moto, and the stand-ins of the simulation, with the same tables, queues and bus."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.simulation.aws_errors import Exceptions
from tests.simulation.clients import Paginator
from tests.simulation.deployment import QUEUES_URL
from tests.simulation.queues import Queue, Sqs
from tests.simulation.small_services import Events, Parameters, Secrets
from tests.simulation.tables import Dynamo, Index, Table

TABLE: Final = "charges"
BUS: Final = "changes"
_KEYS: Final = {"order_key": "S", "due_shard": "S", "sweep_at": "N"}


@dataclass(frozen=True, slots=True)
class Aws:
    """The clients that the adapters use, and what moves the clock of the queues."""

    dynamodb: Any
    sqs: Any
    secrets: Any
    parameters: Any
    events: Any
    queue: str
    dead: str
    read_stream: Callable[[], list[dict[str, Any]]]
    put_secret: Callable[[str, str], object]
    put_parameter: Callable[[str, str], object]


class _Client:
    """A stand-in as boto3 gives it: with `exceptions` and paginators."""

    exceptions = Exceptions

    def __init__(self, service: object) -> None:
        self.service = service

    def __getattr__(self, operation: str) -> Any:
        return getattr(self.service, operation)

    def get_paginator(self, operation: str) -> Paginator:
        return Paginator(getattr(self.service, operation))


def make_stand_ins() -> Aws:
    """The simulation's stand-ins, without its clock and its faults."""
    index = Index(("due_shard", "sweep_at"), frozenset({"state"}))
    dynamo = Dynamo({TABLE: Table(("order_key",), {"due": index})})
    queues = {f"{QUEUES_URL}work": Queue(0.0, "work-dead", 2), f"{QUEUES_URL}work-dead": Queue()}
    secrets, parameters = Secrets(), Parameters()
    return Aws(
        _Client(dynamo),
        _Client(Sqs(queues)),
        _Client(secrets),
        _Client(parameters),
        _Client(Events(frozenset({BUS}))),
        f"{QUEUES_URL}work",
        f"{QUEUES_URL}work-dead",
        lambda: dynamo.tables[TABLE].records,
        secrets.put,
        parameters.values.__setitem__,
    )


@contextmanager
def moto() -> Iterator[Aws]:
    """moto, in this process."""
    with mock_aws():
        session = boto3.session.Session("invented", "invented", region_name="us-east-1")
        dynamodb: Any = session.client("dynamodb")
        sqs: Any = session.client("sqs")
        dead = sqs.create_queue(QueueName="work-dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 2}}'
        attributes = {"VisibilityTimeout": "0", "RedrivePolicy": redrive}
        queue = sqs.create_queue(QueueName="work", Attributes=attributes)["QueueUrl"]
        secrets: Any = session.client("secretsmanager")
        parameters: Any = session.client("ssm")
        events: Any = session.client("events")
        events.create_event_bus(Name=BUS)
        _create_table(dynamodb)
        yield Aws(
            dynamodb,
            sqs,
            secrets,
            parameters,
            events,
            queue,
            dead,
            lambda: _read_stream(dynamodb, session.client("dynamodbstreams")),
            partial(_put_secret, secrets),
            lambda name, value: parameters.put_parameter(Name=name, Value=value, Type="SecureString"),
        )


def _put_secret(secrets: Any, name: str, text: str) -> None:
    try:
        secrets.create_secret(Name=name, SecretString=text)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=name, SecretString=text)


def _create_table(dynamodb: Any) -> None:
    keys = [{"AttributeName": "due_shard", "KeyType": "HASH"}, {"AttributeName": "sweep_at", "KeyType": "RANGE"}]
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["state"]}
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in _KEYS.items()],
        KeySchema=[{"AttributeName": "order_key", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[{"IndexName": "due", "KeySchema": keys, "Projection": projection}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def _read_stream(dynamodb: Any, streams: Any) -> list[dict[str, Any]]:
    arn = dynamodb.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    begin = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(**begin)["ShardIterator"]
    records: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator)["Records"]
    return records


def code_of(error: ClientError) -> str:
    """AWS's word for an error."""
    return str(error.response["Error"]["Code"])
