"""The stores' cursors, in the ledger's table beside their pauses."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigcharge.adapters.changes import read_change
from bigcharge.adapters.cursors import CursorItems, cursor_from_item, cursor_to_item
from bigcharge.adapters.ledger import LedgerTable
from bigcharge.domain.reconciling import Cursor, Errand, Walk
from bigcharge.domain.stores import Pause
from tests.integration.conftest import NOW, Aws

if TYPE_CHECKING:
    from bigcharge.services.ports import Cursors

PAUSE = Pause("abc123", "credentials_refused", 401, "fingerprint-1", NOW)
WALK = Walk(NOW - timedelta(days=2), NOW, NOW - timedelta(seconds=7), 4711)
CURSOR = Cursor("abc123", NOW, {Errand.ORDERS: WALK, Errand.BOOKS: Walk(NOW)})

times = st.datetimes(timezones=st.just(UTC))
walks = st.builds(Walk, times, st.none() | times, st.none() | times, st.integers(0, 2**53))


@pytest.fixture
def cursors(aws: Aws, ledger_table: str) -> CursorItems:
    cursors = CursorItems(aws.dynamodb, ledger_table, lambda _: None)
    _: Cursors = cursors
    return cursors


@given(st.none() | times, st.dictionaries(st.sampled_from(Errand), walks))
def test_a_cursor_is_the_same_after_it_was_written_and_read(looked_at: Any, kept: dict[Errand, Walk]) -> None:
    cursor = Cursor("abc123", looked_at, kept)
    assert cursor_from_item(cursor_to_item(cursor)) == cursor


def test_the_attributes_are_those_of_the_documentation() -> None:
    assert cursor_to_item(CURSOR) == {
        "order_key": {"S": "abc123#reconciled"},
        "store_hash": {"S": "abc123"},
        "looked_at": {"S": "2026-04-01T12:00:00.250000+00:00"},
        "orders": {
            "M": {
                "since": {"S": "2026-03-30T12:00:00.250000+00:00"},
                "began_at": {"S": "2026-04-01T12:00:00.250000+00:00"},
                "newest": {"S": "2026-04-01T11:59:53.250000+00:00"},
                "after_id": {"N": "4711"},
            }
        },
        "books": {"M": {"since": {"S": "2026-04-01T12:00:00.250000+00:00"}, "after_id": {"N": "0"}}},
    }


def test_each_store_has_its_cursor_and_its_pause_however_many_there_are(
    aws: Aws, cursors: CursorItems, ledger_table: str
) -> None:
    names = [f"store-{number}" for number in range(120)]
    for name in names[::2]:
        cursors.save(replace(CURSOR, store_hash=name))
    ledger = LedgerTable(aws.dynamodb, ledger_table, lambda: "writer", lambda _: None)
    ledger.pause(replace(PAUSE, store_hash="store-1"))
    found = cursors.read(iter(names))
    assert [cursor for cursor, _ in found[::2]] == [replace(CURSOR, store_hash=name) for name in names[::2]]
    assert [cursor for cursor, _ in found[1::2]] == [Cursor(name) for name in names[1::2]]
    assert [pause for _, pause in found if pause] == [replace(PAUSE, store_hash="store-1")] == [found[1][1]]
    assert cursors.read([]) == []


def test_a_cursor_replaces_the_one_before(cursors: CursorItems) -> None:
    cursors.save(CURSOR)
    later = CURSOR.with_walk(Errand.ORDERS, WALK.end())
    cursors.save(later)
    assert cursors.read(["abc123"]) == [(later, None)]


@pytest.mark.parametrize("image", ["NewImage", "OldImage"])
def test_nobody_is_told_of_a_cursor(image: str) -> None:
    item = cursor_to_item(CURSOR)
    change = {"Keys": {"order_key": item["order_key"]}, image: item, "ApproximateCreationDateTime": NOW.timestamp()}
    assert read_change({"eventID": "event-1", "dynamodb": change}) == ()
