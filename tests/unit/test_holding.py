"""What cannot be done now is held: for how long, under which reason, and after how many looks a person is called."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import (
    BigCommerceError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
)
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause
from bigcharge.services.charging import HoldError
from bigcharge.services.waiting import Waiting
from tests.fakes import CREDENTIALS, NOON, STORE, VISA, order_message
from tests.unit.order_world import World

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OUTAGE = timedelta(minutes=15)
SENT = Attempt(1, "sweep", "stripe.card", VISA.fingerprint, Money(9800, "USD"), "jti-1", NOON + HOUR, NOON - HOUR)
COUNTED = [State.SUBMITTING, State.UNKNOWN, State.PENDING]
OTHERS = [State.SKIPPED, State.DECLINED, State.AUTHORIZED, State.PAID, State.FAILED]
ANSWERS = ["rate_limited", "bigcommerce_unavailable", "bigcommerce_unreachable"]


@pytest.fixture
def world() -> World:
    return World()


def keep(world: World, state: State = State.CLAIMED, looks: int = 0, **changes: Any) -> Charge:
    """A charge that was looked at so often in vain, and is due."""
    charge = Charge(STORE, 215, state, NOON - DAY, attempts=(SENT,), due_at=NOON, failed_looks=looks, version=1)
    world.ledger.charges[STORE, 215] = replace(charge, **changes)
    return world.charge


def waiting(world: World) -> Waiting:
    return Waiting(world.ledger, world.queue, world.stores, world.clock)


def hold(world: World, charge: Charge, reason: str, wait: timedelta = timedelta(), **more: Any) -> Charge:
    assert waiting(world).hold(charge, order_message(), reason, wait, **more) == world.charge
    return world.charge


def hold_after(world: World, charge: Charge, error: BigCommerceError) -> Charge:
    assert waiting(world).hold_after(error, charge, order_message(), CREDENTIALS) == world.charge
    return world.charge


# ------------------------------------------------------------ claims


@pytest.mark.parametrize(
    ("looks", "named", "longest", "wait"),
    [
        (0, timedelta(), OUTAGE, 5 * SECOND),
        (1, timedelta(), OUTAGE, 10 * SECOND),
        (2, timedelta(), OUTAGE, 20 * SECOND),
        (30, timedelta(), OUTAGE, OUTAGE),
        (0, MINUTE, OUTAGE, MINUTE),
        (6, MINUTE, OUTAGE, 320 * SECOND),
    ],
)
def test_a_claim_comes_back_with_its_hint_after_ever_longer_waits(
    world: World, looks: int, named: timedelta, longest: timedelta, wait: timedelta
) -> None:
    charge = hold(world, keep(world, looks=looks, reason="why"), "why", named, longest=longest, code=7)
    assert (charge.state, charge.reason, charge.code) == (State.CLAIMED, "why", 7)
    assert (charge.due_at, charge.failed_looks) == (NOON + wait, looks + 1)
    assert world.queue.sent == [(order_message(), wait.total_seconds())]


def test_a_claim_that_waits_for_longer_than_a_queue_can_waits_for_the_sweep_alone(world: World) -> None:
    charge = hold(world, keep(world, looks=8, reason="why"), "why", longest=DAY)
    assert charge.due_at == NOON + 1280 * SECOND
    world.clock.now = charge.due_at
    hold(world, charge, "another", 901 * SECOND)
    assert world.queue.sent == []


@pytest.mark.parametrize("known", [None, "amount_changed", "rate_limited"])
def test_another_reason_waits_from_the_beginning(world: World, known: str | None) -> None:
    charge = hold(world, keep(world, looks=7, reason=known), "policy_invalid")
    assert (charge.reason, charge.due_at, charge.failed_looks) == ("policy_invalid", NOON + 5 * SECOND, 1)


@pytest.mark.parametrize("reason", ANSWERS)
def test_an_outage_after_something_else_waits_from_the_beginning(world: World, reason: str) -> None:
    assert hold(world, keep(world, looks=7, reason="amount_changed"), reason).failed_looks == 1


@pytest.mark.parametrize(("known", "reason"), [*product(ANSWERS, ANSWERS), ("needs_a_person", "amount_changed")])
def test_an_outage_is_one_wait_whatever_each_look_meets_and_so_is_what_a_person_was_called_for(
    world: World, known: str, reason: str
) -> None:
    assert hold(world, keep(world, looks=7, reason=known), reason).failed_looks == 8


# ------------------------------------------------------------ every other state


@pytest.mark.parametrize("state", OTHERS)
@pytest.mark.parametrize(
    ("due_at", "looked_at"),
    [
        (None, NOON + MINUTE),
        (NOON - HOUR, NOON + MINUTE),
        (NOON, NOON + MINUTE),
        (NOON + DAY, NOON + MINUTE),
        (NOON + SECOND, NOON + SECOND),
    ],
)
def test_any_other_state_stays_what_it_is_and_only_the_sweep_comes_back_to_it(
    world: World, state: State, due_at: datetime | None, looked_at: datetime
) -> None:
    charge = keep(world, state, 3, due_at=due_at, reason="known")
    held = hold(world, charge, "bigcommerce_unavailable", MINUTE)
    assert held == replace(charge, due_at=looked_at, failed_looks=4, version=2)
    assert world.queue.sent == []


@pytest.mark.parametrize("state", COUNTED)
@pytest.mark.parametrize(("due_at", "looked_at"), [(None, None), (NOON + SECOND, NOON + SECOND), (NOON, NOON + MINUTE)])
def test_what_is_looked_at_by_a_schedule_keeps_to_it_whatever_its_hints_come_to(
    world: World, state: State, due_at: datetime | None, looked_at: datetime | None
) -> None:
    charge = hold(world, keep(world, state, due_at=due_at), "bigcommerce_unavailable", MINUTE)
    assert (charge.state, charge.due_at) == (state, looked_at)
    assert (charge.failed_looks, charge.version) == ((1, 2) if due_at == NOON else (0, 1))


# ------------------------------------------------------------ a person


@pytest.mark.parametrize(
    ("state", "reason", "longest", "patience"),
    [
        (State.CLAIMED, "bigcommerce_unavailable", OUTAGE, 100),
        (State.CLAIMED, "refused_by_bigcommerce", DAY, 16),
        *((state, "bigcommerce_unavailable", OUTAGE, 16) for state in COUNTED),
    ],
)
def test_after_so_many_looks_in_vain_a_person_is_called(
    world: World, state: State, reason: str, longest: timedelta, patience: int
) -> None:
    charge = hold(world, keep(world, state, patience - 2, reason=reason), reason, longest=longest)
    assert (charge.state, charge.reason) == (state, reason)
    world.clock.pass_by(days=2)
    charge = hold(world, charge, reason, longest=longest)
    assert (charge.state, charge.reason, charge.updated_at) == (state, "needs_a_person", NOON + 2 * DAY)


@pytest.mark.parametrize("reason", ["rate_limited", "store_paused"])
@pytest.mark.parametrize("state", [State.CLAIMED, *COUNTED])
def test_nobody_is_called_for_what_passes_or_was_called_for_already(world: World, state: State, reason: str) -> None:
    assert hold(world, keep(world, state, 500, reason=reason), reason).reason == reason


@pytest.mark.parametrize("state", OTHERS)
def test_what_is_declined_or_over_keeps_its_reason(world: World, state: State) -> None:
    charge = hold(world, keep(world, state, 500, reason="known"), "bigcommerce_unavailable")
    assert (charge.reason, charge.updated_at) == ("known", NOON - DAY)


def test_a_person_is_called_once(world: World) -> None:
    charge = hold(world, keep(world, State.UNKNOWN, 40, reason="needs_a_person"), "bigcommerce_unavailable")
    assert (charge.reason, charge.updated_at) == ("needs_a_person", NOON - DAY)


# ------------------------------------------------------------ what went wrong


@pytest.mark.parametrize(
    ("error", "reason", "code", "wait"),
    [
        (RefusedError(409), "refused_by_bigcommerce", 409, 5 * SECOND),
        (RefusedError(422, 10001), "refused_by_bigcommerce", 10001, 5 * SECOND),
        (RefusedError(422, 30101), "order_not_chargeable", 30101, 5 * SECOND),
        (RefusedError(404, 30003), "order_not_found", 30003, 5 * SECOND),
        (HoldError("amount_changed"), "amount_changed", None, 5 * SECOND),
        (OutcomeUnknownError("no answer", 10000), "bigcommerce_unavailable", None, 5 * SECOND),
        (NotSentError("no route"), "bigcommerce_unavailable", None, 5 * SECOND),
        (RateLimitedError(7.0), "rate_limited", None, 7 * SECOND),
    ],
)
def test_a_claim_says_what_went_wrong(
    world: World, error: BigCommerceError, reason: str, code: int | None, wait: timedelta
) -> None:
    charge = hold_after(world, keep(world, looks=3), error)
    assert (charge.state, charge.reason, charge.code) == (State.CLAIMED, reason, code)
    assert charge.due_at == NOON + wait
    assert not world.ledger.pauses


@pytest.mark.parametrize(
    ("error", "pause", "code"),
    [
        (UnauthorizedError(401), "credentials_refused", 401),
        (UnauthorizedError(403), "credentials_refused", 403),
        (RefusedError(422, 30001), "payment_configuration", 30001),
    ],
)
def test_what_is_wrong_with_the_store_pauses_it_and_the_order_says_so(
    world: World, error: BigCommerceError, pause: str, code: int
) -> None:
    charge = hold_after(world, keep(world), error)
    assert (charge.reason, charge.code, charge.due_at) == ("store_paused", code, NOON + 15 * MINUTE)
    assert world.ledger.pauses[STORE] == Pause(STORE, pause, code, CREDENTIALS.fingerprint, NOON)


@pytest.mark.parametrize(("looks", "wait"), [(0, 2), (29, 2), (30, 5), (32, 20), (60, 900)])
def test_too_many_requests_wait_as_long_as_was_named_and_longer_when_it_goes_on(
    world: World, looks: int, wait: int
) -> None:
    charge = hold_after(world, keep(world, looks=looks, reason="rate_limited"), RateLimitedError(2.0))
    assert (charge.reason, charge.due_at) == ("rate_limited", NOON + wait * SECOND)


@pytest.mark.parametrize("error", [HoldError("amount_changed"), RefusedError(409), RefusedError(422, 30101)])
def test_a_refusal_is_waited_for_for_up_to_a_day(world: World, error: BigCommerceError) -> None:
    hold_after(world, keep(world), error)
    reason = world.charge.reason
    assert hold_after(world, keep(world, looks=15, reason=reason), error).due_at == NOON + DAY


# ------------------------------------------------------------ orders that no token is made for


@pytest.mark.parametrize("code", [30003, 30101])
def test_an_order_that_is_not_chargeable_is_left_after_a_person_was_called(world: World, code: int) -> None:
    error = RefusedError(422, code)
    reason = hold_after(world, keep(world), error).reason
    called = hold_after(world, keep(world, looks=15, reason=reason), error)
    assert (called.state, called.reason, called.failed_looks) == (State.CLAIMED, "needs_a_person", 16)
    left = hold_after(world, called, error)
    assert (left.state, left.reason, left.code, left.due_at) == (State.SKIPPED, reason, code, None)


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (State.CLAIMED, RefusedError(409)),
        (State.CLAIMED, RefusedError(422, 10001)),
        (State.DECLINED, RefusedError(422, 30101)),
        (State.UNKNOWN, RefusedError(422, 30101)),
    ],
)
def test_anything_else_is_looked_at_on_and_on(world: World, state: State, error: RefusedError) -> None:
    charge = hold_after(world, keep(world, state, 40, reason="needs_a_person"), error)
    assert (charge.state, charge.reason, charge.due_at) == (state, "needs_a_person", NOON + DAY)
