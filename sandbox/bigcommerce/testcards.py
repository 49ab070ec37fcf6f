"""Test cards: how the invented gateway treats an instrument, told by the instrument itself.

| behaviour | number of a raw card | a stored token begins with | a tokenized card's token ends with |
| --- | --- | --- | --- |
| approved | any other | anything else | anything else |
| any code of the table | `CARD_NUMBERS` | three zeros and the code in five digits (`00030106...`) | `-` and the code |

So a failing path needs no control call: store a card with `behaviour=30106` and its token says so for ever, until
`set_behaviour` changes the gateway's mind.
"""

from random import Random
from typing import Final

from sandbox.bigcommerce.errors import PAYMENT_CODES

APPROVED: Final = 0

# Numbers that gateways publish for tests; all of them pass the Luhn check and none belongs to anybody.
_PUBLISHED: Final = {
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
BEHAVIOURS: Final = frozenset({APPROVED, *PAYMENT_CODES})
TOKEN_LENGTH: Final = 64
_CODE_DIGITS: Final = 5


def _number_of(code: int) -> str:
    """The number of the card that is always answered with a code: it can be read in the number."""
    digits = f"4000000000{code:0{_CODE_DIGITS}}"
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::-2])
    return f"{digits}{-(doubled + sum(map(int, digits[-2::-2]))) % 10}"


CARD_NUMBERS: Final = {**_PUBLISHED, **{_number_of(code): code for code in PAYMENT_CODES}}


def make_token(random: Random, behaviour: int) -> str:
    """Make the token of a stored instrument: 64 hexadecimal digits, whose head tells a behaviour but approval."""
    token = f"{random.getrandbits(4 * TOKEN_LENGTH):0{TOKEN_LENGTH}x}"  # nosec B311 # invented tokens, the same for a seed
    return token if behaviour == APPROVED else f"000{behaviour:0{_CODE_DIGITS}}{token[3 + _CODE_DIGITS :]}"


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
