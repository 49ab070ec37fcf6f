"""How the commands reach what a stage keeps of its stores and hooks, and BigCommerce with any credentials."""

import time
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from ops.aws import connect, explain_aws_errors
from ops.errors import CommandError
from ops.instrument_access import find_api_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigcharge.adapters.bigcommerce import Client
    from bigcharge.adapters.hook_items import HookItems
    from bigcharge.adapters.queues import SqsQueue
    from bigcharge.adapters.stores import AwsStores
    from bigcharge.domain.stores import Credentials
    from bigcharge.services.hook_keeping import HookKeeping


def open_stores(stage: str) -> "AwsStores":
    """The stores' credentials and policies."""
    from bigcharge.adapters.stores import AwsStores  # noqa: PLC0415 - imports of a command stand in it

    return AwsStores(connect("secretsmanager"), connect("ssm"), stage, time.monotonic)


def open_hook_items(stage: str) -> "HookItems":
    """What is remembered of the stores' hooks."""
    from bigcharge.adapters.hook_items import HookItems  # noqa: PLC0415 - imports of a command stand in it

    return HookItems(connect("dynamodb"), f"bigcharge-{stage}-ledger", time.sleep)


def connect_stores(api_url: str | None) -> "Callable[[Credentials], Client]":
    """What makes a store's client of BigCommerce; only the credentials that it is given are tried.

    Raises:
        CommandError: AWS is emulated, and nothing says which BigCommerce goes with it.
    """
    from bigcharge import config  # noqa: PLC0415 - imports of a command stand in it
    from bigcharge.adapters.bigcommerce import connect as connect_to  # noqa: PLC0415

    return connect_to(find_api_url(connect("secretsmanager"), api_url), config.PAYMENTS_URL)


def open_hook_keeping(stage: str, api_url: str | None) -> "HookKeeping":
    """What looks at hooks and repairs them, as the function does; raises as `connect_stores` does."""
    from bigcharge.services.hook_keeping import HookKeeping  # noqa: PLC0415 - imports of a command stand in it

    client_of = connect_stores(api_url)
    return HookKeeping(
        open_hook_items(stage),
        open_stores(stage),
        lambda of: client_of(of).hooks,
        cache(lambda: open_queue(stage, "hooks")),
        read_webhooks_url(stage),
        lambda: datetime.now(UTC),
    )


def open_queue(stage: str, name: str) -> "SqsQueue":
    """A queue of a stage."""
    from bigcharge.adapters.queues import SqsQueue  # noqa: PLC0415 - imports of a command stand in it

    client = connect("sqs")
    return SqsQueue(client, client.get_queue_url(QueueName=f"bigcharge-{stage}-{name}")["QueueUrl"])


def read_webhooks_url(stage: str) -> str:
    """Where the stage takes webhooks.

    Raises:
        CommandError: there is no such deployment.
    """
    client = connect("ssm")
    with explain_aws_errors():
        try:
            return str(client.get_parameter(Name=f"/bigcharge/{stage}/webhooks-url")["Parameter"]["Value"])
        except client.exceptions.ParameterNotFound:
            raise CommandError(f"nothing says where the stage {stage} takes webhooks: deploy it first") from None
