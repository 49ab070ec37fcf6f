"""POST /webhooks, and /exceptions below it: verify, queue, answer. 200 once it is queued; 503 has it sent again."""

import base64
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from bigcharge import bootstrap
from bigcharge.domain.webhooks import MAX_BYTES
from bigcharge.observability import LogEvent, count, log, logged
from bigcharge.services.intake import Outcome

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

STATUSES: Final = {
    Outcome.QUEUED: HTTPStatus.OK,
    Outcome.COUNTED: HTTPStatus.OK,
    Outcome.NOT_HANDLED: HTTPStatus.OK,
    Outcome.QUARANTINED: HTTPStatus.OK,
    Outcome.UNREADABLE: HTTPStatus.BAD_REQUEST,
    Outcome.UNKNOWN_STORE: HTTPStatus.UNAUTHORIZED,
    Outcome.FORGED: HTTPStatus.UNAUTHORIZED,
    Outcome.TOO_OLD: HTTPStatus.UNAUTHORIZED,
    Outcome.TOO_MANY_STORES: HTTPStatus.TOO_MANY_REQUESTS,
}
_LONGEST_BODY: Final = 2 * MAX_BYTES  # characters, in base64 too; more of a body that is too large is not looked at
intake = bootstrap.at_init(bootstrap.intake)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it
    api_request_id = (event.get("requestContext") or {}).get("requestId")
    try:
        receipt = intake().receive(_headers(event), _body(event))
    except Exception:  # noqa: BLE001 - whatever failed here is ours: BigCommerce keeps the webhook and sends it again
        log(LogEvent.WEBHOOK_NOT_TAKEN, api_request_id=api_request_id)
        count("Webhooks", outcome="not_taken")
        return {"statusCode": HTTPStatus.SERVICE_UNAVAILABLE}
    count("Webhooks", outcome=receipt.outcome)
    if receipt.trouble:
        count("DeliveryExceptions", trouble=receipt.trouble)
    done = {"outcome": receipt.outcome, "store_hash": receipt.store_hash, "scope": receipt.scope}
    log(LogEvent.WEBHOOK_RECEIVED, **done, api_request_id=api_request_id)
    return {"statusCode": STATUSES[receipt.outcome]}


def _headers(event: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def _body(event: dict[str, Any]) -> bytes:
    """The body's bytes; none where they cannot be had: that is refused as unreadable, as too many of them are."""
    text: str = (event.get("body") or "")[:_LONGEST_BODY]
    try:
        return base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except ValueError:
        return b""
