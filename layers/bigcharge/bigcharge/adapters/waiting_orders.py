"""The declined orders that wait for another instrument: the ledger's index `waiting`, which holds nothing else."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.dynamodb_values import to_item
from bigcharge.adapters.ledger_items import customer_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_INDEX: Final = "waiting"
# So many customers cost as much as one page of the whole index, a megabyte, and take ten times as long.
_MANY: Final = 20


class WaitingOrders:
    """The ledger's index of waiting orders; it follows the table within a second or so.

    Args:
        client: of DynamoDB.
        table: the ledger's name.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def list_waiting(self, store_hash: str, customers: Sequence[int]) -> Iterator[int]:
        """Orders of these customers that were declined and wait."""
        keys = [customer_key(store_hash, customer) for customer in customers]
        everything = self._read_all() if len(keys) > _MANY else None
        if everything is None:
            items = (item for key in keys for item in self._query(key))
        else:
            wanted = set(keys)
            items = (item for item in everything if item["customer_key"]["S"] in wanted)
        for item in items:
            yield int(item["order_key"]["S"].rpartition("#")[2])

    def _query(self, key: str) -> Iterator[Any]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=_INDEX,
            KeyConditionExpression="customer_key = :customer",
            ExpressionAttributeValues=to_item({":customer": key}),
        )
        for page in pages:
            yield from page["Items"]

    def _read_all(self) -> list[Any] | None:
        """The whole index, where one call shows it."""
        answer = self._client.scan(TableName=self._table, IndexName=_INDEX)
        return None if "LastEvaluatedKey" in answer else list(answer["Items"])
