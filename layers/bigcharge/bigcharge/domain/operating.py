"""What an operator may do with a charge, and what comes of it; a refusal says what to do instead."""

from dataclasses import replace
from datetime import datetime

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import Charge, move, with_last_attempt
from bigcharge.domain.errors import BigchargeError
from bigcharge.domain.states import BY_OPERATOR, State

_ON_ITS_WAY = frozenset({State.CLAIMED, State.SUBMITTING})
_RESOLUTIONS = {ActKind.RESOLVE_PAID: State.PAID, ActKind.RESOLVE_FAILED: State.FAILED}


class NotAllowedError(BigchargeError):
    """The charge is not in a state in which this may be done; the text says what to do."""


def record_act(charge: Charge, act: Act, transaction_id: str | None = None) -> Charge:
    """The charge after an operator's command; it is due at once, so that the next look carries it out.

    Args:
        charge: as read from the ledger.
        act: the command.
        transaction_id: of the payment, where the command says that it was made.

    Raises:
        NotAllowedError: not in this state.
    """
    acted = replace(charge, acts=(*charge.acts, act))
    match act.kind:
        case ActKind.RETRY:
            return _retry(acted, act.at)
        case ActKind.RESOLVE_PAID | ActKind.RESOLVE_FAILED:
            return _resolve(acted, _RESOLUTIONS[act.kind], transaction_id, act.at)
        case ActKind.CAPTURE | ActKind.VOID:
            _require(charge.state is State.AUTHORIZED, f"it is {charge.state}: {act.kind} is for authorized charges")
        case ActKind.REPAIR:
            incomplete = charge.difference == Difference.PAID_BUT_INCOMPLETE
            _require(incomplete, "it is not known as paid and still Incomplete: only such an order is repaired")
    return replace(acted, due_at=act.at, checks=0, updated_at=act.at)


def _retry(charge: Charge, now: datetime) -> Charge:
    unsettled = charge.state in {State.SUBMITTING, State.UNKNOWN, State.PENDING}
    _require(not unsettled, f"it is {charge.state}: it may have been charged. Find out, then resolve it, then retry")
    if charge.state is State.CLAIMED:
        _require(charge.reason is not None or charge.is_due(now), "it is being charged at this moment")
        return replace(charge, due_at=now, failed_looks=0, updated_at=now)
    _require(State.CLAIMED in BY_OPERATOR.get(charge.state, ()), f"it is {charge.state}: there is nothing to charge")
    return move(charge, State.CLAIMED, now, by_operator=True, reason="operator_retry", due_at=now)


def _resolve(charge: Charge, state: State, transaction_id: str | None, now: datetime) -> Charge:
    _require(charge.state not in _ON_ITS_WAY, "it is being charged at this moment: wait a minute")
    _require(state in BY_OPERATOR.get(charge.state, ()), f"it is {charge.state}: there is nothing to resolve")
    attempt = charge.last_attempt
    if charge.state is State.UNKNOWN and state is State.FAILED and attempt is not None:
        end = attempt.open_until
        _require(now >= end, f"its request may still be carried out: wait until {end:%Y-%m-%d %H:%M:%S} UTC")
    settled = with_last_attempt(charge, outcome=state) if attempt is not None else charge
    found = {"transaction_id": transaction_id or charge.transaction_id, "difference": None}
    return move(settled, state, now, by_operator=True, reason="resolved_by_operator", **found)


def _require(allowed: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as "require this, else say that"
    if not allowed:
        raise NotAllowedError(otherwise)
