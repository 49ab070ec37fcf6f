"""The body of Process Payment, checked field by field as the documents describe every kind of instrument."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.bigcommerce.errors import invalid_fields
from sandbox.bigcommerce.testcards import TOKEN_LENGTH

_CARD_NUMBER: Final = re.compile(r"[0-9]{12,19}", re.ASCII)  # ISO/IEC 7812
_MONTHS: Final = range(1, 13)
_YEARS: Final = range(1000, 10_000)  # four digits
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_STORED_TOKEN: Final = re.compile(rf"[0-9A-Za-z]{{{TOKEN_LENGTH}}}", re.ASCII)

type Check = Callable[[object], str]
"""Says what is wrong with a value; an empty text is approval."""


@dataclass(frozen=True, slots=True)
class PaymentForm:
    """A well-formed payment request.

    Attributes:
        kind: the instrument's `type`.
        method_id: `payment_method_id`.
        instrument: the instrument's fields.
        save_instrument: whether the card is to be kept.
    """

    kind: str
    method_id: str
    instrument: Mapping[str, object] = field(repr=False)
    save_instrument: bool = False

    def text(self, name: str) -> str:
        """A field of the instrument, empty where it was not sent."""
        return str(self.instrument.get(name, ""))


def read_payment(body: object) -> PaymentForm:
    """Check the body of `POST /payments`.

    Raises:
        Refusal: 10001 with a sentence for each wrong field, and a violation.
    """
    payment = body.get("payment") if isinstance(body, dict) else None
    if not isinstance(payment, dict):
        raise invalid_fields({"payment": "is missing"})
    instrument = payment.get("instrument")
    if not isinstance(instrument, dict):
        raise invalid_fields({"payment.instrument": "is missing"})
    kind = instrument.get("type")
    checks = _CHECKS.get(kind) if isinstance(kind, str) else None
    if checks is None:
        raise invalid_fields({"payment.instrument.type": "is not a kind of instrument"})
    errors = {f"payment.instrument.{name}": text for name, text in _find_errors(instrument, checks).items()}
    if text := is_text(payment.get("payment_method_id")):
        errors["payment.payment_method_id"] = text
    if not isinstance(payment.get("save_instrument", False), bool):
        errors["payment.save_instrument"] = "is not a boolean"
    if errors:
        raise invalid_fields(errors)
    return PaymentForm(str(kind), str(payment["payment_method_id"]), instrument, bool(payment.get("save_instrument")))


def _find_errors(instrument: Mapping[str, object], checks: Mapping[str, Check]) -> dict[str, str]:
    errors = {}
    for marked, check in checks.items():
        name = marked.removesuffix("?")
        if name in instrument or name == marked:
            errors[name] = check(instrument.get(name))
    return {name: text for name, text in errors.items() if text}


def is_text(value: object) -> str:
    """Check a text that says something."""
    return "" if isinstance(value, str) and value.strip() else "is missing or not a text"


def is_stored_token(value: object) -> str:
    """Check the token of a stored instrument."""
    known = isinstance(value, str) and _STORED_TOKEN.fullmatch(value)
    return "" if known else f"is not a token of {TOKEN_LENGTH} characters"


def _is_verification_value(value: object) -> str:
    known = isinstance(value, str) and len(value) in {3, 4} and _DIGITS.fullmatch(value)
    return "" if known else "is not a text of 3 or 4 digits"


def is_month(value: object) -> str:
    """Check a month, 1 to 12."""
    known = isinstance(value, int) and not isinstance(value, bool) and value in _MONTHS
    return "" if known else "is not a month from 1 to 12"


def is_year(value: object) -> str:
    """Check a year of four digits."""
    known = isinstance(value, int) and not isinstance(value, bool) and value in _YEARS
    return "" if known else "is not a year of four digits"


def _is_card_number(value: object) -> str:
    known = isinstance(value, str) and _CARD_NUMBER.fullmatch(value)
    return "" if known else "is not a card number"


def _is_number(value: object) -> str:
    known = (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and _DIGITS.fullmatch(value)
    )
    return "" if known else "is not a number"


# A name that ends with "?" may be left out.
_CHECKS: Final[dict[str, dict[str, Check]]] = {
    "stored_card": {"token": is_stored_token, "verification_value?": _is_verification_value},
    "stored_paypal_account": {"token": is_stored_token},
    "stored_bank_account": {"token": is_stored_token},
    "card": {
        "number": _is_card_number,
        "cardholder_name": is_text,
        "expiry_month": is_month,
        "expiry_year": is_year,
        "verification_value": _is_verification_value,
        "issue_month?": is_month,
        "issue_year?": is_year,
        "issue_number?": _is_number,
    },
    "tokenized_card": {
        "token": is_text,
        "iin?": _is_number,
        "last_four_digits?": _is_number,
        "expiration_month?": is_month,
        "expiration_year?": is_year,
    },
    "gift_certificate": {"gift_certificate_code": is_text},
    "store_credit": {},
}
