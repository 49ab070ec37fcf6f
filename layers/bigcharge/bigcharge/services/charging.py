"""Charging an order: the one code path, whatever the cause (webhook, sweep, card change, operator)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bigcharge.domain.access_tokens import AccessToken
from bigcharge.domain.attempts import ATTEMPT_LIMIT, ATTEMPT_WINDOW, Attempt
from bigcharge.domain.charges import Charge, move
from bigcharge.domain.concluding import conclude, first_check, next_look
from bigcharge.domain.declines import Payment
from bigcharge.domain.errors import BigCommerceError, ConflictError
from bigcharge.domain.messages import Message
from bigcharge.domain.orders import Order
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State
from bigcharge.domain.stores import Credentials
from bigcharge.domain.tenders import Tender
from bigcharge.services.ports import BigCommerce, Clock, Ledger

# How long a claim keeps others away: the token's request (its deadline is 12 s) and one write, with room. Taking over a
# claim is safe at any time, because the late owner's write then fails; the lease only avoids needless tokens.
CLAIM_LEASE: Final = timedelta(seconds=30)
# A payment may take 39 s (connection, TLS, sending, reading: the client has a time-out for each), and then be recorded.
SECONDS_TO_PAY: Final = 45.0


class HoldError(BigCommerceError):
    """The charge cannot go on now and must be decided anew, soon.

    Attributes:
        reason: a stable word, for the ledger.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Case:
    """What one look at an order works with.

    Attributes:
        message: what led to it.
        charge: as read from the ledger; version 0 for an order that the ledger does not know.
        policy: the store's.
        credentials: the store's.
        bigcommerce: the store's client.
        seconds_left: until this function is stopped.
    """

    message: Message
    charge: Charge
    policy: Policy
    credentials: Credentials
    bigcommerce: BigCommerce
    seconds_left: Callable[[], float]


class Charging:
    """Charges one order, once."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def claim(self, charge: Charge) -> Charge:
        """Make the order ours for a moment, so that two workers do not both make tokens; raises ConflictError."""
        now = self._clock()
        lease = {"due_at": now + CLAIM_LEASE, "reason": _wait_of(charge), "failed_looks": charge.failed_looks}
        return self._ledger.save(move(charge, State.CLAIMED, now, **lease))

    def charge(self, case: Case, order: Order, tender: Tender) -> Charge:
        """Charge a claimed order: token, amount guard, durable attempt, payment, record (design, laws 1 to 4).

        Args:
            case: its charge is `claimed`, by us.
            order: as it is now.
            tender: what to charge.

        Raises:
            BigCommerceError: nothing was sent; the claim stands and is to be put back.
            ConflictError: another worker took over; nothing was sent.
        """
        claimed, now = case.charge, self._clock()
        if claimed.attempts_since(now - ATTEMPT_WINDOW) >= ATTEMPT_LIMIT:
            due_at = next_look(State.FAILED, case.policy, now)
            return self._ledger.save(move(claimed, State.FAILED, now, reason="attempt_limit", due_at=due_at))
        token = self._create_token(case, order)
        if case.seconds_left() < SECONDS_TO_PAY:
            raise HoldError("out_of_time")
        submitted = self._write_attempt(case, tender, token)
        return self._record(submitted, _pay(case.bigcommerce, token, tender), case.policy)

    def _create_token(self, case: Case, order: Order) -> AccessToken:
        token = case.bigcommerce.create_access_token(order.order_id, is_recurring=case.policy.recurring)
        if token.order_id != order.order_id or token.money != order.owed:
            raise HoldError("amount_changed")
        return token

    def _write_attempt(self, case: Case, tender: Tender, token: AccessToken) -> Charge:
        now = self._clock()
        made = _processed(case.charge.attempts)
        attempt = Attempt(
            number=len(made) + 1,
            cause=case.message.cause,
            method_id=tender.method_id,
            instrument=tender.name,
            brand=tender.brand,
            last_4=tender.last_4,
            expiry=tender.expiry,
            money=token.money,
            token_id=token.token_id,
            token_expires_at=token.expires_at,
            sent_at=now,
        )
        written = replace(case.charge, attempts=(*made, attempt))
        lease = {"due_at": now + first_check(case.policy), "failed_looks": case.charge.failed_looks}
        return self._ledger.save(move(written, State.SUBMITTING, now, **lease))

    def _record(self, submitted: Charge, answer: Payment | BigCommerceError, policy: Policy) -> Charge:
        """Write the answer down, also where somebody has meanwhile found the attempt's sender missing."""
        charge = submitted
        while True:
            try:
                return self._ledger.save(conclude(charge, answer, policy, self._clock()))
            except ConflictError:
                stored, _ = self._ledger.read(submitted.store_hash, submitted.order_id)
                if stored is None or not _still_open(stored, submitted):
                    return stored or charge
                charge = stored


def _wait_of(charge: Charge) -> str | None:
    """What a claimed order waits for stays its reason until it is over, so that the waits grow."""
    return charge.reason if charge.state is State.CLAIMED else None


def _processed(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Without a last one that BigCommerce cannot have tried: hours of it being away would fill the item with them."""
    return attempts[:-1] if attempts and attempts[-1].outcome is State.CLAIMED else attempts


def _still_open(stored: Charge, submitted: Charge) -> bool:
    same = [one.token_id for one in stored.attempts] == [one.token_id for one in submitted.attempts]
    return same and stored.state in {State.SUBMITTING, State.UNKNOWN}


def _pay(bigcommerce: BigCommerce, token: AccessToken, tender: Tender) -> Payment | BigCommerceError:
    try:
        return bigcommerce.pay(token, tender)
    except BigCommerceError as error:
        return error
