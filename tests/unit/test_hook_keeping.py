"""Hook keeping: what is off is repaired, announced, and exactly its gap is handed over; what is not ours is left."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain.errors import (
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
)
from bigcharge.domain.events import Alarm
from bigcharge.domain.hooks import BlockedDomain, Hook
from bigcharge.domain.messages import NO_ID
from bigcharge.domain.reconciling import Gap
from bigcharge.domain.stores import Pause
from bigcharge.domain.wanted_hooks import Fault, Wanted
from bigcharge.domain.webhooks import DELIVERY_EXCEPTION, WANTED_SCOPES, DeliveryTrouble
from bigcharge.services.hook_keeping import BLOCK_OVER
from tests.fakes import CREDENTIALS, STORE
from tests.unit.hook_world import CREATED, ELSEWHERE, HEADER, URL, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def settled(world: World) -> World:
    world.settle()
    return world


def test_a_new_store_gets_every_wanted_hook_once_with_its_header_and_nobody_is_called(world: World) -> None:
    look = world.keep()
    assert look is not None
    assert [(hook.scope, hook.destination) for hook in world.shop.hooks.values()] == [
        (scope, f"{URL}/exceptions" if scope == DELIVERY_EXCEPTION else URL) for scope in WANTED_SCOPES
    ]
    assert all(hook.is_active and hook.headers == dict([HEADER]) for hook in world.shop.hooks.values())
    assert set(look.repaired) == set(WANTED_SCOPES)
    assert look.broken == 0
    assert {name for name, *_ in world.announced()} == {"hook.broken", "hook.repaired"}
    assert not [event for event in world.memory.events if event.alarm]
    assert world.kept.gap is None, "there was no time before: the first reconciliation looks back by itself"


def test_hooks_that_are_good_cost_two_calls_and_one_save_and_nothing_is_told(settled: World) -> None:
    before = settled.kept.version
    settled.keep()
    assert settled.shop.calls == ["list", "admin"]
    assert settled.kept.version == before + 1
    assert settled.kept.good_at == settled.clock()
    assert not settled.memory.events


def off(world: World) -> None:
    world.change(is_active=False)


def elsewhere(world: World) -> None:
    world.change(destination="https://old.execute-api.us-east-1.amazonaws.com/webhooks")


def spelled_otherwise(world: World) -> None:
    world.change(destination=URL.replace("https://abc", "HTTPS://ABC") + "/")


def without_header(world: World) -> None:
    world.change(headers=None)


def with_an_old_header(world: World) -> None:
    world.change(headers={HEADER[0].lower(): "old", "X-Other": "kept"})


def doubled(world: World) -> None:
    world.shop.add(CREATED, f"{URL}/", headers=dict([HEADER]))


def deleted(world: World) -> None:
    del world.shop.hooks[world.hook().hook_id]


@pytest.mark.parametrize(
    ("go_wrong", "fault"),
    [
        (off, Fault.INACTIVE),
        (elsewhere, Fault.ELSEWHERE),
        (spelled_otherwise, Fault.ELSEWHERE),
        (without_header, Fault.HEADER),
        (with_an_old_header, Fault.HEADER),
        (doubled, Fault.DOUBLED),
        (deleted, Fault.MISSING),
    ],
)
def test_what_is_off_is_repaired_announced_and_its_gap_handed_over(
    settled: World, go_wrong: Callable[[World], None], fault: Fault
) -> None:
    good_at = settled.clock()
    settled.clock.pass_by(minutes=3)
    go_wrong(settled)
    look = settled.keep(after=12)
    assert look is not None
    assert dict(look.repaired) == {CREATED: (fault,)}
    hook = settled.hook()
    assert hook.is_active
    assert (hook.headers or {}).get(HEADER[0]) == HEADER[1]
    assert len([one for one in settled.shop.hooks.values() if one.scope == CREATED]) == 1
    assert settled.announced() == [("hook.broken", CREATED, [fault]), ("hook.repaired", CREATED, [fault])]
    broken, repaired = settled.memory.events
    assert (broken.alarm, repaired.alarm) == (Alarm.HOOK_BROKEN, None)
    assert repaired.detail["hook_id"] == hook.hook_id
    assert repaired.detail["good_until"] == good_at.isoformat()
    assert repaired.detail["good_from"] == settled.clock().isoformat()
    assert settled.kept.gap == Gap(good_at, settled.clock())
    settled.keep()
    assert not settled.shop.changes


def test_other_headers_of_a_hook_stay(settled: World) -> None:
    with_an_old_header(settled)
    settled.keep()
    assert settled.hook().headers == {"X-Other": "kept", HEADER[0]: HEADER[1]}


def test_a_store_without_a_header_has_none_asked_for(world: World) -> None:
    world.stores.header = None
    world.settle()
    assert all(hook.headers is None for hook in world.shop.hooks.values())


def test_what_the_same_token_made_for_another_destination_is_left(settled: World) -> None:
    theirs = [settled.shop.add(CREATED, ELSEWHERE, is_active=False), settled.shop.add(CREATED, f"{URL}-of-somebody")]
    settled.keep()
    assert not settled.shop.changes
    deleted(settled)
    settled.keep()
    assert [settled.shop.hooks[hook.hook_id] for hook in theirs] == theirs


def test_a_scope_that_is_full_is_said_once_and_not_tried(world: World) -> None:
    for number in range(10):
        world.shop.add(CREATED, f"{ELSEWHERE}/{number}")
    look = world.keep()
    assert look is not None
    assert look.broken == 1
    assert f"create {CREATED}" not in world.shop.calls
    [said] = [event for event in world.memory.events if event.detail_type == "hook.not_repaired"]
    assert (said.detail["reason"], said.detail["scope"], said.alarm) == ("scope_full", CREATED, Alarm.HOOK_BROKEN)
    world.keep()
    assert not world.memory.events
    del world.shop.hooks[1]
    world.keep()
    assert world.announced() == [("hook.repaired", CREATED, ["missing"])]


def test_a_hook_that_bigcommerce_refuses_does_not_keep_the_others(world: World) -> None:
    world.shop.trouble["create"] = UnauthorizedError(403)
    look = world.keep()
    assert look is not None
    assert look.broken == len(WANTED_SCOPES)
    assert {event.detail["reason"] for event in world.memory.events if event.alarm} == {"refused_403"}


def test_a_hook_that_goes_off_again_and_again_is_left_to_a_person_for_a_day(settled: World) -> None:
    for _ in range(3):  # with its making four
        off(settled)
        settled.keep()
        assert settled.hook().is_active
    off(settled)
    settled.keep()
    assert not settled.hook().is_active
    assert settled.announced()[-1][:2] == ("hook.not_repaired", CREATED)
    assert settled.memory.events[-1].detail["reason"] == "repaired_too_often"
    assert settled.memory.events[-1].alarm is Alarm.HOOK_BROKEN
    settled.keep()
    assert not settled.shop.changes
    assert not settled.memory.events
    good_at = settled.kept.hooks[CREATED].good_at
    assert good_at is not None
    settled.keep(after=24 * 60)
    assert settled.hook().is_active
    gap = settled.kept.gap
    assert gap is not None
    assert gap.until == settled.clock()
    assert gap.since <= good_at


def test_an_operator_has_it_repaired_however_often_it_was(settled: World) -> None:
    for _ in range(5):
        off(settled)
        settled.keep()
    settled.keep(is_asked=True)
    assert settled.hook().is_active


def test_what_bigcommerce_says_it_did_and_did_not_is_no_repair(settled: World) -> None:
    off(settled)
    settled.shop.after = lambda call: off(settled) if call == "update" else None
    settled.keep()
    assert settled.kept.hooks[CREATED].faults == (Fault.INACTIVE,)
    assert settled.memory.events[-1].detail["reason"] == "not_taken"


def test_a_gap_of_hooks_that_tell_of_no_order_is_none_of_the_orders(settled: World) -> None:
    settled.change("store/customer/deleted", is_active=False)
    settled.keep()
    assert settled.kept.gap is None


def test_a_hook_that_stays_broken_makes_no_gap_of_another_longer(settled: World) -> None:
    settled.shop.trouble["create"] = RefusedError(400)
    deleted(settled)
    settled.keep()
    settled.keep(after=600)
    good_at = settled.kept.hooks["store/order/updated"].good_at
    assert good_at is not None
    settled.change("store/order/updated", is_active=False)
    settled.keep()
    assert settled.kept.gap == Gap(good_at, settled.clock())


@pytest.mark.parametrize("call", ["create", "update"])
def test_after_a_crash_between_repair_and_note_the_gap_is_still_handed_over(settled: World, call: str) -> None:
    good_at = settled.clock()
    (deleted if call == "create" else off)(settled)

    def crash(_: str) -> None:
        raise KeyboardInterrupt

    settled.shop.after = lambda made: crash(made) if made == call else None
    with pytest.raises(KeyboardInterrupt):
        settled.keep()
    settled.shop.after = lambda _: None
    settled.keep()
    assert not settled.shop.changes, "BigCommerce had done it"
    assert settled.kept.gap == Gap(good_at, settled.clock())
    assert settled.announced()[0][0] == "hook.repaired"


def test_of_two_workers_at_once_the_gap_survives(settled: World) -> None:
    """The second one lists the hooks after the first has repaired them, and saves before it."""
    good_at = settled.clock()
    off(settled)

    def meanwhile(call: str) -> None:
        if call == "update":
            settled.shop.after = lambda _: None
            settled.keeping.keep(STORE)

    settled.shop.after = meanwhile
    settled.keep()
    assert settled.kept.gap == Gap(good_at, settled.clock())
    assert not settled.kept.hooks[CREATED].faults


def test_a_reply_that_is_lost_is_settled_by_the_next_look(settled: World) -> None:
    good_at = settled.clock()
    off(settled)
    settled.shop.trouble["update"] = OutcomeUnknownError("no answer")
    with pytest.raises(OutcomeUnknownError):
        settled.keep()
    assert settled.kept.hooks[CREATED].good_at == good_at
    settled.shop.trouble.clear()
    settled.keep()
    assert settled.kept.gap == Gap(good_at, settled.clock())


def test_a_429_stops_the_repairs_keeps_what_was_done_and_a_message_comes_again(world: World) -> None:
    def tire(_: str) -> None:
        if len(world.shop.hooks) == 3:
            world.shop.trouble["create"] = RateLimitedError(7)

    world.shop.after = tire
    world.shop.calls.clear()
    assert world.keeping.take(world.news(DeliveryTrouble.GIVEN_UP)) is None
    [(message, delay)] = world.queue.sent
    assert (message.cause, delay) == (DeliveryTrouble.GIVEN_UP, 7)
    assert sum(not hook.faults for hook in world.kept.hooks.values()) == 3
    assert len(world.shop.changes) == 4, "nothing is asked for once BigCommerce wants rest"


def test_messages_do_not_multiply_while_bigcommerce_asks_to_wait(world: World) -> None:
    """What comes twice is sent again twice: after some minutes it is left to the look of the schedule."""
    world.shop.trouble["list"] = RateLimitedError(7)
    assert world.keeping.take(world.news(DeliveryTrouble.GIVEN_UP, ago=1.9)) is None
    assert len(world.queue.sent) == 1
    assert world.keeping.take(world.news(DeliveryTrouble.GIVEN_UP, ago=2)) is None
    assert len(world.queue.sent) == 1


def block(world: World, seconds: int | None) -> None:
    world.shop.blocked = (BlockedDomain("abc.execute-api.us-east-1.amazonaws.com", seconds, ("80 of 100",)),)


def test_a_block_is_announced_waited_for_and_then_its_gap_is_handed_over(settled: World) -> None:
    good_at = settled.clock()
    block(settled, 100)
    settled.keep()
    assert not settled.shop.changes, "nothing that a call could mend"
    [told] = settled.memory.events
    assert (told.detail_type, told.detail["reasons"], told.alarm) == ("hooks.blocked", ["80 of 100"], Alarm.HOOK_BROKEN)
    assert told.detail["blocked_until"] == (settled.clock() + timedelta(seconds=100)).isoformat()
    [(message, delay)] = settled.queue.sent
    assert (message.cause, delay) == (BLOCK_OVER, 101)
    settled.keep(after=1)
    assert not settled.memory.events
    assert len(settled.queue.sent) == 1, "once for each block"
    settled.shop.blocked = ()
    settled.clock.pass_by(minutes=1)
    settled.memory.events.clear()
    settled.keeping.take(message)
    assert settled.kept.gap == Gap(good_at, settled.clock())
    assert settled.announced() == [("hooks.unblocked", None, None)]


def test_a_message_of_a_block_that_comes_twice_adds_none(settled: World) -> None:
    block(settled, 100)
    settled.keep()
    [(message, _)] = settled.queue.sent
    settled.clock.pass_by(seconds=101)
    settled.keeping.take(message)
    assert len(settled.queue.sent) == 2, "it is blocked again"
    settled.keeping.take(message)
    assert len(settled.queue.sent) == 2, "and that is known"


def test_a_block_of_somebody_elses_domain_is_not_ours(settled: World) -> None:
    settled.shop.blocked = (BlockedDomain("https://somebody.example/hooks", 60),)
    settled.keep()
    assert settled.kept.block is None


@pytest.mark.parametrize(
    "name", ["abc.execute-api.us-east-1.amazonaws.com", "https://ABC.execute-api.us-east-1.amazonaws.com/any", URL]
)
def test_a_blocked_domain_is_known_however_it_is_named(name: str) -> None:
    assert Wanted(URL).is_blocked(BlockedDomain(name))


def test_where_the_administration_does_not_answer_a_block_is_believed_until_its_end(settled: World) -> None:
    block(settled, 1200)
    settled.keep()
    settled.shop.trouble["admin"] = OutcomeUnknownError("no answer")
    settled.keep()
    assert {hook.faults for hook in settled.kept.hooks.values()} == {(Fault.BLOCKED,)}
    settled.keep()
    assert settled.kept.block is None


def test_the_hooks_are_kept_where_there_is_no_administration(world: World) -> None:
    world.shop.trouble["admin"] = NotFoundError(404)
    world.settle()


def test_a_block_that_is_over_when_it_is_told_of_leaves_its_gap(settled: World) -> None:
    good_at = settled.clock()
    settled.clock.pass_by(minutes=5)
    settled.keeping.take(settled.news(DeliveryTrouble.BLOCKED))
    assert settled.kept.gap == Gap(good_at, settled.clock())
    assert not settled.shop.changes


def test_what_was_looked_at_since_it_was_told_is_old_news(settled: World) -> None:
    settled.keeping.take(settled.news(DeliveryTrouble.BLOCKED, ago=1))
    settled.clock.pass_by(minutes=5)
    settled.keeping.take(settled.news(DeliveryTrouble.GIVEN_UP, settled.hook().hook_id, ago=6))
    assert settled.kept.gap is None


def test_a_hook_that_was_given_up_and_woken_by_somebody_else_leaves_its_gap(settled: World) -> None:
    good_at = settled.clock()
    settled.clock.pass_by(minutes=5)
    settled.keeping.take(settled.news(DeliveryTrouble.GIVEN_UP, settled.hook().hook_id))
    assert settled.kept.gap == Gap(good_at, settled.clock())
    assert [one.faults for one in settled.kept.hooks.values() if one.faults] == []


def test_an_exception_that_names_no_hook_blames_none_and_the_one_that_is_off_is_found(settled: World) -> None:
    good_at = settled.clock()
    off(settled)
    settled.clock.pass_by(minutes=5)
    look = settled.keeping.take(settled.news(DeliveryTrouble.GIVEN_UP, NO_ID))
    assert look is not None
    assert dict(look.repaired) == {CREATED: (Fault.INACTIVE,)}
    assert settled.kept.gap == Gap(good_at, settled.clock())


def test_an_exception_that_names_no_hook_says_nothing_of_one_that_was_never_made(world: World) -> None:
    world.shop.trouble["create"] = RefusedError(400)
    world.keep()
    world.clock.pass_by(minutes=5)
    marked = world.kept.mark(world.news(DeliveryTrouble.GIVEN_UP, NO_ID))
    assert marked == world.kept
    assert {hook.hook_id for hook in marked.hooks.values()} == {None}


def test_news_are_not_lost_when_bigcommerce_does_not_answer(settled: World) -> None:
    good_at = settled.clock()
    settled.clock.pass_by(minutes=5)
    settled.shop.trouble["list"] = OutcomeUnknownError("no answer")
    with pytest.raises(OutcomeUnknownError):
        settled.keeping.take(settled.news(DeliveryTrouble.BLOCKED))
    settled.shop.trouble.clear()
    settled.keep()
    assert settled.kept.gap == Gap(good_at, settled.clock())


def test_a_store_whose_credentials_are_refused_or_gone_is_left_alone(world: World) -> None:
    world.memory.pauses[STORE] = Pause(STORE, "credentials_refused", 401, CREDENTIALS.fingerprint, world.clock())
    assert world.keep() is None
    world.memory.pauses[STORE] = replace(world.memory.pauses[STORE], credentials="older ones")
    assert world.keep() is not None
    world.stores.without_credentials.add(STORE)
    assert world.keep() is None


def test_a_store_that_is_paused_for_another_reason_keeps_its_hooks(world: World) -> None:
    """Its orders wait; what tells of them must not be lost."""
    world.memory.pauses[STORE] = Pause(STORE, "operator", None, CREDENTIALS.fingerprint, world.clock())
    assert world.keep() is not None


def test_the_store_that_has_waited_longest_is_first(world: World) -> None:
    world.stores.hashes = ["one", "two", STORE]
    world.keep()
    assert world.keeping.list_stores() == ["one", "two", STORE]


def test_removed_hooks_stay_away_until_somebody_asks_for_them(settled: World) -> None:
    theirs = settled.shop.add(CREATED, ELSEWHERE)
    assert settled.keeping.remove(STORE) == len(WANTED_SCOPES)
    assert list(settled.shop.hooks.values()) == [theirs]
    assert settled.keep() is None
    assert settled.keep(is_asked=True) is not None
    assert settled.hook().is_active
    assert settled.kept.gap is None, "nobody was to be told meanwhile"


def test_a_look_changes_nothing(settled: World) -> None:
    off(settled)
    settled.shop.calls.clear()
    look = settled.keeping.look(STORE)
    assert [finding.scope for finding in look.findings if finding.faults] == [CREATED]
    assert not settled.shop.changes
    assert settled.kept.hooks[CREATED].faults == ()


def test_no_secret_of_a_hook_is_shown() -> None:
    hook = Hook(1, CREATED, URL, is_active=True, headers=dict([HEADER]))
    assert HEADER[1] not in repr(hook) + repr(Wanted(URL, HEADER))
