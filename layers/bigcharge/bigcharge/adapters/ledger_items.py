"""The ledger's items: how a charge and a store's pause are written, and read again from the table or from its stream.

The attributes are listed in `docs/tables.md`.
"""

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bigcharge.adapters.dynamodb_values import Item, epoch_seconds, from_item, read_time, to_item
from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause

_SHARD_COUNT: Final = 16
"""One key of an index takes 1,000 writes a second: with one, many charges at once would throttle the table itself."""

DUE_SHARDS: Final = tuple(f"{number:02}" for number in range(_SHARD_COUNT))
_PAUSE: Final = "pause"  # no order's id


def order_key(store_hash: str, order_id: int) -> str:
    """The key of an order's item; a store hash holds no "#"."""
    return f"{store_hash}#{order_id}"


def pause_key(store_hash: str) -> str:
    """The key of a store's pause."""
    return f"{store_hash}#{_PAUSE}"


def customer_key(store_hash: str, customer_id: int) -> str:
    """The key of a customer, in both tables."""
    return f"{store_hash}#{customer_id}"


def is_pause_item(item: Mapping[str, Any]) -> bool:
    """Whether the item, or its key, is that of a store's pause."""
    key: str = item["order_key"]["S"]
    return key.endswith(f"#{_PAUSE}")


def is_charge_item(item: Mapping[str, Any]) -> bool:
    """Whether the item, or its key, is that of a charge."""
    key: str = item["order_key"]["S"]
    return key.rpartition("#")[2].isdigit()


def charge_to_item(charge: Charge) -> Item:
    """The item of a charge: in the indexes that its state and its times put it in (`docs/tables.md`)."""
    key = order_key(charge.store_hash, charge.order_id)
    waits = charge.state is State.DECLINED and charge.customer_id > 0
    return to_item(
        {
            "order_key": key,
            "customer_key": customer_key(charge.store_hash, charge.customer_id) if waits else None,
            "due_shard": None if charge.due_at is None else DUE_SHARDS[zlib.crc32(key.encode()) % _SHARD_COUNT],
            "sweep_at": None if charge.due_at is None else epoch_seconds(charge.due_at),
            "unknown_since": None if charge.unknown_since is None else epoch_seconds(charge.unknown_since),
            "store_hash": charge.store_hash,
            "order_id": charge.order_id,
            "customer_id": charge.customer_id or None,  # no customer's, and then in no customer's index
            "state": charge.state,
            "reason": charge.reason,
            "code": charge.code,
            **_write_money(charge.money),
            "attempts": [_write_attempt(attempt) for attempt in charge.attempts],
            "acts": [_write_act(act) for act in charge.acts] or None,
            "transaction_id": charge.transaction_id,
            "difference": charge.difference,
            "due_at": charge.due_at,
            "checks": charge.checks,
            "failed_looks": charge.failed_looks,
            "absent_since": charge.absent_since,
            "asked_at": charge.asked_at,
            "forgotten_at": charge.forgotten_at,
            "updated_at": charge.updated_at,
            "version": charge.version,
        },
    )


def charge_from_item(item: Mapping[str, Any]) -> Charge:
    """The charge of an item of the table or of an image of its stream.

    Raises:
        KeyError, TypeError, ValueError: not an item of a charge.
    """
    values = from_item(item)
    return Charge(
        store_hash=values["store_hash"],
        order_id=values["order_id"],
        customer_id=values.get("customer_id", 0),
        state=State(values["state"]),
        reason=values.get("reason"),
        code=values.get("code"),
        money=_read_money(values) if "amount" in values else None,
        attempts=tuple(_read_attempt(attempt) for attempt in values["attempts"]),
        acts=tuple(_read_act(act) for act in values.get("acts", ())),
        transaction_id=values.get("transaction_id"),
        difference=values.get("difference"),
        due_at=read_time(values.get("due_at")),
        checks=values["checks"],
        failed_looks=values.get("failed_looks", 0),
        absent_since=read_time(values.get("absent_since")),
        asked_at=read_time(values.get("asked_at")),
        forgotten_at=read_time(values.get("forgotten_at")),
        updated_at=datetime.fromisoformat(values["updated_at"]),
        version=values["version"],
    )


def pause_to_item(pause: Pause) -> Item:
    """The item of a store's pause."""
    return to_item(
        {
            "order_key": pause_key(pause.store_hash),
            "store_hash": pause.store_hash,
            "reason": pause.reason,
            "code": pause.code,
            "credentials": pause.credentials,
            "paused_at": pause.paused_at,
            "who": pause.who,
            "why": pause.why,
        },
    )


def pause_from_item(item: Mapping[str, Any]) -> Pause:
    """The pause of an item of the table or of an image of its stream.

    Raises:
        KeyError, TypeError, ValueError: not an item of a pause.
    """
    values = from_item(item)
    return Pause(
        store_hash=values["store_hash"],
        reason=values["reason"],
        code=values.get("code"),
        credentials=values["credentials"],
        paused_at=datetime.fromisoformat(values["paused_at"]),
        who=values.get("who"),
        why=values.get("why"),
    )


def _write_money(money: Money | None) -> dict[str, object]:
    return {} if money is None else {"amount": money.amount, "currency": money.currency}


def _read_money(values: Mapping[str, Any]) -> Money:
    return Money(values["amount"], values["currency"])


def _write_attempt(attempt: Attempt) -> dict[str, object]:
    return {
        "number": attempt.number,
        "cause": attempt.cause,
        "method_id": attempt.method_id,
        "instrument": attempt.instrument,
        "brand": attempt.brand,
        "last_4": attempt.last_4,
        "expiry": attempt.expiry,
        **_write_money(attempt.money),
        "token_id": attempt.token_id,
        "token_expires_at": attempt.token_expires_at,
        "sent_at": attempt.sent_at,
        "outcome": attempt.outcome,
        "code": attempt.code,
        "retry_at": attempt.retry_at,
    }


def _write_act(act: Act) -> dict[str, object]:
    return {"kind": act.kind, "who": act.who, "why": act.why, "at": act.at}


def _read_act(values: Mapping[str, Any]) -> Act:
    return Act(ActKind(values["kind"]), values["who"], values["why"], datetime.fromisoformat(values["at"]))


def _read_attempt(values: Mapping[str, Any]) -> Attempt:
    return Attempt(
        number=values["number"],
        cause=values["cause"],
        method_id=values["method_id"],
        instrument=values["instrument"],
        brand=values.get("brand"),
        last_4=values.get("last_4"),
        expiry=values.get("expiry"),
        money=_read_money(values),
        token_id=values["token_id"],
        token_expires_at=datetime.fromisoformat(values["token_expires_at"]),
        sent_at=datetime.fromisoformat(values["sent_at"]),
        outcome=State(values["outcome"]) if "outcome" in values else None,
        code=values.get("code"),
        retry_at=read_time(values.get("retry_at")),
    )
