"""What an order's transactions say of one payment: which of them are its own, and what became of it (design, law 3)."""

from datetime import timedelta
from typing import Any, Final

from bigcharge.domain.charges import Charge
from bigcharge.domain.orders import Order, OrderStatus, Transaction, TransactionEvent
from bigcharge.domain.states import State

_MONEY_TAKEN: Final = frozenset({TransactionEvent.PURCHASE, TransactionEvent.CAPTURE, TransactionEvent.SETTLED})
_CLOCKS_APART: Final = timedelta(minutes=1)  # BigCommerce's may be behind ours
_OF_SETTLEMENT: Final = frozenset({TransactionEvent.PENDING, TransactionEvent.SETTLED})


def list_own(charge: Charge, transactions: tuple[Transaction, ...]) -> list[Transaction]:
    """Those that can be of the charge's payment."""
    return [transaction for transaction in transactions if _is_of(charge, transaction)]


def find_trace(order: Order, transactions: list[Transaction]) -> tuple[State, Transaction] | None:
    """What the transactions of a payment say of it, and which of them says so."""

    def done(*events: TransactionEvent) -> list[Transaction]:
        return [transaction for transaction in transactions if transaction.ok and transaction.event in events]

    taken, pending = done(*_MONEY_TAKEN), done(TransactionEvent.PENDING)
    authorized, voided = done(TransactionEvent.AUTHORIZATION), done(TransactionEvent.VOID)
    if taken:
        return State.PAID, taken[-1]
    if len(authorized) > len(voided):  # a void ends the authorization before it, not one that came after
        return State.AUTHORIZED, authorized[-1]
    if voided and order.status != OrderStatus.INCOMPLETE:
        return State.CANCELED, voided[-1]
    return (State.PENDING, pending[-1]) if pending else None


def payment_of_another_amount(transactions: tuple[Transaction, ...]) -> dict[str, Any]:
    """The one payment of an order that was paid with another amount than ours: the shopper paid it meanwhile."""
    done = [one for one in transactions if one.ok and not one.is_credit]
    taken = [one for one in done if one.event in _MONEY_TAKEN and one.money is not None]
    return {"transaction_id": taken[0].transaction_id, "money": taken[0].money} if len(taken) == 1 else {}


def has_failed(order: Order, transactions: list[Transaction]) -> bool:
    """A failed purchase is an earlier attempt's; what the bank did not settle is this one."""
    unsettled = (transaction.failed and transaction.event in _OF_SETTLEMENT for transaction in transactions)
    return order.status == OrderStatus.DECLINED or any(unsettled)


def _is_of(charge: Charge, transaction: Transaction) -> bool:
    """Whether it can be this payment: another amount is another's."""
    fits = transaction.money is None or charge.money is None or transaction.money == charge.money
    return fits and not transaction.is_credit and not _is_of_earlier_attempt(charge, transaction)


def _is_of_earlier_attempt(charge: Charge, transaction: Transaction) -> bool:
    """Whether it only says that an attempt before the newest was held, given up or refused.

    Money that was taken counts, whichever attempt took it.
    """
    has_taken = transaction.ok and transaction.event in _MONEY_TAKEN
    if has_taken or transaction.created_at is None or len(charge.attempts) <= 1:
        return False
    return transaction.created_at < charge.attempts[-1].sent_at - _CLOCKS_APART
