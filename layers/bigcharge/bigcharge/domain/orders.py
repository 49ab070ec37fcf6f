"""BigCommerce orders and their transactions, as far as charging looks at them."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from bigcharge.domain.money import Money


class OrderStatus(IntEnum):
    """BigCommerce's order status ids."""

    INCOMPLETE = 0
    PENDING = 1
    SHIPPED = 2
    PARTIALLY_SHIPPED = 3
    REFUNDED = 4
    CANCELLED = 5
    DECLINED = 6
    AWAITING_PAYMENT = 7
    AWAITING_PICKUP = 8
    AWAITING_SHIPMENT = 9
    COMPLETED = 10
    AWAITING_FULFILLMENT = 11
    MANUAL_VERIFICATION_REQUIRED = 12
    DISPUTED = 13
    PARTIALLY_REFUNDED = 14


# A payment moves an order to Awaiting Fulfillment; the others can only follow from there.
PAID_STATUSES = frozenset(
    {
        OrderStatus.SHIPPED,
        OrderStatus.PARTIALLY_SHIPPED,
        OrderStatus.AWAITING_PICKUP,
        OrderStatus.AWAITING_SHIPMENT,
        OrderStatus.COMPLETED,
        OrderStatus.AWAITING_FULFILLMENT,
        OrderStatus.PARTIALLY_REFUNDED,
    },
)


@dataclass(frozen=True, slots=True)
class Order:
    """An order as BigCommerce holds it now.

    Attributes:
        order_id: BigCommerce's id.
        status: one of `OrderStatus`, or another number that BigCommerce may add.
        customer_id: 0 for a guest.
        owed: what the shopper still owes: the total less store credit and gift certificates; None where BigCommerce's
            amounts cannot be read exactly.
        order_source: how the order was made ("external", "checkout_api", "www", "manual", ...).
        external_source: free text of whoever made the order.
        channel_id: the sales channel, where BigCommerce names one.
        is_archived: whether the merchant put it away (`is_deleted`); its status stays what it was.
        store_credit: what store credit covers, in minor units.
        modified_at: when BigCommerce last changed it, aware UTC; None where it does not say.
    """

    order_id: int
    status: int
    customer_id: int
    owed: Money | None
    order_source: str = ""
    external_source: str = ""
    channel_id: int | None = None
    is_archived: bool = False
    store_credit: int = 0
    modified_at: datetime | None = None


class TransactionEvent(StrEnum):
    """What a transaction did."""

    PURCHASE = "purchase"
    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"
    PENDING = "pending"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Transaction:
    """One entry of an order's transactions.

    Attributes:
        transaction_id: BigCommerce's id, as text.
        event: one of `TransactionEvent`, or a word that BigCommerce may add.
        ok: whether the gateway did it (`status` "ok").
        money: the amount, where it can be read.
        failed: whether the gateway says that it did not do it (`status` "error"); another word says neither.
        is_credit: whether it is store credit or a gift certificate, which no gateway charges.
        created_at: aware UTC; None where BigCommerce does not say.
    """

    transaction_id: str
    event: str
    ok: bool
    money: Money | None = None
    failed: bool = False
    is_credit: bool = False
    created_at: datetime | None = None
