"""Following an order after its charge: refunds and captures, what the policy or an operator wants done, the books."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain import books
from bigcharge.domain.books import compare
from bigcharge.domain.charges import NEEDS_A_PERSON, Charge, postpone
from bigcharge.domain.errors import BigCommerceError, NotFoundError, NotSentError, RateLimitedError, UnauthorizedError
from bigcharge.domain.order_actions import STATUSES, OrderAction, ask_from, find_action, wait_after
from bigcharge.domain.orders import Order, Transaction
from bigcharge.domain.settling import follow
from bigcharge.domain.states import State
from bigcharge.services.charging import Case
from bigcharge.services.ports import BigCommerce, Clock, Ledger
from bigcharge.services.waiting import HINTS_OF_MONEY, HINTS_OF_PAYMENTS, STATUS_CHANGED, Waiting

_WANTED: Final = frozenset({State.AUTHORIZED, State.FAILED})  # something may still be to be done with the order
_CLOSED: Final = frozenset({State.FAILED, State.CANCELED})
_DAILY: Final = timedelta(days=1)
_LAG: Final = timedelta(hours=1)  # sooner after a change, transactions and statuses may still be behind
_LATE: Final = timedelta(days=7)  # for so long a payment that left no trace is looked for, though another was made
_NOT_DONE: Final = (NotSentError, RateLimitedError, UnauthorizedError)


class Following:
    """Follows one order at a time, once its charge has come to an end."""

    def __init__(self, ledger: Ledger, waiting: Waiting, clock: Clock) -> None:
        self._ledger = ledger
        self._waiting = waiting
        self._clock = clock

    def follow(self, case: Case) -> Charge:
        """Look whether anything became of the money, and do what is wanted with the order.

        Args:
            case: its charge is neither to be charged nor to be settled.

        Raises:
            BigCommerceError: BigCommerce could not be read.
        """
        charge, now = case.charge, self._clock()
        if not _is_asked(case, now):
            return charge
        order = find_order(case.bigcommerce, charge.order_id)
        if order is None:
            return self._wait_until(charge, now + _DAILY if charge.state in _WANTED else None, now)
        transactions = case.bigcommerce.get_transactions(charge.order_id)
        if charge.state not in _CLOSED:
            changed = follow(charge, order, transactions, case.policy, now)
            if changed is not charge:
                return self._ledger.save(changed)
        action = find_action(charge, order, transactions, case.policy, now)
        if action is None:
            return self._compare_books(case, order, transactions, now)
        if (later := ask_from(charge, action)) > now:
            return self._compare_books(case, order, transactions, now, later)
        return self._ask(case, action)

    def _ask(self, case: Case, action: OrderAction) -> Charge:
        """Ask BigCommerce for it. Written down first: what a crash leaves in doubt is looked after, not forgotten."""
        now, requests = self._clock(), case.charge.checks + 1
        wait = wait_after(action, requests)
        if wait is None:
            if case.charge.reason == NEEDS_A_PERSON:
                return self._wait_until(case.charge, now + _DAILY, now)
            return self._ledger.save(replace(case.charge, reason=NEEDS_A_PERSON, due_at=now + _DAILY, updated_at=now))
        charge = self._ledger.save(replace(case.charge, checks=requests, asked_at=now, due_at=now + wait))
        try:
            _perform(case.bigcommerce, charge.order_id, action)
        except _NOT_DONE as error:
            unsent = replace(charge, checks=requests - 1, asked_at=case.charge.asked_at)
            return self._waiting.hold_after(error, unsent, case.message, case.credentials)
        except BigCommerceError:
            return charge  # refused, or nobody knows: the next look shows whether it was done
        return charge

    def _compare_books(
        self,
        case: Case,
        order: Order,
        transactions: tuple[Transaction, ...],
        now: datetime,
        ask_at: datetime | None = None,
    ) -> Charge:
        """Compare them, late enough; what is still to be asked for is looked at again when it may be (`ask_at`)."""
        charge = case.charge
        if not charge.is_due(now) and now - charge.updated_at < _LAG:
            is_forgotten = charge.due_at is None
            return self._ledger.save(postpone(charge, charge.updated_at + _LAG)) if is_forgotten else charge
        difference = compare(charge, order, transactions)
        if difference != charge.difference:
            due_at = ask_at or (now + _DAILY if difference else None)
            return self._ledger.save(replace(charge, difference=difference, due_at=due_at, checks=0, updated_at=now))
        if charge.due_at is None and case.message.cause in HINTS_OF_MONEY:
            return self._ledger.save(postpone(charge, now + _LAG))  # what it told of may not be shown yet
        goes_on = difference or charge.state is State.AUTHORIZED or charge.has_given_up_since(now - _LATE)
        return self._wait_until(charge, ask_at or (now + _DAILY if goes_on else None), now)

    def _wait_until(self, charge: Charge, due_at: datetime | None, now: datetime) -> Charge:
        """Once a look that was due is done, the next one."""
        return self._ledger.save(postpone(charge, due_at)) if charge.is_due(now) else charge


def find_order(bigcommerce: BigCommerce, order_id: int) -> Order | None:
    """The order; None where BigCommerce does not find it."""
    try:
        return bigcommerce.get_order(order_id)
    except NotFoundError:
        return None


def _is_asked(case: Case, now: datetime) -> bool:
    """Only a change of status, or anything on an authorization, can have changed what became of the money.

    What tells of a paid order's payments counts once the look that follows each payment is done: before, it tells of
    the payment itself.
    """
    charge, cause = case.charge, case.message.cause
    if charge.is_due(now) or cause == books.CAUSE:
        return True
    match charge.state:
        case State.AUTHORIZED:
            return True
        case State.FAILED | State.CANCELED:
            return cause in HINTS_OF_PAYMENTS
        case State.PAID | State.PAID_ELSEWHERE:
            return cause == STATUS_CHANGED or (charge.due_at is None and cause in HINTS_OF_MONEY)
        case _:
            return False


def _perform(bigcommerce: BigCommerce, order_id: int, action: OrderAction) -> None:
    match action:
        case OrderAction.CAPTURE:
            bigcommerce.orders.capture_payment(order_id)
        case OrderAction.VOID:
            bigcommerce.orders.void_payment(order_id)
        case _:
            from bigcharge.domain.new_orders import OrderChanges  # noqa: PLC0415 - seldom needed, and never by a charge

            bigcommerce.orders.update_order(order_id, OrderChanges(status_id=STATUSES[action]))
