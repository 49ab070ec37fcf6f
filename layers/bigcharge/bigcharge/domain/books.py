"""Comparing the books: what BigCommerce says of an order's money, and what the ledger says."""

from enum import StrEnum
from typing import Final

from bigcharge.domain.charges import Charge
from bigcharge.domain.orders import PAID_STATUSES, Order, OrderStatus, Transaction, TransactionEvent
from bigcharge.domain.states import State

CAUSE: Final = "books"
"""The cause of a message that asks to compare the books of one order."""

_PAYMENTS: Final = frozenset({TransactionEvent.PURCHASE, TransactionEvent.CAPTURE, TransactionEvent.SETTLED})
_RETURNS: Final = frozenset({TransactionEvent.REFUND, TransactionEvent.VOID})
_UNPAID: Final = frozenset(
    {
        OrderStatus.INCOMPLETE,
        OrderStatus.PENDING,
        OrderStatus.AWAITING_PAYMENT,
        OrderStatus.CANCELLED,
        OrderStatus.DECLINED,
    }
)
_WITHOUT_MONEY: Final = frozenset({State.FAILED, State.CANCELED, State.DECLINED})


class Difference(StrEnum):
    """How BigCommerce's books and the ledger can differ on one order."""

    PAID_TWICE = "paid_twice"
    PAID_BUT_INCOMPLETE = "paid_but_incomplete"
    PAID_ONLY_IN_LEDGER = "paid_only_in_ledger"
    PAID_ONLY_IN_BIGCOMMERCE = "paid_only_in_bigcommerce"
    AMOUNTS_DIFFER = "amounts_differ"


def compare(charge: Charge, order: Order, transactions: tuple[Transaction, ...]) -> Difference | None:
    """How the books of one order differ; None where they agree.

    Args:
        charge: settled: nothing of it is on its way.
        order: as it is now.
        transactions: as they are shown now, late enough that they do not lag behind any more.
    """
    payments = _standing_payments(transactions)
    if len(payments) > 1:
        return Difference.PAID_TWICE
    if charge.state in _WITHOUT_MONEY:
        is_paid = bool(payments) or order.status in PAID_STATUSES
        return Difference.PAID_ONLY_IN_BIGCOMMERCE if is_paid else None
    if charge.state is not State.PAID:
        return None
    if order.status in _UNPAID:
        is_repairable = bool(payments) and order.status == OrderStatus.INCOMPLETE
        return Difference.PAID_BUT_INCOMPLETE if is_repairable else Difference.PAID_ONLY_IN_LEDGER
    return Difference.AMOUNTS_DIFFER if _amounts_differ(charge, order, payments) else None


def seem_different(charge: Charge, order: Order) -> bool:
    """Whether the order's status and amount alone are reason enough to compare the books of the order."""
    if charge.state is State.PAID:
        return order.status in _UNPAID or (not charge.has_used_store_credit and order.owed != charge.money)
    unsettled = charge.state in {*_WITHOUT_MONEY, State.CLAIMED, State.SUBMITTING, State.UNKNOWN, State.PENDING}
    return unsettled and order.status in PAID_STATUSES


def _standing_payments(transactions: tuple[Transaction, ...]) -> list[Transaction]:
    """Payments of instruments, less those that were given back whole."""
    done = [transaction for transaction in transactions if transaction.ok and not transaction.is_credit]
    standing = [one for one in done if one.event in _PAYMENTS]
    for returned in (one.money for one in done if one.event in _RETURNS):
        match = next((one for one in standing if one.money == returned), None)
        if match is not None and len(standing) > 1:
            standing.remove(match)
    return standing


def _amounts_differ(charge: Charge, order: Order, payments: list[Transaction]) -> bool:
    if charge.has_used_store_credit and charge.last_attempt is not None and charge.last_attempt.is_store_credit:
        return False  # all of it was store credit: no payment of an instrument to compare
    amounts = {charge.money, order.owed, *(payment.money for payment in payments)} - {None}
    return len(amounts) > 1
