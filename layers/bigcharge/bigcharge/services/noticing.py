"""Telling of cards that expire, while somebody has a reason to know: before an order finds out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from bigcharge.domain.errors import BigchargeError, InvalidInputError
from bigcharge.domain.expiring import Notice, find_notice, may_be_charged
from bigcharge.domain.instrument_rows import CustomerInstruments, InstrumentRow
from bigcharge.domain.policy import InstrumentChoice, Policy
from bigcharge.services.ports import Charges, Clock, Waiting

_SECONDS_FOR_CARD: Final = 10.0


class OutOfTimeError(BigchargeError):
    """Time did not suffice for the whole table: cards at its end were not looked at."""


class Cards(Protocol):
    """The table's cards."""

    def walk_cards(self, now: datetime) -> Iterator[tuple[InstrumentRow, int | None]]:
        """Each card that is not removed, with the smallest number of days that was told of it, if that is known."""

    def tell(self, notice: Notice) -> bool:
        """Remember that it is told, which tells it; False where that or a smaller number was told before."""


class Customers(Protocol):
    """One customer's instruments."""

    def read(self, store_hash: str, customer_id: int) -> CustomerInstruments:
        """What the table holds (consistent)."""


class Policies(Protocol):
    """The stores' policies."""

    def policy(self, store_hash: str) -> Policy | None:
        """The store's policy, None where it has none; raises InvalidInputError where it cannot be read."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a run did.

    Attributes:
        cards: how many it looked at.
        told: how many notices it made.
    """

    cards: int
    told: int


class Noticing:
    """Walks through all cards. Safe to repeat at any time: what was told is remembered."""

    def __init__(
        self,
        cards: Cards,
        customers: Customers,
        waiting: Waiting,
        ledger: Charges,
        policies: Policies,
        clock: Clock,
    ) -> None:
        self._cards = cards
        self._customers = customers
        self._waiting = waiting
        self._ledger = ledger
        self._policies = policies
        self._clock = clock

    def tell_expiring(self, seconds_left: Callable[[], float]) -> Noticed:
        """Tell of every card that has reached one of its store's numbers of days.

        Raises:
            OutOfTimeError: before the end of the table.
        """
        now = self._clock()
        cards = told = 0
        for row, known in self._cards.walk_cards(now):
            if seconds_left() < _SECONDS_FOR_CARD:
                raise OutOfTimeError(f"time sufficed for {cards} cards: give the function more, or more often")
            cards += 1
            notice = self._find_notice(row, known, now)
            told += notice is not None and self._cards.tell(notice)
        return Noticed(cards, told)

    def _find_notice(self, row: InstrumentRow, known: int | None, now: datetime) -> Notice | None:
        policy = self._policy(row.store_hash)
        if policy is None:
            return None
        days = find_notice(row.instrument, policy.expiring_notice_days, now.astimezone(UTC).date())
        if days is None or (known is not None and known <= days) or not self._is_wanted(row, policy, now):
            return None
        return Notice(row, days, now)

    def _is_wanted(self, row: InstrumentRow, policy: Policy, now: datetime) -> bool:
        """Whether it is the customer's default, or one that a waiting order would be charged to."""
        if row.instrument.is_default:
            return True
        if policy.instrument is InstrumentChoice.DEFAULT:
            return False
        orders = list(self._waiting.list_waiting(row.store_hash, [row.customer_id]))
        if not orders:
            return False
        held = self._customers.read(row.store_hash, row.customer_id).instruments
        charges = self._ledger.read_charges(row.store_hash, orders).values()
        return any(may_be_charged(row.instrument, charge, held, policy, now) for charge in charges)

    def _policy(self, store_hash: str) -> Policy | None:
        """A store without a policy, or with one that cannot be read, charges nothing: nobody has a reason to know."""
        try:
            return self._policies.policy(store_hash)
        except InvalidInputError:
            return None
