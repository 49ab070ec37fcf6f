"""The customers' stored instruments in DynamoDB: a row each, and a head row that says how far the customer was read.

Reads of BigCommerce can overtake each other, so every row says when its read began, and an older one changes nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.dynamodb_values import epoch_seconds, from_item, read_time, to_item
from bigcharge.adapters.ledger_items import customer_key
from bigcharge.domain.events import InstrumentRow
from bigcharge.domain.instruments import CustomerInstruments, Instrument, InstrumentType

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_HEAD: Final = "#customer"  # no fingerprint: those are hexadecimal


def row_from_item(item: Mapping[str, Any]) -> InstrumentRow | None:
    """The row of an item of the table or of an image of its stream; None for a customer's head.

    Raises:
        KeyError, TypeError, ValueError: not an item of this table.
    """
    values = from_item(item)
    if values["instrument_key"] == _HEAD:
        return None
    return InstrumentRow(
        store_hash=values["store_hash"],
        customer_id=values["customer_id"],
        instrument=_read_instrument(values),
        read_at=datetime.fromisoformat(values["read_at"]),
        removed_at=read_time(values.get("removed_at")),
    )


class InstrumentTable:
    """The instruments' table.

    Args:
        client: of DynamoDB.
        table: its name.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def read(self, store_hash: str, customer_id: int) -> CustomerInstruments:
        """What the table holds of the customer, without what is removed; consistent."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_key = :customer",
            ExpressionAttributeValues={":customer": {"S": customer_key(store_hash, customer_id)}},
            ConsistentRead=True,
        )
        items = [item for page in pages for item in page["Items"]]
        rows = [row for item in items if (row := row_from_item(item)) is not None]
        head = next((from_item(item) for item in items if item["instrument_key"] == {"S": _HEAD}), {})
        return CustomerInstruments(
            instruments=tuple(row.instrument for row in rows if row.removed_at is None),
            default=head.get("default"),
            read_at=read_time(head.get("read_at")),
            look_at=read_time(head.get("look_at")),
        )

    def put(self, store_hash: str, customer_id: int, instrument: Instrument, read_at: datetime) -> None:
        """Add or change one, unless the row comes from a newer read; one that was removed is there again."""
        self._put(store_hash, customer_id, instrument.fingerprint, read_at, asdict(instrument))

    def remove(
        self, store_hash: str, customer_id: int, instrument: Instrument, read_at: datetime, leaves_at: datetime
    ) -> None:
        """Mark one as removed at `read_at`, to leave at `leaves_at`, unless the row comes from a newer read."""
        removal = {"removed_at": read_at, "expires_at": epoch_seconds(leaves_at)}
        self._put(store_hash, customer_id, instrument.fingerprint, read_at, asdict(instrument) | removal)

    def postpone(self, store_hash: str, customer_id: int, look_at: datetime) -> None:
        """Note that a hint comes for the customer then; `finish` forgets it."""
        self._client.update_item(
            TableName=self._table,
            Key=to_item({"customer_key": customer_key(store_hash, customer_id), "instrument_key": _HEAD}),
            UpdateExpression="SET store_hash = :store_hash, customer_id = :customer_id, look_at = :look_at",
            ExpressionAttributeValues=to_item(
                {":store_hash": store_hash, ":customer_id": customer_id, ":look_at": look_at}
            ),
        )

    def finish(self, store_hash: str, customer_id: int, default: str | None, read_at: datetime) -> None:
        """Note that the table equals what was read at `read_at`, unless a newer read was noted."""
        self._put(store_hash, customer_id, _HEAD, read_at, {"default": default})

    def list_instruments(self) -> Iterator[InstrumentRow]:
        """Every row, the removed ones too, in no order: a scan of the whole table, for the operator's listing."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True):
            yield from (row for item in page["Items"] if (row := row_from_item(item)) is not None)

    def _put(
        self, store_hash: str, customer_id: int, instrument_key: str, read_at: datetime, values: dict[str, object]
    ) -> None:
        keys = {"customer_key": customer_key(store_hash, customer_id), "instrument_key": instrument_key}
        row = {"store_hash": store_hash, "customer_id": customer_id, "read_at": read_at}
        with suppress(
            self._client.exceptions.ConditionalCheckFailedException
        ):  # a newer read was there: it knows better
            self._client.put_item(
                TableName=self._table,
                Item=to_item(keys | row | values),
                ConditionExpression="attribute_not_exists(read_at) OR read_at <= :read_at",
                ExpressionAttributeValues=to_item({":read_at": read_at}),
            )


def _read_instrument(values: Mapping[str, Any]) -> Instrument:
    return Instrument(
        token=values["token"],
        type=InstrumentType(values["type"]),
        is_default=values["is_default"],
        brand=values.get("brand"),
        last_4=values.get("last_4"),
        expiry_month=values.get("expiry_month"),
        expiry_year=values.get("expiry_year"),
        iin=values.get("iin"),
        email=values.get("email"),
        issuer=values.get("issuer"),
        billing_address=values.get("billing_address"),
        added_at=read_time(values.get("added_at")),
    )
