"""The clients of the emulated AWS, each made once: making one costs more than a hundred calls of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sandbox.cloud.errors import CannotStart
from sandbox.cloud.template import REGION

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls: a role that was assumed, or, without a session's token, the owner of the account."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the environment that AWS's libraries read."""
        named = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        return named | ({"AWS_SESSION_TOKEN": self.token} if self.token else {})


# The emulated AWS takes any credentials for the owner's.
OWNER = Credentials("local", "local")


@dataclass(frozen=True, slots=True)
class Clients:
    """One client for each service that the local cloud itself calls; boto3's clients may be shared by threads."""

    endpoint: str
    cloudformation: "CloudFormationClient"
    secrets: "SecretsManagerClient"
    parameters: "SSMClient"
    queues: "SQSClient"
    streams: "DynamoDBStreamsClient"
    tokens: "STSClient"


def connect(endpoint: str) -> Clients:
    """Make the owner's clients of the emulated AWS at an address; nothing is called yet."""
    make = maker(endpoint, OWNER)
    return Clients(
        endpoint=endpoint,
        cloudformation=make("cloudformation"),
        secrets=make("secretsmanager"),
        parameters=make("ssm"),
        queues=make("sqs"),
        streams=make("dynamodbstreams"),
        tokens=make("sts"),
    )


def assume(clients: Clients, role: str) -> Credentials:
    """Take on a role, as Lambda does for a function.

    Args:
        clients: of the emulated AWS.
        role: its ARN.
    """
    given = clients.tokens.assume_role(RoleArn=role, RoleSessionName="local")["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def maker(endpoint: str, credentials: Credentials) -> Callable[[str], Any]:
    """Give what makes the client of a service under some credentials."""
    # Imported late: it takes half a second, and meanwhile the emulated AWS starts.
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        region_name=REGION,
        max_pool_connections=50,
        connect_timeout=5,
        read_timeout=60,
        retries={"total_max_attempts": 1},
    )
    return partial(
        _session().client,
        endpoint_url=endpoint,
        config=config,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
    )


@cache
def _session() -> "boto3.Session":
    """One for all: it reads the services' descriptions, which takes longer than all else here."""
    import boto3  # noqa: PLC0415 - as above

    return boto3.Session(region_name=REGION)


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
