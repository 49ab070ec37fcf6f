"""Items read from a table by their keys, many at a time."""

from collections.abc import Callable, Iterable
from itertools import batched
from typing import TYPE_CHECKING, Final, cast

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
    """Read items as they are now (consistent), each batch of a hundred in one call.

    Args:
        client: of DynamoDB.
        table: its name.
        attribute: the table's key, a text.
        keys: each once.
        sleep: waits for so many seconds.

    Returns:
        The items that are there, by key.

    Raises:
        AwsUnavailableError: DynamoDB left a part undone, again and again.
    """
    items: dict[str, Item] = {}
    for batch in batched(keys, _BATCH, strict=False):
        wanted: KeysAndAttributesTypeDef = {
            "Keys": [to_item({attribute: key}) for key in batch],
            "ConsistentRead": True,
        }
        items |= {item[attribute]["S"]: item for item in _read_batch(client, table, wanted, sleep)}
    return items


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
