"""The stored instruments of a whole store: whose they are, pages of them, and how they are imported and changed.

The fields of what is sent have BigCommerce's names; what is None is not sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from bigcharge.domain.instruments import Instrument


@dataclass(frozen=True, slots=True)
class OwnedInstrument:
    """A stored instrument with its customer.

    Attributes:
        customer_id: None where BigCommerce's answer does not name it.
        instrument: in the one normal form.
    """

    customer_id: int | None
    instrument: Instrument


@dataclass(frozen=True, slots=True)
class InstrumentPage:
    """One page of a store's instruments.

    Attributes:
        instruments: those of a kind that we know.
        entries: how many BigCommerce sent, those of unknown kinds included.
        start_cursor: of the first entry: `before` it lies the previous page. None where the answer has none.
        end_cursor: of the last entry: `after` it comes the next page. None where the answer has none.
        total: of all pages, where BigCommerce says so.
    """

    instruments: tuple[OwnedInstrument, ...]
    entries: int
    start_cursor: str | None = None
    end_cursor: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class InstrumentAddress:
    """A billing or trusted shipping address of an instrument; no `repr` shows it."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    company: str | None = None
    street_1: str | None = None
    street_2: str | None = None
    city: str | None = None
    state_or_province_code: str | None = None
    phone: str | None = None
    postal_code: str | None = None
    country_code: str | None = None


@dataclass(frozen=True, slots=True)
class VaultedCard:
    """A card in a provider's vault.

    Attributes:
        vault_token: the vault's name of it.
        provider_customer_id: the vault's name of the customer.
        brand: lower case ("visa").
        expiry_month: 1-12.
        expiry_year: four digits.
        last_4: of its number.
        iin: the first six digits of its number.
    """

    type: ClassVar[str] = "credit_card"
    vault_token: str = field(repr=False)
    provider_customer_id: str = field(repr=False)
    brand: str
    expiry_month: int
    expiry_year: int
    last_4: str
    iin: str | None = None


@dataclass(frozen=True, slots=True)
class VaultedPaypalAccount:
    """A PayPal account in a provider's vault."""

    type: ClassVar[str] = "paypal_account"
    vault_token: str = field(repr=False)
    provider_customer_id: str = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class VaultedBankAccount:
    """A bank account in a provider's vault; `issuer` is the bank's number."""

    type: ClassVar[str] = "bank_account"
    vault_token: str = field(repr=False)
    provider_customer_id: str = field(repr=False)
    issuer: str
    masked_account_number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewInstrument:
    """An instrument to be imported.

    Attributes:
        payment_method_id: what will charge it ("braintree.credit_card").
        currency_code: ISO 4217.
        customer_id: whose it becomes.
        instrument: what the vault has.
        billing_address: BigCommerce requires it.
        trusted_shipping_addresses: to which the shopper had things sent.
        default_instrument: whether it becomes the customer's default.
    """

    payment_method_id: str
    currency_code: str
    customer_id: int
    instrument: VaultedCard | VaultedPaypalAccount | VaultedBankAccount
    billing_address: InstrumentAddress = field(repr=False)
    trusted_shipping_addresses: tuple[InstrumentAddress, ...] | None = field(default=None, repr=False)
    default_instrument: bool = False


@dataclass(frozen=True, slots=True)
class ImportedInstrument:
    """An instrument that was imported; `provider_vault_token` is what its vault calls it, where BigCommerce says it."""

    customer_id: int | None
    provider_vault_token: str | None = field(repr=False)
    instrument: Instrument


@dataclass(frozen=True, slots=True)
class ImportFailure:
    """An instrument that was not imported.

    Attributes:
        index: its place among those that were sent, from 0; None where BigCommerce does not say.
        problems: what BigCommerce says of each field; it can repeat what was sent, so it is not shown.
    """

    index: int | None
    problems: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What came of an import: a part of it can fail."""

    imported: tuple[ImportedInstrument, ...]
    failures: tuple[ImportFailure, ...]


@dataclass(frozen=True, slots=True)
class InstrumentChanges:
    """What to change of a stored instrument.

    Attributes:
        billing_address: also sent to the provider's vault, as far as the gateway can.
        trusted_shipping_addresses: the new ones.
        make_default: true makes it its customer's default.
    """

    billing_address: InstrumentAddress | None = field(default=None, repr=False)
    trusted_shipping_addresses: tuple[InstrumentAddress, ...] | None = field(default=None, repr=False)
    make_default: bool | None = None
