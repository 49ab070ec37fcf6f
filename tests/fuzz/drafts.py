"""A webhook as BigCommerce sends it and API Gateway passes it on, in all the ways in which that may be written."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tests.fuzz.shops import EPOCH, SHOPS, Shop

_SCOPES: Final = (
    "store/order/created",
    "store/order/updated",
    "store/order/statusUpdated",
    "store/customer/deleted",
    "store/app/uninstalled",
    "store/hook/deliveryException",
    "store/product/updated",
    "store/invented",
)
_SEPARATORS: Final = ((",", ":"), (", ", ": "), (" ,", " : "))


@dataclass(slots=True)
class Draft:
    """What is to be signed and sent.

    Attributes:
        shop: whose.
        document: the payload, before it is written as JSON.
        body: the payload as it is signed.
        message_id: `webhook-id`.
        timestamp: `webhook-timestamp`.
        secret: what it is signed with.
        signatures: other ones, before and after its own.
        is_base64: whether API Gateway passes the body on in base64.
    """

    shop: Shop
    document: dict[str, Any]
    body: bytes
    message_id: str
    timestamp: str
    secret: str
    signatures: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    is_base64: bool = False

    def sign(self) -> str:
        """Its own signature."""
        words = (word.encode(errors="surrogatepass") for word in (self.message_id, self.timestamp))
        content = b".".join((*words, self.body))
        return "v1," + base64.b64encode(hmac.digest(self.secret.encode(), content, hashlib.sha256)).decode()

    def send(self, random: Random) -> dict[str, Any]:
        """The event."""
        before, after = self.signatures
        headers = {
            "content-type": "application/json",
            "host": "example.execute-api.us-east-1.amazonaws.com",
            "user-agent": "akka-http/10.0.10",
            "webhook-id": self.message_id,
            "webhook-timestamp": self.timestamp,
            "webhook-signature": " ".join((*before, self.sign(), *after)),
        }
        if self.shop.header:
            headers[self.shop.header[0].lower()] = self.shop.header[1]
        if random.random() < 0.05:
            headers = {name.title(): value for name, value in headers.items()}
        body = base64.b64encode(self.body).decode() if self.is_base64 else self.body.decode(errors="surrogateescape")
        return {
            "version": "2.0",
            "routeKey": "POST /webhooks",
            "rawPath": "/webhooks",
            "rawQueryString": "",
            "headers": headers,
            "requestContext": {"http": {"method": "POST", "path": "/webhooks"}, "requestId": "invented"},
            "body": body,
            "isBase64Encoded": self.is_base64,
        }


def draft_webhook(random: Random, at: float) -> Draft:
    """One that is valid and has to be taken, whatever way of writing it chance chose."""
    shop = random.choice(tuple(SHOPS.values()))
    scope = random.choice(_SCOPES)
    document = {
        "scope": scope,
        "store_id": "1025646",
        "data": {"type": "order", "id": random.randrange(1, 2**31)},
        "hash": f"{random.getrandbits(160):040x}",
        "created_at": int(EPOCH.timestamp() + at),
        "producer": f"stores/{shop.store_hash}",
    }
    if random.random() < 0.1:
        document["note"] = random.choice(("\u00e9\u4e2d\U0001f600", "x" * random.randrange(60_000), [[1.5e300]] * 50))
    names = list(document)
    random.shuffle(names)
    document = {name: document[name] for name in names}
    body = json.dumps(document, ensure_ascii=random.random() < 0.5, separators=random.choice(_SEPARATORS)).encode()
    age = random.randrange(-shop.tolerance + 2, shop.tolerance - 1) if random.random() < 0.3 else random.randrange(3)
    return Draft(
        shop,
        document,
        body,
        f"msg_{random.getrandbits(96):024x}",
        str(int(EPOCH.timestamp() + at) - age),
        random.choice(sorted(shop.certain_secrets(at))),
        _draw_signatures(random),
        is_base64=random.random() < 0.5,
    )


def _draw_signatures(random: Random) -> tuple[list[str], list[str]]:
    """Those of other keys and of other kinds, malformed ones too: a valid one behind them still counts."""
    if random.random() < 0.7:
        return [], []
    others = ("", "v1", "v1,", "v1,!!!!", "v1a,AAAA", "v2,x,y", "\u00e9", "nonsense", "v1," + "A" * 43 + "=")
    return random.choices(others, k=random.randrange(5)), random.choices(others, k=random.randrange(5))
