"""Rows of instruments to be imported, as people write them: checked field by field before anything is sent.

The document of a row is that of BigCommerce's "bulk import instruments". No fault repeats a value: rows hold tokens and
addresses, and sometimes what should never have been written down.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

from bigcharge.domain.document_checks import (
    Check,
    Fault,
    FaultsError,
    boolean,
    find_card_numbers,
    join,
    match,
    plain_text,
    read_fields,
    whole,
)
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.stored_instruments import (
    InstrumentAddress,
    NewInstrument,
    VaultedBankAccount,
    VaultedCard,
    VaultedPaypalAccount,
)
from bigcharge.domain.stores import check_id

_IIN_SENT: Final = 6  # more of a card's number is never kept (design, law 9)
_SHOWN_DIGITS: Final = 4


def read_import_row(document: object) -> NewInstrument:
    """One row.

    Raises:
        FaultsError: with every fault of it.
    """
    row: NewInstrument = _read_alone(document, _read_row)
    return row


def read_address(document: object) -> InstrumentAddress:
    """A billing or shipping address; raises `FaultsError`."""
    address: InstrumentAddress = _read_alone(document, _read_address)
    return address


def read_addresses(document: object) -> tuple[InstrumentAddress, ...]:
    """A list of addresses; raises `FaultsError`."""
    addresses: tuple[InstrumentAddress, ...] = _read_alone(document, _read_addresses)
    return addresses


def _read_alone(document: object, check: Check) -> Any:  # noqa: ANN401 - what the check gives
    faults = find_card_numbers(document, "")
    value = check(document, "", faults) if not faults else None
    if faults:
        raise FaultsError(faults)
    return value


def _customer(value: object, path: str, faults: list[Fault]) -> int | None:
    try:
        return check_id(value)
    except InvalidInputError:
        faults.append(Fault(path, "is not a customer's id: a whole number from 1"))
        return None


def _masked(value: object, path: str, faults: list[Fault]) -> str | None:
    text = plain_text(value, path, faults)
    if text is None or 0 < sum(character.isdigit() for character in text) <= _SHOWN_DIGITS:
        return text
    faults.append(Fault(path, "shows more of the account number than its last four digits, or nothing of it"))
    return None


def _read_row(value: object, path: str, faults: list[Fault]) -> NewInstrument | None:
    read = read_fields(value, path, _ROW, faults)
    return NewInstrument(**read) if not faults else None


def _read_address(value: object, path: str, faults: list[Fault]) -> InstrumentAddress | None:
    before = len(faults)
    read = read_fields(value, path, _ADDRESS, faults)
    if not read and len(faults) == before:
        faults.append(Fault(path, "is empty"))
    return InstrumentAddress(**read) if len(faults) == before else None


def _read_addresses(value: object, path: str, faults: list[Fault]) -> tuple[InstrumentAddress, ...] | None:
    if not isinstance(value, list):
        faults.append(Fault(path, "is not a list of addresses"))
        return None
    read = [_read_address(entry, join(path, place), faults) for place, entry in enumerate(value)]
    return tuple(address for address in read if address is not None)


def _read_instrument(value: object, path: str, faults: list[Fault]) -> object:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(kind, str) or kind not in _KINDS:
        faults.append(Fault(join(path, "type"), f"is not one of {', '.join(_KINDS)}"))
        return None
    before = len(faults)
    vaulted, checks = _KINDS[kind]
    read = read_fields({name: inner for name, inner in value.items() if name != "type"}, path, checks, faults)
    return vaulted(**read) if len(faults) == before else None


_TOKEN: Final = match(r"[!-~]{1,512}", "is not 1 to 512 visible characters of ASCII")
_EMAIL: Final = match(r"[^@\s]{1,255}@[^@\s]{1,255}", "is not an e-mail address")
_VAULT: Final[dict[str, Check]] = {"vault_token": _TOKEN, "provider_customer_id": _TOKEN}
_KINDS: Final[dict[str, tuple[Callable[..., Any], dict[str, Check]]]] = {
    VaultedCard.type: (
        VaultedCard,
        _VAULT
        | {
            "brand": match(r"[A-Za-z][A-Za-z _-]{0,31}", "is not a card's brand", str.lower),
            "expiry_month": whole(r"0?[1-9]|1[0-2]", "is not a month from 1 to 12"),
            "expiry_year": whole(r"[2-9][0-9]{3}", "is not a year of four digits"),
            "last_4": match(r"[0-9]{4}", "is not a text of four digits"),
            "iin?": match(r"[0-9]{6,8}", "is not a text of six to eight digits", lambda text: text[:_IIN_SENT]),
        },
    ),
    VaultedPaypalAccount.type: (VaultedPaypalAccount, _VAULT | {"email": _EMAIL}),
    VaultedBankAccount.type: (VaultedBankAccount, _VAULT | {"issuer": plain_text, "masked_account_number": _masked}),
}
_ADDRESS: Final[dict[str, Check]] = {f"{field.name}?": plain_text for field in fields(InstrumentAddress)} | {
    "email?": _EMAIL,
    "country_code?": match(r"[A-Z]{2}", "is not two capital letters (ISO 3166-1)"),
}
_ROW: Final[dict[str, Check]] = {
    "payment_method_id": _TOKEN,
    "currency_code": match(r"[A-Z]{3}", "is not three capital letters (ISO 4217)"),
    "customer_id": _customer,
    "instrument": _read_instrument,
    "billing_address": _read_address,
    "trusted_shipping_addresses?": _read_addresses,
    "default_instrument?": boolean,
}
