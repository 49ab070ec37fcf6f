"""Money, declines, tokens, ids: the pure rules."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigcharge.domain.access_tokens import read_access_token
from bigcharge.domain.declines import DECLINES, Answer, Decision, Decline, Payment, Unknown, classify_payment
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.messages import read_message
from bigcharge.domain.money import Money, parse_money
from bigcharge.domain.orders import PAID_STATUSES, OrderStatus
from bigcharge.domain.stores import Credentials, check_id, check_store_hash
from tests.fakes import NOON, VISA, order_message

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["code", "data", "status", "id", "x"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("361.9500", "USD", 36195),
        ("98", "jpy", 98),
        ("98.0000", "JPY", 98),
        ("1.234", "KWD", 1234),
        (10.98, "USD", 1098),
        ("0.0000", "EUR", 0),
        ("1.2345", "CLF", 12345),
    ],
)
def test_money_is_read_exactly_in_minor_units(text: object, currency: str, amount: int) -> None:
    assert parse_money(text, currency) == Money(amount, currency.upper())


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.005", "USD"),
        ("0.5", "JPY"),
        ("abc", "USD"),
        ("", "USD"),
        (None, "USD"),
        ("NaN", "USD"),
        ("1", "US"),
        ("1", "US\u0110"),
        (True, "USD"),
        ("1", None),
        ("Infinity", "USD"),
    ],
)
def test_money_that_is_not_exact_is_an_error(text: object, currency: object) -> None:
    with pytest.raises(InvalidInputError):
        parse_money(text, currency)


@pytest.mark.parametrize(
    ("status", "transaction_type", "answer"),
    [
        ("success", "purchase", Answer.PAID),
        ("success", "authorization", Answer.AUTHORIZED),
        ("pending", "purchase", Answer.PENDING),
        ("pending", "authorization", Answer.PENDING),
    ],
)
def test_only_the_documented_success_is_a_payment(status: str, transaction_type: str, answer: Answer) -> None:
    data: dict[str, Any] = {"id": "693bb4cd", "status": status, "transaction_type": transaction_type}
    assert classify_payment(201, {"data": data}) == Payment("693bb4cd", answer)
    assert classify_payment(201, {"data": data | {"status": "declined"}}) == Unknown(201)
    assert classify_payment(500, {"data": data}) == Unknown(500)


@pytest.mark.parametrize("code", sorted(DECLINES))
def test_a_code_counts_only_in_a_refusal(code: int) -> None:
    refused = classify_payment(422, {"code": code, "status": 422, "title": "declined"})
    settles = DECLINES[code].decision is Decision.SETTLE
    assert refused == (Unknown(422, code) if settles else DECLINES[code])
    assert classify_payment(500, {"code": code}) == Unknown(500, code)
    assert classify_payment(302, {"code": code}) == Unknown(302, code)


def test_the_statuses_of_orders_that_were_paid() -> None:
    """As BigCommerce numbers them: whatever can only follow on Awaiting Fulfillment."""
    assert {int(status): status.name for status in PAID_STATUSES} == {
        2: "SHIPPED",
        3: "PARTIALLY_SHIPPED",
        8: "AWAITING_PICKUP",
        9: "AWAITING_SHIPMENT",
        10: "COMPLETED",
        11: "AWAITING_FULFILLMENT",
        14: "PARTIALLY_REFUNDED",
    }
    others = {0: "INCOMPLETE", 1: "PENDING", 4: "REFUNDED", 5: "CANCELLED", 6: "DECLINED", 7: "AWAITING_PAYMENT"}
    others |= {12: "MANUAL_VERIFICATION_REQUIRED", 13: "DISPUTED"}
    assert {int(status): status.name for status in OrderStatus if status not in PAID_STATUSES} == others


def test_law_7_says_what_each_code_leads_to() -> None:
    law = {
        Decision.RETRY_ON_SCHEDULE: {30104, 30106},
        Decision.WAIT_FOR_INSTRUMENT: {30051, 30102, 30103, 30107},
        Decision.TRY_ONCE_MORE: {30004},
        Decision.READ_AGAIN: {30003, 30101},
        Decision.PAUSE_STORE: {30000, 30001, 30002},
        Decision.STOP: {10001},
        Decision.SETTLE: {10000, 30050, 30100, 30105},
    }
    assert {code: one.decision for code, one in DECLINES.items()} == {
        code: decision for decision, codes in law.items() for code in codes
    }
    assert all(code == one.code for code, one in DECLINES.items())


@pytest.mark.parametrize("printed", [3001, "3001", 30001, "30001"])
def test_the_older_documents_spelling_of_30001_is_accepted(printed: object) -> None:
    assert classify_payment(422, {"code": printed}) == DECLINES[30001]


@given(status=st.integers(100, 599), body=json_values)
def test_the_classification_is_total(status: int, body: object) -> None:
    result = classify_payment(status, body)
    assert isinstance(result, Payment | Decline | Unknown)
    assert isinstance(result, Unknown) or (status < 300) == isinstance(result, Payment)


def token(claims: object) -> str:
    parts = [json.dumps({"alg": "HS256"}).encode(), json.dumps(claims).encode(), b"signature"]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


CLAIMS: dict[str, Any] = {
    "exp": 1551394142,
    "jti": "7787fe5f",
    "data": {"store_id": 1025646, "order_id": 215, "amount": 9800, "currency": "USD"},
}


NO_WHOLE_NUMBERS: list[object] = [
    *(None, True, 98.0, 98.5, [], {}),
    *("", "98.0", "-98", "+98", "1e3", " 98", "98\n", "1_000", "\u0661", "9" * 19),
]


def test_a_token_says_what_it_charges_and_its_value_is_not_shown() -> None:
    access_token = read_access_token(token(CLAIMS))
    assert (access_token.order_id, access_token.money) == (215, Money(9800, "USD"))
    assert access_token.expires_at == datetime.fromtimestamp(1551394142, UTC)
    assert access_token.value not in repr(access_token)


def test_a_token_may_have_its_numbers_as_strings() -> None:
    """Their types are not documented."""
    as_strings = {"exp": "1551394142", "data": {"order_id": "215", "amount": "9800", "currency": "usd"}}
    spelled, plain = read_access_token(token(CLAIMS | as_strings)), read_access_token(token(CLAIMS))
    assert (spelled.order_id, spelled.money, spelled.expires_at) == (215, Money(9800, "USD"), plain.expires_at)


def test_a_token_may_expire_between_two_seconds() -> None:
    assert read_access_token(token(CLAIMS | {"exp": 1551394142.5})).expires_at.microsecond == 500_000


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a.b",
        "a.b.c",
        "a.\u00e9.c",
        token([]),
        token(None),
        token({}),
        token(CLAIMS | {"exp": "soon"}),
        token(CLAIMS | {"exp": 10**30}),
        *(token(CLAIMS | {"data": CLAIMS["data"] | {"amount": amount}}) for amount in NO_WHOLE_NUMBERS),
        *(token(CLAIMS | {"data": CLAIMS["data"] | {"order_id": order_id}}) for order_id in NO_WHOLE_NUMBERS),
        *(token(CLAIMS | {"exp": seconds}) for seconds in NO_WHOLE_NUMBERS if not isinstance(seconds, float)),
    ],
)
def test_a_token_that_does_not_say_what_it_charges_is_not_used(value: str) -> None:
    with pytest.raises(InvalidInputError):
        read_access_token(value)


@pytest.mark.parametrize("value", ["", "a/b", "a#b", "../x", "a b", "\u00e9", "x" * 65, None, 5])
def test_only_plain_store_hashes_reach_a_url(value: object) -> None:
    with pytest.raises(InvalidInputError):
        check_store_hash(value)


@pytest.mark.parametrize("value", [0, -1, "", "1/2", "\u0661", "1" * 30, 2**53 + 1, True, 1.0, None])
def test_only_whole_numbers_are_ids(value: object) -> None:
    with pytest.raises(InvalidInputError):
        check_id(value)


@given(st.text() | json_values.map(json.dumps))
def test_a_message_is_ours_or_an_error_of_ours(body: str) -> None:
    with pytest.raises(InvalidInputError):
        read_message(body)


def test_nothing_secret_is_in_a_repr() -> None:
    credentials = Credentials("abc123", "canary-token", "canary-id", "canary-secret", ("X-Hook", "canary-header"))
    assert "canary" not in repr(credentials) + str(credentials)
    assert VISA.token not in repr(VISA)
    assert VISA.token not in VISA.fingerprint


def test_a_card_is_good_to_the_end_of_its_last_month() -> None:
    assert not VISA.has_expired(datetime(2030, 12, 31, 23, 59, tzinfo=UTC))
    assert VISA.has_expired(datetime(2031, 1, 1, tzinfo=UTC))


def test_a_message_survives_the_queue() -> None:
    assert read_message(order_message().to_json()) == order_message()
    assert order_message().received_at == NOON
