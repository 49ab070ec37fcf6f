"""The instruments table in DynamoDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from bigcharge.adapters.dynamodb_values import epoch_seconds
from bigcharge.adapters.instrument_items import row_from_item
from bigcharge.adapters.instrument_table import InstrumentTable
from bigcharge.domain.instrument_rows import CustomerChange, CustomerInstruments, InstrumentRow, name_default
from bigcharge.domain.instruments import Instrument, InstrumentType
from tests.fakes import hold
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
CUSTOMER = ("abc123", 7)


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


@contextmanager
def counted(aws: Aws, operation: str) -> Iterator[list[object]]:
    """The calls of an operation that are made meanwhile."""
    calls: list[object] = []

    def note(**call: object) -> None:
        calls.append(call)

    event = f"before-call.dynamodb.{operation}"
    aws.dynamodb.meta.events.register(event, note)
    try:
        yield calls
    finally:
        aws.dynamodb.meta.events.unregister(event, note)


@contextmanager
def failing_after(aws: Aws, operation: str, count: int) -> Iterator[None]:
    """All but the first calls of an operation fail meanwhile."""
    with counted(aws, operation) as calls:

        def fail(**_: object) -> None:
            if len(calls) > count:
                raise ClientError({"Error": {"Code": "InternalServerError"}}, operation)

        event = f"before-call.dynamodb.{operation}"
        aws.dynamodb.meta.events.register(event, fail)
        try:
            yield
        finally:
            aws.dynamodb.meta.events.unregister(event, fail)


def test_of_a_customer_who_was_never_read_nothing_is_known(table: InstrumentTable) -> None:
    assert table.read("abc123", 7) == CustomerInstruments()


def test_every_kind_of_instrument_is_the_same_after_it_was_put_and_read(table: InstrumentTable) -> None:
    hold(table, CARD, ACCOUNT, BANK, customer=CUSTOMER, at=NOW)
    hold(table, CARD, customer=("abc123", 70), at=NOW)
    hold(table, CARD, customer=("other", 7), at=NOW)
    held = table.read(*CUSTOMER)
    assert sorted(held.instruments, key=lambda instrument: instrument.token) == [CARD, ACCOUNT, BANK]
    assert (held.default, held.read_at, held.newest, held.version) == (name_default([CARD]), NOW, NOW, 1)


def test_the_attributes_are_those_of_the_documentation(
    aws: Aws, table: InstrumentTable, instruments_table: str
) -> None:
    leaves_at = NOW + timedelta(days=30)
    hold(table, CARD, customer=CUSTOMER, at=NOW, leaves_at=leaves_at)
    time = {"S": "2026-04-01T12:00:00.250000+00:00"}
    assert sorted(stored_items(aws, instruments_table), key=lambda item: str(item["instrument_key"])) == [
        {
            "customer_key": {"S": "abc123#7"},
            "instrument_key": {"S": "#customer"},
            "store_hash": {"S": "abc123"},
            "customer_id": {"N": "7"},
            "default": {"S": f"{CARD.fingerprint}:2030-12"},
            "read_at": time,
            "version": {"N": "1"},
        },
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
    """However late DynamoDB deletes it."""
    hold(table, CARD, ACCOUNT, customer=CUSTOMER, at=NOW)
    leaves_at = NOW.replace(microsecond=0) + timedelta(days=30)
    hold(table, CARD, customer=CUSTOMER, at=NOW + SECOND, leaves_at=leaves_at)
    assert table.read(*CUSTOMER).instruments == (ACCOUNT,)
    removed = InstrumentRow(*CUSTOMER, CARD, NOW + SECOND, NOW + SECOND, leaves_at)
    assert removed in list(table.list_instruments(leaves_at - SECOND))
    assert [row.instrument for row in table.list_instruments(leaves_at)] == [ACCOUNT]


def test_a_removed_instrument_that_came_back_stays(aws: Aws, table: InstrumentTable, instruments_table: str) -> None:
    hold(table, CARD, customer=CUSTOMER, at=NOW, leaves_at=NOW + timedelta(days=30))
    hold(table, CARD, customer=CUSTOMER, at=NOW + SECOND)
    assert table.read(*CUSTOMER).instruments == (CARD,)
    [item] = [item for item in stored_items(aws, instruments_table) if "token" in item]
    assert item.keys().isdisjoint({"removed_at", "expires_at"})


def change(held: CustomerInstruments, *instruments: Instrument, customer: tuple[str, int] = CUSTOMER) -> CustomerChange:
    rows = tuple(InstrumentRow(*customer, one, NOW + SECOND) for one in instruments)
    return CustomerChange(*customer, held, rows, name_default(instruments), NOW + SECOND)


def test_of_two_writers_who_read_the_same_one_writes_and_the_other_is_told(table: InstrumentTable) -> None:
    for one, other in ((CARD, ACCOUNT), (BANK, ACCOUNT)):
        held = table.read(*CUSTOMER)
        first, second = change(held, one), change(held, other)
        assert table.save([first]) == []
        assert table.save([second]) == [second]
    assert {one.token for one in table.read(*CUSTOMER).instruments} == {CARD.token, BANK.token}


def test_the_first_writer_of_a_customer_whose_hint_was_put_off_is_no_other_writer(table: InstrumentTable) -> None:
    table.postpone(*CUSTOMER, NOW)
    held = table.read(*CUSTOMER)
    assert held.look_at == NOW
    assert table.save([change(held, CARD)]) == []
    assert table.read(*CUSTOMER).look_at is None


def test_many_customers_are_written_together_and_one_who_changed_keeps_none_of_the_others(
    aws: Aws, table: InstrumentTable
) -> None:
    customers = [("abc123", number) for number in range(1, 61)]
    changes = [change(CustomerInstruments(), CARD, customer=customer) for customer in customers]
    hold(table, ACCOUNT, customer=("abc123", 5), at=NOW)
    with counted(aws, "TransactWriteItems") as calls:
        assert table.save(changes) == [changes[4]]
    assert len(calls) == 3  # fifty customers, of whom one had changed; the rest of them; ten more
    held = [table.read(*customer).instruments for customer in customers]
    assert held == [(ACCOUNT,) if customer[1] == 5 else (CARD,) for customer in customers]


def test_a_customer_of_more_instruments_than_a_transaction_takes_is_written_in_steps_and_begun_ones_are_no_whole_read(
    aws: Aws, table: InstrumentTable
) -> None:
    cards = tuple(replace(CARD, token=f"invented-token-{number}") for number in range(150))
    whole = change(CustomerInstruments(), *cards)
    with failing_after(aws, "TransactWriteItems", 1), pytest.raises(ClientError):
        table.save([whole])
    begun = table.read(*CUSTOMER)
    assert (len(begun.instruments), begun.read_at, begun.default, begun.version) == (99, None, None, 1)
    assert table.save([whole]) == [whole]
    assert table.save([change(begun, *cards)]) == []
    held = table.read(*CUSTOMER)
    assert (set(map(str, held.instruments)), held.read_at) == (set(map(str, cards)), NOW + SECOND)


def test_all_pages_are_read_and_listed(aws: Aws, table: InstrumentTable) -> None:
    cards = {replace(CARD, token=f"invented-token-{number}", billing_address=None) for number in range(7)}
    hold(table, *cards, customer=CUSTOMER, at=NOW)
    with small_pages(aws, "Query"), small_pages(aws, "Scan"):
        held = table.read("abc123", 7)
        assert (set(held.instruments), held.read_at) == (cards, NOW)
        assert {row.instrument for row in table.list_instruments(NOW)} == cards


def test_the_head_of_a_customer_is_no_instrument(aws: Aws, table: InstrumentTable, instruments_table: str) -> None:
    hold(table, customer=CUSTOMER, at=NOW)
    assert row_from_item(stored_items(aws, instruments_table)[0]) is None


def test_an_error_of_dynamodb_is_never_taken_for_another_writer(aws: Aws) -> None:
    with pytest.raises(ClientError):
        InstrumentTable(aws.dynamodb, "no-such-table").save([change(CustomerInstruments(), CARD)])


def test_no_row_shows_a_token_an_address_or_an_e_mail(table: InstrumentTable) -> None:
    hold(table, CARD, ACCOUNT, customer=CUSTOMER, at=NOW)
    shown = repr(list(table.list_instruments(NOW))) + repr(table.read(*CUSTOMER))
    assert not any(secret in shown for secret in ("invented-token", "Inventown", "shopper@example.test"))
