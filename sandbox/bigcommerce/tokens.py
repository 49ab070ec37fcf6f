"""Payment access tokens: real JWTs (HS256), as the document prints them."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

LIFETIME: Final = timedelta(hours=1)  # "exp is one hour after nbf"
ISSUER: Final = "payments.bigcommerce.com"


@dataclass(frozen=True, slots=True)
class PaymentToken:
    """A payment access token that the box made.

    Attributes:
        jti: its name; the token itself is not kept.
        used_at: when a payment request first came with it.
        customer_id: the order's customer when it was made.
    """

    jti: str
    order_id: int
    amount: int
    currency: str
    is_recurring: bool
    minted_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    customer_id: int = 0


def encode(claims: dict[str, object], key: bytes) -> str:
    """Sign claims as a compact JWT."""
    signed = f"{_pack({'typ': 'JWT', 'alg': 'HS256'})}.{_pack(claims)}"
    return f"{signed}.{_base64(_sign(signed, key))}"


def decode(token: str, key: bytes | None) -> dict[str, object] | None:
    """The claims of a token.

    Args:
        token: a compact JWT, perhaps.
        key: what it must be signed with; None reads without proof (to see which order a fault is meant for).

    Returns:
        None where it is no token, or not signed with the key.
    """
    signed, _, signature = token.rpartition(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(_padded(signed.partition(".")[2])))
        proof = base64.urlsafe_b64decode(_padded(signature))
    except (ValueError, binascii.Error):
        return None
    if key is not None and not hmac.compare_digest(proof, _sign(signed, key)):
        return None
    return cast("dict[str, object]", claims) if isinstance(claims, dict) else None


def make_claims(
    *, store_hash: str, store_id: int, order_id: int, amount: int, currency: str, jti: str, now: datetime
) -> dict[str, object]:
    """The claims of a token made now, in the order of the document's example."""
    issued = int(now.timestamp())
    return {
        "exp": issued + int(LIFETIME.total_seconds()),
        "nbf": issued,
        "iss": ISSUER,
        "sub": store_hash,
        "jti": jti,
        "iat": issued,
        "data": {"store_id": store_id, "order_id": order_id, "amount": amount, "currency": currency},
    }


def _sign(text: str, key: bytes) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _pack(value: dict[str, object]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)
