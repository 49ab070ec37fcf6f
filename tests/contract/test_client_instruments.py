"""The client's stored instruments of a store against the box: pages, cursors, import, change, delete, one form."""

from collections.abc import Iterator
from typing import Any

import pytest

from bigcharge.domain.errors import InvalidInputError, NotFoundError, UnprocessableError
from bigcharge.domain.instruments import Instrument, InstrumentType
from bigcharge.domain.stored_instruments import (
    ImportedInstrument,
    InstrumentAddress,
    InstrumentChanges,
    NewInstrument,
    OwnedInstrument,
    VaultedBankAccount,
    VaultedCard,
    VaultedPaypalAccount,
)
from sandbox.bigcommerce.records import Kind
from tests.contract.client_world import Desk, open_desk

PATH = "/stores/abc123/v3/payments/stored-instruments"
TOKEN = "84596bea275fa254da820056bdc3e495bdf01fd11c51b0336347d447ee16200c"
EMAIL = "bc-buyer-paypal-express@bigcommerce.com"
BILLING = InstrumentAddress(
    first_name="test",
    last_name="shop",
    email="example@email.com",
    street_1="Station Yard, Waybridge Station",
    city="Waybridge",
    postal_code="KT13 8UD",
    country_code="GB",
)
BILLING_SENT = {
    "first_name": "test",
    "last_name": "shop",
    "email": "example@email.com",
    "street_1": "Station Yard, Waybridge Station",
    "city": "Waybridge",
    "postal_code": "KT13 8UD",
    "country_code": "GB",
}
CARD = VaultedCard("5292sx35", "321123", "visa", 12, 2066, "1111", "411111")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with open_desk(monkeypatch) as desk:
        yield desk
        assert desk.world.rules() == desk.expected_rules


@pytest.fixture
def tokens(desk: Desk) -> list[str]:
    """Seven cards of seven customers."""
    return [desk.world.shopper_with_card()[1].token for _ in range(7)]


def queries(desk: Desk) -> list[str]:
    return [exchange.line.removeprefix(f"GET {PATH}?") for exchange in desk.exchanges]


@pytest.mark.parametrize(
    ("kind", "looks", "instrument"),
    [
        (
            Kind.CARD,
            {
                "brand": "visa",
                "iin": "411111",
                "last_4": "1111",
                "expiry_month": 1,
                "expiry_year": 2031,
                "billing_address": {"first_name": "Tester", "address1": "1 Sample Street", "company": ""},
            },
            Instrument(
                TOKEN,
                InstrumentType.CARD,
                True,
                "visa",
                "1111",
                1,
                2031,
                "411111",
                billing_address={"first_name": "Tester", "address1": "1 Sample Street"},
            ),
        ),
        (Kind.PAYPAL_ACCOUNT, {"email": EMAIL}, Instrument(TOKEN, InstrumentType.PAYPAL_ACCOUNT, True, email=EMAIL)),
        (
            Kind.BANK_ACCOUNT,
            {"issuer": "011000015", "masked_account_number": "0000"},
            Instrument(TOKEN, InstrumentType.BANK_ACCOUNT, True, last_4="0000", issuer="011000015"),
        ),
    ],
)
def test_each_kind_is_in_one_form_whether_the_store_or_its_customer_lists_it(
    desk: Desk, kind: Kind, looks: dict[str, Any], instrument: Instrument
) -> None:
    """The document's three examples."""
    customer_id = desk.world.box.create_customer().customer_id
    desk.world.box.store_instrument(customer_id, kind, token=TOKEN, **looks)
    assert list(desk.client.stored_instruments.list_instruments()) == [OwnedInstrument(customer_id, instrument)]
    [own] = desk.client.list_customer_instruments(customer_id)
    assert (own.token, own.type, own.is_default, own.brand, own.last_4, own.email, own.issuer) == (
        *(TOKEN, instrument.type, True, instrument.brand, instrument.last_4, instrument.email, instrument.issuer),
    )


def test_the_list_follows_the_end_cursors_a_page_at_a_time(desk: Desk, tokens: list[str]) -> None:
    """The document's rule: `end_cursor` comes only on the first page, or where the request had a cursor."""
    listed = desk.client.stored_instruments.list_instruments(limit=3)
    assert desk.exchanges == []
    assert next(listed).instrument.token == tokens[0]
    assert len(desk.exchanges) == 1
    assert [one.instrument.token for one in listed] == tokens[1:]
    ends = [exchange.answered["meta"]["cursor_pagination"]["end_cursor"] for exchange in desk.exchanges]
    afters = [f"after={end.replace('=', '%3D')}&limit=3" for end in ends if end]
    assert queries(desk) == ["limit=3", *afters]
    assert len(afters) >= 3


def test_a_walk_that_broke_off_goes_on_from_its_last_cursor(desk: Desk, tokens: list[str]) -> None:
    first = next(desk.client.stored_instruments.list_pages(limit=3))
    assert (first.entries, first.total) == (3, 7)
    rest = desk.client.stored_instruments.list_pages(after=first.end_cursor, limit=3)
    assert [one.instrument.token for page in rest for one in page.instruments] == tokens[3:]


def test_the_start_cursors_lead_back(desk: Desk, tokens: list[str]) -> None:
    *_, last = desk.client.stored_instruments.list_pages(limit=3)
    pages = desk.client.stored_instruments.list_pages(before=last.start_cursor, limit=3)
    back = [[one.instrument.token for one in page.instruments] for page in pages]
    assert [page for page in back if page] == [tokens[3:6], tokens[:3]]


def test_pages_can_be_asked_for_by_number(desk: Desk, tokens: list[str]) -> None:
    calls = desk.client.stored_instruments
    found = [[one.instrument.token for one in calls.get_page(page=page, limit=3).instruments] for page in (1, 2, 3, 4)]
    assert found == [tokens[:3], tokens[3:6], tokens[6:], []]
    assert queries(desk) == [f"page={page}&limit=3" for page in (1, 2, 3, 4)]
    assert calls.get_page(page=2, limit=3).end_cursor is None
    for wrong in ({"page": 1, "after": "ODc="}, {"after": "ODc=", "before": "ODc="}, {"page": 0}, {"limit": 251}):
        with pytest.raises(InvalidInputError):
            calls.get_page(**wrong)


def test_a_store_without_instruments_has_an_empty_list(desk: Desk) -> None:
    assert list(desk.client.stored_instruments.list_instruments()) == []
    with pytest.raises(UnprocessableError):
        desk.client.stored_instruments.get_page(after="!")
    desk.expected_rules = desk.world.rules()


@pytest.mark.parametrize(
    ("vaulted", "method_id", "sent", "instrument"),
    [
        (
            CARD,
            "stripe.card",
            {
                "type": "credit_card",
                "vault_token": "5292sx35",
                "provider_customer_id": "321123",
                "brand": "visa",
                "expiry_month": 12,
                "expiry_year": 2066,
                "last_4": "1111",
                "iin": "411111",
            },
            Instrument("", InstrumentType.CARD, True, "visa", "1111", 12, 2066, "411111"),
        ),
        (
            VaultedPaypalAccount("5292sx35", "321123", EMAIL),
            "braintree.paypal",
            {"type": "paypal_account", "vault_token": "5292sx35", "provider_customer_id": "321123", "email": EMAIL},
            Instrument("", InstrumentType.PAYPAL_ACCOUNT, True, email=EMAIL),
        ),
        (
            VaultedBankAccount("5292sx35", "321123", "011000015", "0000"),
            "braintree.ach",
            {
                "type": "bank_account",
                "vault_token": "5292sx35",
                "provider_customer_id": "321123",
                "issuer": "011000015",
                "masked_account_number": "0000",
            },
            Instrument("", InstrumentType.BANK_ACCOUNT, True, last_4="0000", issuer="011000015"),
        ),
    ],
)
def test_an_instrument_of_each_kind_is_imported_as_in_the_documents_example(
    desk: Desk,
    vaulted: VaultedCard | VaultedPaypalAccount | VaultedBankAccount,
    method_id: str,
    sent: dict[str, Any],
    instrument: Instrument,
) -> None:
    desk.world.box.create_customer()
    new = NewInstrument(method_id, "GBP", 1, vaulted, BILLING, (BILLING,))
    outcome = desk.client.stored_instruments.import_instruments([new])
    assert desk.last.line == f"POST {PATH}"
    assert desk.last.sent == [
        {
            "billing_address": BILLING_SENT,
            "trusted_shipping_addresses": [BILLING_SENT],
            "default_instrument": False,
            "payment_method_id": method_id,
            "currency_code": "GBP",
            "customer_id": 1,
            "instrument": sent,
        }
    ]
    [row] = desk.last.answered["data"]
    address = BILLING_SENT if instrument.type is InstrumentType.CARD else None
    expected = {"token": row["instrument"]["token"], "billing_address": address}
    assert outcome.failures == ()
    [imported] = outcome.imported
    assert imported == ImportedInstrument(1, "5292sx35", imported.instrument)
    for name in Instrument.__dataclass_fields__:
        assert getattr(imported.instrument, name) == expected.get(name, getattr(instrument, name)), name


def test_an_import_that_succeeds_in_part_tells_both_parts(desk: Desk) -> None:
    desk.world.box.create_customer()
    good = NewInstrument("stripe.card", "USD", 1, CARD, BILLING, default_instrument=True)
    lost = NewInstrument("stripe.card", "USD", 4711, CARD, BILLING)
    outcome = desk.client.stored_instruments.import_instruments([good, lost, good])
    assert [one.customer_id for one in outcome.imported] == [1, 1]
    [failure] = outcome.failures
    assert (failure.index, list(failure.problems)) == (1, ["customer_id"])
    shown = repr((outcome, good))
    secrets = ["5292sx35", "321123", "Waybridge", *(one.instrument.token for one in outcome.imported)]
    assert not [secret for secret in secrets if secret in shown]


def test_an_instrument_is_changed_as_in_the_documents_example(desk: Desk) -> None:
    customer_id = desk.world.box.create_customer().customer_id
    desk.world.box.store_instrument(customer_id)
    desk.world.box.store_instrument(customer_id, Kind.PAYPAL_ACCOUNT, token=TOKEN, email=EMAIL)
    changes = InstrumentChanges(BILLING, (BILLING,), make_default=True)
    changed = desk.client.stored_instruments.update_instrument(TOKEN, changes)
    assert desk.last.line == f"PUT {PATH}"
    assert desk.last.sent == {
        "token": TOKEN,
        "billing_address": BILLING_SENT,
        "trusted_shipping_addresses": [BILLING_SENT],
        "make_default": True,
    }
    assert changed.instrument == Instrument(TOKEN, InstrumentType.PAYPAL_ACCOUNT, True, email=EMAIL)
    with pytest.raises(InvalidInputError):
        desk.client.stored_instruments.update_instrument(TOKEN, InstrumentChanges())
    with pytest.raises(NotFoundError):
        desk.client.stored_instruments.update_instrument("f" * 64, InstrumentChanges(make_default=True))


def test_instruments_are_deleted_from_the_store(desk: Desk, tokens: list[str]) -> None:
    desk.client.stored_instruments.delete_instruments(tokens[:3])
    assert desk.last.line == f"DELETE {PATH}?token:in={','.join(tokens[:3])}"
    assert [kept.token for kept in desk.world.box.instruments()] == tokens[3:]


def test_an_instrument_is_deleted_with_the_gateways(desk: Desk, tokens: list[str]) -> None:
    desk.client.stored_instruments.delete_instrument(tokens[0])
    assert desk.last.line == f"DELETE {PATH}/{tokens[0]}"
    assert [kept.token for kept in desk.world.box.instruments()] == tokens[1:]
    with pytest.raises(NotFoundError):
        desk.client.stored_instruments.delete_instrument(tokens[0])


@pytest.mark.parametrize("token", ["", "../hooks", "a/b", "a?b", "a,b", "a b", "a%2fb", "..", "x" * 513, None, 7])
def test_a_token_that_would_change_a_url_is_refused(desk: Desk, token: Any) -> None:
    calls = desk.client.stored_instruments
    with pytest.raises(InvalidInputError):
        calls.delete_instrument(token)
    with pytest.raises(InvalidInputError):
        calls.delete_instruments(["f" * 64, token])
    assert desk.exchanges == []


def test_no_token_to_be_deleted_reaches_a_log_or_a_repr(
    desk: Desk, tokens: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="urllib3.connectionpool"):
        list(desk.client.stored_instruments.list_instruments())
        desk.client.stored_instruments.delete_instrument(tokens[0])
        desk.client.stored_instruments.delete_instruments(tokens[1:3])
    assert "/stored-instruments?limit=250" in caplog.text
    assert not [token for token in tokens if token in caplog.text + repr(desk.exchanges)]
