"""AWS in this process (moto), with the tables and queues as `template.yaml` declares them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import yaml
from moto import mock_aws

from tests.integration.bigcommerce_wire import RawServer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_ssm.client import SSMClient

NOW = datetime(2026, 4, 1, 12, 0, 0, 250_000, tzinfo=UTC)
TEMPLATE = Path(__file__).parents[2] / "template.yaml"
_TABLE_KEYS = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


class _TemplateLoader(yaml.SafeLoader):
    """Reads the template; what stands behind a CloudFormation function (`!Ref`) is not looked at."""


_TemplateLoader.add_multi_constructor("!", lambda loader, suffix, node: f"!{suffix}")


@dataclass(frozen=True)
class Aws:
    """Clients that differ from real ones only in whom they reach."""

    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    secrets: "SecretsManagerClient"
    parameters: "SSMClient"
    events: "EventBridgeClient"


@pytest.fixture(scope="session")
def clients() -> Aws:
    session = boto3.session.Session("invented", "invented", region_name="eu-central-1")
    return Aws(
        session.client("dynamodb"),
        session.client("sqs"),
        session.client("secretsmanager"),
        session.client("ssm"),
        session.client("events"),
    )


@pytest.fixture
def aws(clients: Aws) -> Iterator[Aws]:
    with mock_aws():
        yield clients


@pytest.fixture(scope="session")
def resources() -> dict[str, Any]:
    declared: dict[str, Any] = _TemplateLoader(TEMPLATE.read_text()).get_single_data()["Resources"]
    return declared


def _create_table(aws: Aws, resources: dict[str, Any], resource: str) -> str:
    declared = resources[resource]["Properties"]
    wanted = {key: declared[key] for key in _TABLE_KEYS if key in declared}
    aws.dynamodb.create_table(TableName=resource, **wanted)
    return resource


@pytest.fixture
def ledger_table(aws: Aws, resources: dict[str, Any]) -> str:
    return _create_table(aws, resources, "LedgerTable")


@pytest.fixture
def instruments_table(aws: Aws, resources: dict[str, Any]) -> str:
    return _create_table(aws, resources, "InstrumentsTable")


@pytest.fixture
def orders_queue(aws: Aws) -> str:
    return aws.sqs.create_queue(QueueName="bigcharge-test-orders")["QueueUrl"]


@pytest.fixture
def quarantine_queue(aws: Aws) -> str:
    return aws.sqs.create_queue(QueueName="bigcharge-test-quarantine")["QueueUrl"]


@pytest.fixture
def event_bus(aws: Aws) -> str:
    aws.events.create_event_bus(Name="bigcharge-test")
    return "bigcharge-test"


class Watch:
    """A monotonic clock that stands still until it is told to go on."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


def tell_all(error: BaseException | None) -> str:
    """Whatever a log could show of an error: its text, repr and attributes, and those of the errors that led to it."""
    if error is None:
        return ""
    texts = (str(error), repr(error), repr(vars(error)), repr(error.args))
    return "\n".join(texts) + tell_all(error.__cause__) + tell_all(error.__context__)


@pytest.fixture
def server() -> Iterator[RawServer]:
    raw = RawServer()
    yield raw
    raw.close()
