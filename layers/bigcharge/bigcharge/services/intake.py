"""Taking in a webhook: verify, route by scope, answer only when the queue has it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import Final, Protocol

from bigcharge.domain.errors import ForgedError, InvalidInputError, UnknownStoreError
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.policy import Policy
from bigcharge.domain.stores import Credentials
from bigcharge.domain.webhooks import Webhook, read_webhook
from bigcharge.services.ports import Clock, Queue, Stores

_MAX_HASH: Final = 128  # of an event hash that is passed on


class Outcome(StrEnum):
    """What became of a webhook; counted by this word."""

    QUEUED = "queued"
    NOT_HANDLED = "not_handled"
    QUARANTINED = "quarantined"
    UNREADABLE = "unreadable"
    UNKNOWN_STORE = "unknown_store"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a webhook.

    Attributes:
        outcome: what was done with it.
        store_hash: of a readable one; not to be believed unless the outcome says that it was verified.
        scope: of a verified one.
    """

    outcome: Outcome
    store_hash: str | None = None
    scope: str | None = None


class Quarantine(Protocol):
    """Where signed but unusable webhooks are kept."""

    def send(self, reason: str, store_hash: str, body: str) -> None:
        """Keep the body as received."""


type CheckSignature = Callable[[Credentials, Mapping[str, str], bytes, datetime, timedelta], None]
"""Raises ForgedError unless headers and body are signed with the store's secret and are fresh."""


class Intake:
    """Takes in webhooks."""

    def __init__(
        self,
        queues: Mapping[Kind, Queue],
        quarantine: Quarantine,
        stores: Stores,
        check_signature: CheckSignature,
        clock: Clock,
    ) -> None:
        self._queues = queues
        self._quarantine = quarantine
        self._stores = stores
        self._check_signature = check_signature
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
        except ForgedError:
            return Receipt(Outcome.FORGED, webhook.store_hash)
        return Receipt(self._pass_on(webhook, body, now), webhook.store_hash, webhook.scope)

    def _verify(self, webhook: Webhook, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        credentials = self._stores.credentials(webhook.store_hash)
        self._check_signature(credentials, headers, body, now, self._tolerance(webhook.store_hash))
        if credentials.hook_header is not None:
            name, value = credentials.hook_header
            if not compare_digest(headers.get(name.lower(), "").encode(errors="replace"), value.encode()):
                raise ForgedError("the store's own header is missing or wrong")

    def _tolerance(self, store_hash: str) -> timedelta:
        try:
            return (self._stores.policy(store_hash) or Policy()).webhook_tolerance
        except InvalidInputError:
            return Policy().webhook_tolerance

    def _pass_on(self, webhook: Webhook, body: bytes, now: datetime) -> Outcome:
        if not webhook.is_handled:
            return Outcome.NOT_HANDLED
        try:
            kind, number = webhook.subject()
        except InvalidInputError as error:
            self._quarantine.send(str(error), webhook.store_hash, body.decode())
            return Outcome.QUARANTINED
        event_hash = webhook.event_hash[:_MAX_HASH] if webhook.event_hash else None
        self._queues[kind].send(Message(webhook.store_hash, kind, number, webhook.scope, now, event_hash))
        return Outcome.QUEUED
