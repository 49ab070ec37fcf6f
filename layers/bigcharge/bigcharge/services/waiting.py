"""What cannot be done now waits in the ledger, with its reason, until it is due again."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bigcharge.domain.charges import NEEDS_A_PERSON, STORE_PAUSED, Charge, move, postpone
from bigcharge.domain.concluding import decides
from bigcharge.domain.declines import DECLINES, Decision
from bigcharge.domain.errors import BigCommerceError, RateLimitedError, RefusedError, UnauthorizedError
from bigcharge.domain.messages import Message
from bigcharge.domain.states import State
from bigcharge.domain.stores import CREDENTIALS_REFUSED, Credentials, Pause
from bigcharge.domain.waits import LONGEST_OUTAGE_WAIT, LONGEST_REFUSAL_WAIT, PAUSE_RECHECK, backoff, wait_of_rate_limit
from bigcharge.services.charging import HoldError
from bigcharge.services.ports import Clock, Ledger, Queue, Stores

STATUS_CHANGED: Final = "store/order/statusUpdated"
HINTS_OF_PAYMENTS: Final = frozenset({"store/order/transaction/created", "store/order/transaction/updated"})
HINTS_OF_MONEY: Final = HINTS_OF_PAYMENTS | {"store/order/refund/created", STATUS_CHANGED}
_LONGEST_DELAY: Final = timedelta(minutes=15)  # of a queue; what waits for longer waits for the sweep alone
LOOKS_IN_VAIN: Final = 16  # at an order that BigCommerce does not show, or makes no token for: some two days of them
_LOOKS_OF_A_DAY: Final = 100  # without an answer: in an outage, or at one order that nobody can read

_PAID: Final = frozenset({State.PAID, State.PAID_ELSEWHERE})
_COUNTED: Final = frozenset({State.SUBMITTING, State.UNKNOWN, State.PENDING})
_OUTAGE: Final = frozenset({"rate_limited", "bigcommerce_unavailable", "bigcommerce_unreachable"})
_WITHOUT_PERSON: Final = frozenset({"rate_limited", STORE_PAUSED})  # it passes, or a person has been called for it
_ENDED: Final = _PAID | {State.FAILED, State.CANCELED}


class Waiting:
    """Keeps what has to wait."""

    def __init__(self, ledger: Ledger, queue: Queue, stores: Stores, clock: Clock) -> None:
        self._ledger = ledger
        self._queue = queue
        self._stores = stores
        self._clock = clock

    def wait_for_store(self, charge: Charge, message: Message, pause: Pause) -> Charge | None:
        """Look again when the store may have been resumed; of a closed one, take note of nothing new."""
        if pause.is_closed:
            return self._wait_for_opening(charge) if charge.version else None
        soon = self._clock() + PAUSE_RECHECK
        if not charge.version:
            waiting = {"reason": STORE_PAUSED, "code": pause.code, "due_at": soon}
            return self._ledger.save(move(charge, State.CLAIMED, self._clock(), **waiting))
        has_ended = charge.state in _ENDED and (charge.state not in _PAID or message.cause not in HINTS_OF_MONEY)
        if has_ended:
            later = self._clock() + LONGEST_REFUSAL_WAIT
            return self._ledger.save(postpone(charge, later)) if charge.is_due(self._clock()) else charge
        if charge.due_at is not None and charge.due_at <= soon:
            return charge
        return self._ledger.save(postpone(charge, soon))

    def _wait_for_opening(self, charge: Charge) -> Charge:
        """It stays as it is, and is looked at daily: a store whose app is installed again goes on where it was."""
        now = self._clock()
        return self._ledger.save(postpone(charge, now + LONGEST_REFUSAL_WAIT)) if charge.is_due(now) else charge

    def hold_after(self, error: BigCommerceError, charge: Charge, message: Message, credentials: Credentials) -> Charge:
        """Come back after what went wrong, when and as it asks for; nothing was sent."""
        match error:
            case RateLimitedError():
                wait = wait_of_rate_limit(error.wait, charge.failed_looks + 1)
                return self.hold(charge, message, "rate_limited", wait, longest=wait)
            case UnauthorizedError():
                self.pause_store(credentials, CREDENTIALS_REFUSED, error.status)
                return self.hold(charge, message, STORE_PAUSED, PAUSE_RECHECK, code=error.status)
            case RefusedError() if decides(error.code, Decision.PAUSE_STORE):
                self.pause_store(credentials, "payment_configuration", error.code)
                return self.hold(charge, message, STORE_PAUSED, PAUSE_RECHECK, code=error.code)
            case RefusedError():
                return self._hold_refused(charge, message, error)
            case HoldError():
                return self.hold(charge, message, error.reason, longest=LONGEST_REFUSAL_WAIT)
            case _:
                return self.hold(charge, message, "bigcommerce_unavailable")

    def hold(
        self,
        charge: Charge,
        message: Message,
        reason: str,
        wait: timedelta = timedelta(),
        *,
        longest: timedelta = LONGEST_OUTAGE_WAIT,
        code: int | None = None,
    ) -> Charge:
        """Look again after `wait`, or after ever longer ones, `longest` at most.

        A claim says why, and its hint comes back: whichever of it and the sweep is first is the one that looks. Any
        other state stays what it is, and only the sweep comes back to it: hints would multiply.
        """
        now = self._clock()
        if charge.state in _COUNTED and not charge.is_due(now):
            return charge  # its looks are by a schedule, and a hint that came to nothing uses none up
        is_same_wait = charge.state is not State.CLAIMED or _is_same(charge.reason, reason)
        looks = charge.failed_looks + 1 if is_same_wait else 1
        wait = max(wait, backoff(looks, longest))
        is_in_vain = reason not in _WITHOUT_PERSON and looks >= _find_patience(charge, longest)
        if charge.state is not State.CLAIMED:
            return self._postpone(charge, wait, looks, is_in_vain=is_in_vain)
        held = {"code": code, "due_at": now + wait, "failed_looks": looks}
        reason = NEEDS_A_PERSON if is_in_vain else reason
        charge = self._ledger.save(move(charge, State.CLAIMED, now, reason=reason, **held))
        if wait <= _LONGEST_DELAY:
            self._queue.send(message, delay=wait.total_seconds())
        return charge

    def _postpone(self, charge: Charge, wait: timedelta, looks: int, *, is_in_vain: bool) -> Charge:
        now = self._clock()
        due_at = now + wait if charge.due_at is None or charge.is_due(now) else min(charge.due_at, now + wait)
        if is_in_vain and charge.state in _COUNTED and charge.reason != NEEDS_A_PERSON:
            charge = replace(charge, reason=NEEDS_A_PERSON, updated_at=now)
        return self._ledger.save(postpone(charge, due_at, failed_looks=looks))

    def pause_store(self, credentials: Credentials, reason: str, code: int | None) -> None:
        """Charge nothing of the store until a person resumes it or its credentials change.

        Those that were read anew since the look began were refused as well: it is they whose change is waited for.
        """
        newest = self._stores.credentials(credentials.store_hash)
        self._ledger.pause(Pause(newest.store_hash, reason, code, newest.fingerprint, self._clock()))

    def _hold_refused(self, charge: Charge, message: Message, error: RefusedError) -> Charge:
        """A refusal seldom passes by itself, so the waits grow; an order that no token is made for is left at last."""
        not_chargeable = decides(error.code, Decision.READ_AGAIN)
        reason = DECLINES[error.code].reason if not_chargeable and error.code else "refused_by_bigcommerce"
        if not_chargeable and charge.state is State.CLAIMED and charge.failed_looks >= LOOKS_IN_VAIN:
            return self._ledger.save(move(charge, State.SKIPPED, self._clock(), reason=reason, code=error.code))
        code = error.code or error.status
        return self.hold(charge, message, reason, longest=LONGEST_REFUSAL_WAIT, code=code)


def _is_same(known: str | None, reason: str) -> bool:
    """Whether it is the same wait that goes on: in an outage, one answer is a 429 and the next is none."""
    return known in {reason, NEEDS_A_PERSON} or {known, reason} <= _OUTAGE


def _find_patience(charge: Charge, longest: timedelta) -> int:
    """After how many looks in vain a person is called."""
    is_refused = longest == LONGEST_REFUSAL_WAIT
    return LOOKS_IN_VAIN if is_refused or charge.state in _COUNTED else _LOOKS_OF_A_DAY
