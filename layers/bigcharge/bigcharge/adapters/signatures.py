"""The signature of a webhook, by Standard Webhooks.

The library computes the signature; what comes from outside is checked here first, because its `verify` lets ValueErrors
of malformed headers escape, takes timestamps such as "1e9", and has a fixed tolerance where ours is the store's policy.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Final

from standardwebhooks.webhooks import Webhook

from bigcharge.domain.errors import ForgedError

_TIMESTAMP: Final = re.compile(r"0|[1-9][0-9]{0,10}")  # what is signed is this very text: one way to write a number
_MESSAGE_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")
_MAX_SIGNATURES: Final = 16  # a rotation shows two; more than this is somebody's attempt to keep us busy


@dataclass(frozen=True, slots=True)
class Signature:
    """What the headers of a delivery say of its body.

    Attributes:
        message_id: the same for every delivery of one message.
        sent_at: aware UTC; to be believed only with the signature.
        given: the signatures; one of them must be ours.
        body: what is signed.
    """

    message_id: str
    sent_at: datetime
    given: tuple[bytes, ...] = field(repr=False)
    body: str = field(repr=False)

    def is_by(self, client_secret: str) -> bool:
        """Whether one of the signatures was made with this secret; takes as long whichever of their bytes differ."""
        webhook = Webhook(base64.b64encode(client_secret.encode()).decode())
        expected = webhook.sign(self.message_id, self.sent_at, self.body).encode()
        return any(compare_digest(signature, expected) for signature in self.given)


def read_signature(headers: Mapping[str, str], body: bytes) -> Signature:
    """Read what is said of a delivery; nothing of it is proven.

    Args:
        headers: names in lower case.
        body: as received.

    Raises:
        ForgedError: headers or body are not as Standard Webhooks has them, whatever they hold.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _MESSAGE_ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise ForgedError("the webhook's id or timestamp is missing or malformed")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise ForgedError("the body is not UTF-8") from None
    given = headers.get("webhook-signature", "").split(" ")[:_MAX_SIGNATURES]
    sent_at = datetime.fromtimestamp(int(timestamp), UTC)
    return Signature(message_id, sent_at, tuple(one.encode(errors="replace") for one in given), text)
