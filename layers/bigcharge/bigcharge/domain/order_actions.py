"""What to ask of BigCommerce for an order that was charged, or could not be: capture, void, close, complete."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bigcharge.domain.acts import ActKind
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import Charge
from bigcharge.domain.orders import Order, OrderStatus
from bigcharge.domain.policy import Capture, Policy, WhenFailed
from bigcharge.domain.states import State


class OrderAction(StrEnum):
    """A request to BigCommerce that moves no money of its own accord twice: each is wanted only until it shows."""

    CAPTURE = "capture"
    VOID = "void"
    DECLINE = "decline"
    CANCEL = "cancel"
    COMPLETE = "complete"


STATUSES: Final = {
    OrderAction.DECLINE: OrderStatus.DECLINED,
    OrderAction.CANCEL: OrderStatus.CANCELLED,
    OrderAction.COMPLETE: OrderStatus.AWAITING_FULFILLMENT,
}
_SHIPPED: Final = frozenset({OrderStatus.SHIPPED, OrderStatus.COMPLETED})
_WHEN_FAILED: Final = {WhenFailed.DECLINE: OrderAction.DECLINE, WhenFailed.CANCEL: OrderAction.CANCEL}
_OPEN: Final = frozenset({OrderStatus.INCOMPLETE, OrderStatus.PENDING, OrderStatus.AWAITING_PAYMENT})
_ACTS: Final = {ActKind.CAPTURE: OrderAction.CAPTURE, ActKind.VOID: OrderAction.VOID}
# How long what was asked for may take to show, before it is asked for again. A capture shows in the transactions, which
# lag: an hour is far more than they were ever seen to.
_DAY: Final = timedelta(days=1)
_WAITS_FOR_STATUS: Final = (timedelta(minutes=1), timedelta(hours=1), _DAY, _DAY)
_WAITS_FOR_MONEY: Final = (timedelta(hours=1), _DAY, _DAY, _DAY)


def next_action(charge: Charge, order: Order, policy: Policy, now: datetime) -> OrderAction | None:
    """What to ask BigCommerce for now; None for nothing.

    Args:
        charge: settled.
        order: as it is now: what was asked for before and shows is not wanted any more.
        policy: the store's.
        now: aware UTC.
    """
    if charge.checks and not charge.is_due(now):
        return None  # it was asked for, and may still come to show
    match charge.state:
        case State.AUTHORIZED:
            return _for_authorization(charge, order, policy)
        case State.FAILED if charge.is_due(now) and order.status in _OPEN:
            return _WHEN_FAILED.get(policy.when_failed)
        case State.PAID if charge.difference == Difference.PAID_BUT_INCOMPLETE:
            wanted = order.status == OrderStatus.INCOMPLETE and _last_act(charge) is ActKind.REPAIR
            return OrderAction.COMPLETE if wanted else None
        case _:
            return None


def wait_after(action: OrderAction, requests: int) -> timedelta | None:
    """How long to wait after so many requests before looking whether it was done; None: a person has to see to it."""
    waits = _WAITS_FOR_STATUS if action in STATUSES else _WAITS_FOR_MONEY
    return waits[requests - 1] if requests <= len(waits) else None


def _for_authorization(charge: Charge, order: Order, policy: Policy) -> OrderAction | None:
    asked = [_ACTS[act.kind] for act in charge.acts if act.kind in _ACTS]
    if asked:
        return asked[-1]
    has_shipped = policy.capture is Capture.WHEN_SHIPPED and order.status in _SHIPPED
    return OrderAction.CAPTURE if has_shipped or policy.capture is Capture.AT_ONCE else None


def _last_act(charge: Charge) -> ActKind | None:
    return charge.acts[-1].kind if charge.acts else None
