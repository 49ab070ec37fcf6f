"""What was told of expiring cards, in the instruments table and in its stream."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bigcharge.adapters.changes import read_change
from bigcharge.adapters.instrument_departures import InstrumentDepartures
from bigcharge.adapters.instrument_table import InstrumentTable
from bigcharge.adapters.notices import CardNotices, notice_to_item
from bigcharge.domain.expiring import Notice
from bigcharge.domain.forgetting import ForgottenCustomer
from bigcharge.domain.instrument_rows import InstrumentRow
from tests.fakes import STORE, VISA, hold
from tests.integration.conftest import Aws

DAY = datetime(2026, 12, 16, 6, tzinfo=UTC)
CARD = replace(VISA, expiry_month=12, expiry_year=2026, iin="411111", billing_address={"city": "Inventown"})
ROW = InstrumentRow(STORE, 11, CARD, DAY)
NOTICE = Notice(ROW, 15, DAY)


@pytest.fixture
def notices(aws: Aws, instruments_table: str) -> CardNotices:
    table = InstrumentTable(aws.dynamodb, instruments_table)
    hold(table, CARD)
    hold(table, replace(CARD, token="c" * 64, expiry_year=2040), customer=(STORE, 12))
    hold(table, replace(CARD, token="d" * 64), customer=(STORE, 13), leaves_at=DAY)
    return CardNotices(aws.dynamodb, instruments_table)


def test_a_number_of_days_is_told_once_and_a_smaller_one_after_it(notices: CardNotices) -> None:
    told = [notices.tell(replace(NOTICE, days=days)) for days in (45, 45, 15, 45, 15, 1)]
    assert told == [True, False, True, False, False, True]


def test_a_renewed_card_is_told_of_anew(notices: CardNotices) -> None:
    renewed = replace(ROW, instrument=replace(CARD, expiry_year=2027))
    assert [notices.tell(NOTICE), notices.tell(replace(NOTICE, row=renewed)), notices.tell(NOTICE)] == [True] * 3


def test_the_cards_that_may_soon_be_over_are_walked_through_with_what_was_told(notices: CardNotices) -> None:
    assert [(row.instrument, known) for row, known in notices.walk_cards(DAY)] == [(CARD, None)]
    notices.tell(NOTICE)
    [(row, known)] = notices.walk_cards(DAY)
    assert row.instrument == CARD
    assert known in {15, None}  # moto does not sort a scan, DynamoDB does; `tell` would see it


def test_a_notice_is_no_instrument_of_the_customer(aws: Aws, instruments_table: str, notices: CardNotices) -> None:
    notices.tell(NOTICE)
    table = InstrumentTable(aws.dynamodb, instruments_table)
    assert table.read(STORE, 11).instruments == (CARD,)
    assert len([row for row in table.list_instruments(DAY) if row.customer_id == 11]) == 1


def test_a_notice_leaves_with_its_customer(aws: Aws, instruments_table: str, notices: CardNotices) -> None:
    notices.tell(NOTICE)
    mark = ForgottenCustomer(STORE, 11, DAY, "jane", "asked for")
    assert InstrumentDepartures(aws.dynamodb, instruments_table).forget_customer(mark) == 1
    left = [
        item for item in aws.dynamodb.scan(TableName=instruments_table)["Items"] if item["customer_id"]["N"] == "11"
    ]
    assert [item["instrument_key"]["S"] for item in left] == ["#customer"]


def test_a_notice_holds_what_is_told_and_leaves_a_month_after_the_card() -> None:
    item = notice_to_item(NOTICE)
    assert item.keys() == {
        *("customer_key", "instrument_key", "store_hash", "customer_id", "type", "is_default", "brand", "last_4"),
        *("expiry_month", "expiry_year", "notice_days", "noticed_at", "expires_on", "expires_at"),
    }
    leaves_at = datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC)
    assert leaves_at == datetime(2026, 12, 31, tzinfo=UTC) + timedelta(days=31)


def test_each_number_of_days_is_one_event_with_the_id_of_its_change() -> None:
    item = notice_to_item(NOTICE)
    keys = {name: item[name] for name in ("customer_key", "instrument_key")}
    change = {"Keys": keys, "NewImage": item, "SequenceNumber": "1", "ApproximateCreationDateTime": DAY.timestamp()}
    [event] = read_change({"eventID": "event-1", "dynamodb": change})
    assert (event.detail_type, event.time) == ("instrument.expiring", DAY)
    assert event.detail == {
        "event_id": "event-1",
        "schema_version": 1,
        "store_hash": STORE,
        "customer_id": 11,
        "token_fingerprint": CARD.fingerprint,
        "type": "card",
        "brand": "visa",
        "last_4": "1111",
        "expiry_month": 12,
        "expiry_year": 2026,
        "is_default": True,
        "notice_days": 15,
        "expires_on": "2026-12-31",
    }
    del change["NewImage"]
    assert read_change({"eventID": "event-2", "dynamodb": change | {"OldImage": item}}) == ()
