"""Test cards: how the invented gateway treats an instrument, told by the instrument itself.

| behaviour | number of a raw card | a stored token begins with | a tokenized card's token ends with |
| --- | --- | --- | --- |
| approved | any other | anything else | anything else |
| 10000, 30001, 30050, 30102 ... 30107 | `CARD_NUMBERS` | three zeros and the code (`00030106...`) | `-` and the code |

So a failing path needs no control call: store a card with `behaviour=30106` and its token says so for ever, until
`set_behaviour` changes the gateway's mind.
"""

from random import Random
from typing import Final

APPROVED: Final = 0

# Numbers that gateways publish for tests; all of them pass the Luhn check and none belongs to anybody.
CARD_NUMBERS: Final = {
    "4242424242424242": APPROVED,
    "5555555555554444": APPROVED,
    "378282246310005": APPROVED,
    "4000000000000119": 10000,
    "4000000000000341": 30050,
    "4000000000000127": 30102,
    "4000000000000069": 30103,
    "4000000000000002": 30104,
    "4000000000000259": 30105,
    "4000000000009995": 30106,
    "4000000000000101": 30107,
}
BEHAVIOURS: Final = frozenset({APPROVED, 10000, 30001, 30050, *range(30102, 30108)})
TOKEN_LENGTH: Final = 64
_CODE_DIGITS: Final = 5


def make_token(random: Random, behaviour: int) -> str:
    """Make the token of a stored instrument: 64 hexadecimal digits, whose head tells a behaviour but approval."""
    token = f"{random.getrandbits(4 * TOKEN_LENGTH):0{TOKEN_LENGTH}x}"
    return token if behaviour == APPROVED else f"000{behaviour}{token[3 + _CODE_DIGITS :]}"


def read_token(token: str) -> int:
    """The behaviour that a stored instrument's token tells."""
    head = token[3 : 3 + _CODE_DIGITS]
    return _known(head) if token.startswith("000") else APPROVED


def read_number(number: str) -> int:
    """The behaviour of a raw card."""
    return CARD_NUMBERS.get(number, APPROVED)


def read_card_token(token: str) -> int:
    """The behaviour of a tokenized card."""
    return _known(token.rpartition("-")[2])


def _known(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and int(text) in BEHAVIOURS else APPROVED
