"""What is left of a charge once its customer was forgotten: amounts and outcomes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge, move
from bigcharge.domain.states import State

FORGOTTEN: Final = "forgotten"
"""What stands where the ledger knew an instrument, or an operator's words."""
REASON: Final = "customer_forgotten"
"""The reason of an order that is not charged because its customer was forgotten."""

BY_BIGCOMMERCE: Final = "BigCommerce"
"""Who had a customer forgotten, where no operator had."""

_WAITING: Final = frozenset({State.CLAIMED, State.DECLINED})
_DAILY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ForgottenCustomer:
    """What is kept of a forgotten customer, or a late hint would bring the customer back.

    Attributes:
        store_hash: the store.
        customer_id: the customer.
        at: since when.
        who: had the customer forgotten: an operator's name, or `BY_BIGCOMMERCE`.
        why: in the operator's words, or the webhook's scope.
    """

    store_hash: str
    customer_id: int
    at: datetime
    who: str
    why: str


def forget(charge: Charge, now: datetime) -> Charge:
    """The charge without its customer; what waited to be charged is not charged any more.

    Whatever may have been sent is settled as before, and followed: that takes the order, its amounts and its times
    alone. What it comes to is then the charge's last state.

    Args:
        charge: as read.
        now: aware UTC.
    """
    scrubbed = scrub(charge, now)
    if charge.state not in _WAITING:
        return scrubbed
    # As any order that was tried before and is left alone: a payment that comes to light late is seen.
    return move(scrubbed, State.SKIPPED, now, reason=REASON, due_at=now + _DAILY if charge.attempts else None)


def scrub(charge: Charge, now: datetime) -> Charge:
    """The charge without anything that is the customer's; else it is the same."""
    return replace(
        charge,
        customer_id=0,
        attempts=tuple(_scrub_attempt(attempt) for attempt in charge.attempts),
        # Words of an operator may name anybody.
        acts=tuple(replace(act, why=FORGOTTEN) for act in charge.acts),
        forgotten_at=charge.forgotten_at or now,
    )


def _scrub_attempt(attempt: Attempt) -> Attempt:
    if attempt.is_store_credit:
        return attempt
    return replace(attempt, instrument=FORGOTTEN, brand=None, last_4=None)
