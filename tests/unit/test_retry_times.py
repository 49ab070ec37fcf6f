"""When an order is tried again: by the schedule, and at the hour of day that the policy names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigcharge.domain.policy_document import parse_policy
from bigcharge.domain.states import State
from tests.unit.order_world import POLICY, World, declined

times = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive by Hypothesis's rule
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])


@pytest.mark.parametrize(
    ("zone", "hour", "earliest", "at"),
    [
        ("UTC", 9, "2026-11-21T08:59:59+00:00", "2026-11-21T09:00:00+00:00"),
        ("UTC", 9, "2026-11-21T09:00:00+00:00", "2026-11-21T09:00:00+00:00"),
        ("UTC", 9, "2026-11-21T09:59:59+00:00", "2026-11-21T09:59:59+00:00"),
        ("UTC", 9, "2026-11-21T10:00:00+00:00", "2026-11-22T09:00:00+00:00"),
        ("Europe/Berlin", 9, "2026-07-01T00:00:00+00:00", "2026-07-01T07:00:00+00:00"),
        ("Europe/Berlin", 9, "2026-12-01T00:00:00+00:00", "2026-12-01T08:00:00+00:00"),
        ("America/New_York", 0, "2026-11-01T03:00:00+00:00", "2026-11-01T04:00:00+00:00"),
    ],
)
def test_a_retry_is_made_at_the_policys_hour_of_the_policys_zone(zone: str, hour: int, earliest: str, at: str) -> None:
    policy = replace(POLICY, retry_hour=hour, time_zone=zone)
    assert policy.retry_time(datetime.fromisoformat(earliest)) == datetime.fromisoformat(at)


@given(earliest=times, hour=st.integers(0, 23), zone=zones)
def test_a_retry_is_never_before_its_wait_is_over_and_at_most_a_day_after(
    earliest: datetime, hour: int, zone: str
) -> None:
    at = replace(POLICY, retry_hour=hour, time_zone=zone).retry_time(earliest)
    assert timedelta(0) <= at - earliest <= timedelta(hours=25)  # a day can have 25 hours


def test_without_an_hour_a_retry_is_made_as_soon_as_its_wait_is_over() -> None:
    earliest = datetime(2026, 11, 21, 8, 59, 59, tzinfo=UTC)
    assert POLICY.retry_time(earliest) == earliest


def test_an_order_is_tried_again_at_the_policys_hour() -> None:
    world = World()
    world.stores.policies = parse_policy(
        {"external_sources": ["subscriptions"], "retry_hour": 6, "time_zone": "Europe/Berlin"}
    )
    world.bigcommerce.answers = [declined(30106)]
    world.look()
    six_in_berlin = datetime(2026, 11, 22, 5, tzinfo=UTC)
    assert world.charge.retry_at == six_in_berlin
    world.sweep_until(six_in_berlin)
    assert len(world.bigcommerce.paid) == 1
    world.sweep_until(six_in_berlin + timedelta(minutes=2))
    assert (len(world.bigcommerce.paid), world.charge.state) == (2, State.PAID)
