"""What it says that nothing shows of a payment: nothing at first, in the end that it was not made (design, law 3)."""

from datetime import datetime
from typing import Final

from bigcharge.domain.charges import Charge
from bigcharge.domain.orders import PAID_STATUSES, Order, OrderStatus, Transaction
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State

_DUPLICATE: Final = 30105
_CLOSED_UNPAID: Final = frozenset({OrderStatus.CANCELLED, OrderStatus.DECLINED})


def find_absence(
    charge: Charge,
    order: Order | None,
    transactions: tuple[Transaction, ...],
    now: datetime,
) -> datetime | None:
    """Since when no trace was seen by a look past the token's expiry; before that, absence says nothing.

    An order that has moved to paid is contradicted also by a payment that failed.
    """
    if order is None or charge.state is State.PENDING or is_open(charge, now):
        return None
    told = [one for one in transactions if not one.is_credit]
    is_paid = order.status in PAID_STATUSES
    is_clear = is_paid or still_owes(charge, order) or order.status in _CLOSED_UNPAID
    is_absent = not told if is_paid else all(one.failed for one in told)
    return (charge.absent_since or now) if is_clear and is_absent else None


def is_evidence(charge: Charge, absent_since: datetime, policy: Policy, now: datetime) -> bool:
    """Whether nothing was shown for long enough. A gateway that spoke of a duplicate holds a payment, shown or not."""
    is_duplicate = charge.last_attempt is not None and charge.last_attempt.code == _DUPLICATE
    return not is_duplicate and bool(policy.evidence_window) and now - absent_since >= policy.evidence_window


def is_open(charge: Charge, now: datetime) -> bool:
    """Whether BigCommerce may still carry out the newest payment request."""
    return charge.last_attempt is not None and now < charge.last_attempt.open_until


def still_owes(charge: Charge, order: Order) -> bool:
    """Whether it waits for a payment; BigCommerce keeps an order Pending whose store credit paid a part."""
    return order.status == OrderStatus.INCOMPLETE or (
        charge.has_used_store_credit and order.status == OrderStatus.PENDING
    )
