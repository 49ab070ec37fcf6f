"""What an operator writes into the ledger: plain words, kept for ever, and no card data (design, law 9)."""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from bigcharge.domain.errors import InvalidInputError

LONGEST_NAME: Final = 64
LONGEST_WHY: Final = 200
_TRANSACTION: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}", re.ASCII)
_GROUPS: Final = re.compile(r"\d+(?:[ .-]\d+)*")
_CARD_LENGTHS: Final = range(12, 20)  # digits of a card number, by ISO/IEC 7812
# Cards print 4-4-4-4, 4-6-5 or 4-6-4; other groups (dates, numbers of orders) would too often seem to be a card.
_PRINTED_LENGTHS: Final = range(14, 20)
_PRINTED_GROUPS: Final = range(4, 7)


def check_words(value: str, what: str, longest: int) -> str:
    """What an operator wrote for the ledger, if it may stand there for ever (design, law 9).

    Args:
        value: as given.
        what: what it is, for the error's text.
        longest: characters.

    Returns:
        The value without the blanks around it.

    Raises:
        InvalidInputError: empty, too long, more than a line of printable text, or it holds what may be a card number.
    """
    words = value.strip()
    if not words or len(words) > longest or not words.isprintable():
        raise InvalidInputError(f"{what} is one line of 1 to {longest} printable characters")
    if _holds_card_number(words):
        raise InvalidInputError(f"{what} holds what may be a card number: it is kept for ever, so leave that out")
    return words


def check_transaction(value: str) -> str:
    """The value, if it can be a transaction's id and cannot be a card number.

    Raises:
        InvalidInputError: else.
    """
    if not _TRANSACTION.fullmatch(value) or _holds_card_number(value):
        raise InvalidInputError("a transaction's id is 1 to 100 letters, digits, _ . : or -, and no card number")
    return value


def _holds_card_number(words: str) -> bool:
    """Whether some digits, or groups of them side by side, have a card number's length and its check digit."""
    return any(_may_be_card(groups) for run in _GROUPS.findall(words) for groups in _neighbours(re.split(r"\D", run)))


def _neighbours(groups: list[str]) -> Iterator[list[str]]:
    """Every group by itself, and every row of groups."""
    return (groups[first:last] for first, last in combinations(range(len(groups) + 1), 2))


def _may_be_card(groups: list[str]) -> bool:
    digits = "".join(groups)
    is_printed = len(groups) > 1 and all(len(group) in _PRINTED_GROUPS for group in groups[:-1])
    lengths = _PRINTED_LENGTHS if is_printed else _CARD_LENGTHS
    return (is_printed or len(groups) == 1) and len(digits) in lengths and _luhn_sum(digits) % 10 == 0


def _luhn_sum(digits: str) -> int:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled)  # noqa: PLR2004 - the digits' own sum
