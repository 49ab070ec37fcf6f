"""Money as BigCommerce spells it: decimal strings outside, minor units of ISO 4217 inside."""

from decimal import Decimal, InvalidOperation
from typing import Final

# ISO 4217, the currencies whose minor unit is not a hundredth.
_WHOLE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS: Final = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS: Final = dict.fromkeys(_WHOLE.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3)


def to_minor(amount: object, currency: str) -> int:
    """Turn an amount as JSON carries it into minor units.

    Args:
        amount: a number or a decimal string, of major units.
        currency: ISO 4217.

    Raises:
        TypeError: it is neither a number nor a text.
        ValueError: it is not a finite, non-negative number.
    """
    if isinstance(amount, bool) or not isinstance(amount, str | int | float):
        raise TypeError("an amount is a number or a decimal string")
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        raise ValueError("an amount is a decimal number") from None
    if not value.is_finite() or value < 0:
        raise ValueError("an amount is finite and not negative")
    return int((value * 10 ** _EXPONENTS.get(currency, 2)).to_integral_value())


def to_major(minor: int, currency: str) -> Decimal:
    """Minor units as an exact number of major units."""
    return Decimal(minor).scaleb(-_EXPONENTS.get(currency, 2))


def to_text(minor: int, currency: str) -> str:
    """Minor units as the Orders API prints them: four decimals, as in "361.9500"."""
    return f"{to_major(minor, currency):.4f}"
