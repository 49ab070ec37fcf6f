"""What the box remembers: plain frozen records, amounts in minor units, times in aware UTC."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sandbox.bigcommerce.statuses import PENDING


def fingerprint(token: str) -> str:
    """A name for a token that can be shown: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


class Kind(StrEnum):
    """The kinds of instrument that a store keeps."""

    CARD = "card"
    PAYPAL_ACCOUNT = "paypal_account"
    BANK_ACCOUNT = "bank_account"


@dataclass(frozen=True, slots=True)
class Store:
    """A store and the credentials of the app on it.

    Attributes:
        store_hash: as in the URL.
        store_id: the number in webhooks and payment access tokens.
        access_token: what `X-Auth-Token` must be.
        client_id: the app's.
        client_secret: what webhooks are signed with.
        hook_headers: headers that the store's default hooks carry.
        oauth_scopes: what the token may do; None is everything.
    """

    store_hash: str
    store_id: int
    access_token: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)
    hook_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    oauth_scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A payment method that the store offers.

    Attributes:
        method_id: `{gateway}.{kind}`, as in "stripe.card".
        name: what the shopper reads.
        kind: which instruments it charges.
        authorize_only: whether it authorizes and leaves the capture for later.
        settles_later: whether it answers `pending` (bank accounts).
        verification: what it does with a stored card's `verification_value`: "last_4" wants it and compares it with the
            last four digits (the older document's mapping), "any" wants one of 3 or 4 digits (today's: a CVV), "none"
            does not ask for it.
        pending_status_id: where a pending payment leaves the order. BigCommerce does not say; Pending is our choice.
        test_mode: as Get Payment Methods shows it.
    """

    method_id: str
    name: str
    kind: Kind = Kind.CARD
    authorize_only: bool = False
    settles_later: bool = False
    verification: str = "last_4"
    pending_status_id: int = PENDING
    test_mode: bool = True

    @property
    def gateway(self) -> str:
        """The gateway, as transactions name it."""
        return self.method_id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of a store.

    Attributes:
        customer_id: at least 1; 0 is a guest and no customer.
        email: an invented one.
        store_credit: minor units, in the currency of the order that uses it.
    """

    customer_id: int
    email: str = field(repr=False)
    store_credit: int = 0


@dataclass(frozen=True, slots=True)
class Instrument:
    """A stored instrument.

    Attributes:
        behaviour: 0 is approved, else the code that the gateway answers (see `testcards`).
        number: its place among all that the store ever kept; what cursors point at.
    """

    token: str = field(repr=False)
    customer_id: int
    kind: Kind
    method_id: str
    is_default: bool
    behaviour: int
    brand: str = ""
    expiry_month: int = 12
    expiry_year: int = 2040
    iin: str = ""
    last_4: str = ""
    email: str = field(default="", repr=False)
    issuer: str = ""
    masked_account_number: str = field(default="", repr=False)
    billing_address: Mapping[str, str] = field(default_factory=dict, repr=False)
    number: int = 0

    def has_expired(self, now: datetime) -> bool:
        """Whether a card's last month is over."""
        return self.kind is Kind.CARD and (now.year, now.month) > (self.expiry_year, self.expiry_month)


@dataclass(frozen=True, slots=True)
class Order:
    """An order.

    Attributes:
        total: what it costs, tax included.
        store_credit_amount: what store credit covers.
        gift_certificate_amount: what gift certificates cover.
        refunded: what was given back.
        details: what its maker sent beside (addresses, products, notes), kept as sent.
    """

    order_id: int
    customer_id: int
    status_id: int
    currency: str
    total: int
    created_at: datetime
    modified_at: datetime
    order_source: str = "external"
    external_source: str | None = None
    channel_id: int = 1
    store_credit_amount: int = 0
    gift_certificate_amount: int = 0
    refunded: int = 0
    cart_id: str | None = None
    payment_method: str = ""
    payment_provider_id: str = ""
    is_deleted: bool = False
    details: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def owed(self) -> int:
        """What the shopper owes beside store credit and gift certificates, before any payment of the rest."""
        return max(0, self.total - self.store_credit_amount - self.gift_certificate_amount)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One entry of an order's transactions, as `GET /v3/orders/{id}/transactions` shows it.

    Attributes:
        code: what a decline was answered with; the API does not show it.
    """

    transaction_id: int
    order_id: int
    event: str
    method: str
    amount: int
    currency: str
    gateway: str
    gateway_transaction_id: str
    created_at: datetime
    ok: bool = True
    test: bool = True
    method_id: str = ""
    instrument_token: str = field(default="", repr=False)
    reference_id: int | None = None
    code: int | None = None
