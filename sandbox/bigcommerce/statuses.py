"""The status ids of BigCommerce's orders (facts, "Orders (V2)")."""

from typing import Final

INCOMPLETE: Final = 0
PENDING: Final = 1
REFUNDED: Final = 4
CANCELLED: Final = 5
DECLINED: Final = 6
AWAITING_FULFILLMENT: Final = 11
PARTIALLY_REFUNDED: Final = 14
STATUS_NAMES: Final = {
    0: "Incomplete",
    1: "Pending",
    2: "Shipped",
    3: "Partially Shipped",
    4: "Refunded",
    5: "Cancelled",
    6: "Declined",
    7: "Awaiting Payment",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    12: "Manual Verification Required",
    13: "Disputed",
    14: "Partially Refunded",
}
