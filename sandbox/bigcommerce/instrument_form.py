"""The bodies of the calls that change stored instruments, checked field by field."""

import re
from collections.abc import Mapping
from random import Random
from typing import Final

from sandbox.bigcommerce.errors import invalid_data
from sandbox.bigcommerce.payment_form import Check, is_month, is_stored_token, is_text, is_year
from sandbox.bigcommerce.records import Instrument, Kind
from sandbox.bigcommerce.state import Shop
from sandbox.bigcommerce.testcards import make_token, read_token

_KINDS: Final = {
    "credit_card": Kind.CARD,
    "paypal_account": Kind.PAYPAL_ACCOUNT,
    "bank_account": Kind.BANK_ACCOUNT,
}
_COPIED: Final = ("brand", "expiry_month", "expiry_year", "iin", "last_4", "email", "issuer", "masked_account_number")
_LAST_4: Final = re.compile(r"[0-9]{4}", re.ASCII)
_IIN: Final = re.compile(r"[0-9]{6,8}", re.ASCII)  # six digits, or the eight that ISO/IEC 7812 has since 2017


def read_import(row: object, shop: Shop, random: Random) -> tuple[Instrument, str]:
    """Check one row of `POST /v3/payments/stored-instruments`.

    Returns:
        The instrument to keep, and the provider's own token.

    Raises:
        Refusal: a sentence for each wrong field. A customer or a method that is not there is no violation: either may
            be gone since the client looked.
    """
    if not isinstance(row, dict):
        raise invalid_data({"row": "is not an object"})
    fields = row.get("instrument")
    if not isinstance(fields, dict):
        raise invalid_data({"instrument": "is missing"})
    errors = _find_errors(row, _ROW) | {
        f"instrument.{name}": text for name, text in _find_errors(fields, _CARD).items()
    }
    absent = {
        name: "is not one of this store"
        for name, known in (("customer_id", shop.customers), ("payment_method_id", shop.methods))
        if name not in errors and row[name] not in known
    }
    if errors or absent:
        refusal = invalid_data(errors | absent)
        refusal.violation = bool(errors)
        raise refusal
    vault_token = str(fields["vault_token"])
    behaviour = read_token(vault_token)
    instrument = Instrument(
        token=make_token(random, behaviour),
        customer_id=row["customer_id"],
        kind=_KINDS[fields["type"]],
        method_id=row["payment_method_id"],
        is_default=bool(row.get("default_instrument")),
        behaviour=behaviour,
        billing_address=row["billing_address"],
        **{name: fields[name] for name in _COPIED if name in fields},
    )
    return instrument, vault_token


def read_update(body: object) -> Mapping[str, object]:
    """Check the body of `PUT /v3/payments/stored-instruments`.

    Raises:
        Refusal: a sentence for each wrong field.
    """
    if not isinstance(body, dict):
        raise invalid_data({"body": "is not an object"})
    errors = _find_errors(body, _UPDATE)
    if errors:
        raise invalid_data(errors)
    return body


def _find_errors(fields: Mapping[str, object], checks: Mapping[str, Check]) -> dict[str, str]:
    """What is wrong, by name; a name that ends with "?" may be left out."""
    names = {marked: marked.removesuffix("?") for marked in checks}
    found = {
        name: checks[marked](fields.get(name)) for marked, name in names.items() if name == marked or name in fields
    }
    return {name: text for name, text in found.items() if text}


def _is_kind(value: object) -> str:
    return "" if isinstance(value, str) and value in _KINDS else "is not a kind of instrument"


def _is_id(value: object) -> str:
    return "" if isinstance(value, int) and not isinstance(value, bool) and value > 0 else "is missing or not a number"


def _is_currency(value: object) -> str:
    known = isinstance(value, str) and len(value) == len("USD") and value.isupper()
    return "" if known else "is missing or not a currency of three letters"


def _is_object(value: object) -> str:
    return "" if isinstance(value, dict) else "is missing or not an object"


def _is_list_of_objects(value: object) -> str:
    known = isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
    return "" if known else "is not a list of objects"


def _is_boolean(value: object) -> str:
    return "" if isinstance(value, bool) else "is not a boolean"


def _is_last_4(value: object) -> str:
    return "" if isinstance(value, str) and _LAST_4.fullmatch(value) else "is not a text of four digits"


def _is_iin(value: object) -> str:
    return "" if isinstance(value, str) and _IIN.fullmatch(value) else "is not a text of six digits"


_ROW: Final[dict[str, Check]] = {
    "payment_method_id": is_text,
    "currency_code": _is_currency,
    "customer_id": _is_id,
    "billing_address": _is_object,
    "trusted_shipping_addresses?": _is_list_of_objects,
    "default_instrument?": _is_boolean,
}
_CARD: Final[dict[str, Check]] = {
    "type": _is_kind,
    "vault_token": is_text,
    "provider_customer_id?": is_text,
    "brand?": is_text,
    "expiry_month?": is_month,
    "expiry_year?": is_year,
    "last_4?": _is_last_4,
    "iin?": _is_iin,
}
_UPDATE: Final[dict[str, Check]] = {
    "token": is_stored_token,
    "billing_address?": _is_object,
    "trusted_shipping_addresses?": _is_list_of_objects,
    "make_default?": _is_boolean,
}
