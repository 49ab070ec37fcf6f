"""What of a person's is found in a text."""

import re
from collections.abc import Iterable


def find_words(words: Iterable[str], text: str) -> list[str]:
    """Those of `words` that stand in `text` whole: the last digits of a card are also part of many an id or time."""
    return [word for word in words if re.search(rf"\b{re.escape(word)}\b", text)]
