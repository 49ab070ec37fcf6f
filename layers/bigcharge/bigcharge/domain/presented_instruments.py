"""What a shopper gives with the payment itself, for "process payment"; the fields have BigCommerce's names.

Card numbers and verification values pass through: they are never kept, and no `repr` or error shows them (law 9).
"""

import re
from dataclasses import dataclass, field
from typing import ClassVar, Final

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.payment_instruments import check_token, is_verification_value

_CARD_NUMBER: Final = re.compile(r"\d{12,19}", re.ASCII)  # ISO/IEC 7812
_IIN: Final = re.compile(r"\d{6,8}", re.ASCII)
_LAST_FOUR: Final = re.compile(r"\d{4}", re.ASCII)
_ISSUE_NUMBER: Final = re.compile(r"\d{1,2}", re.ASCII)
_MONTHS: Final = range(1, 13)
_YEARS: Final = range(1000, 10_000)  # four digits
_LONGEST_TEXT: Final = 255


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it is printed.

    Attributes:
        number: 12 to 19 digits.
        cardholder_name: as printed.
        expiry_month: 1-12.
        expiry_year: four digits.
        verification_value: 3 or 4 digits.
        issue_month: 1-12, of the few cards that have one.
        issue_year: four digits, likewise.
        issue_number: 1 or 2 digits, likewise.
        save_instrument: whether BigCommerce shall keep the card for the order's customer.

    Raises:
        InvalidInputError: a field that BigCommerce would not take; the error names it and does not show it.
    """

    type: ClassVar[str] = "card"
    number: str = field(repr=False)
    cardholder_name: str = field(repr=False)
    expiry_month: int = field(repr=False)
    expiry_year: int = field(repr=False)
    verification_value: str = field(repr=False)
    issue_month: int | None = field(default=None, repr=False)
    issue_year: int | None = field(default=None, repr=False)
    issue_number: str | None = field(default=None, repr=False)
    save_instrument: bool = False

    def __post_init__(self) -> None:
        _require(_is_text(self.number, _CARD_NUMBER), "number is 12 to 19 digits")
        _require(_is_name(self.cardholder_name), "cardholder_name is a text")
        _require(_is_in(self.expiry_month, _MONTHS), "expiry_month is 1 to 12")
        _require(_is_in(self.expiry_year, _YEARS), "expiry_year is four digits")
        _require(is_verification_value(self.verification_value), "verification_value is 3 or 4 digits")
        _require(self.issue_month is None or _is_in(self.issue_month, _MONTHS), "issue_month is 1 to 12")
        _require(self.issue_year is None or _is_in(self.issue_year, _YEARS), "issue_year is four digits")
        _require(self.issue_number is None or _is_text(self.issue_number, _ISSUE_NUMBER), "issue_number is digits")
        _require(isinstance(self.save_instrument, bool), "save_instrument is true or false")


@dataclass(frozen=True, slots=True)
class TokenizedCard:
    """A card that the gateway turned into a token of its own.

    Attributes:
        token: the gateway's.
        iin: the first 6 to 8 digits of the number.
        last_four_digits: its last four.
        expiration_month: 1-12.
        expiration_year: four digits.

    Raises:
        InvalidInputError: a field that BigCommerce would not take.
    """

    type: ClassVar[str] = "tokenized_card"
    token: str = field(repr=False)
    iin: str | None = None
    last_four_digits: str | None = None
    expiration_month: int | None = None
    expiration_year: int | None = None

    def __post_init__(self) -> None:
        check_token(self.token)
        _require(self.iin is None or _is_text(self.iin, _IIN), "iin is 6 to 8 digits")
        last_four = self.last_four_digits
        _require(last_four is None or _is_text(last_four, _LAST_FOUR), "last_four_digits is four digits")
        month, year = self.expiration_month, self.expiration_year
        _require(month is None or _is_in(month, _MONTHS), "expiration_month is 1 to 12")
        _require(year is None or _is_in(year, _YEARS), "expiration_year is four digits")


@dataclass(frozen=True, slots=True)
class GiftCertificate:
    """A gift certificate, by its code; whoever knows the code can spend it, so it is not shown.

    Raises:
        InvalidInputError: no code.
    """

    type: ClassVar[str] = "gift_certificate"
    gift_certificate_code: str = field(repr=False)

    def __post_init__(self) -> None:
        _require(_is_name(self.gift_certificate_code), "gift_certificate_code is a text")


def _require(fits: bool, rule: str) -> None:  # noqa: FBT001 - reads as "require this, else say that"
    if not fits:
        raise InvalidInputError(rule)


def _is_text(value: object, form: re.Pattern[str]) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.strip() != "" and len(value) <= _LONGEST_TEXT


def _is_in(value: object, numbers: range) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in numbers
