"""The Payments API: payment methods, payment access tokens, and the one request that moves money."""

import json
from typing import Any, Final, assert_never

from bigcharge.adapters.bigcommerce.fields import ShapeError, read_object, read_objects, read_text
from bigcharge.adapters.bigcommerce.instruments import read_instruments
from bigcharge.adapters.bigcommerce.rest import JSON, check_header_token, read_wait, unknown
from bigcharge.adapters.bigcommerce.transport import Answer, Request
from bigcharge.domain.access_tokens import AccessToken, read_access_token
from bigcharge.domain.declines import Decline, Payment, Unknown, classify_payment
from bigcharge.domain.errors import DeclinedError, InvalidInputError, RateLimitedError
from bigcharge.domain.instruments import PAYMENT_TYPES, Choice, PaymentMethod

_TOO_MANY: Final = 429
_ACCEPT: Final = "application/vnd.bc.v1+json"


def read_payment_methods(document: object) -> tuple[PaymentMethod, ...]:
    """Map the answer to "get payment methods"; raises `ShapeError` where it is no list."""
    methods = ((read_text(entry.get("id")), entry) for entry in read_objects(document))
    return tuple(_read_method(method_id, entry) for method_id, entry in methods if method_id is not None)


def _read_method(method_id: str, fields: dict[str, Any]) -> PaymentMethod:
    supported = read_objects(fields.get("supported_instruments") or [])
    return PaymentMethod(
        method_id,
        read_instruments(read_objects(fields.get("stored_instruments") or [])),
        any(
            entry.get("instrument_type") == "STORED_CARD" and entry.get("verification_value_required") is True
            for entry in supported
        ),
    )


def read_token(document: object) -> AccessToken:
    """Map the answer to "create access token".

    Raises:
        ShapeError: it does not say what it charges, so it is not used.
    """
    data = read_object(read_object(document).get("data"))
    try:
        return read_access_token(check_header_token(data.get("id")))
    except InvalidInputError:
        raise ShapeError from None


def make_payment(root: str, token: AccessToken, choice: Choice, verification_value: str | None) -> Request:
    """The request of "process payment" for a stored instrument.

    Args:
        root: the store's part of the path.
        token: the payment access token.
        choice: what to charge.
        verification_value: sent where it is not None.

    Raises:
        InvalidInputError: the token cannot stand in a header.
    """
    instrument = {"type": PAYMENT_TYPES[choice.instrument.type], "token": choice.instrument.token}
    if verification_value is not None:
        instrument["verification_value"] = verification_value
    body = {"payment": {"instrument": instrument, "payment_method_id": choice.method.method_id}}
    headers = {"Accept": _ACCEPT, "Content-Type": JSON, "Authorization": f"PAT {check_header_token(token.value)}"}
    return Request("POST", f"{root}/payments", headers, json.dumps(body).encode())


def read_payment(answer: Answer) -> Payment:
    """What the answer to "process payment" means.

    Raises:
        RateLimitedError: refused for its rate.
        DeclinedError: refused with a code that proves that nothing was charged.
        OutcomeUnknownError: everything else.
    """
    if answer.status == _TOO_MANY:
        raise RateLimitedError(read_wait(answer.headers))
    match classify_payment(answer.status, answer.document()):
        case Payment() as payment:
            return payment
        case Decline() as decline:
            raise DeclinedError(answer.status, decline)
        case Unknown():
            raise unknown(answer)
        case never:
            assert_never(never)
