"""What is tried after a refusal, and when: by the schedule, by the policy, as long as BigCommerce says."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from bigcharge.adapters.bigcommerce.payments import read_payment
from bigcharge.adapters.bigcommerce.transport import Answer
from bigcharge.domain.errors import OutcomeUnknownError, RateLimitedError
from bigcharge.domain.events import Alarm, charge_event
from bigcharge.domain.money import Money
from bigcharge.domain.policy import InstrumentChoice, StoreCreditUse
from bigcharge.domain.policy_document import parse_policy
from bigcharge.domain.states import State
from tests.fakes import MASTERCARD, STORE, VISA
from tests.unit.order_world import POLICY, World, declined


@pytest.fixture
def world() -> World:
    return World()


def live(world: World, **time: float) -> int:
    return world.sweep_until(world.clock() + timedelta(**time))


def tried(world: World) -> list[str | None]:
    return [tender.last_4 for _, tender in world.bigcommerce.paid]


def alarms(world: World) -> list[Alarm]:
    """The alarms that the changes of the ledger will lead to, as they come."""
    found: list[Alarm] = []

    def note(charge: Any) -> None:
        event = charge_event(world.ledger.charges.get((STORE, charge.order_id)), charge)
        if event is not None and event.alarm is not None:
            found.append(event.alarm)

    world.ledger.before_save = note
    return found


def test_daily_retries_at_an_hour_are_a_day_apart(world: World) -> None:
    policy: dict[str, Any] = {"external_sources": ["subscriptions"], "retry_hour": 6, "retry_after": ["P1D"] * 3}
    world.stores.policies = parse_policy(policy)
    world.bigcommerce.answers = [declined(30106)] * 4
    times = []
    world.bigcommerce.before_pay = lambda: times.append(world.clock())
    world.clock.pass_by(seconds=20)
    world.look()
    live(world, days=12)
    gaps = [after - before for before, after in pairwise(times[1:])]
    assert len(gaps) == 2
    assert max(gaps) < timedelta(days=1, hours=1)


@pytest.mark.parametrize("named", [2.0, 30.0])
def test_a_rate_limit_is_waited_for_as_long_as_bigcommerce_names_however_often_it_comes(
    world: World, named: float
) -> None:
    world.bigcommerce.trouble["create_access_token"] = RateLimitedError(named)
    world.look()
    for _ in range(29):
        due_at = world.charge.due_at
        assert due_at == world.clock() + timedelta(seconds=named)
        world.clock.now = due_at
        world.look()
    looks = live(world, hours=12)
    assert looks < 200, "what goes on for hours is no shared quota"


@pytest.mark.parametrize("code", [10000, 30105])
def test_a_429_with_a_code_that_leaves_the_outcome_open_is_unknown(code: int) -> None:
    with pytest.raises(OutcomeUnknownError):
        read_payment(Answer(429, {}, b'{"code": %d}' % code))
    with pytest.raises(RateLimitedError):
        read_payment(Answer(429, {}, b'{"code": 30106}'))


def test_after_the_last_retry_of_one_card_the_other_has_its_own(world: World) -> None:
    world.bigcommerce.instruments = (VISA, MASTERCARD)
    world.stores.policies = replace(POLICY, instrument=InstrumentChoice.ANY, retry_after=(timedelta(days=1),))
    world.bigcommerce.answers = [declined(30106)] * 10
    world.look()
    live(world, days=5)
    assert tried(world) == [VISA.last_4, MASTERCARD.last_4] * 2
    assert (world.charge.state, world.charge.reason) == (State.FAILED, "insufficient_funds")


def test_without_a_schedule_each_card_is_tried_once(world: World) -> None:
    world.bigcommerce.instruments = (VISA, MASTERCARD)
    world.stores.policies = replace(POLICY, instrument=InstrumentChoice.ANY, retry_after=())
    world.bigcommerce.answers = [declined(30106)] * 10
    world.look()
    live(world, days=5)
    assert tried(world) == [VISA.last_4, MASTERCARD.last_4]
    assert world.charge.state is State.FAILED


@pytest.mark.parametrize("code", [30103, 30104])
def test_a_renewed_card_is_tried_at_once(world: World, code: int) -> None:
    """The gateway gave the same token another date."""
    world.bigcommerce.answers = [declined(code)]
    world.look()
    world.clock.pass_by(minutes=5)
    assert world.look("instrument_changed").state is State.DECLINED
    world.bigcommerce.instruments = (replace(VISA, expiry_year=2034),)
    assert world.look("instrument_changed").state is State.PAID


@pytest.mark.parametrize("code", [30003, 30101])
def test_an_order_that_is_refused_whatever_is_charged_burns_no_other_card(world: World, code: int) -> None:
    world.bigcommerce.instruments = (VISA, MASTERCARD)
    world.stores.policies = replace(POLICY, instrument=InstrumentChoice.ANY)
    world.bigcommerce.answers = [declined(code)] * 40
    world.look()
    world.look("store/order/updated")
    live(world, days=3)
    assert set(tried(world)) == {VISA.last_4}


@pytest.mark.parametrize("code", [30102, 30104])
def test_the_code_of_an_answer_that_left_the_outcome_open_is_no_decline(world: World, code: int) -> None:
    world.stores.policies = replace(POLICY, retry_after=(timedelta(days=1),))
    world.bigcommerce.answers = [OutcomeUnknownError(f"HTTP 500 with code {code}", code), declined(30104)]
    world.look()
    live(world, days=5)
    assert (world.charge.state, len(world.bigcommerce.paid)) == (State.PAID, 3)


@pytest.mark.parametrize("code", [30000, 30003, 30004, 30101])
def test_store_credit_is_used_first_also_after_a_refusal_of_the_order_or_the_store(world: World, code: int) -> None:
    world.stores.policies = replace(POLICY, store_credit=StoreCreditUse.FIRST)
    world.bigcommerce.answers = [declined(code)]
    world.look()
    world.clock.pass_by(minutes=20)
    world.ledger.resume(STORE)
    world.look("sweep")
    assert [tender.is_store_credit for _, tender in world.bigcommerce.paid] == [True, True]


def test_store_credit_that_is_refused_without_a_code_again_and_again_is_left_for_the_card(world: World) -> None:
    world.stores.policies = replace(POLICY, store_credit=StoreCreditUse.FIRST)
    world.bigcommerce.answers = [OutcomeUnknownError("HTTP 422")] * 2
    world.look()
    live(world, days=4)
    assert [tender.is_store_credit for _, tender in world.bigcommerce.paid] == [True, True, False]
    assert world.charge.state is State.PAID


def test_an_order_whose_token_never_agrees_is_before_a_person(world: World) -> None:
    called = alarms(world)
    world.bigcommerce.token_money = Money(9801, "USD")
    world.look()
    live(world, days=14)
    assert called == [Alarm.NEEDS_A_PERSON]
    world.bigcommerce.token_money = None
    live(world, days=2)
    assert world.charge.state is State.PAID


def test_an_order_that_cannot_be_read_for_a_day_is_before_a_person_and_goes_on_by_itself(world: World) -> None:
    called = alarms(world)
    world.bigcommerce.trouble["get_order"] = OutcomeUnknownError("an answer of another form")
    world.look()
    live(world, hours=20)
    assert called == []
    live(world, days=3)
    assert (called, world.charge.state) == ([Alarm.NEEDS_A_PERSON], State.CLAIMED)
    world.bigcommerce.trouble.clear()
    live(world, hours=1)
    assert world.charge.state is State.PAID


def test_a_payment_whose_order_cannot_be_read_for_hours_is_before_a_person(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("it timed out")]
    world.look()
    called = alarms(world)
    world.bigcommerce.trouble["get_transactions"] = OutcomeUnknownError("an answer of another form")
    live(world, days=1)
    assert (called, world.charge.state) == ([Alarm.NEEDS_A_PERSON], State.UNKNOWN)
    world.bigcommerce.trouble.clear()
    live(world, days=2)
    assert world.charge.state is State.PAID, "an attempt that left no trace is made again"


def test_hints_that_come_to_nothing_use_up_no_check_of_an_unknown_payment(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("it timed out")]
    world.look()
    live(world, hours=2)
    checks = world.charge.checks
    world.bigcommerce.trouble["get_order"] = OutcomeUnknownError("503")
    for _ in range(6):
        world.look("store/order/updated")
    world.bigcommerce.trouble.clear()
    live(world, minutes=20)
    assert world.charge.checks == checks
