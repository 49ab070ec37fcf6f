"""Whether a request is a valid webhook, by the Standard Webhooks document and JSON's own, and by none of our code.

The document (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): signed is
`{msg_id}.{timestamp}.{payload}`, with HMAC-SHA256, as `v1,` and base64, several separated by a space; the timestamp is
a whole number of seconds. BigCommerce's key is the client secret; its payload is a JSON object that names its store.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from tests.fuzz.shops import EPOCH, SHOPS, Shop

_LARGEST: Final = 65_536  # bytes of a body, a limit of ours


def is_valid(event: Mapping[str, Any], at: float) -> bool:
    """Whether a request may be answered 2xx.

    Args:
        event: as API Gateway gives it.
        at: seconds since the epoch of the run.
    """
    body = _read_body(event)
    shop = None if body is None else _find_shop(body)
    if shop is None or body is None:
        return False
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if shop.header and headers.get(shop.header[0].lower()) != shop.header[1]:
        return False
    timestamp = headers.get("webhook-timestamp", "")
    if not _is_in_time(timestamp, shop, at):
        return False
    content = headers.get("webhook-id", "").encode(errors="ignore") + b"." + timestamp.encode() + b"." + body
    made = {_sign(secret, content) for secret in shop.possible_secrets(at)}
    return any(given in made for given in headers.get("webhook-signature", "").split(" "))


def _sign(secret: str, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(secret.encode(), content, hashlib.sha256)).decode()


def _read_body(event: Mapping[str, Any]) -> bytes | None:
    text = event.get("body") or ""
    try:
        raw = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except ValueError:
        return None
    return raw if len(raw) <= _LARGEST else None


def _find_shop(body: bytes) -> Shop | None:
    try:
        document = json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    producer, scope = document.get("producer"), document.get("scope")
    if not isinstance(producer, str) or not isinstance(scope, str):
        return None
    return next((shop for name, shop in SHOPS.items() if producer == f"stores/{name}"), None)


def _is_in_time(timestamp: str, shop: Shop, at: float) -> bool:
    is_number = timestamp.isascii() and timestamp.isdigit() and timestamp == str(int(timestamp[:20] or "0"))
    return is_number and abs(EPOCH.timestamp() + at - int(timestamp)) <= shop.tolerance


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)
