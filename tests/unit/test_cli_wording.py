"""Every reason that the ledger can hold has plain words."""

import re
from pathlib import Path

import pytest

from bigcharge.domain import declines
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import Charge
from bigcharge.domain.states import State
from ops.wording import _DIFFERENCES, _MEANINGS, explain_charge, explain_difference, explain_reason
from tests.fakes import NOON, STORE

PACKAGE = Path(declines.__file__).parents[1]
# How the domain and the services write a reason: as an argument, as a value of a table, as the first word of a hold.
REASONS = (
    r'reason"?[=:] ?"(\w+)"',
    r'HoldError\("(\w+)"\)',
    r'hold\(\s*charge, message, "(\w+)"',
    r'pause_store\(credentials, "(\w+)"',
    r'_take_back\(charge, "(\w+)"',
    r'^ +\("(\w+_in_policy|guest|amount_unreadable)"',
    r'State\.SKIPPED, "(\w+)"',
    r'State\.\w+: "(\w+)"',
    r'refusal = "(\w+)"',
    r'reason = .* else "(\w+)"',
    r'^REASON: Final = "(\w+)"',
    r'^(?:NEEDS_A_PERSON|PAYMENT_SHOWN|PAID_BY_STATUS|STORE_PAUSED|NO_INSTRUMENT): Final = "(\w+)"',
    r'^(?:APP_UNINSTALLED|STORE_REMOVED|PAUSED_BY_OPERATOR|CREDENTIALS_REFUSED): Final = "(\w+)"',
)


def _written_reasons() -> set[str]:
    sources = [*(PACKAGE / "domain").glob("*.py"), *(PACKAGE / "services").glob("*.py")]
    texts = [source.read_text() for source in sources if source.stem not in {"declines", "events", "operating"}]
    # What an operator may do is said there in sentences, beside its reasons.
    operating = re.findall(r'reason="\w+"', (PACKAGE / "domain" / "operating.py").read_text())
    text = "\n".join([*texts, *operating])
    return {reason for pattern in REASONS for reason in re.findall(pattern, text, re.MULTILINE)}


def test_the_search_finds_every_reason_that_has_a_sentence() -> None:
    """Else either the search is blind to how a reason is written, or nobody writes it any more."""
    assert set(_MEANINGS) - {decline.reason for decline in declines.DECLINES.values()} - _written_reasons() == set()


def test_every_difference_of_the_books_has_a_sentence() -> None:
    assert set(_DIFFERENCES) == set(Difference)
    assert len({explain_difference(difference) for difference in Difference}) == len(Difference)


def test_a_difference_without_a_sentence_is_spelled_out() -> None:
    assert explain_difference("paid_in_gold") == "The books differ: paid in gold."


def test_a_difference_is_said_before_the_reason() -> None:
    charge = Charge(STORE, 1, State.PAID, NOON, reason="resolved_by_operator", difference=Difference.PAID_TWICE)
    assert explain_charge(charge) == f"{_DIFFERENCES[Difference.PAID_TWICE]} An operator said what became of it."


@pytest.mark.parametrize("reason", sorted(_written_reasons()))
def test_every_reason_has_a_sentence(reason: str) -> None:
    assert reason in _MEANINGS


def test_every_decline_code_is_explained_by_its_own_meaning() -> None:
    for decline in declines.DECLINES.values():
        assert explain_reason(decline.reason) == decline.meaning


def test_a_reason_without_a_sentence_is_spelled_out() -> None:
    assert explain_reason("order_status_7") == "Order status 7."
