"""Rows of the instruments table that leave for another reason than that BigCommerce does not hold them any more."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bigcharge.adapters.dynamodb_values import epoch_seconds, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


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
            FilterExpression="store_hash = :store AND attribute_not_exists(expires_at)",
            ExpressionAttributeValues=to_item({":store": store_hash}),
        )
        for page in pages:
            for item in page["Items"]:
                self._retire(item, removed_at, leaves_at)
                yield

    def _retire(self, item: Mapping[str, Any], removed_at: datetime, leaves_at: datetime) -> None:
        marks = {"removed_at": removed_at} if "token" in item else {}
        values = {**marks, "expires_at": epoch_seconds(leaves_at)}
        with suppress(self._client.exceptions.ConditionalCheckFailedException):  # gone meanwhile, or leaving
            self._client.update_item(
                TableName=self._table,
                Key={name: item[name] for name in ("customer_key", "instrument_key")},
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
                ConditionExpression="attribute_exists(customer_key) AND attribute_not_exists(expires_at)",
                ExpressionAttributeValues=to_item({f":{name}": value for name, value in values.items()}),
            )
