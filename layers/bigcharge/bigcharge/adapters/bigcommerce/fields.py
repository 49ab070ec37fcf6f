"""Fields of BigCommerce's documents: numbers may come as strings, and what is of another form is not guessed at."""

import re
from typing import Any, Final

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.money import Money, parse_money

_WHOLE: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_LONGEST_TEXT: Final = 512


class ShapeError(Exception):
    """The document is not of the documented form. It never says what stood there."""


def read_object(value: object) -> dict[str, Any]:
    """The value, if it is a JSON object; raises `ShapeError`."""
    if not isinstance(value, dict):
        raise ShapeError
    return value


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


def read_text(value: object) -> str | None:
    """A text that is not empty and no longer than any that BigCommerce documents; None for anything else."""
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT else None


def require_text(value: object) -> str:
    """A text, as `read_text` has it; raises `ShapeError`."""
    text = read_text(value)
    if text is None:
        raise ShapeError
    return text


def read_money(amount: object, currency: object) -> Money | None:
    """An exact amount of major units ("361.9500"); None where it cannot be read or is finer than the minor unit."""
    try:
        return parse_money(amount, currency)
    except InvalidInputError:
        return None
