"""BigCommerce's orders and transactions in the domain's form: nothing guessed."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bigcharge.adapters.bigcommerce.fields import ShapeError
from bigcharge.adapters.bigcommerce.orders import read_any_order, read_order, read_transactions
from bigcharge.domain.money import Money
from bigcharge.domain.orders import Order, Transaction

ORDER = {
    "id": 215,
    "status_id": 0,
    "customer_id": 7,
    "total_inc_tax": "361.9500",
    "store_credit_amount": "0.0000",
    "gift_certificate_amount": "0.0000",
    "currency_code": "USD",
    "order_source": "external",
    "external_source": "app-42",
    "channel_id": 1,
}
UNREADABLE: list[object] = ["", None, True, "1e3", "9E+999999", "1_000", "NaN", " 5", {}, []]


def test_an_order_is_read() -> None:
    assert read_order(215, ORDER) == Order(215, 0, 7, Money(36195, "USD"), "external", "app-42", 1)


def test_an_order_may_have_numbers_as_strings_and_leave_out_what_it_has_not() -> None:
    order = {
        "id": "215",
        "status_id": "11",
        "customer_id": "0",
        "total_inc_tax": Decimal("98.1"),
        "currency_code": "usd",
    }
    assert read_order(215, order | {"external_source": None}) == Order(215, 11, 0, Money(9810, "USD"))


@pytest.mark.parametrize(
    ("changes", "owed"),
    [
        ({"store_credit_amount": "61.95"}, Money(30000, "USD")),
        ({"store_credit_amount": 61, "gift_certificate_amount": "0.95"}, Money(30000, "USD")),
        ({"store_credit_amount": None, "gift_certificate_amount": ""}, Money(36195, "USD")),
        ({"currency_code": "JPY", "total_inc_tax": "361.0000"}, Money(361, "JPY")),
        ({"currency_code": "BHD", "total_inc_tax": "1.2340"}, Money(1234, "BHD")),
        ({"currency_code": "JPY"}, None),
        ({"total_inc_tax": "361.955"}, None),
        ({"store_credit_amount": "some"}, None),
        ({"gift_certificate_amount": "0.001"}, None),
        *(({"total_inc_tax": amount}, None) for amount in UNREADABLE),
        *(({"currency_code": code}, None) for code in (None, "", "DOLLAR", 840)),
    ],
)
def test_what_is_owed_is_the_total_less_what_is_covered_or_not_known(
    changes: dict[str, object], owed: Money | None
) -> None:
    assert read_order(215, ORDER | changes).owed == owed


DECISIVE = ("status_id", "customer_id", "total_inc_tax", "currency_code")


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        [ORDER],
        {"data": ORDER},
        ORDER | {"id": 216},
        ORDER | {"id": True},
        ORDER | {"status_id": None},
        ORDER | {"status_id": 0.5},
        ORDER | {"customer_id": "somebody"},
        ORDER | {"customer_id": False},
        ORDER | {"customer_id": []},
        *({name: value for name, value in ORDER.items() if name != left_out} for left_out in DECISIVE),
    ],
)
def test_what_is_not_the_order_that_was_asked_for_is_not_read(document: object) -> None:
    with pytest.raises(ShapeError):
        read_order(215, document)


@pytest.mark.parametrize("nobody", [None, "", 0, "0"])
def test_an_order_whose_customer_is_nobody_is_a_guests(nobody: object) -> None:
    assert read_order(215, ORDER | {"customer_id": nobody}).customer_id == 0


@pytest.mark.parametrize("name", [name for name in ORDER if name != "id"])
@pytest.mark.parametrize("value", [None, "?", [], {}])
def test_whatever_cannot_be_read_of_a_listed_order_stops_no_walk(name: str, value: object) -> None:
    """Whoever charges it reads it by itself."""
    assert read_any_order(ORDER | {name: value}).order_id == 215
    assert read_any_order({one: other for one, other in ORDER.items() if one != name}).order_id == 215


@pytest.mark.parametrize("order_id", [None, 0, -1, "?", True])
def test_an_order_without_a_number_cannot_be_hinted_at(order_id: object) -> None:
    with pytest.raises(ShapeError):
        read_any_order(ORDER | {"id": order_id})


def test_transactions_are_read() -> None:
    entries = [
        {"id": 1, "event": "purchase", "status": "ok", "amount": 98, "currency": "USD"},
        {"id": "b2", "event": "Refund", "status": "error", "amount": Decimal("9.50"), "currency": "USD"},
        {"id": 3, "event": "new word", "status": "ok", "amount": "9.505", "currency": "USD"},
    ]
    assert read_transactions({"data": entries, "meta": {}}) == (
        Transaction("1", "purchase", True, Money(9800, "USD")),
        Transaction("b2", "refund", False, Money(950, "USD"), failed=True),
        Transaction("3", "new word", True, None),
    )


@pytest.mark.parametrize("entry", [None, {}, {"id": 1, "event": "purchase"}, {"event": "purchase", "status": "ok"}])
def test_a_transaction_that_cannot_be_read_is_not_taken_for_none(entry: object) -> None:
    with pytest.raises(ShapeError):
        read_transactions({"data": [entry]})


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 -1000", "1 Jan 2026 00:00:00 -99999999999999"])
def test_a_date_that_no_calendar_has_is_as_good_as_none(date: str) -> None:
    assert read_order(215, ORDER | {"date_modified": date}).modified_at is None


@pytest.mark.parametrize(
    ("date", "created_at"),
    [
        ("2026-04-01T10:00:00+10:00", datetime(2026, 4, 1, tzinfo=UTC)),
        ("Wed, 01 Apr 2026 10:00:00 +1000", datetime(2026, 4, 1, tzinfo=UTC)),
        *((date, None) for date in ("0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00", "soon", None)),
        ("Fri, 31 Dec 9999 23:59:59 -1000", None),
    ],
)
def test_a_transaction_is_read_whatever_its_date(date: object, created_at: datetime | None) -> None:
    entry = {"id": 1, "event": "purchase", "status": "ok", "date_created": date}
    assert [one.created_at for one in read_transactions([entry])] == [created_at]
