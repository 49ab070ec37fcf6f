"""A policy is closed by default, and whatever it does not understand is an error that names the key."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigcharge.domain.durations import parse_duration
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.policy import Policy
from bigcharge.domain.policy_document import parse_policy
from tests.fakes import incomplete_order

DOCUMENTED = """
{"external_sources": [], "order_sources": ["external", "checkout_api"], "channel_ids": null, "currencies": null,
 "amount_range": null, "recurring": true, "instrument": "default", "verification_value": "last_4",
 "store_credit": "never", "capture": "never", "when_failed": "leave", "retry_after": ["P1D", "P3D", "P5D", "P7D"],
 "check_unknown_after": ["PT30S", "PT2M", "PT10M", "PT1H", "P1D", "P1D", "P1D", "P1D", "P1D"],
 "evidence_window": "P1D", "instrument_retention": "P30D", "expiring_notice_days": [45, 15, 1],
 "webhook_tolerance": "PT5M", "raw_cards": false, "keep_billing_address": false}
"""


def test_the_documented_policy_is_the_default() -> None:
    assert parse_policy(json.loads(DOCUMENTED)) == parse_policy({}) == Policy()


def test_the_default_charges_nothing() -> None:
    assert Policy().refusal(incomplete_order()) == "external_source_not_in_policy"


@pytest.mark.parametrize("sources", ["*", ["*"], ["other", "subscriptions"]])
def test_consent_names_the_maker_of_the_order_or_everybody(sources: object) -> None:
    assert parse_policy({"external_sources": sources}).refusal(incomplete_order()) is None


def test_an_order_without_a_maker_is_charged_only_where_everybody_is_named() -> None:
    order = incomplete_order(external_source="")
    assert parse_policy({"external_sources": "*"}).refusal(order) is None
    assert parse_policy({"external_sources": ["subscriptions"]}).refusal(order) == "external_source_not_in_policy"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("retry_afterr", ["P1D"]),
        ("external_sources", "subscriptions"),
        ("external_sources", [""]),
        ("external_sources", [1]),
        ("currencies", ["usd"]),
        ("currencies", "USD"),
        ("amount_range", [1]),
        ("amount_range", [2, 1]),
        ("amount_range", [1.5, 2]),
        ("channel_ids", [-1]),
        ("recurring", "yes"),
        ("instrument", "newest"),
        ("verification_value", "cvv"),
        ("capture", "soon"),
        ("capture", ["never"]),
        ("store_credit", True),
        ("when_failed", "delete"),
        ("retry_hour", 24),
        ("retry_hour", True),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("time_zone", None),
        ("retry_after", ["1 day"]),
        ("retry_after", ["P1M"]),
        ("check_unknown_after", "PT30S"),
        ("evidence_window", -1),
        ("evidence_window", None),
        ("evidence_window", False),
        ("raw_cards", True),
    ],
)
def test_wrong_values_are_errors_that_name_the_key(key: str, value: object) -> None:
    with pytest.raises(InvalidInputError, match=key):
        parse_policy({key: value})


@pytest.mark.parametrize("document", [None, [], "closed", 1])
def test_a_policy_is_an_object(document: object) -> None:
    with pytest.raises(InvalidInputError):
        parse_policy(document)


@pytest.mark.parametrize("value", [0, "0", "PT0S"])
def test_an_evidence_window_of_zero_is_written_in_three_ways(value: object) -> None:
    assert parse_policy({"evidence_window": value}).evidence_window == timedelta()


@given(
    st.dictionaries(
        st.sampled_from(sorted(json.loads(DOCUMENTED))),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists),
    )
)
def test_any_document_is_a_policy_or_an_error_of_ours(document: dict[str, Any]) -> None:
    with suppress(InvalidInputError):
        assert isinstance(parse_policy(document), Policy)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT30S", 30),
        ("PT2M", 120),
        ("PT1H30M", 5400),
        ("P1D", 86_400),
        ("P1W", 604_800),
        ("P1DT1S", 86_401),
        ("PT0.5S", 0.5),
    ],
)
def test_durations_are_iso_8601(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "1D", "P1Y", "P1M", "-P1D", "P-1D", "PT1", "P1D ", "P\u0661D", None, 5]
)
def test_what_has_no_fixed_length_is_no_duration(text: object) -> None:
    with pytest.raises(InvalidInputError):
        parse_duration(text)
