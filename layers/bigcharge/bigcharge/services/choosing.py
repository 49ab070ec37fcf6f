"""Choosing what to charge for an order: store credit first where the policy says so, then an instrument."""

from collections.abc import Callable

from bigcharge.domain.concluding import decides
from bigcharge.domain.declines import Decision
from bigcharge.domain.eligibility import refused_instruments
from bigcharge.domain.instruments import Choice, PaymentMethod, find_newest, list_offers
from bigcharge.domain.orders import Order
from bigcharge.domain.policy import InstrumentChoice, StoreCreditUse
from bigcharge.domain.states import State
from bigcharge.domain.tenders import STORE_CREDIT, Tender, make_tender
from bigcharge.services.charging import Case
from bigcharge.services.ports import Clock, Instruments


class Choosing:
    """Chooses what to charge.

    Args:
        instruments: opens the table of the customers' instruments, which few policies ask for.
        clock: the present.
    """

    def __init__(self, instruments: Callable[[], Instruments], clock: Clock) -> None:
        self._instruments = instruments
        self._clock = clock

    def choose_store_credit(self, case: Case, order: Order) -> Tender | None:
        """Store credit, once an order: it is used, or there is none; where the order has some, the shopper chose.

        What left no trace is asked for once more, and what was refused for the order's or the store's sake again.
        """
        uses = [attempt for attempt in case.charge.attempts if attempt.is_store_credit]
        is_refused = any(use.outcome is State.DECLINED and use.retry_at is None for use in uses)
        traceless = sum(use.outcome is State.FAILED for use in uses)
        is_tried = case.charge.has_used_store_credit or is_refused or traceless > 1
        wanted = case.policy.store_credit is StoreCreditUse.FIRST and not is_tried and not order.store_credit
        return STORE_CREDIT if wanted else None

    def choose_instrument(self, case: Case, methods: tuple[PaymentMethod, ...]) -> Tender | None:
        """The default instrument, else another where the policy lets it; None where none can be tried now."""
        now, last = self._clock(), case.charge.last_attempt
        waits = last is not None and decides(last.code, Decision.READ_AGAIN) and last.retry_at and now < last.retry_at
        if waits:
            return None  # the order was refused, whatever is charged: no other instrument can mend that
        offers = list_offers(methods, refused=refused_instruments(case.charge, now), now=now)
        choice = next((offer for offer in offers if offer.instrument.is_default), None)
        if choice is None and offers and case.policy.instrument is not InstrumentChoice.DEFAULT:
            choice = self._choose_other(case, offers)
        return make_tender(choice, case.policy) if choice is not None else None

    def _choose_other(self, case: Case, offers: list[Choice]) -> Choice:
        if case.policy.instrument is InstrumentChoice.ANY or len(offers) == 1:
            return offers[0]
        held = self._instruments().read(case.charge.store_hash, case.charge.customer_id)
        return find_newest(offers, held.instruments)
