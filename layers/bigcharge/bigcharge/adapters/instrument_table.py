"""The customers' stored instruments in DynamoDB: a row each, and a head row by which a customer changes as a whole.

Every change of a customer's rows writes the head too, in one transaction and on the condition that the head is as it
was read: of two writers at once one wins, and the other reads again. A batch write is cheaper and knows no conditions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.dynamodb_values import Item, from_item, to_item
from bigcharge.adapters.instrument_items import HEAD, head_from_item, item_keys, row_from_item, row_to_item
from bigcharge.adapters.ledger_items import customer_key
from bigcharge.domain.instrument_rows import CustomerChange, CustomerInstruments, InstrumentRow

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_OPERATIONS: Final = 100  # of one transaction, by DynamoDB


@dataclass(frozen=True, slots=True)
class _Step:
    """What one transaction may hold of a change: some of its rows, and the customer's head as it is then."""

    change: CustomerChange
    version: int
    rows: Sequence[InstrumentRow]
    is_last: bool


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
        # The head is the first of them, so that a row that is written while they are read is newer than the head.
        items = [item for page in pages for item in page["Items"]]
        rows = [row for item in items if (row := row_from_item(item)) is not None]
        head = next((from_item(item) for item in items if item["instrument_key"] == {"S": HEAD}), {})
        return replace(
            head_from_item(head),
            instruments=tuple(row.instrument for row in rows if row.removed_at is None),
            newest=max((row.read_at for row in rows), default=None),
        )

    def is_forgotten(self, store_hash: str, customer_id: int) -> bool:
        """Whether the customer was forgotten, as it is now (consistent)."""
        head = self._client.get_item(
            TableName=self._table,
            Key=to_item({"customer_key": customer_key(store_hash, customer_id), "instrument_key": HEAD}),
            ConsistentRead=True,
        )
        return "forgotten_at" in head.get("Item", {})

    def save(self, changes: Sequence[CustomerChange]) -> list[CustomerChange]:
        """Write changes, each of another customer, in as few calls as can be.

        Returns:
            Those that were not written, because the customer was changed since it was read, or is just being changed.
        """
        lost: list[CustomerChange] = []
        whole: list[_Step] = []
        for change in changes:
            steps = _split(change)
            if len(steps) == 1:
                whole += steps
            elif any(self._write([step]) for step in steps):
                lost.append(change)
        for steps in _pack(whole):
            lost += [step.change for step in self._write(steps)]
        return lost

    def postpone(self, store_hash: str, customer_id: int, look_at: datetime) -> None:
        """Note that a hint comes for the customer then; the next change forgets it."""
        self._client.update_item(
            TableName=self._table,
            Key=to_item({"customer_key": customer_key(store_hash, customer_id), "instrument_key": HEAD}),
            UpdateExpression="SET store_hash = :store_hash, customer_id = :customer_id, look_at = :look_at",
            ExpressionAttributeValues=to_item(
                {":store_hash": store_hash, ":customer_id": customer_id, ":look_at": look_at}
            ),
        )

    def list_instruments(self, now: datetime) -> Iterator[InstrumentRow]:
        """Every row, the removed ones too, in no order: a scan of the whole table, for the operator's listing."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True):
            rows = (row_from_item(item) for item in page["Items"])
            yield from (row for row in rows if row is not None and not row.has_left(now))

    def _write(self, steps: list[_Step]) -> list[_Step]:
        """Write steps in one transaction, again without those that are refused; returns these."""
        lost: list[_Step] = []
        while steps:
            operations = [(step, operation) for step in steps for operation in self._operations(step)]
            try:
                self._client.transact_write_items(TransactItems=[operation for _, operation in operations])
                break
            except self._client.exceptions.TransactionCanceledException as error:
                reasons = error.response["CancellationReasons"]
                refused = [
                    step
                    for (step, _), reason in zip(operations, reasons, strict=True)
                    if reason.get("Code", "None") != "None"
                ]
            lost += [step for step in steps if step in refused]
            steps = [step for step in steps if step not in refused]
        return lost

    def _operations(self, step: _Step) -> Iterator[Any]:
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(version)"}
        if step.version:
            condition["ConditionExpression"] = "version = :version AND attribute_not_exists(forgotten_at)"
            condition["ExpressionAttributeValues"] = to_item({":version": step.version})
        yield {"Put": {"TableName": self._table, "Item": _head_to_item(step), **condition}}
        for row in step.rows:
            yield {"Put": {"TableName": self._table, "Item": row_to_item(row)}}


def _head_to_item(step: _Step) -> Item:
    """A change of which a part is yet to come has changed the version alone: whoever is next compares everything."""
    change = step.change
    noted = change if step.is_last else change.held
    values = {"default": noted.default, "read_at": noted.read_at, "version": step.version + 1}
    return to_item(item_keys(change.store_hash, change.customer_id, HEAD) | values)


def _split(change: CustomerChange) -> list[_Step]:
    """The fewest transactions that hold a change, mostly one."""
    parts = list(batched(change.rows, _OPERATIONS - 1, strict=False)) or [()]
    return [
        _Step(change, change.held.version + number, part, is_last=number == len(parts) - 1)
        for number, part in enumerate(parts)
    ]


def _pack(steps: list[_Step]) -> Iterator[list[_Step]]:
    """The fewest transactions that hold the changes of several customers."""
    pack: list[_Step] = []
    size = 0
    for step in steps:
        operations = 1 + len(step.rows)
        if size + operations > _OPERATIONS:
            yield pack
            pack, size = [], 0
        pack.append(step)
        size += operations
    if pack:
        yield pack
