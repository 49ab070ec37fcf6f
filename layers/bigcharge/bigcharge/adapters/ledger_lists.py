"""What the ledger lists: charges that are due, the orders of a customer, everything. A list is a hint, and may lag."""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from bigcharge.adapters.dynamodb_values import Item, epoch_seconds, to_item
from bigcharge.adapters.ledger_items import DUE_SHARDS, charge_from_item, is_charge_item, order_key
from bigcharge.domain.charges import Charge, DueCharge

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryOutputTypeDef


class LedgerLists:
    """The lists of the ledger's table.

    Args:
        client: of DynamoDB.
        table: its name.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def list_due(self, now: datetime) -> Iterator[DueCharge]:
        """Charges that are due, oldest first in each shard; a page of each in turn, so that none waits for another."""
        pages = deque(iter(self._query_due(shard, now)) for shard in DUE_SHARDS)
        while pages:
            shard = pages.popleft()
            if (page := next(shard, None)) is not None:
                yield from (_read_due(item) for item in page["Items"])
                pages.append(shard)

    def _query_due(self, shard: str, now: datetime) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND sweep_at <= :now",
            ExpressionAttributeValues=_values(shard=shard, now=int(now.timestamp())),
        )
        return cast("Iterator[dict[str, Any]]", iter(pages))

    def find_oldest_unknown(self, before: datetime) -> datetime | None:
        """When the oldest payment request left that nobody knows the outcome of, of those that left before `before`.

        The index follows the table by about a second.
        """
        firsts = (self._query_unknown(shard, before) for shard in DUE_SHARDS)
        oldest = min((int(item["unknown_since"]["N"]) for page in firsts for item in page["Items"]), default=None)
        return None if oldest is None else datetime.fromtimestamp(oldest, UTC)

    def _query_unknown(self, shard: str, before: datetime) -> "QueryOutputTypeDef":
        return self._client.query(
            TableName=self._table,
            IndexName="unknown",
            KeyConditionExpression="due_shard = :shard AND unknown_since < :before",
            ExpressionAttributeValues=_values(shard=shard, before=int(before.timestamp())),
            Limit=1,
        )

    def hand_over(self, due: DueCharge, until: datetime) -> None:
        """Keep a charge out of `list_due` until then, unless it changed meanwhile.

        It changes neither the charge nor its version, so that it is in nobody's way.
        """
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key=to_item({"order_key": order_key(due.store_hash, due.order_id)}),
                UpdateExpression="SET sweep_at = :until",
                ConditionExpression="sweep_at = :listed",
                ExpressionAttributeValues=_values(until=epoch_seconds(until), listed=due.sweep_at),
            )

    def list_of_customer(self, store_hash: str, customer_id: int) -> Iterator[int]:
        """Every order of the customer, whatever became of it; the index follows the table within a second or so."""
        customer = _values(store=store_hash, customer=customer_id)
        return self._query_orders("customers", "store_hash = :store AND customer_id = :customer", customer)

    def _query_orders(self, index: str, condition: str, values: Item) -> Iterator[int]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
        )
        for page in pages:
            yield from (int(item["order_key"]["S"].rpartition("#")[2]) for item in page["Items"])

    def list_charges(self) -> Iterator[Charge]:
        """Every charge, in no order: a scan of the whole table, for the operator's listing."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True):
            yield from (charge_from_item(item) for item in page["Items"] if is_charge_item(item))


def _values(**values: object) -> Item:
    return {f":{name}": value for name, value in to_item(values).items()}


def _read_due(item: Item) -> DueCharge:
    return DueCharge(item["store_hash"]["S"], int(item["order_id"]["N"]), int(item["sweep_at"]["N"]))
