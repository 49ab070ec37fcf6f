"""Reading a policy from its JSON document: unknown keys and wrong values are errors that name the key and the form."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from bigcharge.domain.durations import parse_duration
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.policy import (
    ANYTHING,
    Capture,
    InstrumentChoice,
    Policy,
    StoreCreditUse,
    VerificationValue,
    WhenFailed,
)

type Parser = Callable[[object], Any]
_CURRENCY_LENGTH: Final = 3
_PAIR: Final = 2


def parse_policy(document: object) -> Policy:
    """Read and check a policy.

    Args:
        document: the decoded JSON object; keys that are left out have their defaults.

    Raises:
        InvalidInputError: with the key and the form it wants.
    """
    if not isinstance(document, dict):
        raise InvalidInputError("a policy is one flat JSON object")
    if unknown := sorted(str(key) for key in document.keys() - _PARSERS.keys()):
        raise InvalidInputError(f"unknown policy key: {', '.join(unknown)}")
    values = {}
    for key, value in document.items():
        try:
            values[key] = _PARSERS[key](value)
        except (InvalidInputError, TypeError, ValueError) as error:
            raise InvalidInputError(f"policy key {key}: {error}") from None
    return Policy(**values)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidInputError("texts, not empty")
    return value


def _currency(value: object) -> str:
    text = _text(value)
    if len(text) != _CURRENCY_LENGTH or not text.isascii() or not text.isupper():
        raise InvalidInputError('ISO 4217 codes, such as "USD"')
    return text


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidInputError("whole numbers, not below 0")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidInputError("true or false")
    return value


def _list(parse: Parser) -> Parser:
    def parse_list(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise InvalidInputError("a list")
        return tuple(parse(item) for item in value)

    return parse_list


def _optional(parse: Parser) -> Parser:
    return lambda value: None if value is None else parse(value)


def _one_of(choices: type[StrEnum]) -> Parser:
    def parse_choice(value: object) -> StrEnum:
        known = {str(choice): choice for choice in choices}
        if not isinstance(value, str) or value not in known:
            raise InvalidInputError("one of " + ", ".join(f'"{choice}"' for choice in known))
        return known[value]

    return parse_choice


def _hour(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in range(24):
        raise InvalidInputError("an hour of the day, 0 to 23, or null")
    return value


def _time_zone(value: object) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - see `Policy.retry_time`

    name = _text(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInputError('the IANA name of a time zone, such as "Europe/Berlin"') from None
    return name


def _sources(value: object) -> tuple[str, ...]:
    sources: tuple[str, ...] = (ANYTHING,) if value == ANYTHING else _list(_text)(value)
    return sources


def _amount_range(value: object) -> tuple[int, int]:
    bounds = _list(_whole)(value)
    if len(bounds) != _PAIR or bounds[0] > bounds[1]:
        raise InvalidInputError("[smallest, largest] in minor units")
    return bounds[0], bounds[1]


def _window(value: object) -> timedelta:
    """A duration, or 0: no absence is ever evidence, ask a person."""
    return timedelta() if value in (0, "0") and not isinstance(value, bool) else parse_duration(value)


def _false(value: object) -> bool:
    if value is not False:
        raise InvalidInputError("false: card numbers do not pass through this version")
    return False


_PARSERS: Final[dict[str, Parser]] = {
    "external_sources": _sources,
    "order_sources": _list(_text),
    "channel_ids": _optional(_list(_whole)),
    "currencies": _optional(_list(_currency)),
    "amount_range": _optional(_amount_range),
    "recurring": _boolean,
    "instrument": _one_of(InstrumentChoice),
    "verification_value": _one_of(VerificationValue),
    "store_credit": _one_of(StoreCreditUse),
    "capture": _one_of(Capture),
    "when_failed": _one_of(WhenFailed),
    "retry_after": _list(parse_duration),
    "retry_hour": _optional(_hour),
    "time_zone": _time_zone,
    "check_unknown_after": _list(parse_duration),
    "evidence_window": _window,
    "instrument_retention": parse_duration,
    "expiring_notice_days": _list(_whole),
    "webhook_tolerance": parse_duration,
    "raw_cards": _false,
    "keep_billing_address": _boolean,
}
