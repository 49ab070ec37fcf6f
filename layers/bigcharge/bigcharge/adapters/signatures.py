"""The signature of a webhook, by Standard Webhooks.

The library computes the signature; what comes from outside is checked here first, because its `verify` lets ValueErrors
of malformed headers escape, takes timestamps such as "1e9", and has a fixed tolerance where ours is the store's policy.
"""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Final

from standardwebhooks.webhooks import Webhook

from bigcharge.domain.errors import ForgedError
from bigcharge.domain.stores import Credentials

_TIMESTAMP: Final = re.compile(r"[0-9]{1,11}", re.ASCII)
_MESSAGE_ID: Final = re.compile(r"[\x21-\x7e]{1,256}", re.ASCII)
_MAX_SIGNATURES: Final = 16  # a rotation shows two; more than this is somebody's attempt to keep us busy


def check_signature(
    credentials: Credentials,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    tolerance: timedelta,
) -> None:
    """Check that BigCommerce signed the body for this store, not longer ago than the tolerance.

    Args:
        credentials: of the store; the key is its client secret.
        headers: names in lower case.
        body: as received.
        now: aware UTC.
        tolerance: how far the timestamp may be in the past or the future.

    Raises:
        ForgedError: else, for whatever the headers and the body hold.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _MESSAGE_ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise ForgedError("the webhook's id or timestamp is missing or malformed")
    sent_at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(now - sent_at) > tolerance:
        raise ForgedError("the webhook's timestamp is too old or in the future")
    expected = _sign(credentials.client_secret, message_id, sent_at, body)
    given = headers.get("webhook-signature", "").split(" ")[:_MAX_SIGNATURES]
    if not any(compare_digest(signature.encode(errors="replace"), expected) for signature in given):
        raise ForgedError("no signature matches")


def _sign(client_secret: str, message_id: str, sent_at: datetime, body: bytes) -> bytes:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise ForgedError("the body is not UTF-8") from None
    webhook = Webhook(base64.b64encode(client_secret.encode()).decode())
    return webhook.sign(message_id, sent_at, text).encode()
