"""Rows of the instruments table that leave for another reason than that BigCommerce does not hold them any more."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.dynamodb_values import epoch_seconds, to_item
from bigcharge.adapters.instrument_items import HEAD, MARK
from bigcharge.adapters.ledger_items import customer_key
from bigcharge.domain.forgetting import ForgottenCustomer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Neither does it leave already, nor is it what must be remembered.
_STAYS: Final = "attribute_not_exists(expires_at) AND attribute_not_exists(forgotten_at)"
# What is said first stays: when, by whom and why. Nothing else of the head is left.
_MARK: Final = (
    "SET store_hash = :store_hash, customer_id = :customer_id, forgotten_at = if_not_exists(forgotten_at, :at), "
    "forgotten_by = if_not_exists(forgotten_by, :who), forgotten_why = if_not_exists(forgotten_why, :why), "
    "version = if_not_exists(version, :none) + :one REMOVE #default, read_at, look_at, expires_at"
)


class InstrumentDepartures:
    """What makes rows of the instruments table leave.

    Args:
        client: of DynamoDB.
        table: its name.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def retire_store(self, store_hash: str, removed_at: datetime, leaves_at: datetime) -> Iterator[None]:
        """Mark every row of the store as removed, one each time the next is asked for; those that leave are left.

        A scan of the whole table: no index is kept for what happens once in the life of a store.
        """
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression=f"store_hash = :store AND {_STAYS}",
            ExpressionAttributeValues=to_item({":store": store_hash}),
        )
        for page in pages:
            for item in page["Items"]:
                self._retire(item, removed_at, leaves_at)
                yield

    def forget_customer(self, mark: ForgottenCustomer) -> int:
        """Delete every item of the customer but the head, which says from now on that the customer was forgotten.

        The mark comes first, and as another version of the head: a sync that is under way with what it read before
        fails, and whoever comes later sees the mark.

        Returns:
            How many instruments were deleted.
        """
        key = customer_key(mark.store_hash, mark.customer_id)
        self._client.update_item(
            TableName=self._table,
            Key=to_item({"customer_key": key, "instrument_key": HEAD}),
            UpdateExpression=_MARK,
            ExpressionAttributeNames={"#default": "default"},
            ExpressionAttributeValues=to_item(
                {
                    ":store_hash": mark.store_hash,
                    ":customer_id": mark.customer_id,
                    ":at": mark.at,
                    ":who": mark.who,
                    ":why": mark.why,
                    ":none": 0,
                    ":one": 1,
                }
            ),
        )
        deleted = 0
        for instrument_key in self._list_keys(key):
            if instrument_key != HEAD:
                keys = to_item({"customer_key": key, "instrument_key": instrument_key})
                self._client.delete_item(TableName=self._table, Key=keys)
                deleted += not instrument_key.startswith(MARK)
        return deleted

    def count_instruments(self, store_hash: str, customer_id: int) -> int:
        """How many instruments `forget_customer` would delete."""
        keys = self._list_keys(customer_key(store_hash, customer_id))
        return sum(not instrument_key.startswith(MARK) for instrument_key in keys)

    def _list_keys(self, key: str) -> Iterator[str]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_key = :customer",
            ExpressionAttributeValues=to_item({":customer": key}),
            ConsistentRead=True,
        )
        for page in pages:
            yield from (item["instrument_key"]["S"] for item in page["Items"])

    def _retire(self, item: Mapping[str, Any], removed_at: datetime, leaves_at: datetime) -> None:
        marks = {"removed_at": removed_at} if "token" in item else {}
        values = {**marks, "expires_at": epoch_seconds(leaves_at)}
        with suppress(self._client.exceptions.ConditionalCheckFailedException):  # gone meanwhile, or leaving
            self._client.update_item(
                TableName=self._table,
                Key={name: item[name] for name in ("customer_key", "instrument_key")},
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
                ConditionExpression=f"attribute_exists(customer_key) AND {_STAYS}",
                ExpressionAttributeValues=to_item({f":{name}": value for name, value in values.items()}),
            )
