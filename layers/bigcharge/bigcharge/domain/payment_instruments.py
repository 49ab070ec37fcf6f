"""What "process payment" can charge of what BigCommerce keeps; the fields have BigCommerce's names.

What a shopper gives with the request itself (card numbers, gift certificates) stands in `presented_instruments`, which
nobody imports who charges stored instruments only.
"""

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Protocol

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.instruments import Choice, InstrumentType

_TOKEN: Final = re.compile(r"[!-~]{1,512}", re.ASCII)  # documented with 64 characters; another vault's may differ
_VERIFICATION_VALUE: Final = re.compile(r"\d{3,4}", re.ASCII)


class PaymentInstrument(Protocol):
    """Anything that "process payment" can charge: a frozen dataclass whose fields are what is sent.

    Attributes:
        type: BigCommerce's word for the kind.
    """

    type: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


def check_token(value: object) -> None:
    """Pass visible ASCII without spaces, 1 to 512 characters; raises `InvalidInputError`, which does not show it."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise InvalidInputError("an instrument's token is visible ASCII without spaces")


def is_verification_value(value: object) -> bool:
    """Whether it is a text of three or four digits."""
    return isinstance(value, str) and _VERIFICATION_VALUE.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class StoredCard:
    """A stored card.

    Attributes:
        token: of the stored instrument.
        verification_value: 3 or 4 digits, where the payment method asks for them.

    Raises:
        InvalidInputError: a field that BigCommerce would not take.
    """

    type: ClassVar[str] = "stored_card"
    token: str = field(repr=False)
    verification_value: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_token(self.token)
        if self.verification_value is not None and not is_verification_value(self.verification_value):
            raise InvalidInputError("a verification value is 3 or 4 digits")


@dataclass(frozen=True, slots=True)
class StoredPaypalAccount:
    """A stored PayPal account, by its token; raises `InvalidInputError` for what is none."""

    type: ClassVar[str] = "stored_paypal_account"
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        check_token(self.token)


@dataclass(frozen=True, slots=True)
class StoredBankAccount:
    """A stored bank account, by its token; raises `InvalidInputError` for what is none."""

    type: ClassVar[str] = "stored_bank_account"
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        check_token(self.token)


@dataclass(frozen=True, slots=True)
class StoreCredit:
    """The store credit of the order's customer: as much of it as the order owes."""

    type: ClassVar[str] = "store_credit"


def make_payment_instrument(choice: Choice, verification_value: str | None) -> PaymentInstrument:
    """What to send for a stored instrument.

    Args:
        choice: what to charge.
        verification_value: sent with a card; one that BigCommerce cannot take (a card whose last digits are not known)
            is left out, and the gateway decides.

    Raises:
        InvalidInputError: the token is none.
    """
    token = choice.instrument.token
    match choice.instrument.type:
        case InstrumentType.PAYPAL_ACCOUNT:
            return StoredPaypalAccount(token)
        case InstrumentType.BANK_ACCOUNT:
            return StoredBankAccount(token)
        case InstrumentType.CARD:
            return StoredCard(token, verification_value if is_verification_value(verification_value) else None)
