"""Looking at an order because something hinted at it: charge it, settle it, follow it, or say why not."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NoReturn

from bigcharge.domain.charges import Charge
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
from bigcharge.domain.forgetting import REASON as CUSTOMER_FORGOTTEN
from bigcharge.domain.forgetting import scrub
from bigcharge.domain.instruments import PaymentMethod
from bigcharge.domain.messages import Message
from bigcharge.domain.orders import Order
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State
from bigcharge.domain.stores import CREDENTIALS_REFUSED, Credentials, Pause
from bigcharge.domain.tenders import Tender
from bigcharge.domain.waits import LONGEST_OUTAGE_WAIT, LONGEST_REFUSAL_WAIT
from bigcharge.services.charging import Case, Charging
from bigcharge.services.choosing import Choosing
from bigcharge.services.following import Following
from bigcharge.services.leaving import Leaving
from bigcharge.services.ports import Clock, Connect, Instruments, Ledger, Queue, Stores, Together
from bigcharge.services.settling import Settling
from bigcharge.services.waiting import Waiting

_TRIES: Final = 3  # another worker saved what it had read before this hint came: the hint looks again
_NEW: Final = frozenset({State.SKIPPED, State.CLAIMED, State.DECLINED})
_UNSETTLED: Final = frozenset({State.SUBMITTING, State.UNKNOWN, State.PENDING})
# Nobody says how long absence must last to be evidence: then it never is (law 5).
_WITHOUT_POLICY: Final = Policy(evidence_window=timedelta())


class Orders:
    """Looks at one order at a time. Safe to call any number of times, by any number of workers, in any order."""

    def __init__(
        self,
        ledger: Ledger,
        queue: Queue,
        stores: Stores,
        connect: Connect,
        instruments: Callable[[], Instruments],
        together: Together,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._queue = queue
        self._stores = stores
        self._connect = connect
        self._together = together
        self._clock = clock
        self._charging = Charging(ledger, clock)
        self._waiting = Waiting(ledger, queue, stores, clock)
        self._instruments = instruments
        self._choosing = Choosing(instruments, clock)
        self._leaving = Leaving(ledger)
        self._following = Following(ledger, self._waiting, clock)
        self._settling = Settling(ledger, clock)

    def look(self, message: Message, seconds_left: Callable[[], float]) -> Charge | None:
        """Look at the order and do what is due.

        Args:
            message: the hint.
            seconds_left: until this function is stopped.

        Returns:
            Its charge afterwards; None where another worker has it, or where the store is closed and nothing is known.

        Raises:
            UnknownStoreError: no credentials.
        """
        for _ in range(_TRIES):
            with suppress(ConflictError):
                return self._look_now(message, seconds_left)
        return None

    def _look_now(self, message: Message, seconds_left: Callable[[], float]) -> Charge | None:
        known, pause = self._ledger.read(message.store_hash, message.id)
        now = self._clock()
        charge = known or Charge(message.store_hash, message.id, State.CLAIMED, now)
        if charge.state is State.REFUNDED or _is_at_work(charge, now):
            return charge
        try:
            credentials = self._stores.credentials(message.store_hash)
            if pause is not None and pause.holds(credentials):
                credentials = self._stores.refresh(message.store_hash)
            if pause is not None and pause.holds(credentials) and not _may_be_read(charge, pause):
                return self._waiting.wait_for_store(charge, message, pause)
            return self._look(charge, message, credentials, seconds_left)
        except UnknownStoreError:
            if pause is not None and pause.is_closed:
                return self._waiting.wait_for_store(charge, message, pause)
            if known is None:
                raise
            return self._waiting.hold(
                charge, message, "store_unknown", LONGEST_OUTAGE_WAIT, longest=LONGEST_REFUSAL_WAIT
            )

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
            if charge.state in _NEW or (charge.state not in _UNSETTLED and charge.is_due(self._clock())):
                return self._waiting.hold(charge, message, "policy_invalid", LONGEST_OUTAGE_WAIT)
            policy = None  # settling reads and sends nothing, so it needs no consent
        case = Case(message, charge, policy or _WITHOUT_POLICY, credentials, self._connect(credentials), seconds_left)
        try:
            if charge.state in _UNSETTLED:
                return self._settling.settle(case)
            if charge.state not in _NEW:
                return self._following.follow(case)
            return self._consider(case, policy)
        except BigCommerceError as error:
            return self._waiting.hold_after(error, charge, message, credentials)

    def _consider(self, case: Case, policy: Policy | None) -> Charge:
        charge, now = case.charge, self._clock()
        try:
            order, get_methods = self._read(case, policy)
        except NotFoundError:
            if charge.attempts:
                raise
            return self._leaving.skip_missing(charge, now)
        verdict = judge(order, policy, part_paid=charge.has_used_store_credit)
        if charge.has_used_store_credit and verdict == (State.PAID_ELSEWHERE, None) and _owes_nothing(order):
            return self._settling.finish_with_store_credit(case)
        charge = self._with_customer(charge, order, is_chargeable=verdict is None)
        case = replace(case, charge=charge)
        if verdict is not None:
            is_paid = verdict[0] is State.PAID_ELSEWHERE
            held = self._settling.find_held(case, order) if is_paid else None
            return held or self._leaving.leave(charge, *verdict, now)
        if (charge.attempts or charge.acts) and (shown := self._settling.recognize(case, order)) is not None:
            return shown
        if charge.forgotten_at is not None:
            return self._leaving.leave(charge, State.SKIPPED, CUSTOMER_FORGOTTEN, now)
        tender = self._choosing.choose_store_credit(case, order)
        if tender is not None and (tender.name, tender.expiry) in refused_instruments(charge, now):
            return self._leaving.wait_for_instrument(charge, case.policy, now)
        tender = tender or self._choosing.choose_instrument(case, get_methods())
        if tender is None:
            return self._leaving.wait_for_instrument(charge, case.policy, now)
        return self._charge(replace(case, charge=self._charging.claim(charge)), order, tender)

    def _with_customer(self, charge: Charge, order: Order, *, is_chargeable: bool) -> Charge:
        """The charge with its order's customer, or without where the customer was forgotten.

        That is asked before the ledger takes note of a customer, and before anything is charged.
        """
        known = replace(charge, money=order.owed, customer_id=order.customer_id)
        is_asked = is_chargeable or known.customer_id != charge.customer_id
        if charge.forgotten_at is not None or (is_asked and self._is_forgotten(known)):
            return scrub(known, self._clock())
        return known

    def _is_forgotten(self, charge: Charge) -> bool:
        return self._instruments().is_forgotten(charge.store_hash, charge.customer_id)

    def _read(self, case: Case, policy: Policy | None) -> tuple[Order, Callable[[], tuple[PaymentMethod, ...]]]:
        """The order, and what gets its methods: for a new order, which is likely to be charged, at the same time."""
        get_order = partial(case.bigcommerce.get_order, case.charge.order_id)
        get_methods = partial(case.bigcommerce.get_payment_methods, case.charge.order_id)
        if case.charge.version or policy is None:
            return get_order(), get_methods
        return self._together(get_order, partial(_keep_result, get_methods))

    def _charge(self, case: Case, order: Order, tender: Tender) -> Charge:
        try:
            charge = self._charging.charge(case, order, tender)
        except BigCommerceError as error:
            return self._waiting.hold_after(error, case.charge, case.message, case.credentials)
        if decides(charge.code, Decision.PAUSE_STORE):
            self._waiting.pause_store(case.credentials, charge.reason or "", charge.code)
        goes_on = charge.state is State.CLAIMED or charge.is_due(self._clock())
        if goes_on and charge.due_at is not None:
            self._queue.send(case.message, delay=(charge.due_at - self._clock()).total_seconds())
        return charge


def _is_at_work(charge: Charge, now: datetime) -> bool:
    """A worker has it, or had it a moment ago: leave it until its lease is over."""
    return charge.version > 0 and charge.state in {State.CLAIMED, State.SUBMITTING} and not charge.is_due(now)


def _may_be_read(charge: Charge, pause: Pause) -> bool:
    """Settling reads and sends nothing: what was sent before the pause is settled in it, while reads are answered."""
    return charge.state in _UNSETTLED and not pause.is_closed and pause.reason != CREDENTIALS_REFUSED


def _owes_nothing(order: Order) -> bool:
    return order.owed is not None and order.owed.amount == 0


def _keep_result[T](call: Callable[[], T]) -> Callable[[], T]:
    """Call now, and return or raise what came of it when it is asked for."""
    try:
        result = call()
    except Exception as error:  # noqa: BLE001 - raised where the result is wanted: for many orders it is not
        return partial(_raise, error)
    return lambda: result


def _raise(error: Exception) -> NoReturn:
    raise error
