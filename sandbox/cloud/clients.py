"""The clients of the emulated AWS, each made once: making one costs more than a hundred calls of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.cloud.errors import CannotStart
from sandbox.cloud.template import REGION

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

# The emulated AWS takes any credentials.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


@dataclass(frozen=True, slots=True)
class Clients:
    """One client for each service that the local cloud itself calls; boto3's clients may be shared by threads."""

    endpoint: str
    cloudformation: "CloudFormationClient"
    secrets: "SecretsManagerClient"
    parameters: "SSMClient"
    queues: "SQSClient"
    streams: "DynamoDBStreamsClient"


def connect(endpoint: str) -> Clients:
    """Make the clients of the emulated AWS at an address; nothing is called yet."""
    # Imported late: it takes half a second, and meanwhile the emulated AWS starts.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        region_name=REGION,
        max_pool_connections=50,
        connect_timeout=5,
        read_timeout=60,
        retries={"total_max_attempts": 1},
    )
    session = boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    return Clients(
        endpoint=endpoint,
        cloudformation=session.client("cloudformation", endpoint_url=endpoint, config=config),
        secrets=session.client("secretsmanager", endpoint_url=endpoint, config=config),
        parameters=session.client("ssm", endpoint_url=endpoint, config=config),
        queues=session.client("sqs", endpoint_url=endpoint, config=config),
        streams=session.client("dynamodbstreams", endpoint_url=endpoint, config=config),
    )


def check(clients: Clients) -> None:
    """Make sure that an emulated AWS answers.

    Raises:
        CannotStart: it is something else.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - the same

    try:
        clients.cloudformation.list_stacks()
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise CannotStart(
            f"what answers at {clients.endpoint} is not an emulated AWS: choose another port for it"
        ) from error
