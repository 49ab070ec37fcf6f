"""DynamoDB at the level of boto3's client, over its tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.simulation.aws_errors import (
    ConditionalCheckFailedException,
    ResourceNotFoundException,
    TransactionCanceledException,
    refuse,
)
from tests.simulation.expressions import Item, UnsupportedError, holds, update
from tests.simulation.table import Index, Key, Table

__all__ = ["Dynamo", "Index", "Table"]

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
_OPERATIONS: Final = 100  # of one transaction
_PAGE: Final = 25  # items: small, so that paging happens


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

    def transact_write_items(self, **request: Any) -> Json:
        """TransactWriteItems of puts: all of them, or none where a condition of one does not hold."""
        _check("TransactWriteItems", request, {"TransactItems"})
        puts = [_read_put(entry) for entry in request["TransactItems"]]
        keys = [(put["TableName"], self._table(put["TableName"]).key_of(put["Item"])) for put in puts]
        if len(puts) > _OPERATIONS or len(set(keys)) < len(keys):
            raise refuse("TransactWriteItems", "ValidationException", "too many operations, or two on one item")
        reasons = [self._reason(put, key) for put, (_, key) in zip(puts, keys, strict=True)]
        if any(reason["Code"] != "None" for reason in reasons):
            message, kind = "Transaction cancelled", TransactionCanceledException
            raise refuse("TransactWriteItems", kind.__name__, message, kind, CancellationReasons=reasons)
        for put in puts:
            self._write(put["TableName"], self._table(put["TableName"]), put["Item"])
        return {}

    def _reason(self, put: Mapping[str, Any], key: Key) -> dict[str, str]:
        try:
            self._meet("Put", self._table(put["TableName"]), key, put)
        except ConditionalCheckFailedException:
            return {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
        return {"Code": "None"}

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
        _check("Query", request, _QUERY | {"ScanIndexForward"})
        table = self._table(request["TableName"])
        keys, items = table.view(request.get("IndexName"), self.clock())
        values, names = request.get("ExpressionAttributeValues", {}), request.get("ExpressionAttributeNames", {})
        condition = request["KeyConditionExpression"]
        found = [item for item in items if holds(condition, item, values, names)]
        found.sort(key=lambda item: [_sortable(item[key]) for key in (*keys[1:], *table.keys)])
        if not request.get("ScanIndexForward", True):
            found.reverse()
        return self._page(table, keys, found, request)

    def scan(self, **request: Any) -> Json:
        """Scan a table or an index."""
        _check("Scan", request, _READ | {"FilterExpression", "ExpressionAttributeValues"})
        table = self._table(request["TableName"])
        keys, items = table.view(request.get("IndexName"), self.clock())
        page = self._page(table, keys, sorted(items, key=table.key_of), request)
        if wanted := request.get("FilterExpression"):  # what a page reads is bounded, not what it shows
            values = request.get("ExpressionAttributeValues", {})
            shown = [item for item in page["Items"] if holds(wanted, item, values, {})]
            page |= {"Items": shown, "Count": len(shown)}
        return page

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
        if table.indexes:
            table.lagging.append((self.clock() + self.index_lag(), key, new))
        if old != new:
            self.on_record(name, table.record(old, new, self.clock()))

    def _page(self, table: Table, keys: tuple[str, ...], items: Sequence[Item], request: Mapping[str, Any]) -> Json:
        start, first = request.get("ExclusiveStartKey"), 0
        if start is not None:  # where what it named is gone, what would follow it follows all the same
            places = [n + 1 for n, item in enumerate(items) if table.key_of(item) == table.key_of(start)]
            first = places[0] if places else sum(table.key_of(item) < table.key_of(start) for item in items)
        last = first + min(_PAGE, request.get("Limit", _PAGE))
        page = list(items[first:last])
        more = {key: page[-1][key] for key in {*keys, *table.keys}} if last < len(items) else None
        return {"Items": page, "Count": len(page), "ScannedCount": len(page)} | (
            {"LastEvaluatedKey": more} if more else {}
        )


def _read_put(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    _check("TransactWriteItems", entry, {"Put"})
    put: Mapping[str, Any] = entry["Put"]
    _check("Put", put, _CONDITION | {"Item"})
    return put


def _check(operation: str, request: Mapping[str, Any], known: frozenset[str] | set[str]) -> None:
    if unknown := request.keys() - known:
        raise UnsupportedError(f"{operation} with {', '.join(sorted(unknown))}")


def _sortable(attribute: Mapping[str, Any]) -> Any:
    [(kind, value)] = attribute.items()
    return int(value) if kind == "N" else value
