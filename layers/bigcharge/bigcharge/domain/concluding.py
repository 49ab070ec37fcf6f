"""What a payment request's answer makes of its charge (design, laws 3 and 7)."""

from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain.charges import Charge, move, with_last_attempt
from bigcharge.domain.declines import DECLINES, Answer, Decision, Decline, Payment
from bigcharge.domain.errors import BigCommerceError, DeclinedError, NotSentError, OutcomeUnknownError, RateLimitedError
from bigcharge.domain.policy import Capture, InstrumentChoice, Policy, WhenFailed
from bigcharge.domain.states import State
from bigcharge.domain.waits import EARLY_LOOK, PAUSE_RECHECK, backoff, wait_of_rate_limit

_AGAIN_SOON: Final = timedelta(seconds=5)  # a new token, or another instrument, may mend it
_READ_AGAIN: Final = timedelta(seconds=30)  # reads are seldom behind for longer
_LONGEST_FIRST_CHECK: Final = timedelta(minutes=1)  # law 3: "first within a minute"
_DAILY: Final = timedelta(days=1)
_COMPARE_BOOKS_AFTER: Final = timedelta(hours=1)  # by then transactions and statuses do not lag any more
# Refusals that say something of the instrument (or of store credit, as a fault of the request does), not of the order.
_OF_INSTRUMENT: Final = frozenset({Decision.RETRY_ON_SCHEDULE, Decision.WAIT_FOR_INSTRUMENT, Decision.STOP})
_ANSWERS: Final = {Answer.PAID: State.PAID, Answer.AUTHORIZED: State.AUTHORIZED, Answer.PENDING: State.PENDING}


def first_check(policy: Policy) -> timedelta:
    """How long after a payment request its outcome is looked for, if it is not known by then."""
    return min((_LONGEST_FIRST_CHECK, *policy.check_unknown_after[:1]))


def next_look(state: State, policy: Policy, now: datetime) -> datetime | None:
    """When to look at a charge that has just come to this state; None: nothing is to be done by itself."""
    match state:
        case State.PENDING | State.UNKNOWN:
            return now + first_check(policy)
        case State.PAID | State.CANCELED:
            return now + _COMPARE_BOOKS_AFTER
        case State.AUTHORIZED:
            return now if policy.capture is Capture.AT_ONCE else now + _DAILY
        case State.FAILED:
            return now if policy.when_failed is not WhenFailed.LEAVE else now + _COMPARE_BOOKS_AFTER
        case _:
            return None


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
            return _take_back(charge, "rate_limited", wait_of_rate_limit(answer.wait, charge.failed_looks + 1), now)
        case NotSentError():
            return _take_back(charge, "bigcommerce_unreachable", backoff(charge.failed_looks + 1), now)
        case _:
            code = answer.code if isinstance(answer, OutcomeUnknownError) else None
            return _settle_later(charge, code, policy, now)


def _accept(charge: Charge, payment: Payment, policy: Policy, now: datetime) -> Charge:
    if charge.attempts[-1].is_store_credit:
        return use_store_credit(charge, now)
    state = _ANSWERS[payment.answer]
    answered = with_last_attempt(charge, outcome=state)
    return move(answered, state, now, transaction_id=payment.payment_id, due_at=next_look(state, policy, now))


def use_store_credit(charge: Charge, now: datetime) -> Charge:
    """The charge whose newest attempt was paid with store credit: the order says what is left to pay."""
    paid = with_last_attempt(charge, outcome=State.PAID)
    return move(paid, State.CLAIMED, now, reason="store_credit_used", due_at=now)


def _settle_later(charge: Charge, code: int | None, policy: Policy, now: datetime) -> Charge:
    answered = with_last_attempt(charge, outcome=State.UNKNOWN, code=code)
    reason = DECLINES[code].reason if code in DECLINES else "no_reliable_answer"
    due_at = next_look(State.UNKNOWN, policy, now)
    return move(answered, State.UNKNOWN, now, reason=reason, code=code, due_at=due_at)


def _take_back(charge: Charge, reason: str, wait: timedelta, now: datetime) -> Charge:
    """The request was not processed: it counts as no attempt, and a new token may be made."""
    answered = with_last_attempt(charge, outcome=State.CLAIMED)
    return move(answered, State.CLAIMED, now, reason=reason, due_at=now + wait, failed_looks=charge.failed_looks + 1)


def _decline(charge: Charge, decline: Decline, policy: Policy, now: datetime) -> Charge:
    attempt = charge.attempts[-1]
    refused = [one for one in charge.attempts[:-1] if one.outcome is State.DECLINED]
    earlier = [one for one in refused if one.is_store_credit == attempt.is_store_credit]
    why = {"reason": decline.reason, "code": decline.code}
    declined = with_last_attempt(charge, outcome=State.DECLINED, code=decline.code)
    if attempt.is_store_credit and decline.decision in _OF_INSTRUMENT:
        return move(declined, State.CLAIMED, now, reason="no_store_credit", code=decline.code, due_at=now)
    scheduled = sum(
        one.instrument == attempt.instrument and decides(one.code, Decision.RETRY_ON_SCHEDULE) for one in earlier
    )
    is_repeated = any(one.code == decline.code for one in earlier)
    is_over = _is_over(decline, policy, scheduled, is_repeated=is_repeated)
    has_others = policy.instrument is not InstrumentChoice.DEFAULT and decline.decision is Decision.RETRY_ON_SCHEDULE
    if is_over and not has_others:
        return move(declined, State.FAILED, now, due_at=next_look(State.FAILED, policy, now), **why)
    wait = None if is_over else _wait_after(decline, policy, scheduled, is_repeated=is_repeated)
    retry_at = None if wait is None else now + wait
    if retry_at and decline.decision is Decision.RETRY_ON_SCHEDULE:
        retry_at = policy.retry_time(retry_at)
    look_at = now + (EARLY_LOOK if policy.instrument is InstrumentChoice.DEFAULT else _AGAIN_SOON)
    due_at = min(retry_at, look_at) if retry_at else look_at
    return move(with_last_attempt(declined, retry_at=retry_at), State.DECLINED, now, due_at=due_at, **why)


def give_up(charge: Charge, policy: Policy, now: datetime) -> Charge | None:
    """The charge as failed, where no instrument can be tried; None where one waits, or the shopper is waited for.

    Args:
        charge: declined; nothing of what BigCommerce offers for its order may be tried.
        policy: the store's: after the last retry of one instrument, it may have had others tried.
        now: aware UTC.
    """
    tried = charge.attempts_since_retry
    if not tried or charge.state is not State.DECLINED or charge.next_retry(now) is not None:
        return None
    last = tried[-1]
    is_used_up = last.outcome is State.DECLINED and last.retry_at is None and not last.is_store_credit
    if last.code is None or not is_used_up or not decides(last.code, Decision.RETRY_ON_SCHEDULE):
        return None
    why = {"reason": DECLINES[last.code].reason, "code": last.code}
    return move(charge, State.FAILED, now, due_at=next_look(State.FAILED, policy, now), **why)


def _is_over(decline: Decline, policy: Policy, scheduled: int, *, is_repeated: bool) -> bool:
    """Whether nothing more is tried, after this decline.

    Args:
        decline: of the newest attempt.
        policy: the store's.
        scheduled: how many earlier declines of the same instrument were retried by the schedule.
        is_repeated: whether an earlier attempt met the same code.
    """
    match decline.decision:
        case Decision.RETRY_ON_SCHEDULE:
            return scheduled >= len(policy.retry_after)
        case Decision.TRY_ONCE_MORE:
            return is_repeated
        case decision:
            return decision is Decision.STOP


def _wait_after(decline: Decline, policy: Policy, scheduled: int, *, is_repeated: bool) -> timedelta | None:
    """How long the instrument is left alone; None: it is not tried again for this order. Arguments as of `_is_over`."""
    match decline.decision:
        case Decision.RETRY_ON_SCHEDULE:
            return policy.retry_after[scheduled]
        case Decision.TRY_ONCE_MORE:
            return _AGAIN_SOON
        case Decision.READ_AGAIN:
            return _DAILY if is_repeated else _READ_AGAIN
        case Decision.PAUSE_STORE:
            return PAUSE_RECHECK
        case _:
            return None


def decides(code: int | None, decision: Decision) -> bool:
    """Whether BigCommerce's code led to that decision."""
    return code in DECLINES and DECLINES[code].decision is decision
