"""Stores: their names, their credentials, and whether their charging is paused."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bigcharge.domain.card_numbers import holds_card_number
from bigcharge.domain.errors import InvalidInputError

_STORE_HASH: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MAX_ID: Final = 2**53  # ids are JSON numbers
_SHORTEST_CARD: Final = 10**11
APP_UNINSTALLED: Final = "app_uninstalled"
"""The reason of the pause of a store that is closed: its merchant has uninstalled the app."""
STORE_REMOVED: Final = "store_removed"
"""The reason of the pause of a store that is closed: an operator has removed it."""
PAUSED_BY_OPERATOR: Final = "paused_by_operator"
"""The reason of a pause that only an operator lifts."""
CREDENTIALS_REFUSED: Final = "credentials_refused"
"""The reason of the pause of a store whose credentials BigCommerce refuses."""


def check_store_hash(value: object) -> str:
    """The value, if it can be a store hash: only such ones reach a URL, a key or a secret's name (design, law 10).

    Raises:
        InvalidInputError: else.
    """
    if not isinstance(value, str) or not _STORE_HASH.fullmatch(value):
        raise InvalidInputError("a store hash is 1 to 64 letters, digits, - or _")
    return value


def check_id(value: object) -> int:
    """The value, if it can be an order's or a customer's id: a whole number from 1, as a number or as digits.

    One that may be a card's number is none: ids are kept, sent on and shown.

    Raises:
        InvalidInputError: else.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_MAX_ID)):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MAX_ID:
        raise InvalidInputError("an id is a whole number from 1")
    if value >= _SHORTEST_CARD and holds_card_number(str(value)):
        raise InvalidInputError("an id is a whole number from 1, and this one may be a card's")
    return value


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a store gave us to speak with BigCommerce for it.

    Attributes:
        store_hash: the store.
        access_token: the `X-Auth-Token`.
        client_id: the app's.
        client_secret: the key that signs the store's webhooks.
        hook_header: name and value of a header that the store's hooks carry, where one is set.
    """

    store_hash: str
    access_token: str = field(repr=False)
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    hook_header: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def fingerprint(self) -> str:
        """A name for the access token, to see that it changed; it gives nothing of it."""
        return hashlib.sha256(self.access_token.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class KeptCredentials:
    """A store's credentials as they are kept at this moment.

    Attributes:
        credentials: the store's.
        stored_at: when these were stored.
    """

    credentials: Credentials
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """A store that must not be charged until a person acts or, unless a person paused it, its credentials change.

    Attributes:
        store_hash: the store.
        reason: a stable word.
        code: BigCommerce's code, or the HTTP status.
        credentials: fingerprint of the credentials that were refused; empty where none were.
        paused_at: since when.
        who: the operator, where it was one.
        why: the operator's reason.
    """

    store_hash: str
    reason: str
    code: int | None
    credentials: str
    paused_at: datetime
    who: str | None = None
    why: str | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the store is closed: only new credentials open it again."""
        return self.reason in {APP_UNINSTALLED, STORE_REMOVED}

    def holds(self, credentials: Credentials) -> bool:
        """Whether the store is paused still, going by the credentials that are known for it now."""
        return self.reason == PAUSED_BY_OPERATOR or self.credentials == credentials.fingerprint

    def closes(self, credentials: Credentials | None) -> bool:
        """Whether the store is closed still, going by the credentials that are kept for it now, if any are."""
        return self.is_closed and (credentials is None or credentials.fingerprint == self.credentials)
