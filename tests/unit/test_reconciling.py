"""Reconciling: no order that nobody was told of is lost, whatever happens while it is looked for."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigcharge.domain.errors import InvalidInputError, OutcomeUnknownError
from bigcharge.domain.money import Money
from bigcharge.domain.orders import OrderStatus
from bigcharge.domain.reconciling import Errand, Walk
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause
from bigcharge.services.reconciling import Reconciled
from tests.fakes import CREDENTIALS, NOON, STORE
from tests.unit.reconcile_world import Shop, World, ago, seconds


@pytest.fixture
def world() -> World:
    return World()


def test_an_incomplete_order_that_the_ledger_does_not_know_goes_to_the_queue_with_its_cause(world: World) -> None:
    world.shop.put(1)
    assert world.run() == {STORE: Reconciled(orders=1, books=0, is_finished=True)}
    [message] = world.messages
    assert (message.store_hash, message.kind, message.id, message.cause) == (STORE, "order", 1, "reconcile")


def test_an_order_whose_hint_was_lost_is_hinted_at_until_the_ledger_knows_it(world: World) -> None:
    world.shop.put(1)
    world.clock.pass_by(hours=1)
    world.shop.put(2)
    assert world.reconcile() == [1, 2]
    world.know(2, State.CLAIMED)
    world.clock.pass_by(minutes=10)
    assert world.reconcile() == [1]
    world.know(1, State.CLAIMED)
    world.clock.pass_by(minutes=10)
    assert world.reconcile() == []


def test_an_order_that_the_ledger_never_knows_holds_up_no_walk_for_longer_than_a_day(world: World) -> None:
    world.shop.put(1)
    world.reconcile()
    world.clock.pass_by(hours=25)
    for number in (2, 3):
        world.shop.put(number)
        world.know(number, State.PAID)
        world.reconcile()
        world.clock.pass_by(minutes=30)
    assert world.reconcile() == []


def test_a_walk_that_lists_nothing_of_what_has_changed_is_not_over(world: World) -> None:
    """An answer that is wrong, and of the right form, must not hide an order for good."""
    world.shop.put(1)
    world.clock.pass_by(hours=1)
    world.shop.put(2)
    walk, world.shop.walk_orders = world.shop.walk_orders, lambda *_: iter(())  # type: ignore[method-assign]
    for _ in range(3):
        assert world.reconcile() == []
        world.clock.pass_by(minutes=30)
    world.shop.walk_orders = walk  # type: ignore[method-assign]
    assert world.reconcile() == [1, 2]


def test_orders_in_another_status_and_those_that_the_ledger_knows_are_left_alone(world: World) -> None:
    world.shop.put(1, status=OrderStatus.AWAITING_FULFILLMENT)
    for number, state in enumerate(State, 2):
        if state is not State.SKIPPED:
            world.shop.put(number)
            world.know(number, state)
    assert world.reconcile() == []


def test_an_order_that_was_left_alone_and_changed_since_is_looked_at_again(world: World) -> None:
    world.know(1, State.SKIPPED, ago(hours=1))
    world.shop.put(1)
    assert world.reconcile() == [1]


def test_an_order_that_was_left_alone_for_what_a_lagging_read_showed_is_looked_at_again(world: World) -> None:
    """Its change is older than the look, and yet the look did not see it."""
    world.shop.put(1)
    world.clock.pass_by(minutes=9)
    world.know(1, State.SKIPPED)
    assert world.reconcile() == [1]


def test_an_order_that_was_left_alone_for_good_is_not_looked_at_each_time(world: World) -> None:
    """BigCommerce makes no token for it: found out long after its last change, which still stands in the list."""
    world.shop.put(1)
    world.clock.pass_by(hours=1)
    world.know(1, State.SKIPPED)
    assert world.reconcile() == []


def test_an_abandoned_checkout_is_looked_at_once_and_not_with_each_run(world: World) -> None:
    world.shop.put(1, order_source="www")
    assert world.reconcile() == [1]
    world.know(1, State.SKIPPED, world.shop.orders[1].modified_at)
    world.shop.put(1)
    assert world.reconcile() == []


def test_an_order_whose_date_cannot_be_read_is_looked_at(world: World) -> None:
    world.shop.put(1, modified_at=None)
    world.know(1, State.SKIPPED)
    assert world.reconcile() == [1]


def test_a_store_without_cursor_is_read_from_two_days_back(world: World) -> None:
    world.shop.put(1, modified_at=ago(days=2))
    world.shop.put(2, modified_at=ago(days=2, seconds=1))
    world.run()
    assert world.sent() == [1]


def test_an_outage_from_the_first_run_on_loses_no_order_however_long_it_lasts(world: World) -> None:
    world.shop.put(1)
    world.shop.trouble = OutcomeUnknownError("away")
    with pytest.raises(OutcomeUnknownError):
        world.run()
    world.clock.pass_by(days=5)
    world.shop.trouble = None
    world.run()
    assert world.sent() == [1]


def test_the_cursor_is_bigcommerces_time_less_what_a_read_may_be_behind(world: World) -> None:
    world.shop.put(1, modified_at=ago(hours=5))
    world.run()
    assert world.cursors.kept[STORE].walks[Errand.ORDERS] == Walk(ago(hours=5, minutes=10), began_at=NOON)


def test_an_order_that_lists_show_late_is_found_within_ten_minutes(world: World) -> None:
    world.shop.put(1)
    world.shop.unseen = {1}
    world.clock.pass_by(minutes=9)
    world.shop.put(2)
    assert world.reconcile() == [2]
    world.know(2, State.PAID)
    world.shop.unseen = set()
    assert world.reconcile() == [1]


def test_an_order_of_the_future_hides_none_of_the_present(world: World) -> None:
    """Somebody's clock is wrong: theirs or ours."""
    world.shop.put(1, modified_at=NOON + timedelta(days=365))
    assert world.reconcile() == [1]
    world.shop.put(2)
    assert 2 in world.reconcile()


def test_nothing_new_costs_one_call_and_the_cursor_stays(world: World) -> None:
    world.run()
    before, calls = world.cursors.kept[STORE].walks[Errand.ORDERS], world.shop.calls
    assert world.reconcile() == []
    after = world.cursors.kept[STORE].walks[Errand.ORDERS]
    assert (after.since, world.shop.calls - calls) == (before.since, 1)


def test_orders_that_leave_the_list_while_it_is_read_take_none_with_them(world: World) -> None:
    """With numbered pages, each order that leaves moves another over the edge of its page, unseen."""
    for number in range(1, 13):
        world.shop.put(number)

    def pay_the_first() -> None:
        first = next(number for number, order in sorted(world.shop.orders.items()) if not order.status)
        world.shop.put(first, status=OrderStatus.AWAITING_FULFILLMENT)

    world.shop.between_pages = pay_the_first
    world.run()
    assert world.sent() == list(range(1, 13))


def test_an_order_that_changes_after_it_was_passed_is_found_by_the_next_run(world: World) -> None:
    for number in range(1, 7):
        world.shop.put(number)
        world.know(number, State.SKIPPED, ago(days=1))
        world.shop.put(number, external_source="nobody")

    def consent_to_the_first() -> None:
        world.clock.pass_by(minutes=15)  # a slow walk: by far longer than a read lags behind
        if world.shop.orders[1].external_source == "nobody":
            world.shop.put(1, external_source="subscriptions")
        world.shop.put(6)

    world.shop.between_pages = consent_to_the_first
    world.run()
    assert world.sent() == []
    world.shop.between_pages = lambda: None
    assert world.reconcile() == [1]


def test_a_run_whose_time_is_over_is_continued_by_the_next_where_it_stopped(world: World) -> None:
    for number in range(1, 8):
        world.shop.put(number)
    world.seconds_left = seconds(300, 300, 10)
    assert world.run()[STORE] == Reconciled(orders=6, books=0, is_finished=False)
    assert world.sent() == [1, 2, 3, 4, 5, 6]
    walk = world.cursors.kept[STORE].walks[Errand.ORDERS]
    assert (walk.after_id, walk.newest, walk.since) == (6, NOON, ago(days=2))
    world.seconds_left = lambda: 300
    assert world.reconcile() == [7]
    assert world.cursors.kept[STORE].walks[Errand.ORDERS].newest is None


def test_what_changed_while_a_walk_stood_still_is_found_when_it_is_over(world: World) -> None:
    for number in range(1, 8):
        world.shop.put(number)
        world.know(number, State.PAID)
    world.seconds_left = seconds(300, 10)
    world.run()
    world.clock.pass_by(hours=30)
    world.ledger.charges.pop((STORE, 2))
    world.shop.put(2)
    world.seconds_left = lambda: 300
    world.run()
    assert world.sent() == []
    assert world.reconcile() == [2]


def test_runs_in_quick_succession_send_an_order_once_until_it_or_its_charge_changes(world: World) -> None:
    world.shop.put(1)
    world.run()
    assert world.sent() == [1]
    world.clock.pass_by(seconds=1)
    world.run()
    assert world.sent() == []
    world.shop.put(1)
    world.run()
    assert world.sent() == [1]
    world.know(1, State.SKIPPED)
    world.run()
    assert world.sent() == [1]
    assert world.reconcile() == [1], "ten minutes later nobody has looked at it still"


def test_what_the_queue_did_not_take_is_sent_at_once_when_it_is_back(world: World) -> None:
    world.shop.put(1)
    world.queue.error = ConnectionError("the queue is away")
    with pytest.raises(ConnectionError):
        world.run()
    world.queue.error = None
    world.run()
    assert world.sent() == [1]


def test_the_cursor_moves_only_after_the_messages_are_in_the_queue(world: World) -> None:
    world.shop.put(1)
    world.queue.error = ConnectionError("the queue is away")
    with pytest.raises(ConnectionError):
        world.run()
    assert world.cursors.kept[STORE].walks[Errand.ORDERS] == Walk(ago(days=2))
    world.queue.error = None
    assert world.reconcile() == [1]


def test_an_error_in_the_middle_keeps_what_was_done(world: World) -> None:
    for number in range(1, 6):
        world.shop.put(number)

    def break_down() -> None:
        world.shop.trouble = OutcomeUnknownError("HTTP 503")

    world.shop.between_pages = break_down
    with pytest.raises(OutcomeUnknownError):
        world.run()
    assert world.sent() == [1, 2, 3]
    world.shop.trouble, world.shop.between_pages = None, lambda: None
    assert world.reconcile() == [4, 5]


HAPPENINGS = st.tuples(
    st.sampled_from(["come", "change", "leave", "return", "rest"]), st.integers(0, 1800), st.integers()
)


@settings(max_examples=150)
@given(
    at_first=st.integers(0, 8),
    happenings=st.lists(HAPPENINGS, max_size=20),
    runs=st.lists(st.lists(st.sampled_from([300.0, 10.0]), max_size=4), max_size=5),
)
def test_whatever_orders_do_meanwhile_each_that_is_incomplete_is_told_of_after_its_last_change(
    at_first: int, happenings: list[tuple[str, int, int]], runs: list[list[float]]
) -> None:
    """Orders come, change, leave and return between any two pages; runs are cut short anywhere."""
    world, coming = World(), list(happenings)
    for number in range(1, at_first + 1):
        world.shop.put(number)

    def live_on() -> None:
        what, passed, which = coming.pop(0) if coming else ("rest", 0, 0)
        world.clock.pass_by(seconds=passed)
        orders = world.shop.orders
        if what == "come":
            world.shop.put(len(orders) + 1)
        elif what != "rest" and orders:
            order = orders[which % len(orders) + 1]
            world.shop.put(order.order_id, status={"leave": 11, "return": 0}.get(what, order.status))

    world.shop.between_pages = live_on
    for left in runs:
        world.seconds_left = seconds(300.0, *left, 300.0)
        world.run()
        live_on()
    world.shop.between_pages, world.seconds_left = lambda: None, lambda: 300.0
    for _ in range(2):
        world.run()
    told_at = {message.id: message.received_at for message in world.messages}
    for order in world.shop.orders.values():
        assert order.status or (order.modified_at and told_at[order.order_id] >= order.modified_at)


def test_once_an_hour_orders_whose_books_seem_to_differ_go_to_the_queue_with_that_cause(world: World) -> None:
    amount = Money(9800, "USD")
    world.shop.put(1, status=OrderStatus.AWAITING_FULFILLMENT)
    world.know(1, State.PAID, money=amount)
    world.shop.put(2, status=OrderStatus.CANCELLED)
    world.know(2, State.PAID, money=amount)
    world.shop.put(3, status=OrderStatus.COMPLETED)
    world.know(3, State.FAILED)
    world.shop.put(4, status=OrderStatus.COMPLETED)
    assert world.run()[STORE] == Reconciled(orders=0, books=2, is_finished=True)
    assert world.sent("books") == [2, 3]
    for _ in range(5):
        assert world.reconcile() == []
        assert world.sent("books") == []
    world.reconcile()
    assert world.sent("books") == [2, 3], "they are still in the list; whoever takes the hint decides"


def test_a_comparison_that_was_cut_short_goes_on_with_the_next_run(world: World) -> None:
    for number in range(1, 5):
        world.shop.put(number, status=OrderStatus.CANCELLED)
        world.know(number, State.PAID, money=Money(9800, "USD"))
    world.seconds_left = seconds(300, 300, 10)
    assert world.run()[STORE] == Reconciled(orders=0, books=3, is_finished=False)
    world.seconds_left = lambda: 300
    world.reconcile()
    assert world.sent("books") == [1, 2, 3, 4]


def test_a_store_that_may_not_be_charged_is_left_alone(world: World) -> None:
    world.shop.put(1)
    world.ledger.pauses[STORE] = Pause(STORE, "credentials_refused", 401, CREDENTIALS.fingerprint, NOON)
    assert world.run() == {STORE: None}
    world.ledger.pauses.clear()
    world.stores.policies = None
    assert world.run() == {STORE: None}
    world.stores.policies, world.stores.without_credentials = World().stores.policies, {STORE}
    assert world.run() == {STORE: None}
    assert (world.shop.calls, world.messages) == (0, [])


def test_a_pause_for_credentials_that_were_changed_since_does_not_count(world: World) -> None:
    world.shop.put(1)
    world.ledger.pauses[STORE] = Pause(STORE, "credentials_refused", 401, "older", NOON)
    assert world.reconcile() == [1]


def test_a_policy_that_cannot_be_read_is_an_error_and_consents_to_nothing(world: World) -> None:
    world.shop.put(1)
    world.stores.policies = InvalidInputError("unknown key")
    with pytest.raises(InvalidInputError):
        world.run()
    assert world.messages == []


def test_the_store_that_has_waited_longest_is_the_first(world: World) -> None:
    world.stores.hashes = ["one", "two", "new"]
    world.shops = {name: Shop(world.clock) for name in world.stores.hashes}
    for name in ("two", "one"):
        cursor = next(cursor for cursor, _ in world.reconciling.list_stores() if cursor.store_hash == name)
        world.clock.pass_by(minutes=10)
        world.reconciling.reconcile(cursor, None, world.seconds_left)
    assert [cursor.store_hash for cursor, _ in world.reconciling.list_stores()] == ["new", "two", "one"]


def test_a_store_that_always_fails_goes_to_the_end_of_the_line(world: World) -> None:
    world.stores.hashes = ["broken", "well"]
    world.shops = {name: Shop(world.clock) for name in world.stores.hashes}
    world.shops["broken"].trouble = OutcomeUnknownError("HTTP 503")
    [(cursor, _), _] = world.reconciling.list_stores()
    with pytest.raises(OutcomeUnknownError):
        world.reconciling.reconcile(cursor, None, world.seconds_left)
    assert [cursor.store_hash for cursor, _ in world.reconciling.list_stores()] == ["well", "broken"]


def test_of_two_runs_at_once_either_may_save_last(world: World) -> None:
    """The slower run's cursor is older, and all the same it skips nothing."""
    world.shop.put(1)
    [(cursor, pause)] = world.reconciling.list_stores()
    world.reconciling.reconcile(cursor, pause, world.seconds_left)
    older = world.cursors.kept[STORE]
    world.know(1, State.PAID)
    world.clock.pass_by(minutes=30)
    world.shop.put(2)
    assert world.reconcile() == [1, 2] or world.messages == []
    world.cursors.kept[STORE] = older
    world.sent()
    assert 2 in world.reconcile()


def test_a_cursor_that_was_never_saved_is_not_changed_by_a_walk() -> None:
    walk = Walk(ago(days=2))
    assert walk.begin(None, NOON).end() == replace(walk, began_at=NOON)
