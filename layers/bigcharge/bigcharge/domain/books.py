"""Comparing the books: what BigCommerce says of an order's money, and what the ledger says."""

from enum import StrEnum
from typing import Final

from bigcharge.domain.charges import Charge
from bigcharge.domain.orders import PAID_STATUSES, Order, OrderStatus, Transaction
from bigcharge.domain.shown_money import ShownMoney, add_up
from bigcharge.domain.states import State

CAUSE: Final = "books"
"""The cause of a message that asks to compare the books of one order."""

_CLOSED: Final = frozenset({OrderStatus.CANCELLED, OrderStatus.DECLINED})
_UNPAID: Final = _CLOSED | {OrderStatus.INCOMPLETE, OrderStatus.PENDING, OrderStatus.AWAITING_PAYMENT}
_WITHOUT_MONEY: Final = frozenset({State.FAILED, State.CANCELED, State.DECLINED})
_UNSETTLED: Final = _WITHOUT_MONEY | {State.CLAIMED, State.SUBMITTING, State.UNKNOWN, State.PENDING}


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
    shown = add_up(transactions)
    made, taken = shown.payments + bool(shown.held), shown.paid - shown.returned + shown.held
    if made > 1 and taken > _most(charge, order):
        return Difference.PAID_TWICE
    if charge.state in _WITHOUT_MONEY:
        paid = shown.is_any or charge.has_used_store_credit or order.status in PAID_STATUSES
        return Difference.PAID_ONLY_IN_BIGCOMMERCE if paid else None
    if charge.state is State.AUTHORIZED:
        is_gone = not shown.held and order.status in _UNPAID and bool(transactions)
        return Difference.PAID_ONLY_IN_LEDGER if is_gone else _compare_authorization(charge, order)
    is_told = any(not one.is_credit for one in transactions)
    return _compare_payment(charge, order, shown, is_told=is_told) if charge.state is State.PAID else None


def seem_different(charge: Charge, order: Order) -> bool:
    """Whether the order, as a list shows it, is reason enough to compare its books, which takes two more calls.

    Of its money it shows the status and the amount; a payment, or a refund, may change nothing but its time.
    """
    if charge.attempts and charge.due_at is None and charge.state is not State.REFUNDED and _is_newer(order, charge):
        return True
    if charge.state is State.PAID:
        gone = _UNPAID | {OrderStatus.REFUNDED}
        return order.status in gone or (not charge.has_used_store_credit and order.owed != charge.money)
    if charge.state is State.AUTHORIZED:
        return _compare_authorization(charge, order) is not None
    if charge.state is State.PAID_ELSEWHERE:
        return order.status == OrderStatus.REFUNDED
    return charge.state in _UNSETTLED and order.status in PAID_STATUSES


def _is_newer(order: Order, charge: Charge) -> bool:
    return order.modified_at is None or order.modified_at > charge.updated_at


def _most(charge: Charge, order: Order) -> int:
    """The most that the order can rightly have cost."""
    return max((money.amount for money in (charge.money, order.owed) if money is not None), default=0)


def _compare_authorization(charge: Charge, order: Order) -> Difference | None:
    if order.status in _CLOSED:
        return Difference.PAID_ONLY_IN_LEDGER
    return Difference.AMOUNTS_DIFFER if order.owed != charge.money else None


def _compare_payment(charge: Charge, order: Order, shown: ShownMoney, *, is_told: bool) -> Difference | None:
    if order.status in _UNPAID:
        is_repairable = shown.paid > shown.returned and order.status == OrderStatus.INCOMPLETE
        return Difference.PAID_BUT_INCOMPLETE if is_repairable else Difference.PAID_ONLY_IN_LEDGER
    if is_told and not shown.payments and not shown.coming:
        return Difference.PAID_ONLY_IN_LEDGER  # it is held only, and will not be captured by itself; or it failed
    return Difference.AMOUNTS_DIFFER if _amounts_differ(charge, order, shown) else None


def _amounts_differ(charge: Charge, order: Order, shown: ShownMoney) -> bool:
    """Whether what was charged and what the order shows is neither what was paid nor what is left of it."""
    if charge.last_attempt is not None and charge.last_attempt.is_store_credit:
        return False  # no instrument paid anything
    if charge.money is None or order.owed is None:
        return False
    if not shown.payments:  # some gateways write no transactions
        return charge.money != order.owed
    return not {charge.money.amount, order.owed.amount} <= {shown.paid, shown.paid - shown.returned}
