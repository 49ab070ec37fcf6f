"""Leaving an order alone: the policy has it so, BigCommerce does not show it, or nothing can be charged for it now."""

from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain.attempts import ATTEMPT_WINDOW
from bigcharge.domain.charges import NO_INSTRUMENT, Charge, move, postpone
from bigcharge.domain.concluding import give_up, next_look
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State
from bigcharge.domain.waits import EARLY_LOOK, LONGEST_REFUSAL_WAIT, backoff
from bigcharge.services.ports import Ledger
from bigcharge.services.waiting import LOOKS_IN_VAIN

_DAILY: Final = timedelta(days=1)


class Leaving:
    """Writes down why an order is left alone, and when to look at it again."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def leave(self, charge: Charge, state: State, reason: str | None, now: datetime) -> Charge:
        """Leave the order alone; one that we have tried to charge before is looked at daily, should it change back."""
        is_known = charge.version > 0 and (charge.state, charge.reason) == (state, reason)
        due_at = now + _DAILY if charge.attempts and state is State.SKIPPED else None
        if charge.attempts and state is State.PAID_ELSEWHERE:
            due_at = next_look(State.PAID, Policy(), now)  # one of ours may have been made all the same
        if is_known and not charge.is_due(now):
            return charge
        changed = postpone(charge, due_at) if is_known else move(charge, state, now, reason=reason, due_at=due_at)
        return self._ledger.save(changed)

    def skip_missing(self, charge: Charge, now: datetime) -> Charge:
        """BigCommerce does not show the order: a read that is behind, or an order that was removed."""
        is_known = charge.state is State.SKIPPED and charge.reason == "order_not_found"
        if is_known and not charge.is_due(now):
            return charge
        looks = charge.failed_looks + 1 if is_known else 1
        due_at = now + backoff(looks, LONGEST_REFUSAL_WAIT) if looks < LOOKS_IN_VAIN else None
        missing = {"reason": "order_not_found", "failed_looks": looks, "due_at": due_at}
        return self._ledger.save(move(charge, State.SKIPPED, now, **missing))

    def wait_for_instrument(self, charge: Charge, policy: Policy, now: datetime) -> Charge:
        """No instrument can be tried now: wait until one can, or for the shopper; where all are used up, give up.

        A new wait is looked at once more after a minute: a card that was changed meanwhile could not wake an order that
        was not waiting yet.
        """
        is_waiting = charge.version > 0 and charge.state is State.DECLINED
        if is_waiting and not charge.is_due(now):
            return charge
        if (failed := give_up(charge, policy, now)) is not None:
            return self._ledger.save(failed)
        retry_at = charge.next_retry(now)
        if is_waiting and (retry_at or charge.retry_at is None or charge.reason == NO_INSTRUMENT):
            # Daily for a while, should the news of another instrument have been lost.
            look_at = now + _DAILY if now - charge.updated_at < ATTEMPT_WINDOW else None
            return self._ledger.save(postpone(charge, retry_at or look_at))
        look_at = min(retry_at, now + EARLY_LOOK) if retry_at else now + EARLY_LOOK
        return self._ledger.save(move(charge, State.DECLINED, now, reason=NO_INSTRUMENT, due_at=look_at))
