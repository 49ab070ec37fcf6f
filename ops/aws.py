"""How the command line reaches AWS: as any AWS client does, by its environment and configuration.

For an endpoint on this machine nothing need be configured: an emulated AWS takes any credentials, and `bigcharge local`
keeps everything in one region.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from bigcharge.domain.redaction import redactor
from ops.errors import CommandError

if TYPE_CHECKING:
    from bigcharge.adapters.instrument_table import InstrumentTable
    from bigcharge.adapters.ledger import LedgerTable
    from bigcharge.adapters.queues import SqsQueue

LOCAL_REGION: Final = "us-east-1"  # of `bigcharge local`
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_INVENTED: Final = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}  # nosec B105 # the emulated AWS takes any

Stage = Annotated[str, typer.Option(envvar="STAGE", help="The deployment's stage.")]


def open_ledger(stage: str, endpoint: str | None = None) -> "LedgerTable":
    """The ledger of a stage.

    Args:
        stage: the deployment's.
        endpoint: URL of the AWS to ask; by the environment where None.
    """
    import time  # noqa: PLC0415 - imports of a command stand in it
    import uuid  # noqa: PLC0415

    from bigcharge.adapters.ledger import LedgerTable  # noqa: PLC0415

    client = connect("dynamodb", endpoint)
    return LedgerTable(client, f"bigcharge-{stage}-ledger", lambda: uuid.uuid4().hex, time.sleep)


def open_instruments(stage: str, endpoint: str | None = None) -> "InstrumentTable":
    """The stored instruments of a stage's customers; arguments as of `open_ledger`."""
    from bigcharge.adapters.instrument_table import InstrumentTable  # noqa: PLC0415

    return InstrumentTable(connect("dynamodb", endpoint), f"bigcharge-{stage}-instruments")


def open_orders_queue(stage: str, endpoint: str | None = None) -> "SqsQueue":
    """The queue of hints to look at an order; arguments as of `open_ledger`."""
    from bigcharge.adapters.queues import SqsQueue  # noqa: PLC0415

    client = connect("sqs", endpoint)
    return SqsQueue(client, client.get_queue_url(QueueName=f"bigcharge-{stage}-orders")["QueueUrl"])


def connect(service: str, endpoint: str | None = None) -> Any:  # noqa: ANN401 - boto3 makes the class at run time
    """A client of an AWS service.

    Raises:
        CommandError: the environment or the configuration does not suffice for one.
    """
    import boto3  # noqa: PLC0415 - half a second
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    endpoint = endpoint or _find_endpoint(service, os.environ)
    local = endpoint is not None and _is_local(endpoint)
    tries = {"mode": "standard", "total_max_attempts": 1 if local else 3}  # what is off on this machine stays off
    settings = Config(connect_timeout=3, read_timeout=20, retries=tries)  # type: ignore[arg-type]  # a typed dict
    try:
        session = boto3.Session()
        defaults = _fill_in(session) if local else {}
        return session.client(service, endpoint_url=endpoint, config=settings, **defaults)  # type: ignore[call-overload]
    except BotoCoreError as error:
        raise CommandError(_explain(error)) from None


def _find_endpoint(service: str, environ: Mapping[str, str]) -> str | None:
    """The endpoint that the environment names, as the AWS SDKs read it."""
    return environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or environ.get("AWS_ENDPOINT_URL")


def _is_local(endpoint: str) -> bool:
    """Whether the endpoint is on this machine."""
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise CommandError(f"AWS_ENDPOINT_URL is no URL of http or https: {endpoint}")
    return parts.hostname in _LOOPBACK


def _fill_in(session: Any) -> dict[str, str]:  # noqa: ANN401 - a session of boto3, which is not imported here
    """A region and credentials for an emulated AWS, where none are configured."""
    # Else botocore would ask this network for the credentials of a virtual machine, and wait for an answer.
    session._session.set_config_variable("metadata_service_num_attempts", 0)  # noqa: SLF001 - boto3 has no way of its own
    credentials = {} if session.get_credentials() else _INVENTED
    return {"region_name": session.region_name or LOCAL_REGION, **credentials}


@contextmanager
def explain_aws_errors() -> Iterator[None]:
    """Turn what AWS, or the way to it, refuses into one line that says what to do.

    Raises:
        CommandError: for any error of botocore.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise CommandError(_explain(error)) from None


def _explain(error: Exception) -> str:
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "AWS")
    response: dict[str, Any] = getattr(error, "response", {})
    match response.get("Error", {}).get("Code") or type(error).__name__:
        case "NoCredentialsError" | "PartialCredentialsError" | "CredentialRetrievalError":
            return "no AWS credentials: sign in (aws sso login, AWS_PROFILE), or name a local AWS in AWS_ENDPOINT_URL"
        case "NoRegionError":
            return "no AWS region: set AWS_DEFAULT_REGION, or name a local AWS in AWS_ENDPOINT_URL"
        case "EndpointConnectionError" | "ConnectTimeoutError" | "ConnectionClosedError":
            return f"nothing answers at {endpoint}: start `bigcharge local`, or correct AWS_ENDPOINT_URL"
        case "ResourceNotFoundException":
            return (
                f"{endpoint} has no such table: is --stage the deployment's, and the region the one it is in "
                f"(`bigcharge local` is in {LOCAL_REGION})?"
            )
        case _:
            return f"AWS: {redactor.redact_text(' '.join(str(error).split()))}"  # AWS may quote what it was sent
