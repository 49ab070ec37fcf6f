"""What an operator may do with a charge, and what comes of it; a refusal says what to do instead."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import NEEDS_A_PERSON, Charge, move_by_operator, with_last_attempt
from bigcharge.domain.errors import BigchargeError
from bigcharge.domain.states import BY_OPERATOR, State

_RESOLUTIONS: Final = {ActKind.RESOLVE_PAID: State.PAID, ActKind.RESOLVE_FAILED: State.FAILED}
_NOT_SETTLED: Final = frozenset({State.UNKNOWN, State.PENDING})
# Only then are BigCommerce's books compared with what the operator said, for they may lag, and only then does the
# policy's `when_failed` close the order: until then it can be retried.
_LOOK_AFTER_RESOLVING: Final = timedelta(hours=1)

_NOT_RETRIED: Final = {
    State.SUBMITTING: "a payment request is on its way. Look again in a minute",
    State.UNKNOWN: "it may have been charged. Find out in BigCommerce and at the gateway, then resolve it",
    State.PENDING: "its payment waits for the bank. If it never settles, resolve it as failed, then retry it",
    State.AUTHORIZED: "its money is held. Capture it",
    State.REFUNDED: "it was paid, and the money given back. Make a new order",
}
_NOT_RESOLVED: Final = {
    State.SUBMITTING: "a payment request is on its way. Look again in a minute",
    State.AUTHORIZED: "its money is held. Capture or void it",
    State.FAILED: "there is nothing to resolve. Retry it, or resolve it as paid",
}
_SHOWN: Final = {
    State.PAID: "it is paid: BigCommerce's books show its payment",
    State.AUTHORIZED: f"it is authorized: {_NOT_RESOLVED[State.AUTHORIZED]}",
}
_NOT_HELD: Final = {
    State.PAID: "its money is taken. To give it back, refund it in BigCommerce",
    State.UNKNOWN: "nobody knows yet whether its money is held. It is being looked for",
    State.SUBMITTING: "a payment request is on its way. Look again in a minute",
}


class NotAllowedError(BigchargeError):
    """The charge is not in a state in which this may be done; the text says what to do."""


def record_act(charge: Charge, act: Act, transaction_id: str | None = None) -> Charge:
    """The charge after an operator's command; what is left to be done is due at once, for the next look.

    Args:
        charge: as read from the ledger.
        act: the command.
        transaction_id: of the payment, where the command says that it was made.

    Raises:
        NotAllowedError: not in this state.
    """
    # An operator's clock may be behind: the act answers to what the ledger shows, so it is not older than that.
    act = replace(act, at=max(act.at, charge.updated_at))
    acted = replace(charge, acts=(*charge.acts, act))
    match act.kind:
        case ActKind.RETRY:
            return _retry(acted, act.at)
        case ActKind.RESOLVE_PAID | ActKind.RESOLVE_FAILED:
            return _resolve(acted, _RESOLUTIONS[act.kind], transaction_id, act.at)
        case ActKind.CAPTURE | ActKind.VOID:
            return _end_authorization(acted, act)
        case ActKind.REPAIR:
            return _repair(acted, act.at)


def _retry(charge: Charge, now: datetime) -> Charge:
    _require(charge.forgotten_at is None, "its customer was forgotten: nothing more is charged")
    if charge.state is State.CLAIMED:
        waits = charge.reason is not None or charge.is_due(now)
        _require(waits, "it is claimed: it is being charged now. Look again in a minute")
        _require_agreeing_books(charge)
        return replace(charge, due_at=now, failed_looks=0, updated_at=now)
    _require_transition(charge, State.CLAIMED, _NOT_RETRIED.get(charge.state, "there is nothing to charge"))
    _require_agreeing_books(charge)
    return move_by_operator(charge, State.CLAIMED, now, reason="operator_retry", due_at=now)


def _resolve(charge: Charge, state: State, transaction_id: str | None, now: datetime) -> Charge:
    _require_transition(charge, state, _NOT_RESOLVED.get(charge.state, "there is nothing to resolve"))
    is_shown_unpaid = charge.difference == Difference.PAID_ONLY_IN_LEDGER
    shown = _SHOWN.get(charge.state)
    _require(shown is None or is_shown_unpaid, shown or "")
    settled = charge
    if charge.state in _NOT_SETTLED and charge.last_attempt is not None:
        end = charge.last_attempt.open_until
        is_over = state is not State.FAILED or now >= end
        _require(is_over, f"its last request may still be carried out: resolve it after {end:%Y-%m-%d %H:%M:%S} UTC")
        settled = charge if charge.last_attempt.is_settled else with_last_attempt(charge, outcome=state)
    changes = {"transaction_id": transaction_id or charge.transaction_id, "difference": None}
    due_at = now + _LOOK_AFTER_RESOLVING
    return move_by_operator(settled, state, now, reason="resolved_by_operator", due_at=due_at, **changes)


def _end_authorization(charge: Charge, act: Act) -> Charge:
    otherwise = _NOT_HELD.get(charge.state, "nothing is held that could be captured or voided")
    _require(charge.state is State.AUTHORIZED, f"it is {charge.state}: {otherwise}")
    if act.kind is ActKind.CAPTURE:
        _require_agreeing_books(charge)
    return _ask_now(charge, act.at)


def _repair(charge: Charge, now: datetime) -> Charge:
    is_incomplete = charge.state is State.PAID and charge.difference == Difference.PAID_BUT_INCOMPLETE
    otherwise = "it is not known as paid and still Incomplete: only such an order is repaired"
    _require(is_incomplete, otherwise)
    return _ask_now(charge, now)


def _ask_now(charge: Charge, now: datetime) -> Charge:
    """BigCommerce is to be asked for it, as often as planned, whatever was asked for before."""
    reason = None if charge.reason == NEEDS_A_PERSON else charge.reason
    return replace(charge, due_at=now, checks=0, failed_looks=0, reason=reason, updated_at=now)


def _require_agreeing_books(charge: Charge) -> None:
    """Taking money is refused where BigCommerce shows other payments than the ledger."""
    wrong = f"the books differ ({charge.difference}): look at its payments in BigCommerce before more money is taken"
    _require(charge.difference is None, wrong)


def _require_transition(charge: Charge, state: State, otherwise: str) -> None:
    _require(state in BY_OPERATOR.get(charge.state, ()), f"it is {charge.state}: {otherwise}")


def _require(allowed: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as "require this, else say that"
    if not allowed:
        raise NotAllowedError(otherwise)
