"""docs/sandbox.md prints every test card, and each as the box takes it."""

import re
from pathlib import Path

from sandbox.bigcommerce.errors import PAYMENT_CODES
from sandbox.bigcommerce.testcards import CARD_NUMBERS, read_card_token, read_number, read_token

DOCUMENT = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
ROWS = re.findall(r"^\| `(\d{4,5})` \| `(\d{16})` \| `(\d{8})\.\.\.` \| `\.\.\.(-\d{4,5})` \|$", DOCUMENT, re.MULTILINE)
PUBLISHED = re.findall(r"^\| `(\d{15,16})` \| (approved|`\d{5}`) \|$", DOCUMENT, re.MULTILINE)


def test_every_code_has_its_cards() -> None:
    assert {int(code) for code, *_ in ROWS} == set(PAYMENT_CODES)
    for code, number, head, ending in ROWS:
        found = read_number(number), read_token(head.ljust(64, "0")), read_card_token(f"token{ending}")
        assert found == (int(code),) * 3


def test_every_number_is_printed_with_its_answer() -> None:
    printed = {number: 0 if answer == "approved" else int(answer.strip("`")) for number, answer in PUBLISHED}
    printed |= {number: int(code) for code, number, *_ in ROWS}
    assert printed == CARD_NUMBERS
