"""Fields of BigCommerce's documents: numbers may come as strings, and what is of another form is not guessed at."""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, Final

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.money import Money, minor_digits, parse_money

_WHOLE: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_FLAGS: Final = {"true": True, "false": False}
_LONGEST_TEXT: Final = 512
_EXACT: Final = 10**15  # of fewer digits than a JSON number keeps


class ShapeError(Exception):
    """The document is not of the documented form. It never says what stood there."""


def read_object(value: object) -> dict[str, Any]:
    """The value, if it is a JSON object; raises `ShapeError`."""
    if not isinstance(value, dict):
        raise ShapeError
    return value


def read_part(document: object, name: str) -> Mapping[str, Any]:
    """An object within an object; an empty one where there is none."""
    part = document.get(name) if isinstance(document, dict) else None
    return part if isinstance(part, dict) else {}


def read_list(document: object) -> list[object]:
    """The entries of `{"data": [...]}` or of a bare array: the documents have both; raises `ShapeError`."""
    entries = document.get("data") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        raise ShapeError
    return entries


def read_objects(document: object) -> list[dict[str, Any]]:
    """The entries of a list that are objects."""
    return [entry for entry in read_list(document) if isinstance(entry, dict)]


def read_whole(value: object) -> int | None:
    """A whole number, or the same in digits; None for anything else."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if _WHOLE.fullmatch(text) else None


def require_whole(value: object) -> int:
    """A whole number, or the same in digits; raises `ShapeError`."""
    number = read_whole(value)
    if number is None:
        raise ShapeError
    return number


def read_flag(value: object) -> bool | None:
    """A boolean, or the same as the number 1 or 0 or as a word; None for anything else."""
    if isinstance(value, str):
        return _FLAGS.get(value.lower())
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


def read_text(value: object) -> str | None:
    """A text that is not empty and no longer than any that BigCommerce documents; None for anything else."""
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT else None


def require_text(value: object) -> str:
    """A text, as `read_text` has it; raises `ShapeError`."""
    text = read_text(value)
    if text is None:
        raise ShapeError
    return text


def read_texts(value: object) -> dict[str, str]:
    """The fields of an object that are texts; none for anything else."""
    entries = value.items() if isinstance(value, dict) else ()
    return {str(name): text for name, text in entries if read_text(text)}


def read_money(amount: object, currency: object) -> Money | None:
    """An exact amount of major units ("361.9500"); None where it cannot be read or is finer than the minor unit."""
    try:
        return parse_money(amount, currency)
    except InvalidInputError:
        return None


def write_fields(record: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass: its fields have BigCommerce's names
    """The fields of a dataclass that are not None, as JSON has them; raises `InvalidInputError` as `write_value`."""
    named = ((entry.name, getattr(record, entry.name)) for entry in fields(record))
    return {name: write_value(value) for name, value in named if value is not None}


def write_value(value: object) -> object:
    """The value as JSON has it: an amount in major units (10.98), a tuple as a list, a dataclass as an object.

    Raises:
        InvalidInputError: an amount of more digits than a JSON number keeps exactly.
    """
    if isinstance(value, Money):
        if not -_EXACT < value.amount < _EXACT:
            raise InvalidInputError("the amount has too many digits")
        return float(Decimal(value.amount).scaleb(-minor_digits(value.currency)))
    if isinstance(value, tuple):
        return [write_value(entry) for entry in value]
    return write_fields(value) if is_dataclass(value) else value
