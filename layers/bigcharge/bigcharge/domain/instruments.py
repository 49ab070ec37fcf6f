"""Stored instruments: one normal form for both spellings of BigCommerce, and which one to charge."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final


class InstrumentType(StrEnum):
    """The kinds of instrument that can be stored, in our spelling."""

    CARD = "card"
    PAYPAL_ACCOUNT = "paypal_account"
    BANK_ACCOUNT = "bank_account"


_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_YET_TO_COME: Final = datetime.max.replace(tzinfo=UTC)

# What the store's list, the customer's list and the Payments API call each kind.
SPELLINGS: Final = {
    "credit_card": InstrumentType.CARD,
    "stored_card": InstrumentType.CARD,
    "card": InstrumentType.CARD,
    "paypal_account": InstrumentType.PAYPAL_ACCOUNT,
    "account": InstrumentType.PAYPAL_ACCOUNT,
    "stored_paypal_account": InstrumentType.PAYPAL_ACCOUNT,
    "bank_account": InstrumentType.BANK_ACCOUNT,
    "stored_bank_account": InstrumentType.BANK_ACCOUNT,
}
PAYMENT_TYPES: Final = {
    InstrumentType.CARD: "stored_card",
    InstrumentType.PAYPAL_ACCOUNT: "stored_paypal_account",
    InstrumentType.BANK_ACCOUNT: "stored_bank_account",
}


def fingerprint(token: str) -> str:
    """A name for a token that can be shown: tokens are random, so 64 bits of SHA-256 tell them apart."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A stored instrument of a customer.

    Attributes:
        token: what the Payments API charges; never shown.
        type: card, PayPal account or bank account.
        is_default: whether it is the customer's default.
        brand: lower case ("visa"), cards only.
        last_4: last four digits of a card, or of the masked bank account.
        expiry_month: 1-12, cards only.
        expiry_year: four digits, cards only.
        iin: six-digit issuer identification number, cards only.
        email: of a PayPal account.
        issuer: of a bank account.
        billing_address: kept only where the policy says so.
        added_at: when it was first seen, in the instruments table; no part of what it is.
    """

    token: str = field(repr=False)
    type: InstrumentType
    is_default: bool = False
    brand: str | None = None
    last_4: str | None = None
    expiry_month: int | None = None
    expiry_year: int | None = None
    iin: str | None = None
    email: str | None = field(default=None, repr=False)
    issuer: str | None = None
    billing_address: dict[str, str] | None = field(default=None, repr=False)
    added_at: datetime | None = field(default=None, compare=False)

    @property
    def fingerprint(self) -> str:
        """The token's name where it is shown."""
        return fingerprint(self.token)

    @property
    def expiry(self) -> str | None:
        """The card's last month ("2031-04"): one that was renewed has the same token and another month."""
        if self.expiry_month is None or self.expiry_year is None:
            return None
        return f"{self.expiry_year}-{self.expiry_month:02}"

    def has_expired(self, now: datetime) -> bool:
        """Whether the card's last month is over (in UTC; the issuer decides on the day itself)."""
        if self.expiry_month is None or self.expiry_year is None:
            return False
        return (now.astimezone(UTC).year, now.astimezone(UTC).month) > (self.expiry_year, self.expiry_month)


@dataclass(frozen=True, slots=True)
class SupportedInstrument:
    """A kind of instrument that a payment method takes.

    Attributes:
        instrument_type: BigCommerce's word: "VISA", "STORED_CARD".
        verification_value_required: whether it asks for one with this kind.
    """

    instrument_type: str
    verification_value_required: bool = False


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A payment method that BigCommerce offers for an order or a checkout.

    Attributes:
        method_id: "stripe.card".
        instruments: the stored instruments of the order's customer that it can charge.
        verification_value_required: whether it asks for one with a stored card.
        name: what the shopper reads.
        type: BigCommerce's word for what it charges ("card").
        test_mode: whether its gateway only pretends; None where BigCommerce does not say.
        supported: what it takes.
    """

    method_id: str
    instruments: tuple[Instrument, ...] = ()
    verification_value_required: bool = False
    name: str = ""
    type: str = ""
    test_mode: bool | None = None
    supported: tuple[SupportedInstrument, ...] = ()


type Refused = frozenset[tuple[str, str | None]]
"""Instruments by fingerprint and, of a card, the month in which it expires: a renewed card is another one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An instrument to charge, with the method that charges it."""

    instrument: Instrument
    method: PaymentMethod


def list_offers(methods: tuple[PaymentMethod, ...], *, refused: Refused, now: datetime) -> list[Choice]:
    """What can be charged, in BigCommerce's order: only what it offers for this order, and no card that has expired.

    Args:
        methods: what BigCommerce offers for this order.
        refused: what this order must not try now.
        now: aware UTC.
    """
    offers = (Choice(instrument, method) for method in methods for instrument in method.instruments)
    return [offer for offer in offers if is_usable(offer.instrument, refused, now)]


def is_usable(instrument: Instrument, refused: Refused, now: datetime) -> bool:
    """Whether it may be tried: it is not refused, and no card that has expired. Arguments as of `list_offers`."""
    names = {(instrument.fingerprint, instrument.expiry), (instrument.fingerprint, None)}
    return refused.isdisjoint(names) and not instrument.has_expired(now)


def find_newest(offers: list[Choice], held: tuple[Instrument, ...]) -> Choice:
    """The offer that was stored last; one that the table does not hold yet is newer than all that it holds."""
    known = {instrument.token: instrument.added_at or _LONG_AGO for instrument in held}
    return max(offers, key=lambda offer: known.get(offer.instrument.token, _YET_TO_COME))
