"""How far each store is reconciled: one item a store in the ledger's table, beside its pause (`docs/tables.md`)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.batch_reads import read_items
from bigcharge.adapters.dynamodb_values import Item, from_item, read_time, to_item
from bigcharge.adapters.hook_items import gap_from_item, hooks_key
from bigcharge.adapters.ledger_items import pause_from_item, pause_key
from bigcharge.domain.reconciling import Cursor, Errand, Walk
from bigcharge.domain.stores import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_CURSOR: Final = "reconciled"  # no order's id; template.yaml names it too: the function may write no other item


class CursorItems:
    """The cursors in the ledger's table.

    Args:
        client: of DynamoDB.
        table: the ledger's name.
        sleep: waits for so many seconds.
    """

    def __init__(self, client: "DynamoDBClient", table: str, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def read(self, store_hashes: Iterable[str]) -> list[tuple[Cursor, Pause | None]]:
        """Each store's cursor, a blank one where it has none yet, and its pause.

        What `keep_hooks` has noted of a gap is part of the cursor from then on.

        Raises:
            AwsUnavailableError: DynamoDB left a part of it undone, again and again.
        """
        hashes = list(store_hashes)
        keys = [key(store_hash) for store_hash in hashes for key in (cursor_key, pause_key, hooks_key)]
        items = read_items(self._client, self._table, "order_key", keys, self._sleep)
        return [_read_store(store_hash, items) for store_hash in hashes]

    def save(self, cursor: Cursor) -> None:
        """Keep it in place of the one before: any is as true as another (see `Cursor`)."""
        self._client.put_item(TableName=self._table, Item=cursor_to_item(cursor))


def cursor_key(store_hash: str) -> str:
    """The key of a store's cursor."""
    return f"{store_hash}#{_CURSOR}"


def cursor_to_item(cursor: Cursor) -> Item:
    """The item of a store's cursor."""
    return to_item(
        {
            "order_key": cursor_key(cursor.store_hash),
            "store_hash": cursor.store_hash,
            "looked_at": cursor.looked_at,
            **{str(errand): _write_walk(walk) for errand, walk in cursor.walks.items()},
        },
    )


def cursor_from_item(item: Mapping[str, Any]) -> Cursor:
    """The cursor of an item.

    Raises:
        KeyError, TypeError, ValueError: not an item of a cursor.
    """
    values = from_item(item)
    walks = {errand: _read_walk(values[errand]) for errand in Errand if errand in values}
    return Cursor(values["store_hash"], read_time(values.get("looked_at")), walks)


def _read_store(store_hash: str, items: Mapping[str, Item]) -> tuple[Cursor, Pause | None]:
    pause, kept = items.get(pause_key(store_hash)), items.get(cursor_key(store_hash))
    cursor = cursor_from_item(kept) if kept else Cursor(store_hash)
    hooks = items.get(hooks_key(store_hash))
    return cursor.with_gap(gap_from_item(hooks) if hooks else None), pause_from_item(pause) if pause else None


def _write_walk(walk: Walk) -> dict[str, object]:
    return {
        "since": walk.since,
        "began_at": walk.began_at,
        "newest": walk.newest,
        "after_id": walk.after_id,
        "until": walk.until,
    }


def _read_walk(values: Mapping[str, Any]) -> Walk:
    return Walk(
        since=datetime.fromisoformat(values["since"]),
        began_at=read_time(values.get("began_at")),
        newest=read_time(values.get("newest")),
        after_id=values["after_id"],
        until=read_time(values.get("until")),
    )
