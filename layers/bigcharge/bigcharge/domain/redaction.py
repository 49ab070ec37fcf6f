"""Secrets and personal data taken out of what is said: by name, and by value (design, law 9).

Nothing of ours puts any into a log or an error. This is for the day on which something does, a library's error that
quotes what it was given for one: every line of the log and every exception that leaves a function passes here.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from bigcharge.domain.card_numbers import hide_card_numbers

MARK: Final = "[redacted]"
_UNREADABLE: Final = "[unreadable]"
_SHORTEST_SECRET: Final = 6  # characters: a shorter one would take ordinary words with it
_SHORTEST_SHAPE: Final = 12  # of a card number; tokens are longer
_SMALLEST_CARD: Final = 10 ** (_SHORTEST_SHAPE - 1)
_MOST_SECRETS: Final = 4096
_LONGEST_TEXT: Final = 16_384  # what is longer is cut: it is nothing that we say, and takes time to look through
_DEEPEST: Final = 8
_ROUNDS: Final = 3  # of escapes within escapes

# The last words of a name: "token" stands for access_token, X-Auth-Token and payment_instrument_token as well.
_NAMES: Final = (
    "authorization|token|tokens|secret|password|signature|credentials|pat|pan|iban|number|cvv2?|cvc2?|hook[_-]header"
    "|client[_-]id|verification[_-]value|security[_-]code|certificate[_-]code|email|phone|address(?:es)?|cardholder"
    "|(?:cardholder|first|last)[_-]name|company|street|(?:street|address|line)[_-]?[12]|city|postal[_-]?code|zip"
)
_ORDINARY_NAMES: Final = re.compile(r"(?:order|attempt|sequence|line)[_-]number|ip[_-]address", re.IGNORECASE)
_NAME: Final = re.compile(rf"(?:.*[^a-z])?(?:{_NAMES})", re.IGNORECASE | re.DOTALL)
_NAMED: Final = re.compile(
    rf"""(?-i:(?<![a-z])|(?=[A-Z]))((?:{_NAMES})["']?\s*[:=]\s*)(?:(?:PAT|Bearer|Basic)\s+)?"""
    r"""(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\{[^{}]*+\}|\[[^\[\]]*+\]|["']?[^\s,;&(){}\[\]"']+)""",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_TOKEN: Final = re.compile(
    r"(?<![\w-])(?:(?:PAT|Bearer|Basic)\s+[\w.~+/=-]{8,}+"
    r"|ey[A-Z][\w-]{6,}+\.[\w-]++(?:\.[\w-]*+)?"  # a JWT: base64 of a JSON object, and what follows it
    r"|[A-Za-z0-9_-]{64}(?![\w-]))"  # an instrument's
)
_WORD: Final = re.compile(r"[\w./:+-]{1,128}", re.ASCII)
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")  # of accessToken
_BYTES: Final = re.compile(r"(?:(?:%|\\x)[0-9a-fA-F]{2})+")
_CHARACTER: Final = re.compile(r"""\\u([0-9a-fA-F]{4})|&#x([0-9a-fA-F]{1,5});|&#([0-9]{1,6});|\\(["'/\\])|\\[nrt]""")


class Redactor:
    """Takes out what must not be shown. It never raises, whatever it is given."""

    def __init__(self) -> None:
        self._secrets: dict[str, None] = {}
        self._shortest = _LONGEST_TEXT

    def hide(self, *secrets: str) -> None:
        """Remember values that are never to be shown: credentials that this process has loaded."""
        known = dict(self._secrets)
        for secret in secrets:
            if len(secret) >= _SHORTEST_SECRET:
                raw = secret.encode(errors="replace")
                forms = (
                    secret,
                    json.dumps(secret)[1:-1],
                    b64encode(raw).decode(),
                    urlsafe_b64encode(raw).decode(),
                    raw.hex(),
                )
                known |= dict.fromkeys(form.rstrip("=").lower() for form in forms)
        self._secrets = dict.fromkeys(list(known)[-_MOST_SECRETS:])
        self._shortest = min(map(len, self._secrets), default=_LONGEST_TEXT)

    def redact(self, value: object, depth: int = 0) -> object:
        """A value as it can be shown: of JSON's types, whatever it was."""
        try:
            return self._redact(value, depth)
        except Exception:  # noqa: BLE001 - what a stranger's object does when it is looked at is no reason to fail
            return _UNREADABLE

    def redact_text(self, text: str) -> str:
        """A text as it can be shown. One that hides something behind escapes is shown without them."""
        if len(text) < _SHORTEST_SECRET:
            return text
        text = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}[cut]"
        shown = self._redact_spelled(text)
        if not ("%" in text or "\\" in text or "&#" in text):
            return shown
        for decode in (_decode_bytes, _decode_characters) * _ROUNDS:
            decoded = decode(text)
            if decoded != text and (redacted := self._redact_spelled(decoded)) != decoded:
                shown = redacted
            text = decoded
        return shown

    def redact_json(self, text: str) -> str:
        """A text of JSON as it can be kept: the same, unless it holds what must be hidden, or text of several words.

        Nobody can tell a postal address, or a name, from other words.
        """
        document = json.loads(text)
        shown = _keep_words(self.redact(document))
        return text if shown == document else json.dumps(shown)

    def _redact(self, value: object, depth: int) -> object:
        match value:
            case str():
                return self.redact_text(str.__str__(value))
            case None | bool():
                return value
            case int() if abs(value) < _SMALLEST_CARD:
                return value
            case bytes() | bytearray():
                return self.redact_text(value.decode(errors="replace"))
            case _ if depth > _DEEPEST:
                return _UNREADABLE
            case Mapping():
                return {
                    self.redact_text(str(name)): self._redact_named(str(name), value[name], depth) for name in value
                }
            case list() | tuple() | set() | frozenset():
                return self._redact_entries(list(value), depth)
        text = str(value)
        shown = self.redact_text(text)
        return value if isinstance(value, int | float) and shown == text else shown

    def _redact_named(self, name: str, value: object, depth: int) -> object:
        if value is not None and not isinstance(value, bool) and names_secret(name):
            return MARK
        return self.redact(value, depth + 1)

    def _redact_entries(self, entries: list[object], depth: int) -> object:
        """The entries of a list; a card number may be split over them."""
        texts = [str(entry) for entry in entries if isinstance(entry, str | int)]
        shown = [self.redact(entry, depth + 1) for entry in entries]
        is_split = len(texts) > 1 and MARK not in shown and MARK in hide_card_numbers(" ".join(texts), MARK)
        return MARK if is_split else shown

    def _redact_spelled(self, text: str) -> str:
        if len(text) >= self._shortest:
            text = self._hide_secrets(text)
        if "@" in text:
            text = _EMAIL.sub(MARK, text)
        if ":" in text or "=" in text:
            text = _NAMED.sub(rf"\1{MARK}", text)
        if len(text) < _SHORTEST_SHAPE:
            return text
        return hide_card_numbers(_TOKEN.sub(MARK, text), MARK)

    def _hide_secrets(self, text: str) -> str:
        lowered = text.lower()
        found = [secret for secret in self._secrets if secret in lowered]
        for secret in sorted(found, key=len, reverse=True):
            text = re.sub(re.escape(secret), MARK, text, flags=re.IGNORECASE)
        return text


@lru_cache(maxsize=512)
def names_secret(name: str) -> bool:
    """Whether what stands under a name is not to be shown."""
    spelled = _HUMP.sub("_", name)
    return _NAME.fullmatch(spelled) is not None and _ORDINARY_NAMES.fullmatch(spelled) is None


def _keep_words(value: object) -> object:
    match value:
        case str():
            return value if not value or _WORD.fullmatch(value) else MARK
        case dict():
            return {_keep_words(name): _keep_words(inner) for name, inner in value.items()}
        case list():
            return [_keep_words(inner) for inner in value]
    return value


def _decode_bytes(text: str) -> str:
    """The text without its escapes of bytes, as URLs and Python have them."""
    return _BYTES.sub(_read_bytes, text) if "%" in text or "\\x" in text else text


def _read_bytes(escapes: re.Match[str]) -> str:
    return bytes.fromhex(escapes[0].replace("%", "").replace("\\x", "")).decode(errors="replace")


def _decode_characters(text: str) -> str:
    """The text without its escapes of characters, as JSON, Python and HTML have them."""
    return _CHARACTER.sub(_read_character, text) if "\\" in text or "&#" in text else text


def _read_character(escape: re.Match[str]) -> str:
    code, number, itself = escape[1] or escape[2], escape[3], escape[4]
    if code is None and number is None:
        return itself or " "
    place = int(code, 16) if code else int(number)
    return chr(place) if place < 0x110000 else " "  # noqa: PLR2004 - Unicode's end


redactor: Final = Redactor()
"""What this process shows nothing of: one memory, as there is one log."""
