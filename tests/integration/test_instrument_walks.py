"""The steps of a walk, and many rows at a time, in DynamoDB."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.adapters.changes import read_change
from bigcharge.adapters.instrument_lookups import InstrumentLookups
from bigcharge.adapters.instrument_table import InstrumentTable
from bigcharge.adapters.walk_items import WalkItems
from bigcharge.domain.errors import ConflictError
from bigcharge.domain.instrument_walks import Phase, Tally, Walk
from bigcharge.domain.instruments import Instrument, InstrumentType
from bigcharge.domain.messages import NO_ID, Kind, Message
from tests.fakes import hold
from tests.integration.conftest import NOW, Aws

WALK = Walk("abc123", NOW, listed=500, total=1000)
CARD = Instrument("invented-token", InstrumentType.CARD, is_default=True, brand="visa", last_4="1111")


def walks(aws: Aws, table: str, writer: str = "one") -> WalkItems:
    return WalkItems(aws.dynamodb, table, writer)


def test_the_last_step_of_the_newest_walk_is_read_whole(aws: Aws, instruments_table: str) -> None:
    items = walks(aws, instruments_table)
    assert items.read_last("abc123") is None
    first = WALK.go_on(Phase.LISTING, "cursor-1", Tally(1, 2, 3, 4))
    second = first.go_on(Phase.ABSENCES, None, Tally(1, 1, 1, 1))
    for walk in (first, second, replace(WALK, store_hash="other", began_at=NOW + timedelta(days=1))):
        items.append(walk)
    assert items.read_last("abc123") == second
    later = replace(WALK, began_at=NOW + timedelta(hours=1))
    items.append(later)
    assert items.read_last("abc123") == later


def test_of_two_processes_one_makes_a_step_and_its_own_repetition_is_no_other(aws: Aws, instruments_table: str) -> None:
    """The AWS library repeats a write whose reply was lost."""
    step = WALK.go_on(Phase.LISTING, "cursor-1", Tally())
    walks(aws, instruments_table).append(step, b"12345678")
    walks(aws, instruments_table).append(step, b"12345678")
    with pytest.raises(ConflictError):
        walks(aws, instruments_table, "two").append(replace(step, position="cursor-2"))
    assert walks(aws, instruments_table).read_last("abc123") == step


def test_what_was_shown_in_all_steps_of_a_walk_is_read(aws: Aws, instruments_table: str) -> None:
    items, walk = walks(aws, instruments_table), WALK
    for part in (b"11111111", b"", b"22222222"):
        walk = walk.go_on(Phase.LISTING, "cursor", Tally())
        items.append(walk, part)
    items.append(replace(WALK, began_at=NOW + timedelta(microseconds=1)), b"33333333")
    assert list(items.read_shown(walk)) == [b"11111111", b"22222222"]


def test_a_step_leaves_after_a_week_names_nobody_and_is_announced_to_nobody(aws: Aws, instruments_table: str) -> None:
    walks(aws, instruments_table).append(WALK, b"12345678")
    [item] = aws.dynamodb.scan(TableName=instruments_table)["Items"]
    assert int(item["expires_at"]["N"]) - NOW.timestamp() < 8 * 86400
    keys = {name: item[name] for name in ("customer_key", "instrument_key")}
    image = {**item, "shown": {"B": "MTIzNDU2Nzg="}}
    change = {"Keys": keys, "NewImage": image, "ApproximateCreationDateTime": 1.0, "SequenceNumber": "1"}
    assert read_change({"eventID": "1", "dynamodb": change}) == ()
    assert list(InstrumentTable(aws.dynamodb, instruments_table).list_instruments(NOW)) == []


def test_a_turn_is_taken_once_unless_its_worker_was_lost(aws: Aws, instruments_table: str) -> None:
    one, other = walks(aws, instruments_table), walks(aws, instruments_table, "two")
    first = Message("abc123", Kind.STORE, NO_ID, "reconcile", NOW, turn=1)
    one.append(WALK)
    one.take(first, NOW)
    for again in (one, other):  # a process that is given the same message again is no exception
        with pytest.raises(ConflictError):
            again.take(first, NOW + timedelta(minutes=19))
    other.take(first, NOW + timedelta(minutes=21))
    one.take(replace(first, turn=2), NOW + timedelta(minutes=22))
    with pytest.raises(ConflictError):
        other.take(first, NOW + timedelta(days=1))
    other.take(replace(first, received_at=NOW + timedelta(days=1)), NOW)  # another night
    other.take(replace(first, store_hash="other"), NOW)
    assert one.read_last("abc123") == WALK


def test_the_turns_leave_after_a_week_and_are_announced_to_nobody(aws: Aws, instruments_table: str) -> None:
    walks(aws, instruments_table).take(Message("abc123", Kind.STORE, NO_ID, "reconcile", NOW, turn=1), NOW)
    [item] = aws.dynamodb.scan(TableName=instruments_table)["Items"]
    assert int(item["expires_at"]["N"]) - NOW.timestamp() < 8 * 86400
    keys = {name: item[name] for name in ("customer_key", "instrument_key")}
    change = {"Keys": keys, "NewImage": item, "ApproximateCreationDateTime": 1.0, "SequenceNumber": "1"}
    assert read_change({"eventID": "1", "dynamodb": change}) == ()
    assert list(InstrumentTable(aws.dynamodb, instruments_table).list_instruments(NOW)) == []


def test_rows_and_heads_of_many_customers_are_read_by_the_hundred(aws: Aws, instruments_table: str) -> None:
    table = InstrumentTable(aws.dynamodb, instruments_table)
    for customer in range(1, 121):
        hold(table, CARD, customer=("abc123", customer), at=NOW)
    lookups = InstrumentLookups(aws.dynamodb, instruments_table, lambda _: None)
    keys = [(customer, CARD.fingerprint) for customer in range(1, 140)]
    rows = lookups.read_rows("abc123", keys)
    assert set(rows) == set(keys[:120])
    assert all(row.instrument == CARD and row.customer_id == customer for (customer, _), row in rows.items())
    heads = lookups.read_heads("abc123", range(100, 130))
    assert set(heads) == set(range(100, 121))
    assert {(head.version, head.read_at) for head in heads.values()} == {(1, NOW)}
    assert lookups.read_rows("other", keys) == {}


def test_a_scan_goes_on_behind_any_row(aws: Aws, instruments_table: str) -> None:
    table = InstrumentTable(aws.dynamodb, instruments_table)
    for customer in range(1, 8):
        hold(table, CARD, customer=("abc123", customer), at=NOW)
    walks(aws, instruments_table).append(WALK)
    lookups = InstrumentLookups(aws.dynamodb, instruments_table, lambda _: None)
    rows, following = lookups.scan(None)
    assert (len(rows), following) == (7, None)
    for place, row in enumerate(rows):
        assert lookups.scan(lookups.place_of(row))[0] == rows[place + 1 :]
