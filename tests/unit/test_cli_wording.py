"""Every reason that the ledger can hold has plain words."""

import re
from pathlib import Path

import pytest

from bigcharge.domain import declines
from ops.wording import _MEANINGS, explain_reason

PACKAGE = Path(declines.__file__).parents[1]
# How the domain and the services write a reason: as an argument, as a value of a table, as the first word of a hold.
REASONS = (
    r'reason"?[=:] ?"(\w+)"',
    r'HoldError\("(\w+)"\)',
    r'_hold\(charge, message, "(\w+)"',
    r'_pause\(credentials, "(\w+)"',
    r'_take_back\(charge, "(\w+)"',
    r'^ +\("(\w+_in_policy|guest|amount_unreadable)"',
    r'State\.SKIPPED, "(\w+)"',
    r'State\.\w+: "(\w+)"',
    r'refusal = "(\w+)"',
    r'else "(needs_a_person)"',
)


def _written_reasons() -> set[str]:
    sources = [*(PACKAGE / "domain").glob("*.py"), *(PACKAGE / "services").glob("*.py")]
    text = "\n".join(source.read_text() for source in sources if source.stem not in {"declines", "events"})
    return {reason for pattern in REASONS for reason in re.findall(pattern, text, re.MULTILINE)}


def test_the_search_finds_reasons_of_every_spelling() -> None:
    found = _written_reasons()
    assert {"rate_limited", "amount_changed", "guest", "nothing_owed", "no_policy", "store_paused"} <= found


@pytest.mark.parametrize("reason", sorted(_written_reasons()))
def test_every_reason_has_a_sentence(reason: str) -> None:
    assert reason in _MEANINGS


def test_every_decline_code_is_explained_by_its_own_meaning() -> None:
    for decline in declines.DECLINES.values():
        assert explain_reason(decline.reason) == decline.meaning


def test_a_reason_without_a_sentence_is_spelled_out() -> None:
    assert explain_reason("order_status_7") == "Order status 7."
