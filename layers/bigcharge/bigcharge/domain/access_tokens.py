"""Payment access tokens: what a PAT says of itself. It is the fence (design, law 2) and the amount guard (law 4)."""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.money import Money

_DIGITS: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A payment access token with its claims.

    Attributes:
        value: the token itself, sent once and never shown or kept.
        token_id: its `jti`, kept with the attempt.
        expires_at: its `exp`; BigCommerce refuses it from then on.
        order_id: the one order it can pay.
        money: what it will charge.
    """

    value: str = field(repr=False)
    token_id: str
    expires_at: datetime
    order_id: int
    money: Money


def read_access_token(value: str) -> AccessToken:
    """Decode the claims; BigCommerce signs it for itself, so the signature is not ours to check.

    Raises:
        InvalidInputError: not a JWT with the documented claims: what it would charge is not known, so it is not used.
    """
    try:
        _, payload, _ = value.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        data = claims["data"]
        money = Money(_read_whole(data["amount"]), str(data["currency"]).upper())
        seconds = claims["exp"] if isinstance(claims["exp"], float) else _read_whole(claims["exp"])  # RFC 7519 has both
        expires_at = datetime.fromtimestamp(seconds, UTC)
        return AccessToken(value, str(claims["jti"]), expires_at, _read_whole(data["order_id"]), money)
    except (KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError, binascii.Error):
        raise InvalidInputError("the payment access token does not say what it charges") from None


def _read_whole(value: object) -> int:
    """A whole number, or the same in digits: the claims' types are not documented, and digits have one meaning."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    raise TypeError
