"""What an order's transactions show of its money, in minor units; store credit and gift certificates apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bigcharge.domain.orders import Transaction, TransactionEvent

_UNREADABLE: Final = 1  # an amount that cannot be read is some money all the same


@dataclass(frozen=True, slots=True)
class ShownMoney:
    """The sums of an order's transactions.

    Attributes:
        payments: how many payments were taken.
        paid: what was taken.
        returned: what of it was given back.
        held: what authorizations hold, neither captured nor voided.
        coming: what a bank has accepted and neither settled nor refused.
        is_captured: whether anything was captured.
    """

    payments: int
    paid: int
    returned: int
    held: int
    coming: int
    is_captured: bool

    @property
    def is_any(self) -> bool:
        """Whether money is taken, held or coming: then nothing more is charged, and the order is not closed."""
        return self.paid > self.returned or self.held > 0 or self.coming > 0

    @property
    def is_given_back(self) -> bool:
        """Whether all that was taken was given back."""
        return 0 < self.paid <= self.returned


def add_up(transactions: Iterable[Transaction]) -> ShownMoney:
    """Add up what the transactions show."""
    told = [one for one in transactions if not one.is_credit]
    done = [one for one in told if one.ok]
    settled, pending = _only(done, TransactionEvent.SETTLED), _only(done, TransactionEvent.PENDING)
    purchases = _only(done, TransactionEvent.PURCHASE)
    settlements = _list_settlements(settled, pending, purchases)
    captures = _only(done, TransactionEvent.CAPTURE)
    authorized = _sum(_only(done, TransactionEvent.AUTHORIZATION)) - _sum(captures)
    voided = _sum(_only(done, TransactionEvent.VOID))
    refused = _sum(one for one in _only(told, TransactionEvent.SETTLED) if one.failed)
    return ShownMoney(
        payments=len(purchases) + len(captures) + len(settlements),
        paid=_sum(purchases) + _sum(captures) + _sum(settlements),
        # A void first ends what was only held.
        returned=_sum(_only(done, TransactionEvent.REFUND)) + max(0, voided - max(0, authorized)),
        held=max(0, authorized - voided),
        coming=max(0, _sum(pending) - _sum(settled) - refused),
        is_captured=bool(captures),
    )


def _only(transactions: Iterable[Transaction], event: TransactionEvent) -> list[Transaction]:
    return [one for one in transactions if one.event == event]


def _list_settlements(
    settled: list[Transaction], pending: list[Transaction], purchases: list[Transaction]
) -> list[Transaction]:
    """Those that are payments of their own: some gateways write a purchase first, and its settlement later."""
    waiting, bought = list(pending), list(purchases)
    return [one for one in settled if _take(waiting, one) or not _take(bought, one)]


def _take(begun: list[Transaction], one: Transaction) -> bool:
    """Take out what it may have followed, of the same amount, else any; whether there was such a one."""
    found = next((other for other in begun if other.money == one.money), begun[0] if begun else None)
    if found is not None:
        begun.remove(found)
    return found is not None


def _sum(transactions: Iterable[Transaction]) -> int:
    return sum(one.money.amount if one.money is not None else _UNREADABLE for one in transactions)
