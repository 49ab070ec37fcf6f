"""All instruments of a store are compared with the table, in steps that anybody can go on with."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from bigcharge.adapters.aws_errors import AwsUnavailableError
from bigcharge.adapters.instrument_departures import InstrumentDepartures
from bigcharge.domain import instrument_walks
from bigcharge.domain.errors import (
    BigCommerceError,
    ConflictError,
    InvalidInputError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
    UnknownStoreError,
)
from bigcharge.domain.forgetting import ForgottenCustomer
from bigcharge.domain.instrument_rows import CustomerChange
from bigcharge.domain.instrument_walks import Shown, pack
from bigcharge.domain.messages import NO_ID, Kind, Message, read_message
from bigcharge.domain.policy import Policy
from bigcharge.services.instrument_reconciling import Outcome
from tests.fakes import NOON, STORE
from tests.unit.instrument_world import KINDS, TABLE, Kept, World


def fill(world: World, customers: int = 5) -> None:
    """Two or three instruments of all kinds for each customer, of whom one is the default."""
    for customer in range(1, customers + 1):
        for number, kind in enumerate(KINDS[: 2 + customer % 2]):
            world.shop.keep(Kept(f"token-{customer}-{number}", customer, kind, is_default=number == 0))


@pytest.fixture
def world() -> World:
    world = World()
    fill(world)
    return world


def test_the_first_walk_writes_each_instrument_once_and_the_next_writes_none(world: World) -> None:
    walked = world.walk()
    assert walked.walk.is_finished
    assert world.held == world.kept
    assert world.count_written() == len(world.kept) == walked.walk.written == walked.walk.listed
    assert not [call for call in world.shop.asked if call.startswith("customer")]
    second = world.walk()
    assert (second.walk.written, second.walk.removed, second.walk.customers_read) == (0, 0, 0)
    assert world.count_written() == 0


def test_only_rows_that_differ_are_written_each_once(world: World) -> None:
    world.walk()
    world.count_written()
    world.shop.kept["token-2-0"].year = 2044  # the same card renewed
    world.shop.keep(Kept("token-new", 2, "bank_account"))
    walked = world.walk()
    assert world.held == world.kept
    assert (world.count_written(), walked.walk.written, walked.walk.customers_read) == (2, 2, 0)


def test_what_the_store_has_no_more_is_removed_once_its_customer_was_read(world: World) -> None:
    world.walk()
    world.shop.asked.clear()
    del world.shop.kept["token-3-1"]
    walked = world.walk()
    assert world.held == world.kept
    assert (walked.walk.removed, walked.walk.customers_read) == (1, 1)
    assert [call for call in world.shop.asked if call.startswith("customer")] == ["customer 3"]
    [removed] = [row for row in world.rows if row.removed_at is not None]
    assert removed.leaves_at == removed.read_at + timedelta(days=30)


def test_a_page_that_was_missing_removes_nothing(world: World) -> None:
    """The customers whose instruments it would have shown are read, and have them."""
    world.walk()
    world.shop.missing = frozenset(list(world.shop.kept)[3:6])
    walked = world.walk()
    assert world.held == world.kept
    assert walked.walk.removed == 0
    assert walked.walk.customers_read > 0


def test_an_empty_list_removes_nothing(world: World) -> None:
    world.walk()
    world.shop.missing = frozenset(world.shop.kept)
    assert world.walk().walk.removed == 0
    assert world.held == world.kept


def test_a_walk_that_did_not_finish_removes_nothing(world: World) -> None:
    world.walk()
    world.shop.asked.clear()
    del world.shop.kept["token-1-0"]
    world.shop.trouble = [None, OutcomeUnknownError("no answer")]
    with pytest.raises(OutcomeUnknownError):
        world.walk()
    assert not [row for row in world.rows if row.removed_at is not None]
    assert world.shop.asked == ["page after None", "page after 4"]


def test_a_row_that_was_written_after_the_walk_had_passed_its_place_is_not_even_suspected(world: World) -> None:
    world.walk()

    def add_behind() -> None:
        if len(world.shop.asked) == 2:
            world.shop.before_page = lambda: None
            world.clock.pass_by(seconds=1)
            world.shop.numbers["token-behind"] = 0  # the list has it before where the walk is
            world.shop.keep(Kept("token-behind", 4))
            world.customer_sync.sync(STORE, 4)

    world.shop.asked.clear()
    world.shop.before_page = add_behind
    assert world.walk().walk.customers_read == 0
    assert world.held == world.kept


def test_a_walk_goes_on_where_it_stopped_and_reads_no_page_twice(world: World) -> None:
    """Whoever comes next: another process, with nothing but the table."""
    pages = [world.walk(seconds_left=iter([1e9, 0]).__next__) for _ in range(1)]
    while not pages[-1].walk.is_finished:
        assert pages[-1].wait == 0
        world.clock.pass_by(minutes=5)
        pages.append(world.new_run().walk(STORE, world.clock(), iter([1e9, 1e9, 0, 0]).__next__))
    assert world.held == world.kept
    assert len(world.shop.asked) == len(set(world.shop.asked))
    assert {one.walk.began_at for one in pages} == {pages[0].walk.began_at}


def test_customers_that_are_read_are_not_read_again_when_time_ran_out_among_them(world: World) -> None:
    world.walk()
    world.shop.asked.clear()
    world.shop.missing = frozenset(world.shop.kept)
    left = iter([1e9, 1e9, 1e9, 1e9, 0, 0])
    assert world.walk(seconds_left=left.__next__).wait == 0
    world.new_run().walk(STORE, world.clock(), lambda: 1e9)
    read = [call for call in world.shop.asked if call.startswith("customer")]
    assert sorted(read) == [f"customer {number}" for number in range(1, 6)]


def test_a_default_that_moved_unnoticed_wakes_the_customers_orders_once(world: World) -> None:
    """Over page borders: never are there two defaults, nor none."""
    world.walk()
    world.orders.sent.clear()
    world.decline(77, 1)
    world.shop.kept["token-1-0"].is_default, world.shop.kept["token-1-1"].is_default = False, True
    walked = world.walk()
    assert world.held == world.kept
    assert [message.id for message, _ in world.orders.sent] == [77]
    assert (walked.walk.woken, walked.walk.customers_read, walked.walk.written) == (1, 1, 2)
    world.walk()
    assert len(world.orders.sent) == 1


@pytest.mark.parametrize("change", ["first card", "renewed"])
def test_a_first_default_and_a_renewed_one_wake_the_orders_without_reading_the_customer(
    world: World, change: str
) -> None:
    world.walk()
    world.orders.sent.clear()
    if change == "first card":
        world.decline(78, 60)
        world.shop.keep(Kept("token-60", 60, is_default=True))
    else:
        world.decline(78, 1)
        world.shop.kept["token-1-0"].year = 2050
    walked = world.walk()
    assert [message.id for message, _ in world.orders.sent] == [78]
    assert (walked.walk.woken, walked.walk.customers_read) == (1, 0)


def test_an_instrument_that_went_to_another_customer_leaves_the_first(world: World) -> None:
    world.walk()
    world.shop.kept["token-2-1"].customer_id = 9
    world.walk()
    assert world.held == world.kept


def test_an_instrument_that_came_back_is_there_again(world: World) -> None:
    world.walk()
    gone = world.shop.kept.pop("token-2-1")
    world.walk()
    world.shop.keep(gone)
    world.walk()
    assert world.held == world.kept


def test_other_stores_rows_are_left_alone(world: World) -> None:
    world.walk()
    held = world.table.read("other1", 1)
    other = tuple(replace(row, store_hash="other1", customer_id=1) for row in world.rows[:1])
    world.table.save([CustomerChange("other1", 1, held, other, None, NOON)])
    assert world.walk().walk.customers_read == 0
    assert len([row for row in world.rows if row.store_hash == "other1" and row.removed_at is None]) == 1


@pytest.mark.parametrize("keep", [True, False])
def test_billing_addresses_are_kept_only_where_the_policy_says_so(world: World, *, keep: bool) -> None:
    world.stores.policies = Policy(keep_billing_address=keep)
    world.walk()
    kept = {row.instrument.billing_address is not None for row in world.rows if row.instrument.type == "card"}
    assert kept == {keep}
    world.count_written()
    world.walk()
    assert world.count_written() == 0


def test_a_rate_limit_is_waited_for_as_bigcommerce_says(world: World) -> None:
    world.shop.trouble = [None, RateLimitedError(17.0)]
    assert world.walk().walk.is_finished
    assert world.slept == [17.0]
    assert world.held == world.kept


def test_a_rate_limit_that_outlasts_the_function_is_waited_for_by_the_next(world: World) -> None:
    world.shop.trouble = [None, RateLimitedError(17.0)]
    walked = world.walk(seconds_left=lambda: 70.0)
    assert (walked.wait, world.slept) == (17.0, [])


def test_a_rate_limit_among_the_customers_loses_nothing(world: World) -> None:
    world.walk()
    for token in ("token-1-0", "token-3-0", "token-5-0"):
        del world.shop.kept[token]
    world.shop.asked.clear()
    world.shop.missing = frozenset()
    pages = len(world.shop.kept) // 3 + 2
    world.shop.trouble = [*[None] * pages, RateLimitedError(5.0)]
    walked = world.walk()
    assert world.held == world.kept
    assert walked.walk.removed == 3


def test_a_cursor_that_bigcommerce_takes_no_more_begins_the_list_anew(world: World) -> None:
    world.walk(seconds_left=iter([1e9, 0]).__next__)
    world.shop.trouble = [RefusedError(422)]
    assert world.walk().walk.is_finished
    assert world.held == world.kept


@pytest.mark.parametrize("error", [UnauthorizedError(401), RefusedError(400)])
def test_a_list_that_is_refused_is_no_empty_list(world: World, error: RefusedError) -> None:
    world.walk()
    world.shop.trouble = [error, error]
    with pytest.raises(RefusedError):
        world.walk()
    assert world.held == world.kept


def test_a_list_that_breaks_off_before_its_end_is_no_answer(world: World) -> None:
    world.shop.page, world.shop.total = 50, 400

    page = world.shop.get_page()
    world.shop.get_page = lambda **_: replace(page, end_cursor=None)  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknownError, match="breaks off"):
        world.walk()


def test_a_list_that_leads_in_a_circle_is_no_answer(world: World) -> None:
    page = world.shop.get_page()
    world.shop.get_page = lambda **_: page  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknownError, match="same page"):
        world.walk()


def test_of_two_runs_at_once_one_goes_on(world: World) -> None:
    other = world.new_run()

    def overtake() -> None:
        if len(world.shop.asked) == 1:
            world.shop.before_page = lambda: None
            other.walk(STORE, world.clock(), iter([1e9, 0]).__next__)

    world.shop.before_page = overtake
    with pytest.raises(ConflictError):
        world.walk()
    assert other.walk(STORE, world.clock(), lambda: 1e9).walk.is_finished
    assert world.held == world.kept


def test_a_worker_that_dies_between_two_writes_leaves_what_the_next_one_finishes(world: World) -> None:
    class Died(BaseException):
        pass

    def die(operation: str) -> None:
        if operation in {"transact_write_items", "put_item"} and not lives.pop(0):
            raise Died

    for crash in range(1, 8):
        world = World()
        fill(world)
        lives = [True] * crash + [False]
        world.client.before = die
        with pytest.raises(Died):
            world.walk()
        world.client.before = lambda _: None
        world.new_run().walk(STORE, world.clock(), lambda: 1e9)
        assert world.held == world.kept


MESSAGE = Message(STORE, Kind.STORE, NO_ID, "reconcile", NOON)
SECOND = replace(MESSAGE, turn=1)


@pytest.mark.parametrize("message", [MESSAGE, SECOND])
def test_a_message_carries_its_turn(message: Message) -> None:
    assert read_message(message.to_json()) == message


@pytest.mark.parametrize("turn", [-1, 1.5, "second", None, True])
def test_a_turn_that_is_none_is_refused(turn: object) -> None:
    body = json.dumps(json.loads(MESSAGE.to_json()) | {"turn": turn})
    with pytest.raises(InvalidInputError):
        read_message(body)


def test_each_night_there_is_a_message_for_each_store(world: World) -> None:
    assert world.reconciling.begin() == 1
    assert [message for message, _ in world.walks_queue.sent] == [MESSAGE]


def test_what_time_does_not_suffice_for_goes_on_with_the_next_turn_of_the_message(world: World) -> None:
    outcome, walk = world.reconciling.go_on(MESSAGE, iter([1e9, 0]).__next__)
    assert (outcome, walk and walk.step, world.walks_queue.sent) == (Outcome.GOES_ON, 1, [(SECOND, 0.0)])
    assert world.reconciling.go_on(SECOND, lambda: 1e9)[0] is Outcome.FINISHED
    assert len(world.walks_queue.sent) == 1


def test_a_message_that_comes_again_after_the_end_begins_nothing(world: World) -> None:
    world.reconciling.go_on(MESSAGE, lambda: 1e9)
    world.shop.asked.clear()
    assert world.reconciling.go_on(MESSAGE, lambda: 1e9)[0] is Outcome.FINISHED
    assert world.shop.asked == []


def test_an_outage_is_waited_for_all_night_and_then_a_person_sees_the_message(world: World) -> None:
    world.shop.trouble = [OutcomeUnknownError("no answer")] * 2
    assert world.reconciling.go_on(MESSAGE, lambda: 1e9)[0] is Outcome.NO_ANSWER
    assert world.walks_queue.sent == [(SECOND, 900.0)]
    world.clock.pass_by(hours=21)
    with pytest.raises(OutcomeUnknownError):
        world.reconciling.go_on(MESSAGE, lambda: 1e9)


@pytest.mark.parametrize("trouble", [OutcomeUnknownError("no answer"), RateLimitedError(60.0)])
def test_in_an_outage_a_message_that_comes_twice_is_sent_on_once(world: World, trouble: BigCommerceError) -> None:
    """Or it would be two from then on: where no step is made, there is no conflict that ends one of them."""
    waiting = [MESSAGE]
    for _ in range(20):
        world.clock.pass_by(minutes=15)
        for message in [*waiting, *waiting]:
            world.shop.trouble = [trouble]
            world.reconciling.go_on(message, lambda: 70.0)
        waiting = [message for message, _ in world.walks_queue.sent]
        world.walks_queue.sent.clear()
        assert len(waiting) == 1
    world.clock.pass_by(minutes=15)
    assert world.reconciling.go_on(waiting[0], lambda: 1e9)[0] is Outcome.FINISHED


def test_a_message_whose_worker_died_before_it_sent_it_on_is_sent_on_when_it_comes_again(world: World) -> None:
    world.shop.trouble = [OutcomeUnknownError("no answer")] * 3
    world.walks_queue.error = AwsUnavailableError("no answer")
    with pytest.raises(AwsUnavailableError):
        world.reconciling.go_on(MESSAGE, lambda: 1e9)
    world.walks_queue.error = None
    assert world.reconciling.go_on(MESSAGE, lambda: 1e9)[0] is Outcome.AT_IT_ALREADY  # another delivery at once
    world.clock.pass_by(minutes=25)
    assert world.reconciling.go_on(MESSAGE, lambda: 1e9)[0] is Outcome.NO_ANSWER
    assert world.walks_queue.sent == [(SECOND, 900.0)]


def test_a_message_whose_following_one_was_sent_on_is_never_sent_on_again(world: World) -> None:
    """A worker died once it had sent it on; it comes again when the queue thinks that it was lost."""
    world.shop.trouble = [OutcomeUnknownError("no answer")] * 3
    world.reconciling.go_on(MESSAGE, lambda: 1e9)
    world.clock.pass_by(minutes=15)
    world.reconciling.go_on(SECOND, lambda: 1e9)
    world.clock.pass_by(hours=19)
    assert world.reconciling.go_on(MESSAGE, lambda: 1e9)[0] is Outcome.AT_IT_ALREADY
    assert [message.turn for message, _ in world.walks_queue.sent] == [1, 2]


def test_a_store_that_is_not_known_is_left_alone(world: World) -> None:
    world.stores.known = None
    assert world.reconciling.go_on(MESSAGE, lambda: 1e9) == (Outcome.LEFT_ALONE, None)
    with pytest.raises(UnknownStoreError):
        world.walk()


def test_a_message_for_a_walk_that_another_goes_on_with_ends(world: World) -> None:
    def overtake() -> None:
        world.shop.before_page = lambda: None
        world.new_run().walk(STORE, NOON, lambda: 1e9)

    world.shop.before_page = overtake
    assert world.reconciling.go_on(MESSAGE, lambda: 1e9)[0] is Outcome.AT_IT_ALREADY


def test_an_unfinished_walk_that_is_older_than_two_days_is_begun_anew(world: World) -> None:
    first = world.walk(seconds_left=iter([1e9, 0]).__next__)
    world.clock.pass_by(days=2)
    assert world.walk().walk.began_at > first.walk.began_at


def test_what_was_shown_is_kept_in_eight_bytes_each() -> None:
    keys = [(number, f"{number:016x}") for number in range(1000)]
    packed = pack(keys)
    assert len(packed) == 8000
    shown = Shown([packed[:80], packed[80:]])
    assert all(key in shown for key in keys)
    assert not any((customer + 1, name) in shown for customer, name in keys)


@pytest.mark.parametrize("is_synced", [True, False])
def test_a_forgotten_customer_whom_bigcommerce_still_lists_does_not_come_back(world: World, *, is_synced: bool) -> None:
    if is_synced:
        world.walk()
    mark = ForgottenCustomer(STORE, 2, world.clock(), "jane", "asked for")
    InstrumentDepartures(cast("Any", world.client), TABLE).forget_customer(mark)
    world.walk()
    world.shop.kept["token-2-0"].year = 2044
    world.walk()
    assert {row.customer_id for row in world.rows} == {1, 3, 4, 5}


def test_what_lies_over_the_border_of_two_others_was_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instrument_walks, "_PARTS", 1)
    monkeypatch.setattr(instrument_walks, "_shorten", lambda key: key[1].encode())
    shown = Shown([b"aaaabbbb" + b"bbbbcccc", b"bbbbbbbb"])
    assert (1, "bbbbbbbb") in shown
    assert (1, "bbbbcccc") in shown
    assert (1, "bbbbbbbb") not in Shown([b"aaaabbbb" + b"bbbbcccc"])
    assert (1, "aaaabbbb") in Shown([b"aaaabbbb"])
