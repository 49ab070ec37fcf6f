"""Looking at an order because something hinted at it: charge it, settle it, follow it, or say why not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain.charges import Charge, move, postpone
from bigcharge.domain.concluding import decides
from bigcharge.domain.declines import Decision
from bigcharge.domain.eligibility import judge, refused_instruments
from bigcharge.domain.errors import (
    BigCommerceError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnknownStoreError,
)
from bigcharge.domain.instruments import Choice, choose_instrument
from bigcharge.domain.messages import Message
from bigcharge.domain.orders import Order
from bigcharge.domain.policy import InstrumentChoice, Policy
from bigcharge.domain.settling import follow, settle
from bigcharge.domain.states import State
from bigcharge.domain.stores import Credentials
from bigcharge.domain.waits import EARLY_LOOK, LONGEST_OUTAGE_WAIT, LONGEST_REFUSAL_WAIT, backoff
from bigcharge.services.charging import Case, Charging
from bigcharge.services.ports import BigCommerce, Clock, Connect, Ledger, Queue, Stores
from bigcharge.services.waiting import LOOKS_IN_VAIN, STATUS_CHANGED, Waiting

_NEW: Final = frozenset({State.SKIPPED, State.CLAIMED, State.DECLINED})
_UNSETTLED: Final = frozenset({State.SUBMITTING, State.UNKNOWN, State.PENDING})
_CLOSED: Final = frozenset({State.FAILED, State.REFUNDED, State.CANCELED})
_NO_INSTRUMENT: Final = "no_usable_instrument"
_DAILY: Final = timedelta(days=1)


class Orders:
    """Looks at one order at a time. Safe to call any number of times, by any number of workers, in any order."""

    def __init__(self, ledger: Ledger, queue: Queue, stores: Stores, connect: Connect, clock: Clock) -> None:
        self._ledger = ledger
        self._queue = queue
        self._stores = stores
        self._connect = connect
        self._clock = clock
        self._charging = Charging(ledger, clock)
        self._waiting = Waiting(ledger, queue, clock)

    def look(self, message: Message, seconds_left: Callable[[], float]) -> Charge | None:
        """Look at the order and do what is due.

        Args:
            message: the hint.
            seconds_left: until this function is stopped.

        Returns:
            Its charge afterwards; None where another worker has it.

        Raises:
            UnknownStoreError: no credentials.
        """
        known, pause = self._ledger.read(message.store_hash, message.id)
        now = self._clock()
        charge = known or Charge(message.store_hash, message.id, State.CLAIMED, now)
        if charge.state in _CLOSED or _is_at_work(charge, now):
            return charge
        try:
            credentials = self._stores.credentials(message.store_hash)
            if pause is not None and pause.credentials == credentials.fingerprint:
                return self._waiting.wait_for_store(charge, message, pause.code)
            return self._look(charge, message, credentials, seconds_left)
        except ConflictError:
            return None
        except UnknownStoreError:
            if known is None:
                raise
            return self._waiting.hold(charge, message, "store_unknown", LONGEST_OUTAGE_WAIT)

    def _look(
        self,
        charge: Charge,
        message: Message,
        credentials: Credentials,
        seconds_left: Callable[[], float],
    ) -> Charge:
        try:
            policy = self._stores.policy(message.store_hash)
        except InvalidInputError:
            if charge.state in _NEW:
                return self._waiting.hold(charge, message, "policy_invalid", LONGEST_OUTAGE_WAIT)
            policy = None  # settling reads and sends nothing, so it needs no consent
        case = Case(message, charge, policy or Policy(), self._connect(credentials), seconds_left)
        try:
            if charge.state in _UNSETTLED:
                return self._settle(case)
            if charge.state not in _NEW:
                return self._follow(case)
            return self._consider(case, policy, credentials)
        except BigCommerceError as error:
            return self._waiting.hold_after(error, charge, message, credentials)

    def _consider(self, case: Case, policy: Policy | None, credentials: Credentials) -> Charge:
        charge, now = case.charge, self._clock()
        try:
            order = case.bigcommerce.get_order(charge.order_id)
        except NotFoundError:
            if charge.attempts:
                raise
            return self._skip_missing(charge, now)
        charge = replace(charge, customer_id=order.customer_id, money=order.owed)
        verdict = judge(order, policy)
        if verdict is not None:
            return self._leave(charge, *verdict, now)
        choice = _choose(charge, case.bigcommerce, case.policy, now)
        if choice is None:
            return self._wait_for_instrument(charge, now)
        return self._charge(replace(case, charge=self._charging.claim(charge)), order, choice, credentials)

    def _charge(self, case: Case, order: Order, choice: Choice, credentials: Credentials) -> Charge:
        try:
            charge = self._charging.charge(case, order, choice)
        except BigCommerceError as error:
            return self._waiting.hold_after(error, case.charge, case.message, credentials)
        if decides(charge.code, Decision.PAUSE_STORE):
            self._waiting.pause_store(credentials, charge.reason or "", charge.code)
        if charge.state is State.CLAIMED and charge.due_at is not None:
            self._queue.send(case.message, delay=(charge.due_at - self._clock()).total_seconds())
        return charge

    def _settle(self, case: Case) -> Charge:
        transactions = case.bigcommerce.get_transactions(case.charge.order_id)
        order = _find_order(case)
        changed = settle(case.charge, order, transactions, case.policy, self._clock())
        return case.charge if changed is case.charge else self._ledger.save(changed)

    def _follow(self, case: Case) -> Charge:
        """Only a change of status, or anything on an authorization, can have changed what became of the money."""
        charge, now = case.charge, self._clock()
        authorized = charge.state is State.AUTHORIZED
        if not authorized and case.message.cause != STATUS_CHANGED and not charge.is_due(now):
            return charge
        order = _find_order(case)
        transactions = case.bigcommerce.get_transactions(charge.order_id) if authorized else ()
        changed = follow(charge, order, transactions, now) if order is not None else charge
        if changed is charge and charge.due_at is not None:
            changed = postpone(charge, None)  # the look that it waited for is done
        return charge if changed is charge else self._ledger.save(changed)

    def _leave(self, charge: Charge, state: State, reason: str | None, now: datetime) -> Charge:
        """Leave the order alone; one that we have tried to charge before is looked at daily, should it change back."""
        is_known = charge.version > 0 and (charge.state, charge.reason) == (state, reason)
        due_at = now + _DAILY if charge.attempts and state is State.SKIPPED else None
        if is_known and not charge.is_due(now):
            return charge
        changed = postpone(charge, due_at) if is_known else move(charge, state, now, reason=reason, due_at=due_at)
        return self._ledger.save(changed)

    def _skip_missing(self, charge: Charge, now: datetime) -> Charge:
        """BigCommerce does not show the order: a read that is behind, or an order that was removed."""
        is_known = charge.state is State.SKIPPED and charge.reason == "order_not_found"
        if is_known and not charge.is_due(now):
            return charge
        looks = charge.failed_looks + 1 if is_known else 1
        due_at = now + backoff(looks, LONGEST_REFUSAL_WAIT) if looks < LOOKS_IN_VAIN else None
        missing = {"reason": "order_not_found", "failed_looks": looks, "due_at": due_at}
        return self._ledger.save(move(charge, State.SKIPPED, now, **missing))

    def _wait_for_instrument(self, charge: Charge, now: datetime) -> Charge:
        """No instrument can be tried now: wait until one can, or for the shopper.

        A new wait is looked at once more after a minute: a card that was changed meanwhile could not wake an order that
        was not waiting yet.
        """
        is_waiting = charge.version > 0 and charge.state is State.DECLINED
        if is_waiting and not charge.is_due(now):
            return charge
        retry_at = charge.next_retry(now)
        if is_waiting and (retry_at or charge.retry_at is None or charge.reason == _NO_INSTRUMENT):
            return self._ledger.save(postpone(charge, retry_at))
        look_at = min(retry_at, now + EARLY_LOOK) if retry_at else now + EARLY_LOOK
        return self._ledger.save(move(charge, State.DECLINED, now, reason=_NO_INSTRUMENT, due_at=look_at))


def _is_at_work(charge: Charge, now: datetime) -> bool:
    """A worker has it, or had it a moment ago: leave it until its lease is over."""
    return charge.version > 0 and charge.state in {State.CLAIMED, State.SUBMITTING} and not charge.is_due(now)


def _find_order(case: Case) -> Order | None:
    try:
        return case.bigcommerce.get_order(case.charge.order_id)
    except NotFoundError:
        return None


def _choose(charge: Charge, bigcommerce: BigCommerce, policy: Policy, now: datetime) -> Choice | None:
    methods = bigcommerce.get_payment_methods(charge.order_id)
    refused = refused_instruments(charge, now)
    any_instrument = policy.instrument is InstrumentChoice.ANY
    return choose_instrument(methods, refused=refused, any_instrument=any_instrument, now=now)
