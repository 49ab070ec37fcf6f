"""Writing down what BigCommerce shows of an order's money: it settles what is open, and is not charged again."""

from bigcharge.domain.charges import Charge, move
from bigcharge.domain.concluding import next_look
from bigcharge.domain.orders import Order
from bigcharge.domain.settling import recognize, settle
from bigcharge.domain.states import State
from bigcharge.services.charging import Case, HoldError
from bigcharge.services.following import find_order
from bigcharge.services.ports import Clock, Ledger


class Settling:
    """Reads one order at a time, and sends nothing."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def finish_with_store_credit(self, case: Case) -> Charge:
        """The customer's store credit has paid all of the order."""
        now = self._clock()
        due_at = next_look(State.PAID, case.policy, now)
        paid = move(case.charge, State.PAID, now, reason="paid_with_store_credit", due_at=due_at)
        return self._ledger.save(paid)

    def find_held(self, case: Case, order: Order) -> Charge | None:
        """Of an order that left Incomplete the money may only be held, by us too: it is captured as the policy says.

        Returns:
            The charge as authorized; None where the order is simply paid.
        """
        if not case.charge.attempts:
            return None
        transactions = case.bigcommerce.get_transactions(order.order_id)
        found = recognize(case.charge, order, transactions, case.policy, self._clock())
        return self._ledger.save(found) if found is not None and found.state is State.AUTHORIZED else None

    def recognize(self, case: Case, order: Order) -> Charge | None:
        """Before another attempt: a payment that came to light late, or that the shopper made, is not made again.

        Raises:
            HoldError: store credit has paid a part, and the order does not show it yet: it would be charged whole.
        """
        transactions = case.bigcommerce.get_transactions(order.order_id)
        recognized = recognize(case.charge, order, transactions, case.policy, self._clock())
        if recognized is not None:
            return self._ledger.save(recognized)
        if case.charge.has_used_store_credit and not order.store_credit:
            raise HoldError("store_credit_not_shown")
        return None

    def settle(self, case: Case) -> Charge:
        """Find out what became of a payment; raises `BigCommerceError` where BigCommerce cannot be read."""
        transactions = case.bigcommerce.get_transactions(case.charge.order_id)
        order = find_order(case.bigcommerce, case.charge.order_id)
        changed = settle(case.charge, order, transactions, case.policy, self._clock())
        return case.charge if changed is case.charge else self._ledger.save(changed)
