"""How far the comparison of a store's instruments has come: an item a step, and one of its messages' turns.

A step's item is written once and never changed, on the condition that there is none: of two who go on with the same
walk one makes each step, and the other sees that it is not alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.dynamodb_values import epoch_seconds, from_item, to_item, write_time
from bigcharge.adapters.instrument_items import MARK
from bigcharge.domain.errors import ConflictError
from bigcharge.domain.instrument_walks import Phase, Walk
from bigcharge.domain.messages import Message

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_WALK: Final = "walk"  # no customer's id
_TURNS: Final = "turns"  # neither
_KEPT: Final = timedelta(days=7)  # longer than anybody goes on with a walk
# A turn that was taken that long ago may be taken once more: its worker may have died before it sent the message on.
# That is longer than a message waits, and shorter than the queue hides it less a worker's time (`template.yaml`).
_LOST_AFTER: Final = timedelta(minutes=20)

_IS_FREE: Final = (
    "attribute_not_exists(instrument_key) OR turn < :turn OR (turn = :turn AND (taken_at < :lost OR writer = :writer))"
)


class WalkItems:
    """The steps of walks and the turns of their messages, in the instruments table.

    Args:
        client: of DynamoDB.
        table: its name.
        writer: a random name of this process.
    """

    def __init__(self, client: "DynamoDBClient", table: str, writer: str) -> None:
        self._client = client
        self._table = table
        self._writer = writer
        self._taken = 0

    def read_last(self, store_hash: str) -> Walk | None:
        """The store's newest walk after its last step; None where there was none for days."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="customer_key = :walk",
            ExpressionAttributeValues=to_item({":walk": _walk_key(store_hash)}),
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=1,
        )
        return _read_walk(answer["Items"][0]) if answer["Items"] else None

    def append(self, walk: Walk, shown: bytes = b"") -> None:
        """Keep a walk after one more step, with what the list showed in it.

        Raises:
            ConflictError: somebody else made this step.
        """
        item = {
            "customer_key": _walk_key(walk.store_hash),
            "instrument_key": f"{_prefix(walk.began_at)}{walk.step:08}",
            "writer": self._writer,
            "shown": shown or None,
            "expires_at": epoch_seconds(walk.began_at + _KEPT),
        }
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(item | asdict(walk)),
                # The AWS library repeats a call whose reply was lost, and then meets its own item.
                ConditionExpression="attribute_not_exists(instrument_key) OR writer = :writer",
                ExpressionAttributeValues=to_item({":writer": self._writer}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise ConflictError("another run goes on with this comparison") from None

    def take(self, message: Message, now: datetime) -> None:
        """Note that a message is about to be sent on for this turn.

        Raises:
            ConflictError: that turn was taken not long ago, or a later one was.
        """
        self._taken += 1
        writer = f"{self._writer}-{self._taken}"  # of this call: a process may be given the same message twice
        item = {
            "customer_key": f"{message.store_hash}#{_TURNS}",
            "instrument_key": f"{MARK}{write_time(message.received_at)}",
            "store_hash": message.store_hash,
            "turn": message.turn,
            "taken_at": now,
            "writer": writer,
            "expires_at": epoch_seconds(message.received_at + _KEPT),
        }
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(item),
                ConditionExpression=_IS_FREE,
                ExpressionAttributeValues=to_item(
                    {":turn": message.turn, ":lost": now - _LOST_AFTER, ":writer": writer}
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise ConflictError("this message was sent on already") from None

    def read_shown(self, walk: Walk) -> Iterator[bytes]:
        """What the list showed in all steps of a walk."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_key = :walk AND begins_with(instrument_key, :steps)",
            ExpressionAttributeValues=to_item({":walk": _walk_key(walk.store_hash), ":steps": _prefix(walk.began_at)}),
            ConsistentRead=True,
        )
        for page in pages:
            yield from (item["shown"]["B"] for item in page["Items"] if "shown" in item)


def _walk_key(store_hash: str) -> str:
    return f"{store_hash}#{_WALK}"


def _prefix(began_at: datetime) -> str:
    return f"{MARK}{write_time(began_at)}{MARK}"


def _read_walk(item: Mapping[str, Any]) -> Walk:
    values = from_item(item)
    counts = ("step", "listed", "written", "removed", "customers_read", "woken")
    return Walk(
        store_hash=values["store_hash"],
        began_at=datetime.fromisoformat(values["began_at"]),
        phase=Phase(values["phase"]),
        position=values.get("position"),
        total=values.get("total"),
        **{name: values[name] for name in counts},
    )
