"""What a charge knows of itself, and what a move from one state to another keeps."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge, move, move_by_operator, postpone
from bigcharge.domain.money import Money
from bigcharge.domain.states import BY_OPERATOR, TRANSITIONS, State, TransitionError
from tests.fakes import NOON, STORE, VISA

HOUR = timedelta(hours=1)
PRICE = Money(9800, "USD")
ATTEMPT = Attempt(1, "sweep", "stripe.card", VISA.fingerprint, PRICE, "jti-1", NOON + HOUR, NOON)
FULL = Charge(
    store_hash=STORE,
    order_id=215,
    state=State.DECLINED,
    updated_at=NOON,
    customer_id=11,
    reason="insufficient_funds",
    code=30106,
    money=PRICE,
    attempts=(ATTEMPT,),
    acts=(Act(ActKind.CAPTURE, "jane", "asked for", NOON),),
    transaction_id="payment-1",
    difference="paid_twice",
    due_at=NOON,
    checks=3,
    failed_looks=4,
    absent_since=NOON,
    asked_at=NOON,
    forgotten_at=NOON,
    version=7,
)
WAIT = {"reason", "code", "due_at", "checks", "failed_looks", "absent_since", "asked_at"}


def test_a_move_begins_every_wait_anew_and_keeps_the_rest() -> None:
    assert all(getattr(FULL, one.name) for one in fields(FULL)), "every field holds something"
    moved = move(FULL, State.SKIPPED, NOON + HOUR)
    changed = {one.name for one in fields(FULL) if getattr(moved, one.name) != getattr(FULL, one.name)}
    assert changed == {"state", "updated_at"} | WAIT
    assert {getattr(moved, name) for name in WAIT} == {None, 0}
    assert (moved.state, moved.updated_at) == (State.SKIPPED, NOON + HOUR)
    assert move(FULL, State.SKIPPED, NOON, reason="guest", checks=1) == replace(
        move(FULL, State.SKIPPED, NOON), reason="guest", checks=1
    )


@pytest.mark.parametrize("state", [None, *State])
@pytest.mark.parametrize("target", list(State))
def test_what_the_table_does_not_have_is_not_done(state: State | None, target: State) -> None:
    charge = replace(FULL, state=state) if state else replace(FULL, state=State.CLAIMED, version=0)
    if target in TRANSITIONS[state]:
        assert move(charge, target, NOON).state is target
    else:
        with pytest.raises(TransitionError):
            move(charge, target, NOON)
    if state and target not in BY_OPERATOR.get(state, ()):
        with pytest.raises(TransitionError):
            move_by_operator(charge, target, NOON)


def test_to_look_at_another_time_is_no_change_of_the_charge() -> None:
    later = postpone(FULL, NOON + HOUR)
    assert later == replace(FULL, due_at=NOON + HOUR, failed_looks=0)
    assert postpone(FULL, None, failed_looks=5) == replace(FULL, due_at=None, failed_looks=5)


@pytest.mark.parametrize(
    ("state", "since"),
    [(State.SUBMITTING, NOON), (State.UNKNOWN, NOON), (State.PENDING, None), (State.DECLINED, None)],
)
def test_it_is_unknown_since_its_newest_request_left(state: State, since: object) -> None:
    earlier = replace(ATTEMPT, sent_at=NOON - HOUR)
    assert replace(FULL, state=state, attempts=(earlier, ATTEMPT)).unknown_since == since


def test_only_an_operators_retry_makes_what_was_refused_before_count_no_more() -> None:
    retried = Act(ActKind.RETRY, "jane", "asked for", NOON + HOUR)
    captured = replace(retried, kind=ActKind.CAPTURE, at=NOON + 3 * HOUR)
    attempts = tuple(replace(ATTEMPT, number=n, sent_at=NOON + n * HOUR) for n in range(4))
    assert replace(FULL, attempts=attempts, acts=(captured,)).attempts_since_retry == attempts
    assert replace(FULL, attempts=attempts, acts=(retried, captured)).attempts_since_retry == attempts[1:]
    newer = replace(retried, at=NOON + 2 * HOUR)
    assert replace(FULL, attempts=attempts, acts=(retried, newer)).attempts_since_retry == attempts[2:]


def test_what_bigcommerce_cannot_have_tried_is_no_attempt() -> None:
    taken_back = replace(ATTEMPT, outcome=State.CLAIMED)
    charge = replace(FULL, attempts=(ATTEMPT, taken_back, ATTEMPT))
    assert charge.attempts_since(NOON) == 2
    assert charge.attempts_since(NOON + timedelta(seconds=1)) == 0


def test_the_next_retry_is_that_of_the_first_card_whose_wait_goes_on() -> None:
    waits = tuple(replace(ATTEMPT, retry_at=at) for at in (NOON, NOON + 2 * HOUR, None, NOON + HOUR))
    charge = replace(FULL, attempts=waits)
    assert charge.next_retry(NOON) == NOON + HOUR
    assert charge.next_retry(NOON + HOUR) == NOON + 2 * HOUR
    assert charge.next_retry(NOON + 2 * HOUR) is None
    assert charge.retry_at == NOON + HOUR


@pytest.mark.parametrize(("due_at", "is_due"), [(None, False), (NOON, True), (NOON + HOUR, False)])
def test_it_is_due_from_its_time_on(due_at: object, is_due: bool) -> None:  # noqa: FBT001 - a column of the table
    assert replace(FULL, due_at=due_at).is_due(NOON) is is_due  # type: ignore[arg-type]  # a time or none
