"""The charge of one order: everything that is known of it.

Every change makes a new `Charge`; the ledger saves it only if the version that was read still stands.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.money import Money
from bigcharge.domain.states import BY_OPERATOR, TRANSITIONS, State, TransitionError

PAYMENT_SHOWN: Final = "payment_shown"
"""The reason of what was about to be charged again when its order showed a payment."""
PAID_BY_STATUS: Final = "paid_by_order_status"
"""The reason of what no transaction shows, and its order's status alone says to be paid."""
NEEDS_A_PERSON: Final = "needs_a_person"
"""The reason of what was looked at, or asked for, as often as planned, in vain."""
NO_INSTRUMENT: Final = "no_usable_instrument"
"""The reason of what waits for an instrument, because none can be tried now."""
STORE_PAUSED: Final = "store_paused"
"""The reason of what waits until its store is charged again."""
_GIVEN_UP: Final = frozenset({State.FAILED, State.CANCELED})


@dataclass(frozen=True, slots=True)
class Charge:
    """Everything that is known of charging one order.

    Attributes:
        store_hash: the store.
        order_id: BigCommerce's id of the order.
        customer_id: 0 until the order was read, for guests, and once the customer was forgotten.
        state: where it stands.
        reason: a stable word for why.
        code: BigCommerce's last code.
        money: what is, or was, to be charged.
        attempts: every payment request ever made, oldest first.
        acts: what operators did with it, oldest first.
        transaction_id: of the payment, once known.
        difference: how BigCommerce's books differ from this charge; None where nobody found that they do.
        due_at: when to look again, by itself; None: only when something happens or a person acts.
        checks: how many looks of the present wait have been made, or requests to change the order or its payment.
        asked_at: when the last such request was about to leave.
        failed_looks: how many looks in a row brought no answer, or the same refusal.
        absent_since: since when every look, past the token's expiry, found no trace of the payment.
        forgotten_at: since when nothing is kept of the customer, and nothing more is charged; None: no such thing.
        updated_at: of the last change.
        version: of the item; 0: never saved.
    """

    store_hash: str
    order_id: int
    state: State
    updated_at: datetime
    customer_id: int = 0
    reason: str | None = None
    code: int | None = None
    money: Money | None = None
    attempts: tuple[Attempt, ...] = ()
    acts: tuple[Act, ...] = ()
    transaction_id: str | None = None
    difference: str | None = None
    due_at: datetime | None = None
    checks: int = 0
    failed_looks: int = 0
    absent_since: datetime | None = None
    asked_at: datetime | None = None
    forgotten_at: datetime | None = None
    version: int = 0

    @property
    def last_attempt(self) -> Attempt | None:
        """The newest payment request."""
        return self.attempts[-1] if self.attempts else None

    @property
    def retry_at(self) -> datetime | None:
        """When the instrument of the newest attempt may be tried again, if it was declined."""
        return self.attempts[-1].retry_at if self.attempts else None

    @property
    def unknown_since(self) -> datetime | None:
        """When the newest payment request left, while nobody knows what became of it; else None."""
        is_unknown = self.state in {State.SUBMITTING, State.UNKNOWN}
        return self.attempts[-1].sent_at if is_unknown and self.attempts else None

    def next_retry(self, now: datetime) -> datetime | None:
        """When the first of the instruments that wait may be tried again; None where none waits."""
        coming = (attempt.retry_at for attempt in self.attempts if attempt.retry_at is not None)
        return min((retry_at for retry_at in coming if retry_at > now), default=None)

    @property
    def attempts_since_retry(self) -> tuple[Attempt, ...]:
        """Those since an operator last said to retry: what was refused before does not count any more."""
        retried_at = max((act.at for act in self.acts if act.kind is ActKind.RETRY), default=None)
        return tuple(one for one in self.attempts if retried_at is None or one.sent_at >= retried_at)

    def is_due(self, now: datetime) -> bool:
        """Whether its time to be looked at has come."""
        return self.due_at is not None and self.due_at <= now

    def attempts_since(self, start: datetime) -> int:
        """How many payment requests BigCommerce may have processed at or after `start`."""
        return sum(attempt.sent_at >= start and attempt.outcome is not State.CLAIMED for attempt in self.attempts)

    def has_sent_since(self, start: datetime) -> bool:
        """Whether a payment request left at or after `start`."""
        return bool(self.attempts) and self.attempts[-1].sent_at >= start

    def has_given_up_since(self, start: datetime) -> bool:
        """Whether a payment request that left at or after `start` was given up: nothing of it was shown."""
        return any(one.outcome in _GIVEN_UP and one.sent_at >= start for one in self.attempts)

    @property
    def has_used_store_credit(self) -> bool:
        """Whether the customer's store credit has paid a part of the order, or all of it."""
        return any(attempt.is_store_credit and attempt.outcome is State.PAID for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class DueCharge:
    """A charge whose time to be looked at has come, as the index of the ledger shows it."""

    store_hash: str
    order_id: int
    sweep_at: int


def move(charge: Charge, state: State, now: datetime, **changes: Any) -> Charge:  # noqa: ANN401 - fields of Charge, which `replace` checks
    """The charge in another state, by the table. What belongs to a wait (due, checks, absence) starts anew.

    Args:
        charge: as read; version 0 for one that is new.
        state: the next state.
        now: aware UTC.
        changes: other fields of `Charge`.

    Raises:
        TransitionError: the table does not have it.
    """
    return _move(TRANSITIONS[charge.state if charge.version else None], charge, state, now, changes)


def move_by_operator(charge: Charge, state: State, now: datetime, **changes: Any) -> Charge:  # noqa: ANN401 - likewise
    """The charge in another state, by the table of what an operator may do; else as `move`."""
    return _move(BY_OPERATOR.get(charge.state, frozenset()), charge, state, now, changes)


def _move(allowed: frozenset[State], charge: Charge, state: State, now: datetime, changes: dict[str, Any]) -> Charge:
    if state not in allowed:
        raise TransitionError(f"no transition from {charge.state} to {state}")
    fresh = {
        "reason": None,
        "code": None,
        "due_at": None,
        "checks": 0,
        "failed_looks": 0,
        "absent_since": None,
        "asked_at": None,
    }
    return replace(charge, **(fresh | changes), state=state, updated_at=now)


def postpone(charge: Charge, due_at: datetime | None, *, failed_looks: int = 0) -> Charge:
    """The same charge, to be looked at at another time; that is no transition."""
    return replace(charge, due_at=due_at, failed_looks=failed_looks)


def with_last_attempt(charge: Charge, **changes: Any) -> Charge:  # noqa: ANN401 - fields of Attempt, which `replace` checks
    """The charge with its newest attempt changed."""
    return replace(charge, attempts=(*charge.attempts[:-1], replace(charge.attempts[-1], **changes)))
