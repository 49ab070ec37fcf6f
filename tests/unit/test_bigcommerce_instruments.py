"""Payment methods, stored instruments and tokens in the domain's form: both spellings, and nothing guessed."""

import json
from typing import Any

import pytest

from bigcharge.adapters.bigcommerce.fields import ShapeError, read_flag
from bigcharge.adapters.bigcommerce.hooks import _read_admin
from bigcharge.adapters.bigcommerce.instruments import read_customer_instruments
from bigcharge.adapters.bigcommerce.orders import read_any_order, read_transactions
from bigcharge.adapters.bigcommerce.payments import read_payment_methods, read_token
from bigcharge.domain.instruments import Instrument, InstrumentType, PaymentMethod, SupportedInstrument

CARD = "84596bea275fa254da820056bdc3e495bdf01fd11c51b0336347d447ee16200c"


def test_the_documented_payment_methods_are_read() -> None:
    """The sample response of the Payments API document."""
    stored = {
        "type": "stored_card",
        "brand": "VISA",
        "expiry_month": 9,
        "expiry_year": 2020,
        "issuer_identification_number": "424242",
        "last_4": "4242",
        "token": CARD,
        "is_default": True,
    }
    method = {
        "id": "stripe.card",
        "name": "Stripe",
        "test_mode": True,
        "type": "card",
        "supported_instruments": [
            {"instrument_type": "VISA", "verification_value_required": True},
            {"instrument_type": "STORED_CARD", "verification_value_required": True},
        ],
        "stored_instruments": [stored],
    }
    card = Instrument(CARD, InstrumentType.CARD, True, "visa", "4242", 9, 2020, "424242")
    kinds = (SupportedInstrument("VISA", True), SupportedInstrument("STORED_CARD", True))
    assert read_payment_methods({"data": [method], "meta": {}}) == (
        PaymentMethod("stripe.card", (card,), True, "Stripe", "card", True, kinds),
    )


def test_only_the_stored_card_says_whether_a_verification_value_is_asked_for() -> None:
    supported = [
        {"instrument_type": "VISA", "verification_value_required": True},
        {"instrument_type": "STORED_CARD", "verification_value_required": False},
    ]
    (method,) = read_payment_methods({"data": [{"id": "a.card", "supported_instruments": supported}, {"id": None}]})
    assert method.verification_value_required is False
    assert method.supported == (SupportedInstrument("VISA", True), SupportedInstrument("STORED_CARD"))


NO_FLAGS: list[object] = [None, "", "yes", "1", "0", 2, -1, 1.0, 0.0, [], {}, [True]]


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        *((yes, True) for yes in (True, 1, "true", "True")),
        *((no, False) for no in (False, 0, "false", "FALSE")),
        *((other, None) for other in NO_FLAGS),
    ],
)
def test_a_flag_is_a_boolean_in_any_of_its_spellings(value: object, *, flag: bool | None) -> None:
    assert read_flag(value) is flag
    (method,) = read_payment_methods(
        {
            "data": [
                {
                    "id": "a.card",
                    "test_mode": value,
                    "supported_instruments": [{"instrument_type": "STORED_CARD", "verification_value_required": value}],
                    "stored_instruments": [{"type": "stored_card", "token": CARD, "is_default": value}],
                }
            ]
        }
    )
    assert method.test_mode is flag
    assert method.verification_value_required is (flag is True)
    assert [one.is_default for one in method.instruments] == [flag is True]
    assert read_any_order({"id": 1, "status_id": 0, "is_deleted": value}).is_archived is (flag is True)


@pytest.mark.parametrize(("value", "is_active"), [(1, True), ("false", False)])
def test_a_hook_is_active_in_any_spelling(value: object, *, is_active: bool) -> None:
    hook = {"id": 1, "scope": "store/order/created", "destination": "https://example.com", "is_active": value}
    assert [one.is_active for one in _read_admin({"data": {"hooks_list": [hook]}}).hooks] == [is_active]


@pytest.mark.parametrize("value", [None, "", "yes", 2, []])
def test_a_hook_that_does_not_say_whether_it_is_active_is_not_read(value: object) -> None:
    hook = {"id": 1, "scope": "store/order/created", "destination": "https://example.com", "is_active": value}
    with pytest.raises(ShapeError):
        _read_admin({"data": {"hooks_list": [hook]}})


CARDS = [
    {"type": "credit_card", "brand": "visa", "iin": "411111", "last_4": "1111", "expiry_month": 1, "expiry_year": 2031},
    {
        "type": "stored_card",
        "brand": "VISA",
        "issuer_identification_number": "41111111",
        "last_4": 1111,
        "expiry_month": "01",
        "expiry_year": "2031",
    },
]


@pytest.mark.parametrize("fields", CARDS)
@pytest.mark.parametrize("wrap", [lambda entries: entries, lambda entries: {"data": entries}])
def test_both_spellings_of_a_card_are_one_form(fields: dict[str, object], wrap: Any) -> None:
    card = Instrument(CARD, InstrumentType.CARD, False, "visa", "1111", 1, 2031, "411111")
    assert read_customer_instruments(wrap([fields | {"token": CARD, "is_default": False}])) == (card,)


@pytest.mark.parametrize(
    ("fields", "instrument"),
    [
        (
            {"type": "stored_paypal_account", "email": "shopper@example.com", "is_default": True},
            Instrument(CARD, InstrumentType.PAYPAL_ACCOUNT, True, email="shopper@example.com"),
        ),
        (
            {"type": "bank_account", "issuer": "011000015", "masked_account_number": "*****6789"},
            Instrument(CARD, InstrumentType.BANK_ACCOUNT, last_4="6789", issuer="011000015"),
        ),
        (
            {"type": "card", "last_4": "4111111111111111", "expiry_month": 13, "expiry_year": 1, "brand": 7},
            Instrument(CARD, InstrumentType.CARD, last_4="1111"),
        ),
        (
            {"type": "card", "billing_address": {"city": "Austin", "company": "", "phone": None}},
            Instrument(CARD, InstrumentType.CARD, billing_address={"city": "Austin"}),
        ),
    ],
)
def test_instruments_of_every_kind_are_read(fields: dict[str, object], instrument: Instrument) -> None:
    assert read_customer_instruments([fields | {"token": CARD}]) == (instrument,)


@pytest.mark.parametrize(
    "fields",
    [
        None,
        {"type": "stored_card"},
        {"type": "stored_card", "token": ""},
        {"type": "stored_card", "token": "with space"},
        {"type": "stored_card", "token": "line\n"},
        {"type": "stored_card", "token": "x" * 513},
        {"type": "stored_card", "token": 7},
        {"type": "wallet", "token": CARD},
        {"type": ["stored_card"], "token": CARD},
        {"token": CARD},
    ],
)
def test_what_cannot_be_charged_is_left_out(fields: object) -> None:
    assert read_customer_instruments([fields]) == ()


@pytest.mark.parametrize("document", [None, "x", {}, {"data": None}, {"data": {}}])
def test_what_is_no_list_is_not_taken_for_an_empty_one(document: object) -> None:
    for read in (read_customer_instruments, read_payment_methods, read_transactions):
        with pytest.raises(ShapeError):
            read(document)


@pytest.mark.parametrize("value", [None, 7, "", "not.a.jwt", "a b", "line\n", "ä.ö.ü", json.dumps({})])
def test_a_token_that_does_not_say_what_it_charges_is_not_used(value: object) -> None:
    with pytest.raises(ShapeError):
        read_token({"data": {"id": value}, "meta": {}})
