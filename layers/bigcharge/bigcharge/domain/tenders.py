"""What one payment request charges: a stored instrument, or the customer's store credit."""

from dataclasses import dataclass, field
from typing import Final

from bigcharge.domain import attempts
from bigcharge.domain.instruments import Choice, InstrumentType
from bigcharge.domain.payment_instruments import PaymentInstrument, StoreCredit, make_payment_instrument
from bigcharge.domain.policy import Policy, VerificationValue


@dataclass(frozen=True, slots=True)
class Tender:
    """What is charged.

    Attributes:
        method_id: the payment method ("stripe.card").
        name: the token's fingerprint, or `attempts.STORE_CREDIT`: what the ledger shows.
        instrument: what is sent.
        brand: of a card.
        last_4: of a card or a bank account.
        expiry: of a card, "2031-04".
    """

    method_id: str
    name: str
    instrument: PaymentInstrument = field(repr=False)
    brand: str | None = None
    last_4: str | None = None
    expiry: str | None = None

    @property
    def is_store_credit(self) -> bool:
        """Whether it is store credit."""
        return self.name == attempts.STORE_CREDIT


STORE_CREDIT: Final = Tender("bigcommerce.store_credit", attempts.STORE_CREDIT, StoreCredit())


def make_tender(choice: Choice, policy: Policy) -> Tender:
    """The tender of a stored instrument.

    The older document maps the last four digits to the verification value; a CVV is never kept (facts, Payments).
    """
    instrument, method = choice.instrument, choice.method
    asked = method.verification_value_required and instrument.type is InstrumentType.CARD
    value = instrument.last_4 if asked and policy.verification_value is VerificationValue.LAST_4 else None
    sent = make_payment_instrument(choice, value)
    shown = (instrument.brand, instrument.last_4, instrument.expiry)
    return Tender(method.method_id, instrument.fingerprint, sent, *shown)
