"""Secrets that are told from everything else, and the search for each in whatever was written, in any spelling."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, quote_plus

_GAP: Final = r"[\W_]{0,4}"
_FORMS_OF_BASE64: Final = 3  # by where in a longer text it begins
_WHOLE: Final = 6  # characters: a shorter one is looked for as a word of its own


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret where it must not be.

    Attributes:
        canary: what it is.
        place: where it was found.
        form: how it was spelled.
    """

    canary: str
    place: str
    form: str


@dataclass(frozen=True, slots=True)
class Canaries:
    """Secrets by what they are, and where each may be all the same.

    Attributes:
        values: "access token" -> the values.
        allowed: what may be where: pairs of what it is and the place's name.
    """

    values: Mapping[str, tuple[str, ...]] = field(repr=False)
    allowed: frozenset[tuple[str, str]] = frozenset()

    def search(self, evidence: Mapping[str, str]) -> list[Leak]:
        """Every secret that is where it must not be.

        Args:
            evidence: what was written, by place.
        """
        return [
            Leak(canary, place, form)
            for place, text in evidence.items()
            for canary, values in self.values.items()
            if (canary, place) not in self.allowed
            for value in values
            for form, pattern in spell(value)
            if pattern.search(text)
        ]

    def planted(self) -> Iterator[tuple[str, str, str]]:
        """Each secret in each form, as it would stand in a text: what it is, the form, the text."""
        for canary, values in self.values.items():
            for form, text in write_forms(values[0]):
                yield canary, form, text


def write_forms(value: str) -> Iterator[tuple[str, str]]:
    """A value as programs write it."""
    yield "plain", value
    yield "other case", value.swapcase()
    yield "JSON", json.dumps(value)[1:-1]
    yield "JSON in JSON", json.dumps(json.dumps(value))
    yield "URL", quote(value, safe="")
    yield "form", quote_plus(value)
    yield "hexadecimal", value.encode().hex()
    if len(value) >= _WHOLE:
        for shift in range(_FORMS_OF_BASE64):
            yield f"base64 from {shift}", base64.b64encode(b"x" * shift + value.encode()).decode()
    if value.isdigit() and len(value) >= _WHOLE:
        yield "groups", " ".join(re.findall("....?", value))
        yield "full-width", "".join(chr(0xFF10 + int(digit)) for digit in value)


def spell(value: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """What to look for."""
    for form, text in write_forms(value):
        if form.startswith("base64"):
            # The characters at both ends hold bits of what stands before and after.
            core = text.rstrip("=")[4:-2]
            yield form, re.compile(re.escape(core).replace(r"\+", r"[-+]").replace("/", "[_/]"))
        elif len(value) < _WHOLE:
            yield form, re.compile(rf"(?<![\w.,:-]){re.escape(text)}(?![\w-])")
        elif form == "groups":
            yield form, re.compile(_GAP.join(value))
        else:
            yield form, re.compile(re.escape(text), re.IGNORECASE)
