"""How far a store's orders have been read: the walks and the gaps, by themselves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain.charges import Charge
from bigcharge.domain.policy import Policy
from bigcharge.domain.reconciling import Cursor, Errand, Gap, Walk, is_missed
from bigcharge.domain.states import State
from tests.fakes import NOON, STORE, incomplete_order

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
POLICY = Policy(external_sources=("subscriptions",))
WALK = Walk(since=NOON - DAY, began_at=NOON - HOUR, newest=NOON - HOUR, after_id=300)


def test_a_walk_sets_out_from_the_first_order_and_ends_a_little_before_what_was_newest() -> None:
    ended = WALK.end()
    assert ended == Walk(since=NOON - HOUR - 10 * MINUTE, began_at=NOON - HOUR)
    begun = replace(WALK, newest=None).begin(NOON - MINUTE, NOON)
    assert begun == Walk(since=NOON - DAY, began_at=NOON, newest=NOON - MINUTE, after_id=0)


def test_a_walk_never_goes_back_and_an_order_of_next_year_does_not_hide_those_until_then() -> None:
    assert Walk(since=NOON, newest=NOON + MINUTE).end().since == NOON
    assert Walk(since=NOON).begin(NOON + 365 * DAY, NOON + HOUR).newest == NOON + HOUR


def test_where_nothing_changed_the_walk_is_over_at_once() -> None:
    begun = Walk(since=NOON).begin(None, NOON + HOUR)
    assert (begun.newest, begun.end().since) == (None, NOON)


@pytest.mark.parametrize(("ago", "is_kept"), [(2 * HOUR, True), (DAY - MINUTE, True), (DAY, False), (3 * DAY, False)])
def test_an_order_that_the_ledger_does_not_know_is_come_by_again_for_a_day(ago: timedelta, is_kept: bool) -> None:  # noqa: FBT001 - a column of the table
    unknown = [incomplete_order(1, modified_at=NOON - ago), incomplete_order(2), incomplete_order(3, modified_at=NOON)]
    assert WALK.keep(unknown, NOON).newest == (NOON - ago if is_kept else WALK.newest)


def test_a_walk_that_is_over_keeps_nothing() -> None:
    over = replace(WALK, newest=None)
    assert over.keep([incomplete_order(modified_at=NOON)], NOON) == over


def test_a_gap_is_walked_through_once() -> None:
    gap = Gap(NOON - 3 * HOUR, NOON - HOUR)
    cursor = Cursor(STORE).with_gap(gap)
    walk = cursor.walks[Errand.GAP]
    assert walk == Walk(since=gap.since, newest=gap.until, until=gap.until)
    over = walk.end()
    assert over == replace(walk, newest=None), "what follows it is not its own"
    done = cursor.with_walk(Errand.GAP, over)
    assert not done.is_due(Errand.GAP, NOON)
    assert done.with_gap(gap) is done
    assert done.with_gap(None) is done


def test_a_second_gap_does_not_forget_the_one_that_is_walked_through() -> None:
    first, second = Gap(NOON - 9 * HOUR, NOON - 8 * HOUR), Gap(NOON - 2 * HOUR, NOON - HOUR)
    both = Cursor(STORE).with_gap(first).with_gap(second).walks[Errand.GAP]
    assert (both.since, both.until) == (first.since, second.until)
    cursor = Cursor(STORE).with_gap(first)
    over = cursor.with_walk(Errand.GAP, cursor.walks[Errand.GAP].end())
    assert over.with_gap(second).walks[Errand.GAP].since == second.since


def test_two_gaps_make_one_that_holds_both() -> None:
    first, second = Gap(NOON - 9 * HOUR, NOON - HOUR), Gap(NOON - 2 * DAY, NOON - 2 * HOUR)
    assert first.join(second) == second.join(first) == Gap(second.since, first.until)
    assert first.join(None) == first


def test_orders_are_walked_through_with_each_run_and_the_books_hourly() -> None:
    cursor = Cursor(STORE).turn(NOON)
    assert cursor.walks == {errand: Walk(since=NOON - 2 * DAY) for errand in (Errand.ORDERS, Errand.BOOKS)}
    assert all(cursor.is_due(errand, NOON) for errand in (Errand.ORDERS, Errand.BOOKS))
    assert not cursor.is_due(Errand.GAP, NOON)
    done = replace(cursor, walks=dict.fromkeys(cursor.walks, Walk(since=NOON, began_at=NOON)))
    assert done.is_due(Errand.ORDERS, NOON)
    assert not done.is_due(Errand.BOOKS, NOON + 50 * MINUTE)
    assert done.is_due(Errand.BOOKS, NOON + HOUR - 30 * timedelta(seconds=1))
    under_way = done.with_walk(Errand.BOOKS, Walk(since=NOON, began_at=NOON, newest=NOON))
    assert under_way.is_due(Errand.BOOKS, NOON + MINUTE), "what was begun goes on"
    assert done.turn(NOON + HOUR).walks == done.walks


@pytest.mark.parametrize(
    ("state", "changed", "missed"),
    [
        (State.SKIPPED, NOON + MINUTE, True),
        (State.SKIPPED, NOON - 9 * MINUTE, True),
        (State.SKIPPED, NOON - 11 * MINUTE, False),
        (State.SKIPPED, None, True),
        (State.DECLINED, NOON + MINUTE, False),
        (State.CLAIMED, NOON + MINUTE, False),
    ],
)
def test_an_order_is_missed_where_it_was_left_alone_before_it_changed(
    state: State, changed: object, *, missed: bool
) -> None:
    order = incomplete_order(modified_at=changed)
    assert is_missed(Charge(STORE, 215, state, NOON), order, POLICY) is missed
    assert is_missed(None, order, POLICY)
    assert not is_missed(Charge(STORE, 215, state, NOON), replace(order, customer_id=0), POLICY)
