"""Webhooks on the wire: the body of the facts, signed as Standard Webhooks."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from sandbox.bigcommerce.records import Store


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: HMAC-SHA256 over `id.timestamp.body`, as Standard Webhooks has it.

    Args:
        secret: the key's own bytes (BigCommerce takes those of the app's client secret).
        message_id: `webhook-id`.
        timestamp: `webhook-timestamp`, seconds since 1970.
        body: the exact bytes that are posted.
    """
    mac = hmac.new(secret, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def make_body(store: Store, scope: str, data: Mapping[str, object], created_at: int) -> bytes:
    """The body of an event. `hash` is the same whenever the same event is told, and no secret."""
    told = {
        "scope": scope,
        "store_id": str(store.store_id),
        "data": data,
        "created_at": created_at,
        "producer": f"stores/{store.store_hash}",
    }
    digest = hashlib.sha1(json.dumps(told, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
    return json.dumps({**told, "hash": digest}, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Post:
    """One posting of one event to one destination, still to be made.

    Attributes:
        message_id: `webhook-id`; the same for every attempt and copy.
        hook_id: of which hook; None for what a test sends on demand.
        signed: False forges: the signature is made with another key.
        timestamp: what `webhook-timestamp` says; None is the moment of sending.
        attempt: 1 for the first.
    """

    store: Store
    scope: str
    data: Mapping[str, object]
    body: bytes = field(repr=False)
    message_id: str
    destination: str
    headers: Mapping[str, str] = field(repr=False)
    hook_id: int | None = None
    signed: bool = True
    timestamp: int | None = None
    attempt: int = 1

    @property
    def is_regular(self) -> bool:
        """Whether it counts and is repeated: what a test sends on demand, and forgeries, are nobody's to repeat."""
        return self.hook_id is not None and self.signed

    def signed_headers(self, now: datetime, forger: bytes) -> dict[str, str]:
        """The headers of this attempt, signed anew: whether BigCommerce keeps the first time is undocumented."""
        timestamp = int(now.timestamp()) if self.timestamp is None else self.timestamp
        secret = self.store.client_secret.encode() if self.signed else forger
        return {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "akka-http/10.0.10",
            **self.headers,
            "webhook-id": self.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(secret, self.message_id, timestamp, self.body),
        }


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the delivery log: an attempt that was made, or a posting that was lost on purpose.

    Attributes:
        status: what the receiver answered; None where it did not.
        error: why it did not ("lost", "no answer", "hook is gone").
    """

    at: datetime
    store_hash: str
    scope: str
    data: Mapping[str, object]
    message_id: str
    destination: str
    hook_id: int | None
    signed: bool
    attempt: int
    status: int | None
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the receiver took it (2xx)."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES
