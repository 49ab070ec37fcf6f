"""What is sent for a stored instrument, and what is shown of it."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.instruments import Choice, Instrument, InstrumentType, PaymentMethod, fingerprint
from bigcharge.domain.payment_instruments import (
    PaymentInstrument,
    StoredBankAccount,
    StoredCard,
    StoredPaypalAccount,
)
from bigcharge.domain.policy import Policy, VerificationValue
from bigcharge.domain.tenders import make_tender
from tests.fakes import VISA

TOKEN = "invented-token-of-an-instrument"
CARD = replace(VISA, token=TOKEN, last_4="0027", billing_address={"street_1": "1 Invented Street"})
PAYPAL = Instrument(TOKEN, InstrumentType.PAYPAL_ACCOUNT, email="shopper@example.test")
BANK = Instrument(TOKEN, InstrumentType.BANK_ACCOUNT, last_4="0027", issuer="Invented Bank")
LAST_4, NEVER = Policy(), Policy(verification_value=VerificationValue.NEVER)


@pytest.mark.parametrize(
    ("instrument", "policy", "is_required", "sent"),
    [
        (CARD, LAST_4, True, StoredCard(TOKEN, "0027")),
        (CARD, LAST_4, False, StoredCard(TOKEN)),
        (CARD, NEVER, True, StoredCard(TOKEN)),
        (replace(CARD, last_4=None), LAST_4, True, StoredCard(TOKEN)),
        (replace(CARD, last_4="27"), LAST_4, True, StoredCard(TOKEN)),
        (PAYPAL, LAST_4, True, StoredPaypalAccount(TOKEN)),
        (BANK, LAST_4, True, StoredBankAccount(TOKEN)),
    ],
)
def test_a_verification_value_goes_with_a_card_where_its_method_asks_and_the_policy_lets_it(
    instrument: Instrument, policy: Policy, sent: PaymentInstrument, *, is_required: bool
) -> None:
    method = PaymentMethod("stripe.card", (instrument,), verification_value_required=is_required)
    tender = make_tender(Choice(instrument, method), policy)
    assert (tender.instrument, tender.method_id, tender.name) == (sent, "stripe.card", fingerprint(TOKEN))
    assert (tender.brand, tender.last_4) == (instrument.brand, instrument.last_4)
    assert tender.expiry == ("2030-12" if instrument.type is InstrumentType.CARD else None)
    assert not tender.is_store_credit


def test_no_token_e_mail_or_address_is_shown() -> None:
    method = PaymentMethod("stripe.card", (CARD, PAYPAL, BANK), verification_value_required=True)
    shown = [repr(one) for one in (CARD, PAYPAL, BANK, method)]
    for instrument in (CARD, PAYPAL, BANK):
        tender = make_tender(Choice(instrument, method), LAST_4)
        shown += [repr(tender), repr(tender.instrument)]
    assert not [text for text in shown if TOKEN in text or "example.test" in text or "Invented Street" in text]
    assert "'0027'" not in repr(StoredCard(TOKEN, "0027")), "what is sent as a verification value"


@pytest.mark.parametrize("token", ["", "with space", "t\n", "\u00e9", "t" * 513, None, 7])
@pytest.mark.parametrize("kind", [StoredCard, StoredPaypalAccount, StoredBankAccount])
def test_what_is_no_token_is_not_sent_and_not_shown(kind: type, token: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        kind(token)
    assert not token or str(token) not in str(caught.value)


@pytest.mark.parametrize("value", ["", "12", "12345", "12a", "\u0661\u0662\u0663"])
def test_what_is_no_verification_value_is_not_sent(value: str) -> None:
    with pytest.raises(InvalidInputError):
        StoredCard(TOKEN, value)


def test_a_fingerprint_is_sixteen_digits_of_the_tokens_hash() -> None:
    assert fingerprint(TOKEN) == sha256(TOKEN.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("month", "year", "shown", "has_expired"),
    [
        (12, 2030, "2030-12", False),
        (3, 2026, "2026-03", False),
        (2, 2026, "2026-02", True),
        (12, 2025, "2025-12", True),
        (1, 2027, "2027-01", False),
        (None, 2020, None, False),
        (1, None, None, False),
        (None, None, None, False),
    ],
)
def test_a_card_expires_with_the_end_of_its_month(
    month: int | None, year: int | None, shown: str | None, *, has_expired: bool
) -> None:
    card = replace(CARD, expiry_month=month, expiry_year=year)
    assert card.expiry == shown
    assert card.has_expired(datetime(2026, 3, 31, 23, 59, tzinfo=UTC)) is has_expired
