"""DynamoDB's transactions in moto: moto copies the whole table for each, to put it back should a condition not hold.

With a hundred thousand items that takes seconds. Calls are answered one at a time here, so the conditions can all be
looked at first, and nothing has to be put back.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.dynamodb.models import DynamoDBBackend

type Json = dict[str, Any]

_MOST = 100  # operations of one transaction


def replace_transactions() -> None:
    """Have moto's DynamoDB write transactions as is said above."""
    from moto.dynamodb.models import DynamoDBBackend  # noqa: PLC0415 - after moto is loaded

    kept = DynamoDBBackend.transact_write_items

    def write(backend: "DynamoDBBackend", transact_items: list[Json]) -> None:
        puts = [one["Put"] for one in transact_items if "Put" in one]
        if len(puts) == len(transact_items) and _names_each_once(backend, puts):
            _put_all(backend, puts)
        else:  # what is not only puts, or not to be taken: as moto has it
            kept(backend, transact_items)

    DynamoDBBackend.transact_write_items = write  # type: ignore[method-assign,assignment]  # moto is changed on purpose


def _names_each_once(backend: "DynamoDBBackend", puts: list[Json]) -> bool:
    names = {str(sorted({"table": put["TableName"], **_key(backend, put)}.items(), key=str)) for put in puts}
    return len(names) == len(puts) <= _MOST


def _put_all(backend: "DynamoDBBackend", puts: list[Json]) -> None:
    from moto.dynamodb.exceptions import TransactionCanceledException  # noqa: PLC0415 - after moto is loaded

    refusal = ("ConditionalCheckFailed", "The conditional request failed", None)
    reasons = [(None, None, None) if _holds(backend, put) else refusal for put in puts]
    if any(code for code, _, _ in reasons):
        raise TransactionCanceledException(reasons)
    for put in puts:
        backend.put_item(put["TableName"], put["Item"])


def _holds(backend: "DynamoDBBackend", put: Json) -> bool:
    from moto.dynamodb.comparisons import get_filter_expression  # noqa: PLC0415 - after moto is loaded

    condition = put.get("ConditionExpression")
    if condition is None:
        return True
    names, values = put.get("ExpressionAttributeNames"), put.get("ExpressionAttributeValues")
    item = backend.get_item(put["TableName"], _key(backend, put))
    return bool(get_filter_expression(condition, names, values).expr(item))


def _key(backend: "DynamoDBBackend", put: Json) -> Json:
    table = backend.get_table(put["TableName"])
    names = (table.hash_key_attr, table.range_key_attr)
    return {name: put["Item"][name] for name in names if name is not None}
