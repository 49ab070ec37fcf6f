"""What cannot be done now waits: in the ledger with its reason, and as a hint that comes back."""

from datetime import timedelta
from typing import Final

from bigcharge.domain.charges import Charge, State, move
from bigcharge.domain.concluding import PAUSE_RECHECK, decides
from bigcharge.domain.declines import DECLINES, Decision, Decline
from bigcharge.domain.errors import BigCommerceError, RateLimitedError, RefusedError, UnauthorizedError
from bigcharge.domain.messages import Message
from bigcharge.domain.stores import Credentials, Pause
from bigcharge.services.charging import HoldError
from bigcharge.services.ports import Clock, Ledger, Queue

# A held order is looked at again after 5, 10, 20, ... seconds, at most every 15 minutes.
_FIRST_HOLD: Final = timedelta(seconds=5)
LONGEST_HOLD: Final = timedelta(minutes=15)
LOOKS_FOR_ORDER: Final = 4  # an order that BigCommerce does not show, or not as chargeable, is looked for this often


def backoff(checks: int) -> timedelta:
    """How long to wait after so many looks."""
    return min(LONGEST_HOLD, _FIRST_HOLD * (1 << min(checks - 1, 10)))


class Waiting:
    """Keeps what has to wait."""

    def __init__(self, ledger: Ledger, queue: Queue, clock: Clock) -> None:
        self._ledger = ledger
        self._queue = queue
        self._clock = clock

    def wait_for_store(self, charge: Charge, message: Message, pause: Pause) -> Charge:
        """The sweep comes back to what the ledger holds; a hint that it does not hold comes back by itself."""
        if not charge.version:
            waiting = {"reason": "store_paused", "code": pause.code, "due_at": self._clock() + PAUSE_RECHECK}
            return self._ledger.save(move(charge, State.CLAIMED, self._clock(), **waiting))
        if charge.due_at is None:
            self._queue.send(message, delay=PAUSE_RECHECK.total_seconds())
        return charge

    def hold_after(self, error: BigCommerceError, charge: Charge, message: Message, credentials: Credentials) -> Charge:
        """Come back after what went wrong, when and as it asks for; nothing was sent."""
        match error:
            case RateLimitedError():
                return self.hold(charge, message, "rate_limited", timedelta(seconds=error.wait))
            case UnauthorizedError():
                self.pause_store(credentials, "credentials_refused", error.status)
                return self.hold(charge, message, "store_paused", PAUSE_RECHECK)
            case RefusedError() if decides(error.code, Decision.PAUSE_STORE):
                self.pause_store(credentials, "payment_configuration", error.code)
                return self.hold(charge, message, "store_paused", PAUSE_RECHECK)
            case RefusedError() if _is_given_up(charge, error):
                return self._give_up(charge, DECLINES[error.code or 0])
            case RefusedError():
                return self.hold(charge, message, "refused_by_bigcommerce", code=error.code or error.status)
            case HoldError():
                return self.hold(charge, message, error.reason)
            case _:
                return self.hold(charge, message, "bigcommerce_unavailable")

    def hold(
        self,
        charge: Charge,
        message: Message,
        reason: str,
        wait: timedelta | None = None,
        code: int | None = None,
    ) -> Charge:
        """Come back later. A claim says so in the ledger; any other state stays, and only the hint comes back."""
        now, checks = self._clock(), charge.checks + 1
        wait = wait or backoff(checks)
        if charge.state is State.CLAIMED:
            held = {"reason": reason, "code": code, "due_at": now + wait, "checks": checks}
            charge = self._ledger.save(move(charge, State.CLAIMED, now, **held))
        self._queue.send(message, delay=wait.total_seconds())
        return charge

    def pause_store(self, credentials: Credentials, reason: str, code: int | None) -> None:
        """Charge nothing of the store until a person resumes it or its credentials change."""
        self._ledger.pause(Pause(credentials.store_hash, reason, code, credentials.fingerprint, self._clock()))

    def _give_up(self, charge: Charge, decline: Decline) -> Charge:
        """No token is made for the order, look after look: a person, or another webhook, has to change something."""
        return self._ledger.save(move(charge, State.SKIPPED, self._clock(), reason=decline.reason, code=decline.code))


def _is_given_up(charge: Charge, error: RefusedError) -> bool:
    """Whether BigCommerce has said often enough that no token can be made for this order."""
    looked = charge.state is State.CLAIMED and charge.checks >= LOOKS_FOR_ORDER
    return looked and decides(error.code, Decision.TRY_ONCE_MORE)
