"""The messages on the queues: a hint to look at an order or a customer, never a fact."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.stores import check_id, check_store_hash


class Kind(StrEnum):
    """What a message is about."""

    ORDER = "order"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Message:
    """A hint to look.

    Attributes:
        store_hash: the store.
        kind: order or customer.
        id: BigCommerce's id of it.
        cause: the webhook's scope, or our own word ("sweep", "instrument_changed").
        event_hash: BigCommerce's hash of the event, the same for every delivery of it.
        received_at: when the hint came to be.
    """

    store_hash: str
    kind: Kind
    id: int
    cause: str
    received_at: datetime
    event_hash: str | None = None

    @property
    def ids(self) -> dict[str, object]:
        """What names it in every log, from the webhook to the charge."""
        ids = {"store_hash": self.store_hash, f"{self.kind}_id": self.id}
        return {**ids, "cause": self.cause, "event_hash": self.event_hash}

    def to_json(self) -> str:
        """The queue's message body."""
        return json.dumps(
            {
                "store_hash": self.store_hash,
                "kind": self.kind,
                "id": self.id,
                "cause": self.cause,
                "event_hash": self.event_hash,
                "received_at": self.received_at.astimezone(UTC).isoformat(),
            },
        )


def read_message(body: str) -> Message:
    """Read a queue's message body.

    Raises:
        InvalidInputError: not one of ours.
    """
    try:
        data = json.loads(body)
        received_at = datetime.fromisoformat(data["received_at"])
        if received_at.tzinfo is None or not isinstance(data["cause"], str):
            raise ValueError
        return Message(
            store_hash=check_store_hash(data["store_hash"]),
            kind=Kind(data["kind"]),
            id=check_id(data["id"]),
            cause=data["cause"],
            received_at=received_at,
            event_hash=data.get("event_hash"),
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise InvalidInputError("the message is not of the documented form") from None
