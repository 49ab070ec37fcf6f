"""What looks like a card number, in any spelling: nothing of ours takes one in, or shows one (design, law 9)."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_SHORTEST: Final = 12  # digits of a card number, by ISO/IEC 7812
_LONGEST: Final = 19
# Numbers as short as that are too often something else (accounts of AWS, milliseconds since 1970): they count where
# they begin as the cards of a network do. So do numbers in groups, unless they are printed as on a card.
_SHORTEST_OF_ANY: Final = 14
_OLD_VISA: Final = (13, "4")
_NETWORKS: Final = re.compile(r"[3-6]|2[2-7]")
# Cards print 4-4-4-4, 4-6-5 or 4-6-4; other groups (dates, numbers of orders) would too often seem to be a card.
_PRINTED_GROUPS: Final = range(4, 7)
_MOST_PRINTED_GROUPS: Final = 5
_DIGIT: Final = "\\d⁰¹²³⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽⓿❶-❾➀-➈➊-➒"  # \d are the digits of every script
_RUN: Final = re.compile(rf"[{_DIGIT}](?:[\W_]{{0,8}}[{_DIGIT}]){{{_SHORTEST - 1},}}")
_GROUP: Final = re.compile(rf"[{_DIGIT}]+")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d.\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:[+-]\d\d:?\d\d)?", re.ASCII)
_LIST: Final = re.compile(r"[,;:]")  # separates numbers of a list as often as the digits of one


def holds_card_number(text: str, shortest: int = _SHORTEST) -> bool:
    """Whether some digits of any script, or groups of them, have a card number's length and its check digit.

    Args:
        text: where to look.
        shortest: digits of the shortest number that counts.
    """
    return any(True for _ in _spans(text, shortest))


def hide_card_numbers(text: str, mark: str) -> str:
    """The text with a mark in place of what may be a card number."""
    shown, end = [], 0
    for first, last in sorted(_spans(text, _SHORTEST)):
        if last > end:
            shown += [text[end:first], mark]
            end = last
    return "".join((*shown, text[end:])) if end else text


def _spans(text: str, shortest: int) -> Iterator[tuple[int, int]]:
    """Where card numbers may begin and end."""
    for run in _RUN.finditer(text):
        # A time is many groups of digits, and stands in most lines of a log.
        times = [time.span() for time in _TIME.finditer(text, *run.span())] if ":" in run[0] else []
        if times == [run.span()]:
            continue
        found = _GROUP.finditer(text, *run.span())
        groups = [group for group in found if not any(first <= group.start() < last for first, last in times)]
        for first, group in enumerate(groups):
            yield from ((group.start(), end) for end in _ends(text, groups[first : first + _LONGEST], shortest))


def _ends(text: str, groups: list[re.Match[str]], shortest: int) -> Iterator[int]:
    """Where the card numbers end that begin with the first group, and are made of whole groups."""
    digits = between = ""
    for count, group in enumerate(groups):
        between += text[groups[count - 1].end() : group.start()] if count else ""
        digits += _plain(group[0])
        if len(digits) > _LONGEST:
            return
        sizes = [len(one[0]) for one in groups[: count + 1]]
        if len(digits) >= shortest and _may_be_card(digits, sizes, between):
            yield group.end()


def _may_be_card(digits: str, sizes: list[int], between: str) -> bool:
    is_of_network = _NETWORKS.match(digits) is not None
    is_printed = len(sizes) <= _MOST_PRINTED_GROUPS and all(size in _PRINTED_GROUPS for size in sizes[:-1])
    is_plain = len(sizes) == 1 or (is_printed and not between.strip(" .-"))
    is_likely = is_of_network and (is_printed or not _LIST.search(between))
    # In groups, a shorter one would too often be a part of something else: but for Visa's old ones, of 13.
    is_long = len(digits) >= _SHORTEST_OF_ANY or len(sizes) == 1 or (len(digits), digits[0]) == _OLD_VISA
    return ((is_likely and is_long) or (is_plain and len(digits) >= _SHORTEST_OF_ANY)) and _luhn_sum(digits) % 10 == 0


def _plain(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(unicodedata.digit(digit)) for digit in digits)


def _luhn_sum(digits: str) -> int:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled)  # noqa: PLR2004 - the digits' own sum
