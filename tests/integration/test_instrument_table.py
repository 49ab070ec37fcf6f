"""The instruments table in DynamoDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from bigcharge.adapters.dynamodb_values import epoch_seconds, from_item
from bigcharge.adapters.instrument_table import InstrumentTable, row_from_item
from bigcharge.domain.events import InstrumentRow
from bigcharge.domain.instruments import CustomerInstruments, Instrument, InstrumentType
from tests.integration.conftest import NOW, Aws

if TYPE_CHECKING:
    from bigcharge.services.ports import Instruments

CARD = Instrument(
    token="invented-token-1",
    type=InstrumentType.CARD,
    is_default=True,
    brand="visa",
    last_4="1111",
    expiry_month=12,
    expiry_year=2030,
    iin="411111",
    billing_address={"city": "Inventown", "country": "US"},
)
ACCOUNT = Instrument(token="invented-token-2", type=InstrumentType.PAYPAL_ACCOUNT, email="shopper@example.test")
BANK = Instrument(token="invented-token-3", type=InstrumentType.BANK_ACCOUNT, issuer="Invented Bank", last_4="6789")
SECOND = timedelta(seconds=1)


@pytest.fixture
def table(aws: Aws, instruments_table: str) -> InstrumentTable:
    table = InstrumentTable(aws.dynamodb, instruments_table)
    _: Instruments = table
    return table


def stored_items(aws: Aws, name: str) -> list[dict[str, Any]]:
    return aws.dynamodb.scan(TableName=name)["Items"]


@contextmanager
def small_pages(aws: Aws, operation: str) -> Iterator[None]:
    def limit(params: dict[str, Any], **_: object) -> None:
        params["Limit"] = 2

    event = f"provide-client-params.dynamodb.{operation}"
    aws.dynamodb.meta.events.register(event, limit)
    try:
        yield
    finally:
        aws.dynamodb.meta.events.unregister(event, limit)


def test_of_a_customer_who_was_never_read_nothing_is_known(table: InstrumentTable) -> None:
    assert table.read("abc123", 7) == CustomerInstruments()


def test_every_kind_of_instrument_is_the_same_after_it_was_put_and_read(table: InstrumentTable) -> None:
    for instrument in (CARD, ACCOUNT, BANK):
        table.put("abc123", 7, instrument, NOW)
    table.put("abc123", 70, CARD, NOW)
    table.put("other", 7, CARD, NOW)
    table.finish("abc123", 7, CARD.fingerprint, NOW)
    held = table.read("abc123", 7)
    assert sorted(held.instruments, key=lambda instrument: instrument.token) == [CARD, ACCOUNT, BANK]
    assert (held.default, held.read_at) == (CARD.fingerprint, NOW)


def test_the_attributes_are_those_of_the_documentation(
    aws: Aws, table: InstrumentTable, instruments_table: str
) -> None:
    leaves_at = NOW + timedelta(days=30)
    table.remove("abc123", 7, CARD, NOW, leaves_at)
    time = {"S": "2026-04-01T12:00:00.250000+00:00"}
    assert stored_items(aws, instruments_table) == [
        {
            "customer_key": {"S": "abc123#7"},
            "instrument_key": {"S": CARD.fingerprint},
            "store_hash": {"S": "abc123"},
            "customer_id": {"N": "7"},
            "token": {"S": "invented-token-1"},
            "type": {"S": "card"},
            "is_default": {"BOOL": True},
            "brand": {"S": "visa"},
            "last_4": {"S": "1111"},
            "expiry_month": {"N": "12"},
            "expiry_year": {"N": "2030"},
            "iin": {"S": "411111"},
            "billing_address": {"M": {"city": {"S": "Inventown"}, "country": {"S": "US"}}},
            "read_at": time,
            "removed_at": time,
            "expires_at": {"N": str(epoch_seconds(leaves_at))},
        },
    ]


def test_a_removed_instrument_is_read_no_more_but_listed_until_it_leaves(table: InstrumentTable) -> None:
    table.put("abc123", 7, CARD, NOW)
    table.put("abc123", 7, ACCOUNT, NOW)
    table.remove("abc123", 7, CARD, NOW + SECOND, NOW + timedelta(days=30))
    assert table.read("abc123", 7).instruments == (ACCOUNT,)
    assert InstrumentRow("abc123", 7, CARD, NOW + SECOND, NOW + SECOND) in list(table.list_instruments())


def test_a_removed_instrument_that_came_back_stays(aws: Aws, table: InstrumentTable, instruments_table: str) -> None:
    table.remove("abc123", 7, CARD, NOW, NOW + timedelta(days=30))
    table.put("abc123", 7, CARD, NOW + SECOND)
    assert table.read("abc123", 7).instruments == (CARD,)
    assert from_item(stored_items(aws, instruments_table)[0]).keys().isdisjoint({"removed_at", "expires_at"})


def test_an_older_read_changes_nothing_that_a_newer_one_wrote(
    aws: Aws, table: InstrumentTable, instruments_table: str
) -> None:
    table.put("abc123", 7, CARD, NOW)
    table.remove("abc123", 7, ACCOUNT, NOW, NOW + timedelta(days=30))
    table.finish("abc123", 7, CARD.fingerprint, NOW)
    newer = stored_items(aws, instruments_table)
    older = NOW - timedelta(microseconds=1)
    table.put("abc123", 7, replace(CARD, is_default=False), older)
    table.remove("abc123", 7, CARD, older, NOW)
    table.put("abc123", 7, ACCOUNT, older)
    table.finish("abc123", 7, None, older)
    assert stored_items(aws, instruments_table) == newer


@pytest.mark.parametrize("later", [timedelta(0), timedelta(microseconds=1)])
def test_the_same_read_and_a_newer_one_do(table: InstrumentTable, later: timedelta) -> None:
    table.put("abc123", 7, CARD, NOW)
    table.finish("abc123", 7, CARD.fingerprint, NOW)
    table.put("abc123", 7, replace(CARD, is_default=False), NOW + later)
    table.finish("abc123", 7, None, NOW + later)
    assert table.read("abc123", 7) == CustomerInstruments((replace(CARD, is_default=False),), None, NOW + later)


def test_all_pages_are_read_and_listed(aws: Aws, table: InstrumentTable) -> None:
    cards = {replace(CARD, token=f"invented-token-{number}", billing_address=None) for number in range(7)}
    for card in cards:
        table.put("abc123", 7, card, NOW)
    table.finish("abc123", 7, None, NOW)
    with small_pages(aws, "Query"), small_pages(aws, "Scan"):
        held = table.read("abc123", 7)
        assert (set(held.instruments), held.read_at) == (cards, NOW)
        assert {row.instrument for row in table.list_instruments()} == cards


def test_the_head_of_a_customer_is_no_instrument(aws: Aws, table: InstrumentTable, instruments_table: str) -> None:
    table.finish("abc123", 7, CARD.fingerprint, NOW)
    assert row_from_item(stored_items(aws, instruments_table)[0]) is None


def test_an_error_of_dynamodb_is_never_taken_for_a_newer_read(aws: Aws) -> None:
    with pytest.raises(ClientError):
        InstrumentTable(aws.dynamodb, "no-such-table").put("abc123", 7, CARD, NOW)


def test_no_row_shows_a_token_an_address_or_an_e_mail(table: InstrumentTable) -> None:
    table.put("abc123", 7, CARD, NOW)
    table.put("abc123", 7, ACCOUNT, NOW)
    shown = repr(list(table.list_instruments())) + repr(table.read("abc123", 7))
    assert not any(secret in shown for secret in ("invented-token", "Inventown", "shopper@example.test"))
