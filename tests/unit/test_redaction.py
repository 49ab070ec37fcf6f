"""What must not be shown is taken out by name and by value, in whatever spelling; nothing makes it fail."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bigcharge.domain.card_numbers import holds_card_number
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.redaction import MARK, Redactor, names_secret
from bigcharge.domain.stores import check_id

ACCESS_TOKEN = "bq7k3zr0pl9s8d7f6g5h4j3k2l1m0n9"
CARDS = (
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "6759649826438453",
)
TOKEN = "0123456789abcdef" * 4
PAT = "eyJhbGciOiJIUzI1NiJ9.eyJkYXRhIjp7ImFtb3VudCI6MX19.c2lnbmF0dXJl-_x"
SCRIPTS = {"full-width": "\uff10", "Arabic-Indic": "\u0660", "Devanagari": "\u0966", "mathematical": "\U0001d7ce"}
GAPS = (" ", "-", ".", "_", "/", "\u00a0", "\u200b", "\u2013", "\n", "\t", "  ", " - ", "+")


def redactor(*secrets: str) -> Redactor:
    made = Redactor()
    made.hide(*secrets)
    return made


def redact(text: str, *secrets: str) -> str:
    return redactor(*secrets).redact_text(text)


def grouped(digits: str, size: int, gap: str) -> str:
    return gap.join(digits[first : first + size] for first in range(0, len(digits), size))


def in_script(digits: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(digit)) for digit in digits)


def check_digit(digits: str) -> str:
    """By the books, and not by the code under test: ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return str(-total % 10)


cards = st.builds(
    lambda head, rest: head + rest + check_digit(head + rest),
    st.sampled_from(["4", "51", "2221", "37", "6011", "35"]),
    st.text("0123456789", min_size=11, max_size=13),
)


@given(cards, st.integers(1, 8), st.sampled_from(GAPS), st.sampled_from(["", "card ", "x=", '{"a": "', "\u4e2d"]))
def test_a_card_number_is_hidden_however_it_is_split(card: str, size: int, gap: str, before: str) -> None:
    shown = redact(f"{before}{grouped(card, size, gap)} end")
    assert MARK in shown
    assert not any(digit in shown for digit in card)
    assert holds_card_number(grouped(card, size, gap))


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("zero", SCRIPTS.values(), ids=SCRIPTS)
def test_a_card_number_is_hidden_in_the_digits_of_every_script(card: str, zero: str) -> None:
    for text in (
        in_script(card, zero),
        in_script(grouped(card, 4, "").replace("", ""), zero),
        card[:4] + in_script(card[4:], zero),
    ):
        assert redact(f"paid with {text}.") == f"paid with {MARK}."


@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_is_hidden_behind_escapes(card: str) -> None:
    spaced = grouped(card, 4, " ")
    escaped = "".join(f"\\u{ord(digit):04x}" for digit in in_script(card, "\uff10"))
    spellings = [
        quote(spaced),
        quote(quote(spaced)),
        "".join(f"%{ord(digit):02X}" for digit in card),
        quote(in_script(card, "\uff10")),
        spaced.replace(" ", "+"),
        escaped,
        json.dumps({"note": in_script(spaced.replace(" ", ""), "\u0660")}),
        repr(spaced.replace(" ", "\u00a0").encode()),
        "".join(f"&#{ord(digit)};" for digit in card),
        "".join(f"&#x{ord(digit):x};" for digit in card),
        json.dumps(spaced.split(" ")),
        json.dumps(spaced.split(" "), indent=2),
    ]
    for spelling in spellings:
        assert MARK in redact(f"refused: {spelling}!"), spelling
        assert card not in redact(f"refused: {spelling}!")


@pytest.mark.parametrize(
    "text",
    [
        "order.looked_at",
        "2026-11-24T22:30:00.250000+00:00",
        "2026-11-24 22:31:00,250+0000 2026-11-24 23:59:59.999999+00:00",
        "1-5759e988-bd862e3fe1be46a994272793",
        "could not send a message: EndpointConnectionError",
        "order 101 of store abc123, 12.50 USD",
        "orders 1001, 1002, 1003, 1004, 1005, 1006",
        "token_fingerprint 3fd6b1f1f9d0c1aa",
        "store/order/transaction/created",
        "arn:aws:sqs:eu-central-1:123456789012:bigcharge-dev-orders",
        "4111111111111112",
    ],
)
def test_what_holds_nothing_to_hide_is_shown_as_it_is(text: str) -> None:
    assert redact(text, ACCESS_TOKEN) == text


@pytest.mark.parametrize(
    "value", [PAT, TOKEN, "jane.doe+shop@mail.example.com", f"PAT {'x' * 30}", "Bearer abcdefgh1234"]
)
def test_what_looks_like_a_secret_is_hidden_anywhere(value: str) -> None:
    for text in (
        value,
        f"at {value}, then",
        f'{{"a": "{value}"}}',
        f"https://h/p/{value}?a=b",
        f"({value})",
        quote(f" {value} "),
    ):
        shown = redact(text)
        assert MARK in shown
        assert value not in shown


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=8, max_size=80))
def test_what_this_process_has_loaded_is_hidden_in_every_form(secret: str) -> None:
    raw = secret.encode()
    forms = (
        secret,
        secret.swapcase(),
        base64.b64encode(raw).decode(),
        raw.hex(),
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
    )
    assume(MARK.lower() not in secret.lower() and secret.lower() not in MARK.lower())
    for form in forms:
        shown = redact(f"<{form}>", secret)
        assert secret.lower() not in shown.lower()
        assert MARK in shown


@pytest.mark.parametrize(
    "name",
    [
        *(
            "access_token",
            "X-Auth-Token",
            "authorization",
            "client_secret",
            "token",
            "payment_instrument_token",
            "number",
        ),
        *(
            "cvv",
            "accessToken",
            "verification_value",
            "billing_address",
            "street_1",
            "email",
            "cardNumber",
            "hook_header",
        ),
    ],
)
def test_what_stands_under_the_name_of_a_secret_is_hidden(name: str) -> None:
    value = "737 Elm"
    document: dict[str, Any] = {"ok": 1, name: value, "list": [{name: {"deep": value}}]}
    assert redactor().redact(document) == {"ok": 1, name: MARK, "list": [{name: MARK}]}
    quoted = (
        f'{{"{name}": "{value}"}}',
        f"{{'{name}': '{value}'}}",
        f"{{'{name}': {{'a': '{value}'}}}}",
        f'{name}: "{value}',
    )
    for text in (*quoted, f"{name}=737&b=1", f"{name}: 737", f"GET /?{name}=737"):
        assert "737" not in redact(text)


@pytest.mark.parametrize(
    "name", ["token_fingerprint", "sequence_number", "order_number", "last_4", "message_id", "state", "store_hash"]
)
def test_ordinary_names_hide_nothing(name: str) -> None:
    assert not names_secret(name)
    assert redactor().redact({name: "abc"}) == {name: "abc"}


def test_a_card_number_split_over_a_list_or_given_as_a_number_is_hidden() -> None:
    for value in (["4111", "1111", "1111", "1111"], [4111, 1111, 1111, 1111], 4111111111111111, b"4111111111111111"):
        assert redactor().redact({"a": value}) == {"a": MARK}
    assert redactor().redact({"4111111111111111": 1}) == {MARK: 1}


class Trap:
    """An object that does not want to be looked at."""

    def __str__(self) -> str:
        raise RuntimeError(ACCESS_TOKEN)

    __repr__ = __str__
    __hash__ = object.__hash__


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.builds(Trap)
    | st.builds(object)
    | st.text(st.characters(categories=["Cs", "Nd", "P"]))
    | st.text("0123456789-%\\u&#;x@. ={}[]\"'eyJPAT", max_size=80),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
)


@given(anything)
def test_whatever_it_is_given_it_answers_with_something_of_json(value: object) -> None:
    shown = redactor(ACCESS_TOKEN).redact(value)
    json.dumps(shown)
    assert ACCESS_TOKEN not in repr(shown)


def test_what_contains_itself_is_cut_off() -> None:
    circle: dict[str, Any] = {}
    circle["again"] = circle
    assert "unreadable" in json.dumps(redactor().redact(circle))


@given(st.text("0123456789 -.:,;%\\u&#@eyJ='\"{}[]tokenumbr", max_size=200))
def test_what_was_redacted_once_is_not_changed_again(text: str) -> None:
    once = redact(text)
    assert redact(once) == once or any(escape in once for escape in "\\%&")


def test_a_longer_text_than_any_of_ours_is_cut_before_it_is_looked_through() -> None:
    for text in ("4 " * 100_000, "eyJ-" * 100_000, "token={" * 100_000, "a@" * 100_000):
        assert redact(text).endswith("[cut]")


def test_only_so_many_credentials_are_remembered_and_the_newest_are() -> None:
    made = Redactor()
    for number in range(3000):
        made.hide(f"credential-{number:06}")
    assert made.redact_text("credential-002999") == MARK
    assert len(made._secrets) <= 4096


def test_json_that_is_kept_stays_json_and_as_it_was_if_nothing_is_to_be_hidden() -> None:
    plain = '{"data": {"type": "order",  "id": "x"}, "created_at": 1561479335}'
    assert redactor().redact_json(plain) == plain
    kept = json.loads(
        redactor().redact_json('{"data": {"id": "4111 1111 1111 1111", "email": "a@b.example"}, "hash": "h"}')
    )
    assert kept == {"data": {"id": MARK, "email": MARK}, "hash": "h"}
    texts = '{"data": {"note": "cvv 7391, 1729 Canary Wharf", "1 Elm St": 1, "list": ["a b", "store/order/created"]}}'
    assert json.loads(redactor().redact_json(texts)) == {
        "data": {"note": MARK, MARK: 1, "list": [MARK, "store/order/created"]}
    }


@pytest.mark.parametrize("value", [4111111111111111, "4111111111111111", 378282246310005])
def test_an_id_that_may_be_a_card_number_is_none(value: object) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_id(value)
    assert "1111" not in str(refused.value)
    assert check_id(1_764_150_000_000) == int(datetime(2025, 11, 26, 9, 40, tzinfo=UTC).timestamp() * 1000)
