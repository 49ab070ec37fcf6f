"""DynamoDB at the level of boto3's client: tables, sparse indexes that may lag, and streams."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.simulation.aws_errors import ConditionalCheckFailedException, ResourceNotFoundException, refuse
from tests.simulation.expressions import Item, UnsupportedError, holds, update

type Key = tuple[str, str]
type Json = dict[str, Any]

_CONDITION: Final = frozenset(
    {
        "TableName",
        "ConditionExpression",
        "ExpressionAttributeValues",
        "ExpressionAttributeNames",
        "ReturnValuesOnConditionCheckFailure",
    },
)
_READ: Final = frozenset({"TableName", "IndexName", "ConsistentRead", "Limit", "ExclusiveStartKey"})
_QUERY: Final = _READ | {"KeyConditionExpression", "ExpressionAttributeValues", "ExpressionAttributeNames"}
_PAGE: Final = 25  # items: small, so that paging happens


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index.

    Attributes:
        keys: of the index: its partition key, then its sort key.
        attributes: what it shows beside all keys; None: everything.
    """

    keys: tuple[str, ...]
    attributes: frozenset[str] | None = None


@dataclass(slots=True)
class Table:
    """A table.

    Attributes:
        keys: its partition key, then its sort key where it has one.
        indexes: by name.
        items: what it holds, by key.
        records: its stream, oldest first.
        lagging: changes that the indexes do not show yet: since when they do, and the change.
    """

    keys: tuple[str, ...]
    indexes: Mapping[str, Index] = field(default_factory=dict)
    items: dict[Key, Item] = field(default_factory=dict)
    records: list[Json] = field(default_factory=list)
    views: dict[str, dict[Key, Item]] = field(default_factory=dict)
    lagging: list[tuple[float, Key, Item | None]] = field(default_factory=list)

    def key_of(self, item: Mapping[str, Any]) -> Key:
        """The primary key of an item."""
        first, second = item[self.keys[0]], item[self.keys[1]] if len(self.keys) > 1 else {"S": ""}
        return str(*first.values()), str(*second.values())


@dataclass(slots=True)
class Dynamo:
    """The tables.

    Attributes:
        tables: by name.
        clock: seconds since 1970.
        index_lag: how many seconds after a write its indexes show it.
        undone: how many keys the next BatchGetItem leaves unprocessed.
        on_record: is told of each new record of a stream: the table's name and the record.
    """

    tables: Mapping[str, Table]
    clock: Callable[[], float] = lambda: 0.0
    index_lag: Callable[[], float] = lambda: 0.0
    undone: int = 0
    on_record: Callable[[str, Json], object] = lambda _table, _record: None

    def put_item(self, **request: Any) -> Json:
        """PutItem, on a condition where one is named."""
        _check("PutItem", request, _CONDITION | {"Item"})
        table = self._table(request["TableName"])
        self._meet("PutItem", table, table.key_of(request["Item"]), request)
        self._write(request["TableName"], table, request["Item"])
        return {}

    def update_item(self, **request: Any) -> Json:
        """UpdateItem with SET and REMOVE."""
        _check("UpdateItem", request, _CONDITION | {"Key", "UpdateExpression"})
        table = self._table(request["TableName"])
        old = self._meet("UpdateItem", table, table.key_of(request["Key"]), request)
        values, names = request.get("ExpressionAttributeValues", {}), request.get("ExpressionAttributeNames", {})
        new = update(request["UpdateExpression"], old or dict(request["Key"]), values, names)
        self._write(request["TableName"], table, new)
        return {}

    def delete_item(self, **request: Any) -> Json:
        """DeleteItem, on a condition where one is named."""
        _check("DeleteItem", request, _CONDITION | {"Key"})
        table = self._table(request["TableName"])
        key = table.key_of(request["Key"])
        if self._meet("DeleteItem", table, key, request) is not None:
            self._change(request["TableName"], table, key, None)
        return {}

    def get_item(self, **request: Any) -> Json:
        """GetItem; here every read is consistent."""
        _check("GetItem", request, {"TableName", "Key", "ConsistentRead"})
        table = self._table(request["TableName"])
        item = table.items.get(table.key_of(request["Key"]))
        return {} if item is None else {"Item": item}

    def batch_get_item(self, **request: Any) -> Json:
        """BatchGetItem; it may leave keys unprocessed."""
        _check("BatchGetItem", request, {"RequestItems"})
        responses: dict[str, list[Item]] = {}
        left: Json = {}
        for name, wanted in request["RequestItems"].items():
            _check("BatchGetItem", wanted, {"Keys", "ConsistentRead"})
            table, keys = self._table(name), wanted["Keys"]
            done, rest = keys[self.undone :], keys[: self.undone]
            found = (table.items.get(table.key_of(key)) for key in done)
            responses[name] = [item for item in found if item is not None]
            left |= {name: {**wanted, "Keys": rest}} if rest else {}
        self.undone = 0
        return {"Responses": responses, "UnprocessedKeys": left}

    def query(self, **request: Any) -> Json:
        """Query a table or an index, in the order of its sort key."""
        _check("Query", request, _QUERY)
        table = self._table(request["TableName"])
        keys, items = self._view(table, request.get("IndexName"))
        values, names = request.get("ExpressionAttributeValues", {}), request.get("ExpressionAttributeNames", {})
        condition = request["KeyConditionExpression"]
        found = [item for item in items if holds(condition, item, values, names)]
        found.sort(key=lambda item: [_sortable(item[key]) for key in (*keys[1:], *table.keys)])
        return self._page(table, keys, found, request)

    def scan(self, **request: Any) -> Json:
        """Scan a table or an index."""
        _check("Scan", request, _READ)
        table = self._table(request["TableName"])
        keys, items = self._view(table, request.get("IndexName"))
        return self._page(table, keys, sorted(items, key=table.key_of), request)

    def _table(self, name: str) -> Table:
        if name not in self.tables:
            raise refuse("DynamoDB", "ResourceNotFoundException", "no such table", ResourceNotFoundException)
        return self.tables[name]

    def _meet(self, operation: str, table: Table, key: Key, request: Mapping[str, Any]) -> Item | None:
        """The item as it was, where the condition holds for it."""
        old, condition = table.items.get(key), request.get("ConditionExpression")
        values, names = request.get("ExpressionAttributeValues", {}), request.get("ExpressionAttributeNames", {})
        if condition and not holds(condition, old or {}, values, names):
            shown = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old is not None
            message, kind = "The conditional request failed", ConditionalCheckFailedException
            raise refuse(operation, kind.__name__, message, kind, **({"Item": old} if shown else {}))
        return old

    def _write(self, name: str, table: Table, item: Item) -> None:
        self._change(name, table, table.key_of(item), item)

    def _change(self, name: str, table: Table, key: Key, new: Item | None) -> None:
        old = table.items.pop(key, None)
        if new is not None:
            table.items[key] = new
        self._show_later(table, key, new)
        if old != new:
            record = self._record(table, old, new)
            table.records.append(record)
            self.on_record(name, record)

    def _record(self, table: Table, old: Item | None, new: Item | None) -> Json:
        number = len(table.records) + 1
        item: Item = new or old or {}
        images = {"OldImage": old, "NewImage": new}
        return {
            "eventID": f"{table.keys[0]}-{number:08}",
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": int(self.clock()),
                "Keys": {key: item[key] for key in table.keys},
                "SequenceNumber": f"{number:021}",
                "SizeBytes": 1,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
                **{kind: image for kind, image in images.items() if image is not None},
            },
        }

    def _show_later(self, table: Table, key: Key, new: Item | None) -> None:
        if table.indexes:
            table.lagging.append((self.clock() + self.index_lag(), key, new))

    def _view(self, table: Table, index: str | None) -> tuple[tuple[str, ...], Iterable[Item]]:
        """The keys and the items of a table or of one of its indexes, as far as it has come."""
        if index is None:
            return table.keys, table.items.values()
        now = self.clock()
        waiting: list[tuple[float, Key, Item | None]] = []
        for change in table.lagging:
            if change[0] > now or change[1] in {key for _, key, _ in waiting}:
                waiting.append(change)  # the changes of one item show in their order
                continue
            self._show(table, change[1], change[2])
        table.lagging = waiting
        return table.indexes[index].keys, table.views.get(index, {}).values()

    def _show(self, table: Table, key: Key, item: Item | None) -> None:
        for name, index in table.indexes.items():
            view = table.views.setdefault(name, {})
            view.pop(key, None)
            if item is not None and all(attribute in item for attribute in index.keys):
                shown = None if index.attributes is None else {*index.attributes, *index.keys, *table.keys}
                view[key] = item if shown is None else {name: item[name] for name in item if name in shown}

    def _page(self, table: Table, keys: tuple[str, ...], items: Sequence[Item], request: Mapping[str, Any]) -> Json:
        start, first = request.get("ExclusiveStartKey"), 0
        if start is not None:
            first = next((n + 1 for n, item in enumerate(items) if table.key_of(item) == table.key_of(start)), 0)
        last = first + min(_PAGE, request.get("Limit", _PAGE))
        page = list(items[first:last])
        more = {key: page[-1][key] for key in {*keys, *table.keys}} if last < len(items) else None
        return {"Items": page, "Count": len(page), "ScannedCount": len(page)} | (
            {"LastEvaluatedKey": more} if more else {}
        )


def _check(operation: str, request: Mapping[str, Any], known: frozenset[str] | set[str]) -> None:
    if unknown := request.keys() - known:
        raise UnsupportedError(f"{operation} with {', '.join(sorted(unknown))}")


def _sortable(attribute: Mapping[str, Any]) -> Any:
    [(kind, value)] = attribute.items()
    return int(value) if kind == "N" else value
