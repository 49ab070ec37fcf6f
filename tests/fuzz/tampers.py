"""What is made of a webhook after it was signed: by strangers, by proxies, and by whatever invokes the function."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from tests.fuzz.odd_words import IDS, SIGNATURES, TIMESTAMPS

type Event = dict[str, Any]
type Tamper = Callable[[Random, Event], None]

_KEYS: Final = ("headers", "body", "isBase64Encoded", "requestContext")
_TAILS: Final = (" ", "\n", "x", "=", "x" * 9, "x" * 70_000, "x" * 140_000, "x" * 1_000_000)


def _pick_header(random: Random, event: Event) -> str:
    wanted = random.choice(("webhook-id", "webhook-timestamp", "webhook-signature", "x-invented-hook"))
    return next((name for name in event["headers"] if name.lower() == wanted), wanted)


def _replace_header(random: Random, event: Event) -> None:
    name = _pick_header(random, event)
    event["headers"][name] = random.choice(random.choice((TIMESTAMPS, IDS, SIGNATURES)))


def _repeat_header(random: Random, event: Event) -> None:
    """API Gateway joins headers that come twice with a comma."""
    name = _pick_header(random, event)
    value = event["headers"].get(name, "")
    event["headers"][name] = f"{value},{random.choice((value, 'x', ''))}"


def _respell_signature(random: Random, event: Event) -> None:
    name = next((name for name in event["headers"] if name.lower() == "webhook-signature"), "webhook-signature")
    given = event["headers"].get(name) or "v1,AAAA"
    spell: Callable[[str], str] = random.choice(
        (
            str.upper,
            str.swapcase,
            lambda text: text.replace("v1,", "v1a,"),
            lambda text: text.replace("v1,", "V1,"),
            lambda text: text.replace("v1,", "v1, "),
            lambda text: text.rstrip("="),
            lambda text: text + "=",
            lambda text: text.replace("+", "-").replace("/", "_"),
            lambda text: text[:-2] + chr(ord(text[-2:-1] or "A") ^ 1) + text[-1:],
            lambda text: text.replace(" ", ","),
            lambda text: text.replace(" ", "\t"),
            lambda text: f'"{text}"',
            lambda text: " ".join([*["v1,AAAA"] * 40, text]),
        )
    )
    event["headers"][name] = spell(given)


def _flip(random: Random, event: Event) -> None:
    text = event["body"]
    at = random.randrange(len(text)) if text else 0
    event["body"] = text[:at] + random.choice('{}[]":,0 9a\x00\u00e9\ud800=') + text[at + random.randrange(2) :]


TAMPERS: Final[Mapping[str, Tamper]] = {
    "header missing": lambda random, event: event["headers"].pop(_pick_header(random, event), None),
    "header replaced": _replace_header,
    "header twice": _repeat_header,
    "header in blanks": lambda random, event: event["headers"].update(
        {(name := _pick_header(random, event)): f" {event['headers'].get(name, '')}\t"}
    ),
    "signature spelled otherwise": _respell_signature,
    "body changed": _flip,
    "body cut": lambda random, event: event.update(body=event["body"][: random.randrange(len(event["body"]) + 1)]),
    "body longer": lambda random, event: event.update(body=event["body"] + random.choice(_TAILS)),
    "base64 or not": lambda _, event: event.update(isBase64Encoded=not event.get("isBase64Encoded")),
    "key missing": lambda random, event: event.pop(random.choice(_KEYS)),
    "nothing": lambda random, event: event.update({random.choice(("headers", "body")): None}),
    "headers empty": lambda _, event: event.update(headers={}),
}
