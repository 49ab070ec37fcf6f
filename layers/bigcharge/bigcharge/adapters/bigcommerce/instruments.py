"""Stored instruments: BigCommerce's two spellings of them in one normal form."""

import re
from typing import Any, Final

from bigcharge.adapters.bigcommerce.fields import read_flag, read_objects, read_text, read_texts, read_whole
from bigcharge.domain.instruments import SPELLINGS, Instrument, InstrumentType

_TOKEN: Final = re.compile(r"[!-~]{1,512}")  # documented with 64 characters; what a provider's vault gives may differ
_IIN_DIGITS: Final = 6  # more of a card's number is never kept (design, law 9)
_MONTHS: Final = range(1, 13)
_YEARS: Final = range(1000, 10000)


def read_customer_instruments(document: object) -> tuple[Instrument, ...]:
    """Map the answer to "get a customer's stored instruments"; raises `ShapeError` where it is no list."""
    return read_instruments(read_objects(document))


def read_instruments(entries: list[dict[str, Any]]) -> tuple[Instrument, ...]:
    """Those of a kind that we know and with a token that can be charged."""
    instruments = (read_instrument(entry) for entry in entries)
    return tuple(instrument for instrument in instruments if instrument is not None)


def read_instrument(fields: dict[str, Any]) -> Instrument | None:
    """One instrument, in either spelling; None where its kind is unknown or its token cannot be charged."""
    kind = SPELLINGS.get(read_text(fields.get("type")) or "")
    token = fields.get("token")
    if kind is None or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        return None
    return Instrument(
        token=token,
        type=kind,
        is_default=read_flag(fields.get("is_default")) is True,
        billing_address=read_texts(fields.get("billing_address")) or None,
        **_DETAILS[kind](fields),
    )


def _read_card(fields: dict[str, Any]) -> dict[str, Any]:
    month, year = read_whole(fields.get("expiry_month")), read_whole(fields.get("expiry_year"))
    iin = _digits(fields.get("iin") or fields.get("issuer_identification_number"))
    return {
        "brand": (read_text(fields.get("brand")) or "").lower() or None,
        "last_4": _digits(fields.get("last_4"))[-4:] or None,
        "expiry_month": month if month in _MONTHS else None,
        "expiry_year": year if year in _YEARS else None,
        "iin": iin[:_IIN_DIGITS] or None,
    }


def _read_paypal_account(fields: dict[str, Any]) -> dict[str, Any]:
    return {"email": read_text(fields.get("email"))}


def _read_bank_account(fields: dict[str, Any]) -> dict[str, Any]:
    last_4 = _digits(fields.get("masked_account_number"))[-4:]
    return {"issuer": read_text(fields.get("issuer")), "last_4": last_4 or None}


_DETAILS: Final = {
    InstrumentType.CARD: _read_card,
    InstrumentType.PAYPAL_ACCOUNT: _read_paypal_account,
    InstrumentType.BANK_ACCOUNT: _read_bank_account,
}


def _digits(value: object) -> str:
    number = read_whole(value)
    text = read_text(value) or (str(number) if number is not None else "")
    return re.sub(r"[^0-9]", "", text)
