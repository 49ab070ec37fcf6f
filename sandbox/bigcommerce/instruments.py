"""Stored instruments: kept, changed and removed, and spelled in BigCommerce's two ways."""

from dataclasses import replace

from sandbox.bigcommerce.records import Instrument, Kind
from sandbox.bigcommerce.state import Shop, State

_STORE_TYPES = {Kind.CARD: "credit_card", Kind.PAYPAL_ACCOUNT: "paypal_account", Kind.BANK_ACCOUNT: "bank_account"}


def keep(state: State, shop: Shop, instrument: Instrument) -> Instrument:
    """Store an instrument. A customer's first one becomes the default; a new default replaces the old one.

    Raises:
        ValueError: the store keeps this token already.
    """
    if instrument.token in shop.instruments:
        raise ValueError("the store keeps this token already")
    own = shop.tokens_of.setdefault(instrument.customer_id, [])
    first = not own
    own.append(instrument.token)
    shop.instruments[instrument.token] = replace(instrument, is_default=False, number=shop.next_id("instrument"))
    if instrument.is_default or first:
        return make_default(state, shop, instrument.token)
    return shop.instruments[instrument.token]


def make_default(state: State, shop: Shop, token: str) -> Instrument:
    """Make an instrument its customer's default, and tell (nothing is told when it already was).

    Raises:
        KeyError: there is no such instrument.
    """
    chosen = shop.instruments[token]
    if chosen.is_default:
        return chosen
    for other in customers(shop, chosen.customer_id):
        if other.is_default:
            shop.instruments[other.token] = replace(other, is_default=False)
    shop.instruments[token] = replace(chosen, is_default=True)
    scope = "store/customer/payment/instrument/default/updated"
    state.emit(shop, scope, {"type": "customer", "id": chosen.customer_id})
    return shop.instruments[token]


def remove(shop: Shop, token: str) -> None:
    """Remove an instrument; nothing is told. The next of the customer's does not become the default by itself.

    Raises:
        KeyError: there is no such instrument.
    """
    removed = shop.instruments.pop(token)
    shop.tokens_of[removed.customer_id].remove(token)


def customers(shop: Shop, customer_id: int) -> list[Instrument]:
    """The instruments of a customer, oldest first."""
    return [shop.instruments[token] for token in shop.tokens_of.get(customer_id, [])]


def spell_for_store(instrument: Instrument) -> dict[str, object]:
    """As the store's list prints it (`stored-instruments-api.txt`)."""
    head: dict[str, object] = {
        "token": instrument.token,
        "customer_id": instrument.customer_id,
        "type": _STORE_TYPES[instrument.kind],
        "is_default": instrument.is_default,
    }
    if instrument.kind is Kind.PAYPAL_ACCOUNT:
        return {**head, "email": instrument.email}
    if instrument.kind is Kind.BANK_ACCOUNT:
        return {**head, "issuer": instrument.issuer, "masked_account_number": instrument.masked_account_number}
    return {
        **head,
        "brand": instrument.brand.lower(),
        "expiry_month": instrument.expiry_month,
        "expiry_year": instrument.expiry_year,
        "iin": instrument.iin,
        "last_4": instrument.last_4,
        "billing_address": dict(instrument.billing_address),
    }


def spell_for_customer(instrument: Instrument) -> dict[str, object]:
    """As the customer's list and Get Payment Methods print it."""
    head: dict[str, object] = {"type": f"stored_{instrument.kind}"}
    tail: dict[str, object] = {"token": instrument.token, "is_default": instrument.is_default}
    if instrument.kind is Kind.PAYPAL_ACCOUNT:
        return {**head, "email": instrument.email, **tail}
    if instrument.kind is Kind.BANK_ACCOUNT:
        account = {"issuer": instrument.issuer, "masked_account_number": instrument.masked_account_number}
        return {**head, **account, **tail}
    return {
        **head,
        "brand": instrument.brand.upper(),
        "expiry_month": instrument.expiry_month,
        "expiry_year": instrument.expiry_year,
        "issuer_identification_number": instrument.iin,
        "last_4": instrument.last_4,
        **tail,
    }
