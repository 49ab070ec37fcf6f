"""What looks like a card number: nothing of ours takes one in, or shows one (design, law 9)."""

import re
from collections.abc import Iterator
from typing import Final

_GROUPS: Final = re.compile(r"\d+(?:[ .-]\d+)*")  # digits of any script
_SHORTEST: Final = 12  # digits of a card number, by ISO/IEC 7812
_LONGEST: Final = 19
# Cards print 4-4-4-4, 4-6-5 or 4-6-4; other groups (dates, numbers of orders) would too often seem to be a card.
_SHORTEST_PRINTED: Final = 14
_PRINTED_GROUPS: Final = range(4, 7)
_MOST_GROUPS: Final = 5


def holds_card_number(text: str, shortest: int = _SHORTEST) -> bool:
    """Whether some digits, or printed groups of them, have a card number's length and its check digit.

    Args:
        text: where to look.
        shortest: digits of the shortest number that counts.
    """
    runs = (re.split(r"\D", run) for run in _GROUPS.findall(text))
    return any(_may_be_card(groups, shortest) for run in runs for groups in _neighbours(run))


def _neighbours(groups: list[str]) -> Iterator[list[str]]:
    """Every group by itself, and every row of as many groups as a card may be printed in."""
    count = len(groups)
    for first in range(count):
        yield from (groups[first:last] for last in range(first + 1, min(first + _MOST_GROUPS, count) + 1))


def _may_be_card(groups: list[str], shortest: int) -> bool:
    digits = "".join(groups)
    is_printed = len(groups) > 1 and all(len(group) in _PRINTED_GROUPS for group in groups[:-1])
    least = max(shortest, _SHORTEST_PRINTED) if is_printed else shortest
    return (is_printed or len(groups) == 1) and least <= len(digits) <= _LONGEST and _luhn_sum(digits) % 10 == 0


def _luhn_sum(digits: str) -> int:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled)  # noqa: PLR2004 - the digits' own sum
