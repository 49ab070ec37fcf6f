"""Forgetting a customer: every trace of personal data leaves; the ledger keeps amounts and outcomes."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import ConflictError
from bigcharge.domain.forgetting import ForgottenCustomer, forget

_TRIES: Final = 5  # a worker changes a charge some three times a second at most, and then leaves it


class CustomerCharges(Protocol):
    """The charges of one customer's orders."""

    def list_of_customer(self, store_hash: str, customer_id: int) -> Iterator[int]:
        """Every order of the customer; it may miss those of the last moments."""

    def read_charges(self, store_hash: str, order_ids: Iterable[int]) -> Mapping[int, Charge]:
        """The charges of those that the ledger knows, by order id, as they are now."""

    def save(self, charge: Charge) -> Charge:
        """Save it if the version that was read still stands, else ConflictError."""


class CustomerItems(Protocol):
    """What the instruments table holds of one customer."""

    def forget_customer(self, mark: ForgottenCustomer) -> int:
        """Delete everything but the mark; how many instruments that was."""

    def count_instruments(self, store_hash: str, customer_id: int) -> int:
        """How many that would be."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten of a customer, or would be.

    Attributes:
        instruments: how many.
        charges: as they were.
    """

    instruments: int
    charges: tuple[Charge, ...]


class Forgetting:
    """Forgets one customer at a time. Safe to repeat: what came in meanwhile is forgotten as well."""

    def __init__(self, ledger: CustomerCharges, table: CustomerItems) -> None:
        self._ledger = ledger
        self._table = table

    def plan(self, store_hash: str, customer_id: int) -> Forgotten:
        """What there is to be forgotten now; nothing is changed."""
        return Forgotten(
            self._table.count_instruments(store_hash, customer_id), tuple(self._find_charges(store_hash, customer_id))
        )

    def forget(self, mark: ForgottenCustomer) -> Forgotten:
        """Forget the customer. A run that was cut short is completed by the next.

        Raises:
            ConflictError: others kept changing a charge; what was forgotten before stays so.
        """
        instruments = self._table.forget_customer(mark)
        charges = tuple(self._find_charges(mark.store_hash, mark.customer_id))
        for charge in charges:
            self._forget_charge(charge, mark)
        return Forgotten(instruments, charges)

    def _find_charges(self, store_hash: str, customer_id: int) -> Iterator[Charge]:
        """The index may still show what was forgotten a moment ago."""
        orders = list(self._ledger.list_of_customer(store_hash, customer_id))
        charges = self._ledger.read_charges(store_hash, orders)
        yield from (charges[order] for order in orders if charges[order].customer_id == customer_id)

    def _forget_charge(self, charge: Charge, mark: ForgottenCustomer) -> None:
        for _ in range(_TRIES):
            with suppress(ConflictError):
                self._ledger.save(forget(charge, max(mark.at, charge.updated_at)))
                return
            charge = self._ledger.read_charges(charge.store_hash, [charge.order_id])[charge.order_id]
        raise ConflictError(f"order {charge.order_id} is changed all the time: forget the customer again in a minute")
