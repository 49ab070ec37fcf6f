"""The ledger in DynamoDB."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from bigcharge.adapters.aws_errors import AwsUnavailableError
from bigcharge.adapters.cursors import CursorItems, cursor_to_item
from bigcharge.adapters.dynamodb_values import epoch_seconds, from_item, to_item
from bigcharge.adapters.ledger import LedgerTable
from bigcharge.adapters.ledger_items import (
    DUE_SHARDS,
    charge_from_item,
    charge_to_item,
    is_charge_item,
    is_pause_item,
    pause_from_item,
    pause_to_item,
)
from bigcharge.adapters.waiting_orders import WaitingOrders
from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge, DueCharge
from bigcharge.domain.errors import ConflictError
from bigcharge.domain.money import Money
from bigcharge.domain.reconciling import Cursor
from bigcharge.domain.states import State
from bigcharge.domain.stores import PAUSED_BY_OPERATOR, Pause
from tests.integration.conftest import NOW, Aws

if TYPE_CHECKING:
    from bigcharge.services.ports import Charges, Ledger

ATTEMPT = Attempt(1, "sweep", "stripe.card", "0123abcd", Money(9800, "USD"), "jti-1", NOW + timedelta(hours=1), NOW)
CHARGE = Charge("abc123", 215, State.CLAIMED, NOW, customer_id=7, money=Money(9800, "USD"))
PAUSE = Pause("abc123", "unauthorized", 401, "fingerprint-1", NOW)

times = st.datetimes(timezones=st.just(UTC))
monies = st.builds(Money, st.integers(0, 10**15), st.sampled_from(["USD", "JPY", "KWD"]))
ids = st.integers(1, 2**53)
texts = st.none() | st.text()
codes = st.none() | st.integers(0, 99_999)
states = st.sampled_from(State)
attempts = st.builds(
    Attempt,
    ids,
    st.text(),
    st.text(),
    st.text(),
    monies,
    st.text(),
    times,
    times,
    texts,
    texts,
    st.none() | states,
    codes,
    st.none() | times,
)
acts = st.builds(Act, st.sampled_from(ActKind), st.text(max_size=9), st.text(max_size=9), times)
charges = st.builds(
    Charge,
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    ids,
    states,
    times,
    st.just(0) | ids,
    texts,
    codes,
    st.none() | monies,
    st.lists(attempts, max_size=3).map(tuple),
    st.lists(acts, max_size=2).map(tuple),
    texts,
    texts,
    st.none() | times,
    st.integers(0, 100),
    st.integers(0, 100),
    st.none() | times,
    st.none() | times,
    st.none() | times,
    st.integers(1, 10_000),
)


@pytest.fixture
def table(aws: Aws, ledger_table: str) -> LedgerTable:
    return new_ledger(aws, ledger_table)


def new_ledger(aws: Aws, name: str, sleep: Callable[[float], None] = lambda _: None) -> LedgerTable:
    numbers = count()
    ledger = LedgerTable(aws.dynamodb, name, lambda: f"{id(numbers)}-{next(numbers)}", sleep)
    _: Ledger = ledger
    __: Charges = ledger
    return ledger


def stored_item(aws: Aws, name: str, key: str = "abc123#215") -> dict[str, Any]:
    return from_item(aws.dynamodb.get_item(TableName=name, Key={"order_key": {"S": key}})["Item"])


@contextmanager
def lost_replies(aws: Aws, operation: str, then: Callable[[], object] = lambda: None) -> Iterator[list[int]]:
    """The first reply is lost: botocore's own retry sends the request again. `then` happens in between."""
    calls: list[int] = []

    def lose(attempts: int, **_: object) -> Any:
        calls.append(attempts)
        if len(calls) > 1:
            return None
        then()
        return 0  # seconds until botocore sends it again

    event = f"needs-retry.dynamodb.{operation}"
    aws.dynamodb.meta.events.register_first(event, lose)
    try:
        yield calls
    finally:
        aws.dynamodb.meta.events.unregister(event, lose)


@given(charges)
def test_a_charge_is_the_same_after_it_was_written_and_read(charge: Charge) -> None:
    assert charge_from_item(charge_to_item(charge)) == charge


@given(charges)
def test_an_item_is_in_an_index_only_while_it_belongs_there(charge: Charge) -> None:
    item = from_item(charge_to_item(charge))
    assert ("due_shard" in item) == ("sweep_at" in item) == (charge.due_at is not None)
    assert ("customer_key" in item) == (charge.state is State.DECLINED and charge.customer_id > 0)
    assert item.get("due_shard", DUE_SHARDS[0]) in DUE_SHARDS
    assert None not in item.values()


@given(times)
def test_the_time_of_the_index_is_the_due_time_rounded_up_to_a_second(time: datetime) -> None:
    rounded = timedelta(seconds=epoch_seconds(time)) - (time - datetime(1970, 1, 1, tzinfo=UTC))
    assert timedelta(0) <= rounded < timedelta(seconds=1)


def test_the_attributes_are_those_of_the_documentation() -> None:
    charge = replace(
        CHARGE,
        state=State.DECLINED,
        reason="insufficient_funds",
        code=30106,
        attempts=(replace(ATTEMPT, brand="visa", last_4="1111", outcome=State.DECLINED, code=30106, retry_at=NOW),),
        acts=(Act(ActKind.RETRY, "jane", "new card", NOW),),
        transaction_id="t-1",
        difference="paid_twice",
        due_at=NOW,
        absent_since=NOW,
        asked_at=NOW,
        version=3,
    )
    time = {"S": "2026-04-01T12:00:00.250000+00:00"}
    item = charge_to_item(charge)
    assert item.pop("due_shard")["S"] in DUE_SHARDS
    assert item == {
        "order_key": {"S": "abc123#215"},
        "customer_key": {"S": "abc123#7"},
        "sweep_at": {"N": "1775044801"},
        "store_hash": {"S": "abc123"},
        "order_id": {"N": "215"},
        "customer_id": {"N": "7"},
        "state": {"S": "declined"},
        "acts": {"L": [{"M": {"kind": {"S": "retry"}, "who": {"S": "jane"}, "why": {"S": "new card"}, "at": time}}]},
        "difference": {"S": "paid_twice"},
        "asked_at": time,
        "reason": {"S": "insufficient_funds"},
        "code": {"N": "30106"},
        "amount": {"N": "9800"},
        "currency": {"S": "USD"},
        "attempts": {
            "L": [
                {
                    "M": {
                        "number": {"N": "1"},
                        "cause": {"S": "sweep"},
                        "method_id": {"S": "stripe.card"},
                        "instrument": {"S": "0123abcd"},
                        "brand": {"S": "visa"},
                        "last_4": {"S": "1111"},
                        "amount": {"N": "9800"},
                        "currency": {"S": "USD"},
                        "token_id": {"S": "jti-1"},
                        "token_expires_at": {"S": "2026-04-01T13:00:00.250000+00:00"},
                        "sent_at": time,
                        "outcome": {"S": "declined"},
                        "code": {"N": "30106"},
                        "retry_at": time,
                    },
                },
            ],
        },
        "transaction_id": {"S": "t-1"},
        "due_at": time,
        "checks": {"N": "0"},
        "failed_looks": {"N": "0"},
        "absent_since": time,
        "updated_at": time,
        "version": {"N": "3"},
    }


def test_other_types_than_the_tables_use_are_refused() -> None:
    with pytest.raises(TypeError):
        to_item({"amount": 1.5})
    with pytest.raises(TypeError):
        from_item({"blobs": {"BS": [b"x"]}})
    assert from_item({"nothing": {"NULL": True}}) == {"nothing": None}


def test_orders_are_spread_over_all_shards() -> None:
    shards = {
        charge_to_item(replace(CHARGE, order_id=number, due_at=NOW))["due_shard"]["S"] for number in range(1, 400)
    }
    assert shards == set(DUE_SHARDS)


def test_what_was_never_saved_is_not_there(table: LedgerTable) -> None:
    assert table.read("abc123", 215) == (None, None)


def test_one_read_tells_the_charge_and_the_pause_of_its_store(table: LedgerTable) -> None:
    saved = table.save(replace(CHARGE, attempts=(ATTEMPT,), due_at=NOW))
    table.save(replace(CHARGE, order_id=216))
    table.pause(PAUSE)
    table.pause(replace(PAUSE, store_hash="other"))
    assert saved.version == 1
    assert table.read("abc123", 215) == (saved, PAUSE)
    assert table.read("elsewhere", 215) == (None, None)


def test_each_save_raises_the_version_and_replaces_all(aws: Aws, table: LedgerTable, ledger_table: str) -> None:
    first = table.save(replace(CHARGE, due_at=NOW, reason="waits"))
    second = table.save(replace(first, state=State.PAID, due_at=None, reason=None))
    assert second.version == 2
    assert table.read("abc123", 215) == (second, None)
    assert stored_item(aws, ledger_table).keys().isdisjoint({"due_at", "due_shard", "sweep_at", "reason"})


def test_of_two_writers_on_one_version_one_wins(aws: Aws, table: LedgerTable, ledger_table: str) -> None:
    other = new_ledger(aws, ledger_table)
    read = table.save(CHARGE)
    won = table.save(replace(read, state=State.SUBMITTING, attempts=(ATTEMPT,)))
    with pytest.raises(ConflictError):
        other.save(replace(read, state=State.SUBMITTING, attempts=(replace(ATTEMPT, token_id="jti-2"),)))
    assert other.read("abc123", 215) == (won, None)


def test_of_two_writers_of_a_new_order_one_wins_though_they_write_the_same(
    aws: Aws, table: LedgerTable, ledger_table: str
) -> None:
    table.save(CHARGE)
    with pytest.raises(ConflictError):
        new_ledger(aws, ledger_table).save(CHARGE)


@pytest.mark.parametrize("version", [1, 7])
def test_a_version_that_was_never_stored_is_a_conflict(table: LedgerTable, version: int) -> None:
    with pytest.raises(ConflictError):
        table.save(replace(CHARGE, version=version))
    assert table.read("abc123", 215) == (None, None)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_save_whose_reply_was_lost_is_ours(aws: Aws, table: LedgerTable, *, is_new: bool) -> None:
    charge = CHARGE if is_new else table.save(CHARGE)
    with lost_replies(aws, "PutItem") as calls:
        saved = table.save(charge)
    assert len(calls) == 2
    assert table.read("abc123", 215) == (saved, None)
    assert saved.version == charge.version + 1


def test_a_save_whose_reply_was_lost_is_ours_though_it_was_handed_over_meanwhile(aws: Aws, table: LedgerTable) -> None:
    def hand_over() -> None:
        table.hand_over(next(table.list_due(NOW + timedelta(minutes=1))), NOW + timedelta(hours=1))

    with lost_replies(aws, "PutItem", hand_over):
        assert table.save(replace(CHARGE, due_at=NOW)).version == 1


def test_a_lost_reply_that_another_writer_followed_is_a_conflict(aws: Aws, table: LedgerTable) -> None:
    def follow() -> None:
        read, _ = table.read("abc123", 215)
        assert read is not None
        table.save(replace(read, state=State.CANCELED))

    with lost_replies(aws, "PutItem", follow), pytest.raises(ConflictError):
        table.save(CHARGE)


def test_a_read_that_dynamodb_leaves_undone_is_finished(aws: Aws, ledger_table: str) -> None:
    waits: list[float] = []
    table = new_ledger(aws, ledger_table, waits.append)
    saved = table.save(CHARGE)
    table.pause(PAUSE)
    with left_undone(aws, times=2):
        assert table.read("abc123", 215) == (saved, PAUSE)
    assert waits == [0.05, 0.1]


def test_a_read_that_stays_undone_is_an_error_and_never_a_missing_pause(aws: Aws, ledger_table: str) -> None:
    waits: list[float] = []
    table = new_ledger(aws, ledger_table, waits.append)
    with left_undone(aws, times=99), pytest.raises(AwsUnavailableError):
        table.read("abc123", 215)
    assert len(waits) == 4


@contextmanager
def left_undone(aws: Aws, times: int) -> Iterator[None]:
    """DynamoDB answers a read so often without its last key; the keys that it then is asked for are the ones left."""
    asked: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        asked.append(params["RequestItems"])

    def cut(parsed: dict[str, Any], **_: object) -> None:
        if len(asked) > times:
            return
        [(name, wanted)] = asked[-1].items()
        last = wanted["Keys"][-1]
        found = parsed["Responses"].get(name, [])
        parsed["Responses"][name] = [item for item in found if item["order_key"] != last["order_key"]]
        parsed["UnprocessedKeys"] = {name: wanted | {"Keys": [last]}}

    events = aws.dynamodb.meta.events
    events.register("provide-client-params.dynamodb.BatchGetItem", note)
    events.register("after-call.dynamodb.BatchGetItem", cut)
    try:
        yield
        assert all(next(iter(request.values()))["ConsistentRead"] is True for request in asked)
    finally:
        events.unregister("provide-client-params.dynamodb.BatchGetItem", note)
        events.unregister("after-call.dynamodb.BatchGetItem", cut)


def test_the_charges_of_many_orders_are_read_at_once(aws: Aws, table: LedgerTable) -> None:
    saved = {number: table.save(replace(CHARGE, order_id=number)) for number in range(1, 251, 2)}
    table.save(replace(CHARGE, store_hash="other", order_id=2))
    calls: list[int] = []

    def note(params: dict[str, Any], **_: object) -> None:
        calls.append(len(next(iter(params["RequestItems"].values()))["Keys"]))

    aws.dynamodb.meta.events.register("provide-client-params.dynamodb.BatchGetItem", note)
    try:
        assert table.read_charges("abc123", range(1, 251)) == saved
    finally:
        aws.dynamodb.meta.events.unregister("provide-client-params.dynamodb.BatchGetItem", note)
    assert calls == [100, 100, 50]
    assert table.read_charges("abc123", []) == {}


def test_charges_that_dynamodb_leaves_undone_are_read_after_all(aws: Aws, ledger_table: str) -> None:
    waits: list[float] = []
    table = new_ledger(aws, ledger_table, waits.append)
    saved = {number: table.save(replace(CHARGE, order_id=number)) for number in range(1, 31)}
    with left_undone(aws, times=3):
        assert table.read_charges("abc123", saved) == saved
    assert waits == [0.05, 0.1, 0.2]
    with left_undone(aws, times=99), pytest.raises(AwsUnavailableError):
        table.read_charges("abc123", saved)


def test_only_what_is_due_is_listed_oldest_first_in_each_shard(table: LedgerTable) -> None:
    due = {number: NOW - timedelta(seconds=number % 50) for number in range(1, 120)}
    for number, time in due.items():
        table.save(replace(CHARGE, order_id=number, due_at=time))
    table.save(replace(CHARGE, order_id=1000, due_at=NOW + timedelta(seconds=1)))
    table.save(replace(CHARGE, order_id=1001))
    listed = list(table.list_due(NOW))
    assert {charge.order_id for charge in listed} == {number for number, time in due.items() if time < NOW}
    for shard in DUE_SHARDS:
        own = [charge.sweep_at for charge in listed if shard_of(charge) == shard]
        assert own == sorted(own)


def shard_of(due: DueCharge) -> str:
    charge = replace(CHARGE, store_hash=due.store_hash, order_id=due.order_id, due_at=NOW)
    return cast("str", charge_to_item(charge)["due_shard"]["S"])


def test_what_is_listed_as_due_is_due_by_the_charge_itself(table: LedgerTable) -> None:
    saved = table.save(replace(CHARGE, due_at=NOW))
    later = NOW + timedelta(milliseconds=750)
    assert list(table.list_due(NOW)) == []
    assert list(table.list_due(later)) == [DueCharge("abc123", 215, epoch_seconds(NOW))]
    assert saved.is_due(later)


@contextmanager
def small_pages(aws: Aws, operation: str, size: int) -> Iterator[list[str]]:
    """Pages of so many items; yields the requests' partition values, to see in which order they were asked."""
    asked: list[str] = []

    def limit(params: dict[str, Any], **_: object) -> None:
        asked.append(str(params.get("ExpressionAttributeValues", {}).get(":shard", {}).get("S")))
        params["Limit"] = size

    event = f"provide-client-params.dynamodb.{operation}"
    aws.dynamodb.meta.events.register(event, limit)
    try:
        yield asked
    finally:
        aws.dynamodb.meta.events.unregister(event, limit)


def test_all_pages_of_all_shards_are_listed_and_none_waits_for_anothers_backlog(aws: Aws, table: LedgerTable) -> None:
    for number in range(1, 60):
        table.save(replace(CHARGE, order_id=number, due_at=NOW - timedelta(minutes=1)))
    with small_pages(aws, "Query", 1) as asked:
        first = list(islice(table.list_due(NOW), len(DUE_SHARDS)))
        assert {shard_of(due) for due in first} == set(DUE_SHARDS)
        assert asked == list(DUE_SHARDS)
        assert {due.order_id for due in table.list_due(NOW)} == set(range(1, 60))


def test_the_oldest_unknown_outcome_is_found_whatever_its_shard(table: LedgerTable) -> None:
    """By when its request left: not by its last look, nor by its number."""
    assert table.find_oldest_unknown(NOW) is None
    sent = {number: NOW - timedelta(minutes=7 * number % 101) for number in range(1, 41)}
    for number, sent_at in sent.items():
        state = (State.UNKNOWN, State.SUBMITTING)[number % 2]
        attempts = (replace(ATTEMPT, sent_at=NOW - timedelta(days=9)), replace(ATTEMPT, number=2, sent_at=sent_at))
        saved = table.save(replace(CHARGE, order_id=number, state=state, attempts=attempts, due_at=NOW))
        table.hand_over(DueCharge("abc123", number, epoch_seconds(NOW)), NOW + timedelta(minutes=15))
        if number % 3 == 0:
            table.save(replace(saved, state=State.PAID, due_at=NOW + timedelta(hours=1)))
    unknown = [sent_at for number, sent_at in sent.items() if number % 3]
    found = table.find_oldest_unknown(NOW)
    assert found is not None
    assert found - min(unknown) < timedelta(seconds=1)
    assert table.find_oldest_unknown(min(unknown)) is None


def test_handing_over_hides_a_charge_for_so_long_and_changes_nothing_else(
    aws: Aws, table: LedgerTable, ledger_table: str
) -> None:
    saved = table.save(replace(CHARGE, due_at=NOW - timedelta(minutes=1)))
    before = stored_item(aws, ledger_table)
    until = NOW + timedelta(minutes=10)
    table.hand_over(next(table.list_due(NOW)), until)
    assert stored_item(aws, ledger_table) == before | {"sweep_at": epoch_seconds(until)}
    assert list(table.list_due(NOW)) == []
    assert len(list(table.list_due(until + timedelta(seconds=1)))) == 1
    assert table.save(replace(saved, state=State.PAID, due_at=None)).version == 2


def test_a_charge_that_changed_meanwhile_is_not_handed_over(aws: Aws, table: LedgerTable, ledger_table: str) -> None:
    saved = table.save(replace(CHARGE, due_at=NOW - timedelta(minutes=1)))
    due = next(table.list_due(NOW))
    table.save(replace(saved, due_at=NOW - timedelta(seconds=30)))
    changed = stored_item(aws, ledger_table)
    table.hand_over(due, NOW + timedelta(hours=1))
    assert stored_item(aws, ledger_table) == changed


def test_a_charge_that_waits_no_more_is_not_made_due_by_handing_over(
    aws: Aws, table: LedgerTable, ledger_table: str
) -> None:
    saved = table.save(replace(CHARGE, due_at=NOW - timedelta(minutes=1)))
    due = next(table.list_due(NOW))
    table.save(replace(saved, state=State.PAID, due_at=None))
    table.hand_over(due, NOW)
    table.hand_over(DueCharge("abc123", 999, 1), NOW)
    assert "sweep_at" not in stored_item(aws, ledger_table)
    assert table.read("abc123", 999) == (None, None)


def test_an_error_of_dynamodb_is_never_taken_for_a_conflict(aws: Aws, ledger_table: str) -> None:
    table = new_ledger(aws, "no-such-table")
    with pytest.raises(ClientError):
        table.save(CHARGE)
    with pytest.raises(ClientError):
        table.hand_over(DueCharge("abc123", 215, 1), NOW)


def test_the_declined_orders_of_customers_are_listed_and_no_others(
    aws: Aws, table: LedgerTable, ledger_table: str
) -> None:
    """Of many customers by one look at all of them, unless there are too many orders for that."""
    waiting = WaitingOrders(aws.dynamodb, ledger_table)
    declined = replace(CHARGE, state=State.DECLINED)
    for number in range(1, 6):
        table.save(replace(declined, order_id=number))
    table.save(replace(declined, order_id=6, customer_id=8))
    table.save(replace(declined, order_id=7, customer_id=0))
    table.save(replace(declined, order_id=8, store_hash="other"))
    charge = table.save(replace(declined, order_id=9))
    table.save(replace(charge, state=State.CLAIMED))
    many = [7, 9, *range(100, 140)]
    assert sorted(waiting.list_waiting("abc123", many)) == [1, 2, 3, 4, 5]
    with small_pages(aws, "Query", 2), small_pages(aws, "Scan", 2):
        assert sorted(waiting.list_waiting("abc123", [7, 9])) == [1, 2, 3, 4, 5]
        assert sorted(waiting.list_waiting("abc123", [8, *many])) == [1, 2, 3, 4, 5, 6]


def test_a_store_is_newly_paused_once_for_the_same_credentials(table: LedgerTable) -> None:
    assert table.pause(PAUSE)
    assert not table.pause(replace(PAUSE, code=403))
    assert table.read("abc123", 215) == (None, PAUSE)
    changed = replace(PAUSE, credentials="fingerprint-2", code=None)
    assert table.pause(changed)
    assert table.read("abc123", 215) == (None, changed)


def test_a_refusal_does_not_take_the_place_of_an_operators_pause(table: LedgerTable) -> None:
    """It would end with the next credentials, and the operator's must not."""
    lasting = replace(PAUSE, reason=PAUSED_BY_OPERATOR, code=None, credentials="", who="jane", why="the gateway moves")
    table.pause(PAUSE)
    assert table.close(lasting)
    assert not table.pause(PAUSE)
    assert table.read("abc123", 215) == (None, lasting)


def test_a_pause_whose_reply_was_lost_is_new(aws: Aws, table: LedgerTable) -> None:
    with lost_replies(aws, "PutItem") as calls:
        assert table.pause(PAUSE)
    assert len(calls) == 2


def test_a_store_that_goes_on_is_not_paused_and_can_be_paused_again(table: LedgerTable) -> None:
    table.resume("abc123")
    table.pause(PAUSE)
    table.resume("abc123")
    assert table.read("abc123", 215) == (None, None)
    assert table.pause(PAUSE)


def test_the_listing_shows_every_charge_and_neither_pauses_nor_cursors(
    aws: Aws, table: LedgerTable, ledger_table: str
) -> None:
    saved = {table.save(replace(CHARGE, order_id=number)) for number in range(1, 8)}
    table.pause(PAUSE)
    CursorItems(aws.dynamodb, ledger_table, lambda _: None).save(Cursor("abc123", NOW))
    with small_pages(aws, "Scan", 2):
        assert set(table.list_charges()) == saved


def test_pauses_cursors_and_charges_are_told_apart_by_their_items() -> None:
    items = pause_to_item(PAUSE), charge_to_item(CHARGE), cursor_to_item(Cursor("abc123"))
    assert [is_pause_item(item) for item in items] == [True, False, False]
    assert [is_charge_item(item) for item in items] == [False, True, False]
    assert pause_from_item(pause_to_item(PAUSE)) == PAUSE
