"""What is written of each payment request, before it leaves and after (design, laws 1 and 7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain.money import Money
from bigcharge.domain.states import State

ATTEMPT_LIMIT: Final = 20  # card networks: no more than 20 attempts (here store credit counts too) ...
ATTEMPT_WINDOW: Final = timedelta(days=30)  # ... in 30 days
STORE_CREDIT: Final = "store_credit"
"""What stands for the instrument of an attempt that was made with the customer's store credit."""
# A request may be on its way for so long, however soon its token dies: the client's time-outs together, with room.
LONGEST_REQUEST: Final = timedelta(seconds=45)
_OPEN_OUTCOMES: Final = frozenset({None, State.UNKNOWN, State.PENDING})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One payment request, durable before it left (design, law 1).

    Attributes:
        number: 1 for the first.
        cause: what led to it (a webhook's scope, "sweep", "instrument_changed", "operator").
        method_id: the payment method.
        instrument: the token's fingerprint, or `STORE_CREDIT`.
        brand: of a card.
        last_4: of a card.
        money: what the token charges.
        token_id: `jti` of the payment access token.
        token_expires_at: its `exp`.
        sent_at: when the request was about to leave.
        outcome: the state it came to; None while it is on its way; claimed where BigCommerce cannot have tried it.
        code: BigCommerce's code, if it gave one.
        retry_at: of a decline: before this the order does not try the instrument again; None: not ever.
        expiry: of a card, "2031-04".
    """

    number: int
    cause: str
    method_id: str
    instrument: str
    money: Money
    token_id: str
    token_expires_at: datetime
    sent_at: datetime
    brand: str | None = None
    last_4: str | None = None
    outcome: State | None = None
    code: int | None = None
    retry_at: datetime | None = None
    expiry: str | None = None

    @property
    def is_store_credit(self) -> bool:
        """Whether it was made with store credit."""
        return self.instrument == STORE_CREDIT

    @property
    def is_settled(self) -> bool:
        """Whether its outcome is known, and final: what becomes of the order later is not its doing."""
        return self.outcome not in _OPEN_OUTCOMES

    @property
    def open_until(self) -> datetime:
        """Until when BigCommerce may still take its request (design, law 2)."""
        return max(self.token_expires_at, self.sent_at + LONGEST_REQUEST)
