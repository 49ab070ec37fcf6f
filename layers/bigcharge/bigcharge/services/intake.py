"""Taking in a webhook: verify, route by scope, answer only when the queue has it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from bigcharge.domain.errors import (
    ForgedError,
    InvalidInputError,
    TooManyStoresError,
    TooOldError,
    UnknownStoreError,
)
from bigcharge.domain.policy import Policy
from bigcharge.domain.redaction import redactor
from bigcharge.domain.stores import Credentials
from bigcharge.domain.webhooks import DeliveryTrouble, Webhook, read_webhook

if TYPE_CHECKING:  # the ports name what charging works with: a fifth of this function's start, for nothing
    from bigcharge.domain.messages import Kind
    from bigcharge.services.ports import Clock, Queue, Stores


class Outcome(StrEnum):
    """What became of a webhook; counted by this word."""

    QUEUED = "queued"
    COUNTED = "counted"
    NOT_HANDLED = "not_handled"
    QUARANTINED = "quarantined"
    UNREADABLE = "unreadable"
    UNKNOWN_STORE = "unknown_store"
    FORGED = "forged"
    TOO_OLD = "too_old"
    TOO_MANY_STORES = "too_many_stores"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a webhook.

    Attributes:
        outcome: what was done with it.
        store_hash: of a readable one; not to be believed unless the outcome says that it was verified.
        scope: of a verified one.
        trouble: of a verified one that tells of a delivery that failed.
    """

    outcome: Outcome
    store_hash: str | None = None
    scope: str | None = None
    trouble: DeliveryTrouble | None = None


class Quarantine(Protocol):
    """Where signed but unusable webhooks are kept."""

    def send(self, reason: str, store_hash: str, body: str) -> None:
        """Keep the body."""


class Signature(Protocol):
    """What the headers of a delivery say of its body."""

    @property
    def sent_at(self) -> datetime:
        """When, aware UTC."""

    def is_by(self, client_secret: str) -> bool:
        """Whether it was made with this secret; takes as long whatever it holds."""


type ReadSignature = Callable[[Mapping[str, str], bytes], Signature]
"""Reads it from headers and body; raises ForgedError where they hold none."""


class Intake:
    """Takes in webhooks."""

    def __init__(
        self,
        queues: "Mapping[Kind, Queue]",
        quarantine: Quarantine,
        stores: "Stores",
        read_signature: ReadSignature,
        clock: "Clock",
    ) -> None:
        self._queues = queues
        self._quarantine = quarantine
        self._stores = stores
        self._read_signature = read_signature
        self._clock = clock

    def receive(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Take in one delivery. It returns only when what it promises is durable.

        Args:
            headers: names in lower case.
            body: as received.

        Raises:
            Exception: what a queue or a store of credentials raised: the delivery is to be refused and comes again.
        """
        now = self._clock()
        try:
            webhook = read_webhook(body)
            self._verify(webhook, headers, body, now)
        except InvalidInputError:
            return Receipt(Outcome.UNREADABLE)
        except UnknownStoreError:
            return Receipt(Outcome.UNKNOWN_STORE)
        except TooManyStoresError:
            return Receipt(Outcome.TOO_MANY_STORES)
        except ForgedError:
            return Receipt(Outcome.FORGED, webhook.store_hash)
        except TooOldError:
            return Receipt(Outcome.TOO_OLD, webhook.store_hash, webhook.scope)
        return Receipt(self._pass_on(webhook, body, now), webhook.store_hash, webhook.scope, webhook.trouble)

    def _verify(self, webhook: Webhook, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        signature = self._read_signature(headers, body)
        self._check_sender(webhook.store_hash, signature, headers)
        age, tolerance = now - signature.sent_at, self._tolerance(webhook.store_hash)
        if age > tolerance:
            raise TooOldError("the webhook was signed longer ago than the store's policy lets it be")
        if -age > tolerance:
            raise ForgedError("the webhook's timestamp is in the future")

    def _check_sender(self, store_hash: str, signature: Signature, headers: Mapping[str, str]) -> None:
        """While credentials are rotated, either may have signed, and the hooks carry the header of either."""
        known = self._stores.credentials(store_hash)
        is_signed = carries_header = False
        for credentials in chain((known,), self._stores.find_others(known)):
            is_signed = is_signed or signature.is_by(credentials.client_secret)
            carries_header = carries_header or _carries_header(headers, credentials)
            if is_signed and carries_header:
                return
        raise ForgedError("no signature matches, or the store's own header is missing or wrong")

    def _tolerance(self, store_hash: str) -> timedelta:
        try:
            return (self._stores.policy(store_hash) or Policy()).webhook_tolerance
        except InvalidInputError:
            return Policy().webhook_tolerance

    def _pass_on(self, webhook: Webhook, body: bytes, now: datetime) -> Outcome:
        if not webhook.is_handled:
            return Outcome.NOT_HANDLED
        if webhook.trouble is DeliveryTrouble.WILL_RETRY:
            return Outcome.COUNTED  # it comes again: nothing is lost yet
        try:
            hint = webhook.to_hint(now)
        except InvalidInputError as error:
            self._quarantine.send(str(error), webhook.store_hash, redactor.redact_json(body.decode()))
            return Outcome.QUARANTINED
        self._queues[hint.kind].send(hint)
        return Outcome.QUEUED


def _carries_header(headers: Mapping[str, str], credentials: Credentials) -> bool:
    if credentials.hook_header is None:
        return True
    name, value = credentials.hook_header
    return compare_digest(headers.get(name.lower(), "").encode(errors="replace"), value.encode())
