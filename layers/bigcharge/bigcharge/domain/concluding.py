"""What a payment request's answer makes of its charge (design, laws 3 and 7)."""

from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain.charges import Charge, State, move, with_last_attempt
from bigcharge.domain.declines import DECLINES, Answer, Decision, Decline, Payment
from bigcharge.domain.errors import BigCommerceError, DeclinedError, NotSentError, OutcomeUnknownError, RateLimitedError
from bigcharge.domain.policy import InstrumentChoice, Policy

AGAIN_SOON: Final = timedelta(
    seconds=5
)  # nothing was sent, or a new token may mend it: long enough to let a fault pass
PAUSE_RECHECK: Final = timedelta(minutes=15)  # how often a paused store's orders look whether it was resumed
_DEFAULT_FIRST_CHECK: Final = timedelta(seconds=30)
_ANSWERS: Final = {Answer.PAID: State.PAID, Answer.AUTHORIZED: State.AUTHORIZED, Answer.PENDING: State.PENDING}


def first_check(policy: Policy) -> timedelta:
    """How long after a payment request its outcome is looked for, if it is not known by then."""
    return policy.check_unknown_after[0] if policy.check_unknown_after else _DEFAULT_FIRST_CHECK


def conclude(charge: Charge, answer: Payment | BigCommerceError, policy: Policy, now: datetime) -> Charge:
    """The charge after the answer to its newest attempt.

    Args:
        charge: in `submitting` or `unknown`, its newest attempt being the one that was answered.
        answer: what the client returned or raised.
        policy: the store's.
        now: aware UTC.
    """
    match answer:
        case Payment():
            return _accept(charge, answer, policy, now)
        case DeclinedError():
            return _decline(charge, answer.decline, policy, now)
        case RateLimitedError():
            return _take_back(charge, "rate_limited", timedelta(seconds=answer.wait), now)
        case NotSentError():
            return _take_back(charge, "bigcommerce_unreachable", AGAIN_SOON, now)
        case _:
            code = answer.code if isinstance(answer, OutcomeUnknownError) else None
            return _settle_later(charge, code, policy, now)


def _accept(charge: Charge, payment: Payment, policy: Policy, now: datetime) -> Charge:
    state = _ANSWERS[payment.answer]
    due_at = now + first_check(policy) if state is State.PENDING else None
    answered = with_last_attempt(charge, outcome=state)
    return move(answered, state, now, transaction_id=payment.payment_id, due_at=due_at)


def _settle_later(charge: Charge, code: int | None, policy: Policy, now: datetime) -> Charge:
    answered = with_last_attempt(charge, outcome=State.UNKNOWN, code=code)
    reason = DECLINES[code].reason if code in DECLINES else "no_reliable_answer"
    return move(answered, State.UNKNOWN, now, reason=reason, code=code, due_at=now + first_check(policy))


def _take_back(charge: Charge, reason: str, wait: timedelta, now: datetime) -> Charge:
    """The request was not processed: it counts as no attempt, and a new token may be made."""
    answered = with_last_attempt(charge, outcome=State.CLAIMED)
    return move(answered, State.CLAIMED, now, reason=reason, due_at=now + wait)


def _decline(charge: Charge, decline: Decline, policy: Policy, now: datetime) -> Charge:
    answered = with_last_attempt(charge, outcome=State.DECLINED, code=decline.code)
    state, due_at = _after_decline(charge, decline, policy, now)
    return move(answered, state, now, reason=decline.reason, code=decline.code, due_at=due_at)


def _after_decline(
    charge: Charge,
    decline: Decline,
    policy: Policy,
    now: datetime,
) -> tuple[State, datetime | None]:
    earlier = charge.attempts[:-1]
    match decline.decision:
        case Decision.RETRY_ON_SCHEDULE:
            used = sum(decides(attempt.code, Decision.RETRY_ON_SCHEDULE) for attempt in earlier)
            left = policy.retry_after[used:]
            return (State.DECLINED, now + left[0]) if left else (State.FAILED, None)
        case Decision.WAIT_FOR_INSTRUMENT:
            return State.DECLINED, now + AGAIN_SOON if policy.instrument is InstrumentChoice.ANY else None
        case Decision.TRY_ONCE_MORE if not any(attempt.code == decline.code for attempt in earlier):
            return State.DECLINED, now + AGAIN_SOON
        case Decision.PAUSE_STORE:
            return State.DECLINED, now + PAUSE_RECHECK
        case _:
            return State.FAILED, None


def decides(code: int | None, decision: Decision) -> bool:
    """Whether BigCommerce's code led to that decision."""
    return code in DECLINES and DECLINES[code].decision is decision
