"""How the instruments' commands reach BigCommerce, the customers queue, and one customer's rows."""

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.aws import connect, explain_aws_errors
from ops.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bigcharge.adapters.bigcommerce import Client
    from bigcharge.domain.instrument_rows import InstrumentRow
    from bigcharge.services.instrument_changes import CustomerHints
    from bigcharge.services.ports import Queue

Store = Annotated[str, typer.Option("--store", help="The store's hash.")]
Customer = Annotated[int, typer.Option("--customer", min=1, help="The customer's id.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, and change nothing.")]
ApiUrl = Annotated[
    str | None,
    typer.Option(
        envvar="BIGCOMMERCE_API_URL", help="Base URL of BigCommerce's REST API, where it is not BigCommerce's own."
    ),
]


def open_bigcommerce(store: str, stage: str, api_url: str | None, reserve: float = 0.0) -> "Client":
    """BigCommerce for a store, with the credentials that the deployment keeps for it.

    Args:
        store: its hash.
        stage: the deployment's.
        api_url: of BigCommerce, where it is not its own.
        reserve: the share of the store's quota of calls that is left to others.

    Raises:
        CommandError: AWS does not answer, or nothing says which BigCommerce an emulated AWS goes with.
        BigchargeError: the store is not known, or its secret cannot be used.
    """
    import time  # noqa: PLC0415 - imports of a command stand in it

    from bigcharge import config  # noqa: PLC0415
    from bigcharge.adapters.bigcommerce import connect as connect_to  # noqa: PLC0415
    from bigcharge.adapters.stores import AwsStores  # noqa: PLC0415

    with explain_aws_errors():
        secrets = connect("secretsmanager")
        url = find_api_url(secrets, api_url)
        stores = AwsStores(secrets, connect("ssm"), stage, time.monotonic)
        credentials = stores.credentials(store)
    return connect_to(url, config.PAYMENTS_URL, find_others=stores.find_others, reserve=reserve)(credentials)


def find_api_url(client: Any, api_url: str | None) -> str:  # noqa: ANN401 - boto3 makes the class at run time
    """Base URL of the BigCommerce that goes with an AWS: BigCommerce's own unless another is named.

    Args:
        client: of that AWS.
        api_url: as named; None: it is not.

    Raises:
        CommandError: AWS is emulated, and nothing says which BigCommerce goes with it.
    """
    from bigcharge import config  # noqa: PLC0415 - imports of a command stand in it

    if api_url is None and _is_emulated(client.meta.endpoint_url):
        raise CommandError("this AWS is emulated: name the BigCommerce that goes with it in BIGCOMMERCE_API_URL")
    return api_url or config.API_URL


def open_hints(store: str, stage: str) -> "CustomerHints":
    """What has the store's customers looked at; AWS is asked with the first hint."""
    from bigcharge.services.instrument_changes import CustomerHints  # noqa: PLC0415 - imports of a command stand in it

    return CustomerHints(store, open_customers_queue(stage), lambda: datetime.now(UTC))


def query_rows(stage: str, store: str, customer_id: int) -> "Iterator[InstrumentRow]":
    """One customer's rows, the removed ones too until they leave."""
    from bigcharge.adapters.instrument_items import row_from_item  # noqa: PLC0415 - imports of a command stand in it
    from bigcharge.adapters.ledger_items import customer_key  # noqa: PLC0415

    pages = (
        connect("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=f"bigcharge-{stage}-instruments",
            KeyConditionExpression="customer_key = :customer",
            ExpressionAttributeValues={":customer": {"S": customer_key(store, customer_id)}},
            ConsistentRead=True,
        )
    )
    now = datetime.now(UTC)
    for page in pages:
        rows = (row_from_item(item) for item in page["Items"])
        yield from (row for row in rows if row is not None and not row.has_left(now))


def open_customers_queue(stage: str) -> "Callable[[], Queue]":
    """What opens the queue of customers, with the first hint."""

    @cache
    def open_queue() -> "Queue":
        from bigcharge.adapters.aws_errors import translate_aws_errors  # noqa: PLC0415
        from bigcharge.adapters.queues import SqsQueue  # noqa: PLC0415

        with translate_aws_errors("find the customers queue"):
            client = connect("sqs")
            return SqsQueue(client, client.get_queue_url(QueueName=f"bigcharge-{stage}-customers")["QueueUrl"])

    return open_queue


def _is_emulated(endpoint: str) -> bool:
    from urllib.parse import urlsplit  # noqa: PLC0415 - imports of a command stand in it

    return urlsplit(endpoint).hostname in {"127.0.0.1", "localhost", "::1"}
