"""What an operator writes into the ledger: plain words, kept for ever, and no card data (design, law 9)."""

import re
from typing import Final

from bigcharge.domain.card_numbers import holds_card_number
from bigcharge.domain.errors import InvalidInputError

LONGEST_NAME: Final = 64
LONGEST_WHY: Final = 200
_TRANSACTION: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}", re.ASCII)


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
    if holds_card_number(words):
        raise InvalidInputError(f"{what} holds what may be a card number: it is kept for ever, so leave that out")
    return words


def check_transaction(value: str) -> str:
    """The value, if it can be a transaction's id and cannot be a card number.

    Raises:
        InvalidInputError: else.
    """
    if not _TRANSACTION.fullmatch(value) or holds_card_number(value):
        raise InvalidInputError("a transaction's id is 1 to 100 letters, digits, _ . : or -, and no card number")
    return value
