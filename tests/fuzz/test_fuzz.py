"""A bounded slice of what `make fuzz` does: the seed and the numbers are fixed, so it repeats itself."""

import pytest

from tests.fuzz.__main__ import main, make_request
from tests.fuzz.oracle import is_valid
from tests.fuzz.shops import OVER_A_ROTATION, PER_SECOND


@pytest.mark.parametrize("first", [0, OVER_A_ROTATION])
def test_strange_requests_are_answered_as_the_document_has_it(first: int, capsys: pytest.CaptureFixture[str]) -> None:
    """At the start of the receiver, and over a rotation of a store's secret."""
    failed = main(["--requests", "8000", "--first", str(first), "--seed", "3"])
    assert not failed, capsys.readouterr().out


def test_a_request_is_the_same_whenever_it_is_made() -> None:
    assert [make_request(5, number) for number in range(100)] == [make_request(5, number) for number in range(100)]


def test_the_oracle_tells_valid_requests_from_others() -> None:
    """Were it to take all, or none, nothing would be judged."""
    judged = [
        (is_valid(event, number / PER_SECOND), kinds)
        for number in range(3000)
        for event, kinds in [make_request(0, number)]
    ]
    assert all(valid for valid, kinds in judged if not kinds)
    assert 0 < sum(valid for valid, kinds in judged if kinds) < sum(not valid for valid, kinds in judged if kinds)
