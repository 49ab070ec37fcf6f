"""What an order and its transactions tell of a payment whose outcome is not known, or not final (design, law 3)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from bigcharge.domain.absence import find_absence, is_evidence, is_open, still_owes
from bigcharge.domain.charges import (
    NEEDS_A_PERSON,
    PAID_BY_STATUS,
    PAYMENT_SHOWN,
    Charge,
    move,
    with_last_attempt,
)
from bigcharge.domain.concluding import next_look, use_store_credit
from bigcharge.domain.orders import PAID_STATUSES, Order, OrderStatus, Transaction
from bigcharge.domain.policy import Policy
from bigcharge.domain.shown_money import add_up
from bigcharge.domain.states import State
from bigcharge.domain.traces import find_trace, has_failed, list_own, payment_of_another_amount

# Transactions may lag behind the order: a payment of another amount is taken for the one that paid it when ours has not
# come to show by the third look.
_LOOKS_FOR_OURS: Final = 3
_DAILY: Final = timedelta(days=1)
_REASONS: Final = {State.UNKNOWN: "no_reliable_answer", State.PENDING: "awaiting_settlement"}


def settle(
    charge: Charge,
    order: Order | None,
    transactions: tuple[Transaction, ...],
    policy: Policy,
    now: datetime,
) -> Charge:
    """The charge after a look at its order. The same charge where the look changed nothing.

    Args:
        charge: in `submitting` (its sender is gone), `unknown` or `pending`.
        order: as it is now; None where BigCommerce does not find it.
        transactions: as they are shown now; none shown proves nothing.
        policy: the store's.
        now: aware UTC.
    """
    if order is not None:
        traced = _trace(charge, order, transactions, policy, now)
        if traced is not None:
            return traced
    if not charge.is_due(now):
        return charge
    absent_since = find_absence(charge, order, transactions, now)
    if order is not None and absent_since is not None and is_evidence(charge, absent_since, policy, now):
        return _conclude_absence(charge, order, policy, now)
    return _look_again(charge, absent_since, policy, now)


def follow(
    charge: Charge, order: Order, transactions: tuple[Transaction, ...], policy: Policy, now: datetime
) -> Charge:
    """What became of a charge that is paid or authorized: captured, voided or refunded."""
    shown = add_up(transactions)
    if order.status == OrderStatus.REFUNDED or shown.is_given_back:
        return move(charge, State.REFUNDED, now, difference=None)
    if charge.state is not State.AUTHORIZED:
        return charge
    if shown.is_captured:
        return move(charge, State.PAID, now, due_at=next_look(State.PAID, policy, now))
    found = find_trace(order, list_own(charge, transactions))
    if found is not None and found[0] in {State.PAID, State.CANCELED}:
        return move(charge, found[0], now, due_at=next_look(found[0], policy, now))
    return charge


def recognize(
    charge: Charge, order: Order, transactions: tuple[Transaction, ...], policy: Policy, now: datetime
) -> Charge | None:
    """What shows on an order that was about to be charged again: a payment that came to light late, or another's.

    Returns:
        The charge with that payment; in `skipped` where it is of another amount; None where no money is shown.
    """
    if not add_up(transactions).is_any and not any(_is_unclear(transaction) for transaction in transactions):
        return None
    found = find_trace(order, list_own(charge, transactions))
    if found is None or found[0] is State.CANCELED:
        return move(charge, State.SKIPPED, now, reason=PAYMENT_SHOWN, due_at=now + _DAILY)
    state, transaction = found
    known = {"transaction_id": transaction.transaction_id, "due_at": next_look(state, policy, now)}
    return move(charge, state, now, reason=PAYMENT_SHOWN, **known)


def _trace(
    charge: Charge,
    order: Order,
    transactions: tuple[Transaction, ...],
    policy: Policy,
    now: datetime,
) -> Charge | None:
    if order.status == OrderStatus.REFUNDED:  # another's payment, perhaps: while ours may still be made, it is not over
        return None if is_open(charge, now) else _with_outcome(charge, State.REFUNDED, now)
    attempt = charge.last_attempt
    if order.store_credit and attempt is not None and attempt.is_store_credit and not attempt.is_settled:
        return use_store_credit(charge, now)
    ours = list_own(charge, transactions)
    if charge.attempts and add_up(transactions).is_given_back:
        first = charge.attempts[0].sent_at - timedelta(minutes=1)  # what was paid and given back before is not ours
        ours = [one for one in ours if one.created_at is None or one.created_at >= first]
    found = find_trace(order, ours)
    if found is not None and found[0] is not charge.state:
        state, transaction = found
        due_at = next_look(state, policy, now)
        return _with_outcome(charge, state, now, transaction_id=transaction.transaction_id, due_at=due_at)
    if charge.state is State.PENDING and has_failed(order, ours):
        due_at = next_look(State.FAILED, policy, now)
        return _with_outcome(charge, State.FAILED, now, reason="payment_failed", due_at=due_at)
    is_late = found is None and charge.is_due(now) and charge.checks + 1 >= _LOOKS_FOR_OURS
    other = payment_of_another_amount(transactions) if is_late and order.status in PAID_STATUSES else {}
    return replace(_pay_by_status(charge, policy, now), **other) if other else None


def _is_unclear(transaction: Transaction) -> bool:
    """Whether its status is a word that we do not know: it may mean that money was taken (design, law 3)."""
    return not transaction.ok and not transaction.failed and not transaction.is_credit


def _conclude_absence(charge: Charge, order: Order, policy: Policy, now: datetime) -> Charge:
    if order.status in PAID_STATUSES:
        return _pay_by_status(charge, policy, now)
    if still_owes(charge, order):
        never_charged = with_last_attempt(charge, outcome=State.FAILED)
        return move(never_charged, State.CLAIMED, now, reason="no_trace_of_payment", due_at=now)
    return _with_outcome(charge, State.CANCELED, now, due_at=next_look(State.CANCELED, policy, now))


def _pay_by_status(charge: Charge, policy: Policy, now: datetime) -> Charge:
    due_at = next_look(State.PAID, policy, now)
    return _with_outcome(charge, State.PAID, now, reason=PAID_BY_STATUS, due_at=due_at)


def _look_again(charge: Charge, absent_since: datetime | None, policy: Policy, now: datetime) -> Charge:
    state = State.PENDING if charge.state is State.PENDING else State.UNKNOWN
    checks = charge.checks + 1
    due_at = _next_look(charge, checks, absent_since, policy, now)
    waits = checks < len(policy.check_unknown_after)
    known = None if charge.reason == NEEDS_A_PERSON else charge.reason
    reason = (known or _REASONS[state]) if waits else NEEDS_A_PERSON
    changes = {"code": charge.code, "due_at": due_at, "checks": checks, "absent_since": absent_since}
    return _with_outcome(charge, state, now, reason=reason, **changes)


def _next_look(
    charge: Charge,
    checks: int,
    absent_since: datetime | None,
    policy: Policy,
    now: datetime,
) -> datetime:
    """By the schedule; after it daily, and when the evidence would be complete."""
    if checks < len(policy.check_unknown_after):
        return now + policy.check_unknown_after[checks]
    tomorrow = now + _DAILY
    if not policy.evidence_window or charge.last_attempt is None:
        return tomorrow
    complete_at = absent_since + policy.evidence_window if absent_since else charge.last_attempt.open_until
    return min(tomorrow, complete_at) if complete_at > now else tomorrow


def _with_outcome(charge: Charge, state: State, now: datetime, **changes: Any) -> Charge:  # noqa: ANN401 - fields of Charge
    is_its = charge.last_attempt is not None and not charge.last_attempt.is_settled
    settled = with_last_attempt(charge, outcome=state) if is_its else charge
    return move(settled, state, now, **changes)
