"""What is remembered of each store's hooks: one item a store in the ledger's table (`docs/tables.md`)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.batch_reads import read_items
from bigcharge.adapters.dynamodb_values import Item, from_item, read_time, to_item
from bigcharge.adapters.ledger_items import pause_from_item, pause_key
from bigcharge.domain.errors import ConflictError
from bigcharge.domain.kept_hooks import Block, KeptHook, KeptHooks
from bigcharge.domain.reconciling import Gap
from bigcharge.domain.stores import Pause
from bigcharge.domain.wanted_hooks import Fault

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_HOOKS: Final = "hooks"  # no order's id; template.yaml names it too: the function may write no other item


class HookItems:
    """The stores' hooks in the ledger's table.

    Args:
        client: of DynamoDB.
        table: the ledger's name.
        sleep: waits for so many seconds.
    """

    def __init__(self, client: "DynamoDBClient", table: str, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def read(self, store_hashes: Iterable[str]) -> list[tuple[KeptHooks, Pause | None]]:
        """What is remembered of each store's hooks, nothing where it has none yet, and the store's pause.

        Raises:
            AwsUnavailableError: DynamoDB left a part of it undone, again and again.
        """
        hashes = list(store_hashes)
        keys = [key(store_hash) for store_hash in hashes for key in (hooks_key, pause_key)]
        items = read_items(self._client, self._table, "order_key", keys, self._sleep)
        return [_read_store(store_hash, items) for store_hash in hashes]

    def save(self, kept: KeptHooks) -> KeptHooks:
        """Save it over the version that was read.

        Returns:
            It with its next version.

        Raises:
            ConflictError: another look was first; or ours was written and its reply lost. Then look again.
        """
        saved = replace(kept, version=kept.version + 1)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(order_key)"}
        if kept.version:
            values = to_item({":version": kept.version})
            condition = {"ConditionExpression": "version = :version", "ExpressionAttributeValues": values}
        try:
            self._client.put_item(TableName=self._table, Item=hooks_to_item(saved), **condition)
        except self._client.exceptions.ConditionalCheckFailedException:
            raise ConflictError(f"the hooks of store {kept.store_hash} were looked at by another worker") from None
        return saved


def hooks_key(store_hash: str) -> str:
    """The key of what is remembered of a store's hooks."""
    return f"{store_hash}#{_HOOKS}"


def is_hooks_item(item: Mapping[str, Any]) -> bool:
    """Whether the item, or its key, is that of a store's hooks."""
    key: str = item["order_key"]["S"]
    return key.endswith(f"#{_HOOKS}")


def hooks_to_item(kept: KeptHooks) -> Item:
    """The item of a store's hooks."""
    return to_item(
        {
            "order_key": hooks_key(kept.store_hash),
            "store_hash": kept.store_hash,
            "looked_at": kept.looked_at,
            "hooks": {scope: _write_hook(hook) for scope, hook in kept.hooks.items()},
            "block": {"until": kept.block.until, "reasons": kept.block.reasons} if kept.block else None,
            "gap": {"since": kept.gap.since, "until": kept.gap.until} if kept.gap else None,
            "is_removed": kept.is_removed or None,
            "version": kept.version,
        },
    )


def hooks_from_item(item: Mapping[str, Any]) -> KeptHooks:
    """A store's hooks of an item of the table or of an image of its stream.

    Raises:
        KeyError, TypeError, ValueError: not an item of a store's hooks.
    """
    values = from_item(item)
    block = values.get("block")
    return KeptHooks(
        store_hash=values["store_hash"],
        looked_at=read_time(values.get("looked_at")),
        hooks={scope: _read_hook(scope, hook) for scope, hook in values["hooks"].items()},
        block=Block(datetime.fromisoformat(block["until"]), tuple(block["reasons"])) if block else None,
        gap=gap_from_item(item),
        is_removed=values.get("is_removed", False),
        version=values["version"],
    )


def gap_from_item(item: Mapping[str, Any]) -> Gap | None:
    """The gap of an item of a store's hooks."""
    gap = from_item(item).get("gap")
    return Gap(datetime.fromisoformat(gap["since"]), datetime.fromisoformat(gap["until"])) if gap else None


def _write_hook(hook: KeptHook) -> dict[str, object]:
    return {
        "hook_id": hook.hook_id,
        "good_at": hook.good_at,
        "faults": hook.faults,
        "refusal": hook.refusal,
        "tried_at": hook.tried_at,
    }


def _read_hook(scope: str, values: Mapping[str, Any]) -> KeptHook:
    return KeptHook(
        scope=scope,
        hook_id=values.get("hook_id"),
        good_at=read_time(values.get("good_at")),
        faults=tuple(Fault(fault) for fault in values["faults"]),
        refusal=values.get("refusal"),
        tried_at=tuple(datetime.fromisoformat(at) for at in values["tried_at"]),
    )


def _read_store(store_hash: str, items: Mapping[str, Item]) -> tuple[KeptHooks, Pause | None]:
    hooks, pause = items.get(hooks_key(store_hash)), items.get(pause_key(store_hash))
    return hooks_from_item(hooks) if hooks else KeptHooks(store_hash), pause_from_item(pause) if pause else None
