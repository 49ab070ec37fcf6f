"""Checks of documents that people write: every fault of one is told, under its path, and none repeats a value."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bigcharge.domain.card_numbers import holds_card_number
from bigcharge.domain.errors import InvalidInputError

_LONGEST_TEXT: Final = 512
# A telephone number has up to fifteen digits (E.164), and one in ten of them has a card number's check digit.
_SHORTEST_IN_PHONE: Final = 16
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z_]{0,31}[0-9]?", re.ASCII)  # what can be said of a stranger's file


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field.

    Attributes:
        path: the names that lead to it ("billing_address.country_code"); empty for the whole row.
        words: what it should be; never what it is.
        is_card_number: whether it holds what may be a card number.
    """

    path: str
    words: str
    is_card_number: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.words}" if self.path else self.words


class FaultsError(InvalidInputError):
    """A document that cannot be sent.

    Attributes:
        faults: every one of them.
    """

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


def name_field(name: object) -> str:
    """A field's name as far as it can be shown: what stands where a name is expected may be anything."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "(a name that is not shown)"


type Check = Callable[[object, str, list[Fault]], Any]
"""Gives the value as it is sent; notes what is wrong with it under its path."""


def find_card_numbers(value: object, path: str) -> list[Fault]:
    """What looks like a card number, anywhere in a document of JSON; the faults do not show it."""
    if isinstance(value, Mapping):
        entries = [(join(path, name_field(name)), inner) for name, inner in value.items()]
        named = [Fault(path, "a name in it may be a card number", True) for name in value if holds_card_number(name)]
        return named + [fault for where, inner in entries for fault in find_card_numbers(inner, where)]
    if isinstance(value, list):
        return [fault for place, inner in enumerate(value) for fault in find_card_numbers(inner, join(path, place))]
    shortest = {"shortest": _SHORTEST_IN_PHONE} if path.endswith("phone") else {}
    if isinstance(value, str | int | float) and holds_card_number(str(value), **shortest):
        return [Fault(path, "holds what may be a card number", is_card_number=True)]
    return []


def read_fields(value: object, path: str, checks: Mapping[str, Check], faults: list[Fault]) -> dict[str, Any]:
    """The fields of an object; a name that ends with "?" may be left out, empty or null."""
    if not isinstance(value, Mapping):
        faults.append(Fault(path, "is not an object" if value is not None else "is missing"))
        return {}
    known = {marked.removesuffix("?"): (check, marked.endswith("?")) for marked, check in checks.items()}
    faults += [Fault(join(path, name_field(name)), "is not a field of this") for name in value if name not in known]
    read: dict[str, Any] = {}
    for name, (check, is_optional) in known.items():
        given, where = value.get(name), join(path, name)
        if given is not None and given != "":
            read[name] = check(given, where, faults)
        elif not is_optional:
            faults.append(Fault(where, "is missing"))
    return read


def join(path: str, name: object) -> str:
    """The path of what is within something."""
    return f"{path}.{name}" if path else str(name)


def match(pattern: str, words: str, change: Callable[[str], Any] = str) -> Check:
    """A check of a text by a pattern of the whole of it."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object, path: str, faults: list[Fault]) -> object:
        if isinstance(value, str) and compiled.fullmatch(value):
            return change(value)
        faults.append(Fault(path, words))
        return None

    return check


def whole(pattern: str, words: str) -> Check:
    """A check of a whole number, or the same in digits."""
    check = match(pattern, words, int)
    return lambda value, path, faults: check(str(value) if type(value) is int else value, path, faults)


def plain_text(value: object, path: str, faults: list[Fault]) -> str | None:
    """A check of a line of text, of whatever it says."""
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable() and value.strip():
        return value
    faults.append(Fault(path, f"is not a line of 1 to {_LONGEST_TEXT} printable characters in UTF-8"))
    return None


def boolean(value: object, path: str, faults: list[Fault]) -> bool | None:
    """A check of true and false."""
    if isinstance(value, bool):
        return value
    faults.append(Fault(path, "is not true or false"))
    return None
