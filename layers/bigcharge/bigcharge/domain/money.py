"""Money: an integer of minor units and a currency, by ISO 4217."""

import re
from dataclasses import dataclass
from decimal import Decimal

from bigcharge.domain.errors import InvalidInputError

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXCEPTIONS = {currency: digits for digits, currencies in _DIGITS.items() for currency in currencies.split()}
_CURRENCY_LENGTH = 3
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,8})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount.

    Attributes:
        amount: minor units (9800 = 98.00 USD; 98 = 98 JPY).
        currency: ISO 4217, three upper-case letters.
    """

    amount: int
    currency: str


def minor_digits(currency: str) -> int:
    """How many decimal digits the currency has (ISO 4217): 2 unless listed otherwise."""
    return _EXCEPTIONS.get(currency, 2)


def parse_money(text: object, currency: object) -> Money:
    """Read BigCommerce's decimal string ("361.9500") exactly.

    Raises:
        InvalidInputError: not a plain decimal, not a currency, or finer than the currency's minor unit: such an amount
            cannot be compared with what the payment access token says, so it is not charged.
    """
    if not isinstance(currency, str) or len(currency) != _CURRENCY_LENGTH or not currency.isascii():
        raise InvalidInputError("the currency is not an ISO 4217 code")
    code = currency.upper()
    if isinstance(text, bool) or not _DECIMAL.fullmatch(str(text)):
        raise InvalidInputError("the amount is not a decimal number")
    scaled = Decimal(str(text)).scaleb(minor_digits(code))
    if scaled != scaled.to_integral_value():
        raise InvalidInputError(f"the amount is finer than the minor unit of {code}")
    return Money(int(scaled), code)
