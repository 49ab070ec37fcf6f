"""What can be paid with: checked before it is sent, and never shown."""

import dataclasses
from typing import Any

import pytest

from bigcharge.domain.declines import DECLINES
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.instruments import Choice, Instrument, InstrumentType, PaymentMethod
from bigcharge.domain.payment_instruments import (
    StoreCredit,
    StoredBankAccount,
    StoredCard,
    StoredPaypalAccount,
    make_payment_instrument,
)
from bigcharge.domain.presented_instruments import Card, GiftCertificate, TokenizedCard

TOKEN = "f" * 64
CARD = Card("4242424242424242", "Jane Doe", 12, 2031, "422", 1, 2020, "7", save_instrument=True)
PRESENTED = TokenizedCard("gateway-token", "424242", "4242", 12, 2031)


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            {"number": number}
            for number in ("4242", "4" * 20, "4242 4242 4242 4242", 4242424242424242, "", None, "\u0664" * 16)
        ),
        *({"cardholder_name": name} for name in ("", "  ", None, 7, "x" * 256)),
        *({"expiry_month": month} for month in (0, 13, "12", True, None, 1.0)),
        *({"expiry_year": year} for year in (31, 999, 10_000, "2031", None)),
        *({"verification_value": value} for value in ("12", "12345", 422, "abc", None)),
        *({"issue_month": month} for month in (0, 13, "1")),
        *({"issue_year": year} for year in (20, "2020")),
        *({"issue_number": number} for number in ("", "123", 7, "x")),
        {"save_instrument": None},
    ],
)
def test_a_card_that_bigcommerce_would_not_take_is_not_made_and_not_shown(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        dataclasses.replace(CARD, **wrong)
    [(name, value)] = wrong.items()
    assert str(caught.value).startswith(name)
    assert len(str(value)) < 4 or str(value) not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"token": token} for token in ("", "two words", None, "x" * 513)),
        *({"iin": iin} for iin in ("42424", "424242424", 424242)),
        *({"last_four_digits": last} for last in ("424", "42424", 4242)),
        *({"expiration_month": month} for month in (0, 13)),
        {"expiration_year": 31},
    ],
)
def test_a_tokenized_card_that_bigcommerce_would_not_take_is_not_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        dataclasses.replace(PRESENTED, **wrong)


@pytest.mark.parametrize(
    "make",
    [
        lambda: StoredCard("two words"),
        lambda: StoredCard(TOKEN, "12"),
        lambda: StoredPaypalAccount(""),
        lambda: StoredBankAccount("line\n"),
        lambda: GiftCertificate(" "),
    ],
)
def test_an_instrument_that_bigcommerce_would_not_take_is_not_made(make: Any) -> None:
    with pytest.raises(InvalidInputError):
        make()


def test_no_repr_shows_what_could_be_spent() -> None:
    secrets = ["4242424242424242", "Jane Doe", "422", TOKEN, "1234", "GIFT-1", "gateway-token"]
    instruments = [
        CARD,
        PRESENTED,
        StoredCard(TOKEN, "1234"),
        StoredPaypalAccount(TOKEN),
        StoredBankAccount(TOKEN),
        GiftCertificate("GIFT-1"),
        StoreCredit(),
    ]
    shown = repr(instruments).replace("iin='424242'", "")
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize(
    ("kind", "given", "sent"),
    [
        (InstrumentType.CARD, "4242", StoredCard(TOKEN, "4242")),
        (InstrumentType.CARD, None, StoredCard(TOKEN)),
        (InstrumentType.CARD, "42", StoredCard(TOKEN)),
        (InstrumentType.PAYPAL_ACCOUNT, "4242", StoredPaypalAccount(TOKEN)),
        (InstrumentType.BANK_ACCOUNT, "4242", StoredBankAccount(TOKEN)),
    ],
)
def test_a_choice_is_sent_as_its_kind_and_only_a_card_with_a_verification_value(
    kind: InstrumentType, given: str | None, sent: object
) -> None:
    choice = Choice(Instrument(TOKEN, kind), PaymentMethod("stripe.card"))
    assert make_payment_instrument(choice, given) == sent


@pytest.mark.parametrize("code", sorted(DECLINES))
def test_every_code_says_what_to_do_next(code: int) -> None:
    decline = DECLINES[code]
    assert decline.next_step.endswith(".")
    assert decline.next_step != decline.meaning


def test_no_two_codes_give_the_same_advice() -> None:
    assert len({decline.next_step for decline in DECLINES.values()}) == len(DECLINES)
