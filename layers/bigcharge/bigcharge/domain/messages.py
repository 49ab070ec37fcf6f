"""The messages on the queues: a hint to look at an order, a customer or a store, never a fact."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.stores import check_id, check_store_hash

NO_ID: Final = 0
"""The id of a message about a store, or about all hooks of one."""


class Kind(StrEnum):
    """What a message is about."""

    ORDER = "order"
    CUSTOMER = "customer"
    STORE = "store"
    HOOK = "hook"


@dataclass(frozen=True, slots=True)
class Message:
    """A hint to look.

    Attributes:
        store_hash: the store.
        kind: what is to be looked at; for one hook, all those of its store are.
        id: BigCommerce's id of it; 0 for a store, which its hash names, and for hooks where none was named.
        cause: the webhook's scope, or our own word ("sweep", "instrument_changed").
        event_hash: BigCommerce's hash of the event, the same for every delivery of it.
        received_at: when the hint came to be.
        happened_at: when what a webhook tells of happened, by BigCommerce's clock; only a store's hints say so.
        turn: how often it was sent on; counted only where a store's instruments are compared.
    """

    store_hash: str
    kind: Kind
    id: int
    cause: str
    received_at: datetime
    event_hash: str | None = None
    happened_at: datetime | None = None
    turn: int = 0

    @property
    def ids(self) -> dict[str, object]:
        """What names it in every log, from the webhook to the charge."""
        subject = {} if self.id == NO_ID else {f"{self.kind}_id": self.id}
        return {"store_hash": self.store_hash, **subject, "cause": self.cause, "event_hash": self.event_hash}

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
                **({"happened_at": self.happened_at.astimezone(UTC).isoformat()} if self.happened_at else {}),
                **({"turn": self.turn} if self.turn else {}),
            },
        )


def read_message(body: str) -> Message:
    """Read a queue's message body.

    Raises:
        InvalidInputError: not one of ours.
    """
    try:
        data = json.loads(body)
        kind = Kind(data["kind"])
        if not isinstance(data["cause"], str):
            raise TypeError
        return Message(
            store_hash=check_store_hash(data["store_hash"]),
            kind=kind,
            id=_read_id(kind, data),
            cause=data["cause"],
            received_at=_read_time(data["received_at"]),
            event_hash=data.get("event_hash"),
            happened_at=_read_time(data["happened_at"]) if "happened_at" in data else None,
            turn=check_id(data["turn"]) if "turn" in data else 0,
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise InvalidInputError("the message is not of the documented form") from None


def _read_id(kind: Kind, data: dict[str, object]) -> int:
    if kind is Kind.STORE or (kind is Kind.HOOK and data["id"] == NO_ID):
        return NO_ID
    return check_id(data["id"])


def _read_time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError
    return time
