"""The states of a charge, and the one table of transitions (design, law 6)."""

from enum import StrEnum
from typing import Final

from bigcharge.domain.errors import BigchargeError


class State(StrEnum):
    """Where a charge stands."""

    SKIPPED = "skipped"
    CLAIMED = "claimed"
    SUBMITTING = "submitting"
    PAID = "paid"
    AUTHORIZED = "authorized"
    PENDING = "pending"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    FAILED = "failed"
    PAID_ELSEWHERE = "paid_elsewhere"
    REFUNDED = "refunded"
    CANCELED = "canceled"


# What the order itself may turn out to be before anything of ours was sent.
_SEEN: Final = frozenset(
    {State.SKIPPED, State.CLAIMED, State.DECLINED, State.PAID_ELSEWHERE, State.CANCELED, State.REFUNDED},
)
# What may show on an order before it is charged again: store credit that paid all of it, a payment seen late.
_SHOWN: Final = frozenset({State.PAID, State.AUTHORIZED, State.PENDING})
_ENDED: Final = frozenset({State.CANCELED, State.REFUNDED})
_OUTCOMES: Final = frozenset({State.PAID, State.AUTHORIZED, State.PENDING, State.DECLINED, State.UNKNOWN, State.FAILED})

TRANSITIONS: Final[dict[State | None, frozenset[State]]] = {
    None: _SEEN,
    State.SKIPPED: _SEEN | _SHOWN,
    State.CLAIMED: _SEEN | _SHOWN | {State.SUBMITTING, State.FAILED},
    State.SUBMITTING: _OUTCOMES | _ENDED | {State.CLAIMED},
    State.UNKNOWN: _OUTCOMES | _ENDED | {State.CLAIMED},
    State.PENDING: (_OUTCOMES | _ENDED) - {State.DECLINED, State.UNKNOWN},
    State.DECLINED: _SEEN | _SHOWN | {State.FAILED},
    State.AUTHORIZED: _ENDED | {State.PAID},
    State.PAID: frozenset({State.REFUNDED}),
    State.PAID_ELSEWHERE: frozenset({State.REFUNDED}),
    State.FAILED: frozenset(),
    State.REFUNDED: frozenset(),
    State.CANCELED: frozenset(),
}


# What only an operator's command may do, which leaves a record of who, when and why.
BY_OPERATOR: Final[dict[State, frozenset[State]]] = {
    State.SKIPPED: frozenset({State.CLAIMED}),
    State.DECLINED: frozenset({State.CLAIMED}),
    State.FAILED: frozenset({State.CLAIMED, State.PAID}),
    State.CANCELED: frozenset({State.CLAIMED, State.PAID}),
    State.PAID: frozenset({State.FAILED}),  # where the books show no payment
    State.AUTHORIZED: frozenset({State.FAILED}),  # where they show that nothing is held any more
    State.PAID_ELSEWHERE: frozenset({State.CLAIMED}),  # where its status was set by mistake and set back
    State.UNKNOWN: frozenset({State.PAID, State.FAILED}),
    State.PENDING: frozenset({State.PAID, State.FAILED}),
}


class TransitionError(BigchargeError):
    """A change that is not in the table: a fault of bigcharge, so nothing is saved."""
