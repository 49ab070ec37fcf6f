"""The ledger in DynamoDB: one item an order, each save conditional on the version that was read (laws 1 and 6)."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from bigcharge.adapters.batch_reads import read_items
from bigcharge.adapters.dynamodb_values import Item, to_item
from bigcharge.adapters.ledger_items import (
    charge_from_item,
    charge_to_item,
    order_key,
    pause_from_item,
    pause_key,
    pause_to_item,
)
from bigcharge.adapters.ledger_lists import LedgerLists
from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import ConflictError
from bigcharge.domain.stores import PAUSED_BY_OPERATOR, Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class LedgerTable(LedgerLists):
    """The ledger's table.

    Args:
        client: of DynamoDB.
        table: its name.
        new_writer: makes a name that no other save has, such as a random UUID.
        sleep: waits for so many seconds.
    """

    def __init__(
        self, client: "DynamoDBClient", table: str, new_writer: Callable[[], str], sleep: Callable[[float], None]
    ) -> None:
        super().__init__(client, table)
        self._new_writer = new_writer
        self._sleep = sleep

    def read(self, store_hash: str, order_id: int) -> tuple[Charge | None, Pause | None]:
        """The order's charge and the store's pause, as they are now, in one consistent read.

        Raises:
            AwsUnavailableError: DynamoDB left a part of it undone, again and again.
        """
        items = self._read_items(order_key(store_hash, order_id), pause_key(store_hash))
        charge, pause = items.get(order_key(store_hash, order_id)), items.get(pause_key(store_hash))
        return charge_from_item(charge) if charge else None, pause_from_item(pause) if pause else None

    def read_charges(self, store_hash: str, order_ids: Iterable[int]) -> dict[int, Charge]:
        """The charges of those orders that the ledger knows, by order id, as they are now; raises as `read` does."""
        items = self._read_items(*(order_key(store_hash, order_id) for order_id in order_ids))
        charges = (charge_from_item(item) for item in items.values())
        return {charge.order_id: charge for charge in charges}

    def _read_items(self, *keys: str) -> dict[str, Item]:
        return read_items(self._client, self._table, "order_key", keys, self._sleep)

    def save(self, charge: Charge) -> Charge:
        """Save a charge over the version that was read; it is durable when this returns.

        Returns:
            The charge with its next version.

        Raises:
            ConflictError: another writer was first. Also where ours was written, its reply was lost and another writer
                has followed since: then the item must be read again all the same.
        """
        saved = replace(charge, version=charge.version + 1)
        if charge.version:
            written = self._put(charge_to_item(saved), "version = :version", version=charge.version)
        else:
            written = self._put(charge_to_item(saved), "attribute_not_exists(order_key)")
        if not written:
            raise ConflictError(f"order {charge.order_id} of store {charge.store_hash} was changed by another writer")
        return saved

    def pause(self, pause: Pause) -> bool:
        """Pause the store; False where it was paused already with the same credentials, or by an operator."""
        condition = "attribute_not_exists(order_key) OR (credentials <> :credentials AND reason <> :lasting)"
        values = {"credentials": pause.credentials, "lasting": PAUSED_BY_OPERATOR}
        return self._put(pause_to_item(pause), condition, **values)

    def read_pause(self, store_hash: str) -> Pause | None:
        """The store's pause, if it has one, as it is now; raises as `read` does."""
        key = pause_key(store_hash)
        item = self._read_items(key).get(key)
        return pause_from_item(item) if item else None

    def close(self, pause: Pause) -> bool:
        """Keep it in place of any other pause; False where there is the same one already."""
        condition = "attribute_not_exists(order_key) OR credentials <> :credentials OR reason <> :reason"
        return self._put(pause_to_item(pause), condition, credentials=pause.credentials, reason=pause.reason)

    def resume(self, store_hash: str) -> None:
        """Lift the store's pause, if it has one."""
        self._client.delete_item(TableName=self._table, Key=_key(pause_key(store_hash)))

    def _put(self, item: Item, condition: str, **values: object) -> bool:
        """Write an item on a condition and say whether it is ours that was written.

        botocore repeats a request whose reply was lost, and the repetition meets the item that the first one wrote.
        The writer's name, which no other save has, tells our own item from an equal one of another worker.
        """
        writer = self._new_writer()
        request: dict[str, Any] = {"ExpressionAttributeValues": _values(**values)} if values else {}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item | to_item({"writer": writer}),
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **request,
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            stored = cast("dict[str, Any]", error.response).get("Item", {})
            return bool(stored.get("writer") == {"S": writer})
        return True


def _key(key: str) -> Item:
    return to_item({"order_key": key})


def _values(**values: object) -> Item:
    return {f":{name}": value for name, value in to_item(values).items()}
