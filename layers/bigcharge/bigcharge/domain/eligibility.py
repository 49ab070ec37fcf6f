"""Whether an order may be charged now (design, law 5)."""

from datetime import datetime
from typing import Final

from bigcharge.domain.charges import Charge, State
from bigcharge.domain.concluding import decides
from bigcharge.domain.declines import Decision
from bigcharge.domain.orders import PAID_STATUSES, Order, OrderStatus
from bigcharge.domain.policy import Policy

_ELSEWHERE: Final = {
    **dict.fromkeys(PAID_STATUSES, State.PAID_ELSEWHERE),
    OrderStatus.REFUNDED: State.REFUNDED,
    OrderStatus.CANCELLED: State.CANCELED,
}


def judge(order: Order, policy: Policy | None) -> tuple[State, str | None] | None:
    """None where the order may be charged; else the state that says why not, with its reason.

    Args:
        order: as it is now.
        policy: the store's; a store without one charges nothing.
    """
    refusal = "no_policy" if policy is None else policy.refusal(order)
    if refusal:
        return State.SKIPPED, refusal
    if order.is_archived:
        return State.SKIPPED, "order_archived"
    if order.status in _ELSEWHERE:
        return _ELSEWHERE[OrderStatus(order.status)], None
    if order.status != OrderStatus.INCOMPLETE:
        return State.SKIPPED, f"order_status_{order.status}"
    if order.owed is None or order.owed.amount <= 0:
        return State.SKIPPED, "nothing_owed"
    return None


def refused_instruments(charge: Charge, now: datetime) -> frozenset[str]:
    """Fingerprints that this order must not try now.

    An instrument that was refused for good stays so; one whose retry is not due yet may not be tried early, but another
    may (the shopper's new default card, at once).
    """
    refused = {attempt.instrument for attempt in charge.attempts if decides(attempt.code, Decision.WAIT_FOR_INSTRUMENT)}
    waits = charge.state is State.DECLINED and not charge.is_due(now)
    if waits and charge.last_attempt is not None:
        refused.add(charge.last_attempt.instrument)
    return frozenset(refused)
