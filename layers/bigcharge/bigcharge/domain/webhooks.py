"""Webhooks: their envelope, and which queue a scope goes to."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeGuard

from bigcharge.domain.card_numbers import holds_card_number
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.messages import NO_ID, Kind, Message
from bigcharge.domain.stores import check_id, check_store_hash

MAX_BYTES: Final = 64 * 1024
CUSTOMER_DELETED: Final = "store/customer/deleted"
DELIVERY_EXCEPTION: Final = "store/hook/deliveryException"
_PRODUCER: Final = "stores/"
_HASH: Final = re.compile(r"[0-9A-Za-z_-]{1,128}", re.ASCII)
_SCOPE: Final = re.compile(r"[\x21-\x7e]{1,128}")  # of any app: what may stand in a log

# Scope -> what it hints at and where in `data` its id stands (facts, Webhooks), the first that is there; nowhere: the
# producer says all.
_SCOPES: Final[dict[str, tuple[Kind, *tuple[str, ...]]]] = {
    "store/order/created": (Kind.ORDER, "id"),
    "store/order/updated": (Kind.ORDER, "id"),
    "store/order/statusUpdated": (Kind.ORDER, "id"),
    "store/order/archived": (Kind.ORDER, "id"),
    # Published with the order's as `id`; others tell of an `order_id`, beside which `id` may be the refund's.
    "store/order/refund/created": (Kind.ORDER, "order_id", "id"),
    "store/order/transaction/created": (Kind.ORDER, "order_id"),
    "store/order/transaction/updated": (Kind.ORDER, "order_id"),
    "store/cart/converted": (Kind.ORDER, "orderId"),
    "store/customer/payment/instrument/default/updated": (Kind.CUSTOMER, "id"),
    CUSTOMER_DELETED: (Kind.CUSTOMER, "id"),
    "store/app/uninstalled": (Kind.STORE,),
    DELIVERY_EXCEPTION: (Kind.HOOK, "id"),
}
WANTED_SCOPES: Final = tuple(_SCOPES)
"""The scopes of which each store has a hook: all that are handled (`bigcharge.domain.kept_hooks`)."""


class DeliveryTrouble(StrEnum):
    """What BigCommerce says of a delivery that failed; the cause of the message that it leads to."""

    WILL_RETRY = "delivery_will_be_retried"
    GIVEN_UP = "delivery_given_up"
    BLOCKED = "destination_blocked"
    UNRECOGNISED = "delivery_exception"


_TROUBLES: Final = {
    90001: DeliveryTrouble.WILL_RETRY,
    90002: DeliveryTrouble.GIVEN_UP,
    90003: DeliveryTrouble.BLOCKED,
}


def is_about_orders(scope: str) -> bool:
    """Whether a scope tells of orders."""
    return _SCOPES[scope][0] is Kind.ORDER


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook whose envelope could be read. Nothing in it is trusted before its signature was checked.

    Attributes:
        store_hash: of its producer.
        scope: "store/order/created".
        data: what it is about.
        event_hash: the same for every delivery of one event; None where it is none that may be passed on.
        created_at: when the event happened, by BigCommerce's clock; None where it does not say so readably.
    """

    store_hash: str
    scope: str
    data: object
    event_hash: str | None
    created_at: datetime | None = None

    @property
    def is_handled(self) -> bool:
        """Whether the scope is one of ours."""
        return self.scope in _SCOPES

    @property
    def trouble(self) -> DeliveryTrouble | None:
        """What it says of a delivery that failed; None for every other scope."""
        if self.scope != DELIVERY_EXCEPTION:
            return None
        code = self.data.get("error_code") if isinstance(self.data, dict) else None
        known = {str(number): trouble for number, trouble in _TROUBLES.items()}
        return known.get(str(code), DeliveryTrouble.UNRECOGNISED)

    def subject(self) -> tuple[Kind, int]:
        """What it hints at.

        Raises:
            InvalidInputError: its data names no usable id.
        """
        kind, *fields = _SCOPES[self.scope]
        if not fields:
            return kind, NO_ID
        if not isinstance(self.data, dict):
            raise InvalidInputError("the webhook has no data")
        given = [self.data[field] for field in fields if self.data.get(field) is not None]
        if kind is Kind.HOOK and not given:
            return kind, NO_ID  # a blocked domain is that of all hooks: what matters is that somebody looks
        return kind, check_id(given[0] if given else None)

    def to_hint(self, now: datetime) -> Message:
        """The message that it leads to; raises as `subject` does."""
        kind, number = self.subject()
        happened_at = self.created_at if kind is Kind.STORE else None
        cause = self.trouble or self.scope
        return Message(self.store_hash, kind, number, cause, now, self.event_hash, happened_at)


def read_webhook(body: bytes) -> Webhook:
    """Read the envelope.

    Raises:
        InvalidInputError: too large, not JSON, or not the documented shape.
    """
    if len(body) > MAX_BYTES:
        raise InvalidInputError("the body is larger than 64 KiB")
    try:
        envelope: Any = json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise InvalidInputError("the body is not JSON") from None
    if not isinstance(envelope, dict):
        raise InvalidInputError("the body is not a JSON object")
    producer, scope = envelope.get("producer"), envelope.get("scope")
    if not isinstance(producer, str) or not producer.startswith(_PRODUCER) or not _is_scope(scope):
        raise InvalidInputError("the body names no scope or no producer")
    store_hash = check_store_hash(producer.removeprefix(_PRODUCER))
    return Webhook(
        store_hash,
        scope,
        envelope.get("data"),
        _read_hash(envelope.get("hash")),
        _read_time(envelope.get("created_at")),
    )


def _read_time(seconds: object) -> datetime | None:
    """A time in whole seconds since 1970; what is no such time is no reason to refuse a webhook."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _read_hash(value: object) -> str | None:
    is_hash = isinstance(value, str) and _HASH.fullmatch(value) and not holds_card_number(value)
    return str(value) if is_hash else None


def _is_scope(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _SCOPE.fullmatch(value) is not None


def _refuse(word: str) -> object:
    """NaN and the infinities, which Python's decoder takes and JSON does not have."""
    raise ValueError(word)
