"""Looking at an order because something hinted at it: charge it, settle it, follow it, or say why not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from bigcharge.domain.charges import Charge, State, move
from bigcharge.domain.concluding import decides
from bigcharge.domain.declines import Decision
from bigcharge.domain.eligibility import judge, refused_instruments
from bigcharge.domain.errors import BigCommerceError, ConflictError, InvalidInputError, NotFoundError
from bigcharge.domain.instruments import Choice, choose_instrument
from bigcharge.domain.messages import Message
from bigcharge.domain.orders import Order
from bigcharge.domain.policy import InstrumentChoice, Policy
from bigcharge.domain.settling import follow, settle
from bigcharge.domain.stores import Credentials
from bigcharge.services.charging import Case, Charging
from bigcharge.services.ports import BigCommerce, Clock, Connect, Ledger, Queue, Stores
from bigcharge.services.waiting import LONGEST_HOLD, LOOKS_FOR_ORDER, Waiting, backoff

_NEW: Final = frozenset({State.SKIPPED, State.CLAIMED, State.DECLINED})
_UNSETTLED: Final = frozenset({State.SUBMITTING, State.UNKNOWN, State.PENDING})
_CLOSED: Final = frozenset({State.FAILED, State.REFUNDED, State.CANCELED})
_STATUS_CHANGED: Final = "store/order/statusUpdated"


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
        credentials = self._stores.credentials(message.store_hash)
        try:
            if pause is not None and pause.credentials == credentials.fingerprint:
                return self._waiting.wait_for_store(charge, message, pause)
            return self._look(charge, message, credentials, seconds_left)
        except ConflictError:
            return None

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
            return self._waiting.hold(charge, message, "policy_invalid", LONGEST_HOLD)
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
            return self._skip_missing(case)
        charge = replace(charge, customer_id=order.customer_id, money=order.owed)
        verdict = judge(order, policy)
        if verdict is not None:
            return self._leave(charge, *verdict)
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
        return self._save(case.charge, settle(case.charge, order, transactions, case.policy, self._clock()))

    def _follow(self, case: Case) -> Charge:
        """Only a change of status, or anything on an authorization, can have changed what became of the money."""
        authorized = case.charge.state is State.AUTHORIZED
        if not authorized and case.message.cause != _STATUS_CHANGED:
            return case.charge
        order = case.bigcommerce.get_order(case.charge.order_id)
        transactions = case.bigcommerce.get_transactions(order.order_id) if authorized else ()
        return self._save(case.charge, follow(case.charge, order, transactions, self._clock()))

    def _leave(self, charge: Charge, state: State, reason: str | None) -> Charge:
        if charge.version and (charge.state, charge.reason) == (state, reason):
            return charge
        return self._ledger.save(move(charge, state, self._clock(), reason=reason))

    def _skip_missing(self, case: Case) -> Charge:
        """BigCommerce does not show the order: a read that is behind, or an order that was removed."""
        charge, now = case.charge, self._clock()
        if charge.state is State.SKIPPED and charge.reason == "order_not_found" and not charge.is_due(now):
            return charge
        checks = charge.checks + 1
        due_at = now + backoff(checks) if checks < LOOKS_FOR_ORDER else None
        missing = {"reason": "order_not_found", "checks": checks, "due_at": due_at}
        return self._ledger.save(move(charge, State.SKIPPED, now, **missing))

    def _wait_for_instrument(self, charge: Charge, now: datetime) -> Charge:
        if charge.version and charge.state is State.DECLINED and not charge.is_due(now):
            return charge
        return self._ledger.save(move(charge, State.DECLINED, now, reason="no_usable_instrument"))

    def _save(self, read: Charge, changed: Charge) -> Charge:
        return read if changed is read else self._ledger.save(changed)


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
