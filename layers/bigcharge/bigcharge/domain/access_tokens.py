"""Payment access tokens: what a PAT says of itself. It is the fence (design, law 2) and the amount guard (law 4)."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.money import Money


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
        amount, order_id, expires_at = data["amount"], data["order_id"], claims["exp"]
        if not all(isinstance(number, int) and not isinstance(number, bool) for number in (amount, order_id)):
            raise TypeError
        money = Money(amount, str(data["currency"]).upper())
        return AccessToken(value, str(claims["jti"]), datetime.fromtimestamp(expires_at, UTC), order_id, money)
    except (KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError, binascii.Error):
        raise InvalidInputError("the payment access token does not say what it charges") from None
