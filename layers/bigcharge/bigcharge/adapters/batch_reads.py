"""Items read from a table by their keys, many at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any, Final, cast

from bigcharge.adapters.aws_errors import AwsUnavailableError
from bigcharge.adapters.dynamodb_values import Item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef

_BATCH: Final = 100  # keys a call, of DynamoDB
# Seconds after a read that DynamoDB left undone: its partitions recover within a second, and a message waits meanwhile.
_WAITS: Final = (0.05, 0.1, 0.2, 0.4)


def read_items(
    client: "DynamoDBClient", table: str, attribute: str, keys: Iterable[str], sleep: Callable[[float], None]
) -> dict[str, Item]:
    """Read items of a table whose key is one text; the rest is as of `read_keys`.

    Args:
        client: of DynamoDB.
        table: its name.
        attribute: the table's key.
        keys: each once.
        sleep: waits for so many seconds.

    Returns:
        The items that are there, by key.
    """
    items = read_keys(client, table, ({attribute: key} for key in keys), sleep)
    return {item[attribute]["S"]: item for item in items}


def read_keys(
    client: "DynamoDBClient", table: str, keys: Iterable[Mapping[str, Any]], sleep: Callable[[float], None]
) -> Iterator[Item]:
    """Read items as they are now (consistent), each batch of a hundred in one call.

    Args:
        client: of DynamoDB.
        table: its name.
        keys: the values of each item's key, each once.
        sleep: waits for so many seconds.

    Returns:
        The items that are there, in no order.

    Raises:
        AwsUnavailableError: DynamoDB left a part undone, again and again.
    """
    for batch in batched(keys, _BATCH, strict=False):
        wanted: KeysAndAttributesTypeDef = {"Keys": [to_item(key) for key in batch], "ConsistentRead": True}
        yield from _read_batch(client, table, wanted, sleep)


def _read_batch(
    client: "DynamoDBClient", table: str, wanted: "KeysAndAttributesTypeDef", sleep: Callable[[float], None]
) -> list[Item]:
    items: list[Item] = []
    request = {table: wanted}
    for wait in (*_WAITS, None):
        answer = client.batch_get_item(RequestItems=request)
        items += answer["Responses"].get(table, ())
        request = cast("dict[str, KeysAndAttributesTypeDef]", answer.get("UnprocessedKeys"))
        if not request:
            return items
        if wait is not None:
            sleep(wait)
    raise AwsUnavailableError(f"could not read {table}: DynamoDB left keys unprocessed")
