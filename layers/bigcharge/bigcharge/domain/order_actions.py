"""What to ask of BigCommerce for an order that was charged, or could not be: capture, void, close, complete."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from bigcharge.domain.acts import ActKind
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import Charge
from bigcharge.domain.orders import Order, OrderStatus, Transaction
from bigcharge.domain.policy import Capture, Policy, WhenFailed
from bigcharge.domain.shown_money import add_up
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
_CLOSED: Final = frozenset({OrderStatus.CANCELLED, OrderStatus.DECLINED, OrderStatus.REFUNDED})
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_SHIPPED: Final = frozenset({OrderStatus.SHIPPED, OrderStatus.COMPLETED})
_WHEN_FAILED: Final = {WhenFailed.DECLINE: OrderAction.DECLINE, WhenFailed.CANCEL: OrderAction.CANCEL}
_OPEN: Final = frozenset({OrderStatus.INCOMPLETE, OrderStatus.PENDING, OrderStatus.AWAITING_PAYMENT})
_ACTS: Final = {ActKind.CAPTURE: OrderAction.CAPTURE, ActKind.VOID: OrderAction.VOID}
# How long what was asked for may take to show, before it is asked for again. A capture shows in the transactions, which
# lag: an hour is far more than they were ever seen to.
_DAY: Final = timedelta(days=1)
_WAITS_FOR_STATUS: Final = (timedelta(minutes=1), timedelta(hours=1), _DAY, _DAY)
_WAITS_FOR_MONEY: Final = (timedelta(hours=1), _DAY, _DAY, _DAY)


def find_action(
    charge: Charge, order: Order, transactions: tuple[Transaction, ...], policy: Policy, now: datetime
) -> OrderAction | None:
    """What is wanted of BigCommerce, whether or not it was asked for before; None: nothing.

    Args:
        charge: settled.
        order: as it is now: what was asked for before and shows is not wanted any more.
        transactions: as they are shown now.
        policy: the store's.
        now: aware UTC.
    """
    match charge.state:
        case State.AUTHORIZED:
            return _for_authorization(charge, order, policy)
        case State.FAILED if charge.is_due(now) and order.status in _OPEN:
            # The status may be behind: an order for which anything was paid is not closed.
            is_paid_for = charge.has_used_store_credit or add_up(transactions).is_any
            return None if is_paid_for else _WHEN_FAILED.get(policy.when_failed)
        case State.PAID if charge.difference == Difference.PAID_BUT_INCOMPLETE:
            wanted = order.status == OrderStatus.INCOMPLETE and _is_repair_ordered(charge)
            return OrderAction.COMPLETE if wanted else None
        case _:
            return None


def wait_after(action: OrderAction, requests: int) -> timedelta | None:
    """How long to wait after so many requests before looking whether it was done; None: a person has to see to it."""
    waits = _WAITS_FOR_STATUS if action in STATUSES else _WAITS_FOR_MONEY
    return waits[requests - 1] if requests <= len(waits) else None


def ask_from(charge: Charge, action: OrderAction) -> datetime:
    """Since when it may be asked for: what was asked for last may still come to show, however soon anybody looks."""
    wait = wait_after(action, max(1, charge.checks))
    return charge.asked_at + wait if charge.asked_at is not None and wait is not None else _LONG_AGO


def _for_authorization(charge: Charge, order: Order, policy: Policy) -> OrderAction | None:
    held_since = charge.last_attempt.sent_at if charge.last_attempt is not None else _LONG_AGO
    asked = [_ACTS[act.kind] for act in charge.acts if act.kind in _ACTS and act.at >= held_since]
    if asked:
        return asked[-1]
    if order.status in _CLOSED or order.owed != charge.money:
        return None  # the order is given up, or costs another amount than what is held: an operator decides (law 4)
    has_shipped = policy.capture is Capture.WHEN_SHIPPED and order.status in _SHIPPED
    return OrderAction.CAPTURE if has_shipped or policy.capture is Capture.AT_ONCE else None


def _is_repair_ordered(charge: Charge) -> bool:
    """Whether an operator ordered it since the difference was found, which is the charge's last change but for acts."""
    last = charge.acts[-1] if charge.acts else None
    return last is not None and last.kind is ActKind.REPAIR and last.at >= charge.updated_at
