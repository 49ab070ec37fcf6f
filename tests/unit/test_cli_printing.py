"""What the listings print."""

from datetime import UTC, datetime, timedelta

import pytest

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.instrument_rows import InstrumentRow
from bigcharge.domain.instruments import Instrument, InstrumentType
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from ops import charges, instruments
from ops.printing import format_age, format_money

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


def _charge(**changes: object) -> Charge:
    attempt = Attempt(
        number=1,
        cause="store/order/created",
        method_id="stripe.card",
        instrument="0123456789abcdef",
        money=Money(9800, "USD"),
        token_id="jti-1",
        token_expires_at=NOW + timedelta(hours=1),
        sent_at=NOW,
        brand="visa",
        last_4="4242",
        outcome=State.DECLINED,
        code=30106,
        retry_at=NOW + timedelta(days=1),
    )
    values: dict[str, object] = {
        "store_hash": "abc",
        "order_id": 215,
        "state": State.DECLINED,
        "updated_at": NOW,
        "customer_id": 7,
        "reason": "insufficient_funds",
        "code": 30106,
        "money": Money(9800, "USD"),
        "attempts": (attempt,),
    }
    return Charge(**(values | changes))  # type: ignore[arg-type]


def test_the_listing_has_the_words_that_others_rely_on() -> None:
    assert charges.summarize(_charge()) == {
        "store_hash": "abc",
        "order_id": 215,
        "customer_id": 7,
        "state": "declined",
        "reason": "insufficient_funds",
        "code": 30106,
        "amount": 9800,
        "currency": "USD",
        "attempts": 1,
        "transaction_id": None,
        "difference": None,
        "retry_at": "2026-04-02T12:00:00+00:00",
        "updated_at": "2026-04-01T12:00:00+00:00",
    }


def test_only_a_declined_charge_has_a_time_to_retry() -> None:
    assert charges.summarize(_charge(attempts=()))["retry_at"] is None
    assert charges.summarize(_charge(state=State.UNKNOWN))["retry_at"] is None


def test_a_charge_of_an_order_that_was_never_read_has_no_amount() -> None:
    summary = charges.summarize(_charge(money=None, attempts=()))
    assert (summary["amount"], summary["currency"], summary["attempts"]) == (None, None, 0)


def test_show_lists_the_attempts_one_by_one() -> None:
    [attempt] = charges.describe(_charge())["attempts"]
    assert (attempt["number"], attempt["outcome"], attempt["code"], attempt["amount"]) == (1, "declined", 30106, 9800)
    assert attempt["token_fingerprint"] == "0123456789abcdef"


def test_show_lists_what_operators_did() -> None:
    done = Act(ActKind.RETRY, "jane", "the shopper called", NOW)
    assert charges.describe(_charge())["acts"] == []
    assert charges.describe(_charge(acts=(done,)))["acts"] == [
        {"kind": "retry", "who": "jane", "why": "the shopper called", "at": "2026-04-01T12:00:00+00:00"}
    ]


def test_a_difference_of_the_books_is_in_the_listing() -> None:
    assert charges.summarize(_charge(difference="paid_twice"))["difference"] == "paid_twice"


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(9800, "USD"), "98.00 USD"),
        (Money(123_456_789, "EUR"), "1,234,567.89 EUR"),
        (Money(98, "JPY"), "98 JPY"),
        (Money(12_345, "KWD"), "12.345 KWD"),
        (Money(1, "USD"), "0.01 USD"),
        (None, ""),
    ],
)
def test_people_read_amounts_in_major_units_by_the_currency(money: Money | None, text: str) -> None:
    assert format_money(money) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [(-5, "0 s"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (86399, "23 h"), (172_800, "2 d")],
)
def test_people_read_how_long_ago_in_the_largest_whole_unit(ago: int, text: str) -> None:
    assert format_age(NOW - timedelta(seconds=ago), NOW) == text


def _row() -> InstrumentRow:
    token = "f" * 64
    account = Instrument(token, InstrumentType.PAYPAL_ACCOUNT, is_default=True, email="shopper@example.com")
    return InstrumentRow("abc", 7, account, NOW, None)


def test_an_instrument_is_named_by_its_fingerprint_and_never_by_its_token() -> None:
    summary = instruments.summarize(_row(), reveal=True)
    assert summary["token_fingerprint"] == _row().instrument.fingerprint
    assert "f" * 64 not in str(summary)
    assert {"store_hash", "customer_id", "type", "brand", "last_4", "expiry_month", "expiry_year"} <= summary.keys()
    assert (summary["is_default"], summary["removed_at"]) == (True, None)


def test_an_email_address_is_masked_unless_it_is_revealed() -> None:
    assert instruments.summarize(_row(), reveal=False)["email"] == "s***@example.com"
    assert instruments.summarize(_row(), reveal=True)["email"] == "shopper@example.com"
