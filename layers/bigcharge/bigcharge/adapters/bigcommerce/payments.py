"""The Payments API: payment methods, payment access tokens, and the one request that moves money."""

import json
import re
from typing import Any, Final, assert_never

from bigcharge.adapters.bigcommerce.access import check_header_token
from bigcharge.adapters.bigcommerce.fields import (
    ShapeError,
    read_flag,
    read_object,
    read_objects,
    read_text,
    write_fields,
)
from bigcharge.adapters.bigcommerce.instruments import read_instruments
from bigcharge.adapters.bigcommerce.refusals import read_wait, unknown
from bigcharge.adapters.bigcommerce.rest import JSON
from bigcharge.adapters.bigcommerce.transport import Answer, Request
from bigcharge.domain.access_tokens import AccessToken, read_access_token
from bigcharge.domain.declines import DECLINES, Decision, Decline, Payment, Unknown, classify_payment, read_code
from bigcharge.domain.errors import DeclinedError, InvalidInputError, RateLimitedError
from bigcharge.domain.instruments import PaymentMethod, SupportedInstrument
from bigcharge.domain.payment_instruments import PaymentInstrument

_TOO_MANY: Final = 429
# Codes that leave open whether something was charged, whatever status they come with.
_LEFT_OPEN: Final = frozenset(code for code, decline in DECLINES.items() if decline.decision is Decision.SETTLE)
_ACCEPT: Final = "application/vnd.bc.v1+json"
_CHECKOUT_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)  # a UUID


def check_checkout_id(value: object) -> str:
    """The value, if it can be a checkout's id; raises `InvalidInputError` else."""
    if not isinstance(value, str) or not _CHECKOUT_ID.fullmatch(value):
        raise InvalidInputError("a checkout's id is letters, digits and -")
    return value


def read_payment_methods(document: object) -> tuple[PaymentMethod, ...]:
    """Map the answer to "get payment methods"; raises `ShapeError` where it is no list."""
    methods = ((read_text(entry.get("id")), entry) for entry in read_objects(document))
    return tuple(_read_method(method_id, entry) for method_id, entry in methods if method_id is not None)


def _read_method(method_id: str, fields: dict[str, Any]) -> PaymentMethod:
    supported = [
        SupportedInstrument(kind, read_flag(entry.get("verification_value_required")) is True)
        for entry in read_objects(fields.get("supported_instruments") or [])
        if (kind := read_text(entry.get("instrument_type")))
    ]
    return PaymentMethod(
        method_id,
        read_instruments(read_objects(fields.get("stored_instruments") or [])),
        SupportedInstrument("STORED_CARD", verification_value_required=True) in supported,
        name=read_text(fields.get("name")) or "",
        type=read_text(fields.get("type")) or "",
        test_mode=read_flag(fields.get("test_mode")),
        supported=tuple(supported),
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


def make_payment(root: str, token: AccessToken, instrument: PaymentInstrument, method_id: str) -> Request:
    """The request of "process payment".

    Args:
        root: the store's part of the path.
        token: the payment access token.
        instrument: what to charge.
        method_id: the payment method that charges it.

    Raises:
        InvalidInputError: the token cannot stand in a header, or the method has no name.
    """
    if not method_id.strip():
        raise InvalidInputError("a payment method's id is a text")
    fields = {"type": instrument.type} | write_fields(instrument)
    saving = {"save_instrument": True} if fields.pop("save_instrument", False) else {}
    body = {"payment": {"instrument": fields, "payment_method_id": method_id} | saving}
    headers = {"Accept": _ACCEPT, "Content-Type": JSON, "Authorization": f"PAT {check_header_token(token.value)}"}
    return Request("POST", f"{root}/payments", headers, json.dumps(body).encode())


def read_payment(answer: Answer) -> Payment:
    """What the answer to "process payment" means.

    Raises:
        RateLimitedError: refused for its rate.
        DeclinedError: refused with a code that proves that nothing was charged.
        OutcomeUnknownError: everything else.
    """
    if answer.status == _TOO_MANY and read_code(answer.document()) not in _LEFT_OPEN:
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
