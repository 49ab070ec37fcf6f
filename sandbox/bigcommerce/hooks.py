"""Hooks: who wants to be told of what. Documented in the facts under "Webhooks"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

DELIVERY_EXCEPTION: Final = "store/hook/deliveryException"

HANDLED_SCOPES: Final = (
    "store/order/created",
    "store/order/updated",
    "store/order/statusUpdated",
    "store/order/transaction/created",
    "store/order/transaction/updated",
    "store/cart/converted",
    "store/customer/payment/instrument/default/updated",
    "store/customer/deleted",
)
SCOPES: Final = frozenset(
    {
        *HANDLED_SCOPES,
        "store/order/*",
        "store/order/archived",
        "store/order/refund/created",
        "store/order/transaction/*",
        "store/cart/*",
        "store/cart/created",
        "store/cart/updated",
        "store/cart/deleted",
        "store/customer/*",
        "store/customer/created",
        "store/customer/updated",
        "store/app/uninstalled",
        DELIVERY_EXCEPTION,
    }
)
HOOKS_A_SCOPE: Final = 10


class Trouble(IntEnum):
    """What a delivery exception says (`data.error_code`)."""

    WILL_RETRY = 90001
    GIVEN_UP = 90002
    BLOCKED = 90003


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook of a store.

    Attributes:
        hook_id: BigCommerce's number.
        scope: an event, or all events below one (`store/order/*`).
        destination: where the events are posted.
        headers: sent with each of them.
        created_at: seconds since 1970.
        updated_at: seconds since 1970.
    """

    hook_id: int
    scope: str
    destination: str
    is_active: bool
    created_at: int
    updated_at: int
    headers: Mapping[str, str] | None = field(default=None, repr=False)

    def wants(self, scope: str) -> bool:
        """Whether an event of this scope goes to this hook."""
        return self.is_active and (self.scope == scope or (self.scope[-1] == "*" and scope.startswith(self.scope[:-1])))
