"""Whether an order may be charged now (design, law 5)."""

from datetime import datetime
from typing import Final

from bigcharge.domain.charges import Charge
from bigcharge.domain.instruments import Refused
from bigcharge.domain.orders import PAID_STATUSES, Order, OrderStatus
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State

_ELSEWHERE: Final = {
    **dict.fromkeys(PAID_STATUSES, State.PAID_ELSEWHERE),
    OrderStatus.REFUNDED: State.REFUNDED,
    OrderStatus.CANCELLED: State.CANCELED,
}


def judge(order: Order, policy: Policy | None, *, part_paid: bool = False) -> tuple[State, str | None] | None:
    """None where the order may be charged; else the state that says why not, with its reason.

    Args:
        order: as it is now.
        policy: the store's; a store without one charges nothing.
        part_paid: whether we have paid a part with store credit: then BigCommerce keeps the order Pending for the rest.
    """
    refusal = "no_policy" if policy is None else policy.refusal(order)
    if refusal:
        return State.SKIPPED, refusal
    if order.is_archived:
        return State.SKIPPED, "order_archived"
    if order.status in _ELSEWHERE:
        return _ELSEWHERE[OrderStatus(order.status)], None
    chargeable = {OrderStatus.INCOMPLETE, OrderStatus.PENDING} if part_paid else {OrderStatus.INCOMPLETE}
    if order.status not in chargeable:
        return State.SKIPPED, f"order_status_{order.status}"
    if order.owed is None or order.owed.amount <= 0:
        return State.SKIPPED, "nothing_owed"
    return None


def refused_instruments(charge: Charge, now: datetime) -> Refused:
    """What this order must not try now, whatever state it is in.

    An instrument that was refused for good stays so, any other waits for its own `retry_at`; one that was not tried yet
    (the shopper's new default card, or the old one renewed) may be tried at once, and so may each after an operator
    said to retry.
    """
    refused = [attempt for attempt in charge.attempts_since_retry if attempt.outcome is State.DECLINED]
    latest = {(attempt.instrument, attempt.expiry): attempt.retry_at for attempt in refused}
    return frozenset(name for name, retry_at in latest.items() if retry_at is None or now < retry_at)
