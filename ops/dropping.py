"""The record of what an operator dropped: in the ledger, with who, when and why."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bigcharge.adapters.dynamodb_values import from_item, to_item
from ops.aws import connect
from ops.dead_letter_queues import DeadLetter

_PREFIX: Final = "dropped#"


def record_drops(letters: Sequence[DeadLetter], who: str, why: str, stage: str) -> None:
    """Record that these are dropped; it may be done twice."""
    client, now = connect("dynamodb"), datetime.now(UTC)
    for letter in letters:
        record = {
            "order_key": f"{_PREFIX}{letter.message_id}",
            "queue": letter.queue,
            "cause": letter.cause,
            "sent_at": letter.sent_at,
            "who": who,
            "why": why,
            "at": now,
        }
        client.put_item(TableName=f"bigcharge-{stage}-ledger", Item=to_item(record))


def list_drops(stage: str) -> Iterator[dict[str, Any]]:
    """What was dropped, in no order: a scan of the ledger."""
    pages = connect("dynamodb").get_paginator("scan")
    found = pages.paginate(
        TableName=f"bigcharge-{stage}-ledger",
        FilterExpression="begins_with(order_key, :prefix)",
        ExpressionAttributeValues=to_item({":prefix": _PREFIX}),
    )
    for page in found:
        for item in page["Items"]:
            record = from_item(item)
            yield {"message_id": record.pop("order_key").removeprefix(_PREFIX), **record}
