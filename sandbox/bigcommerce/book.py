"""The gateway's book: what was really charged, whatever anybody was told. It is the judge of every test and demo."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

CHARGES: Final = frozenset({"purchase", "authorization", "pending"})
_UNDONE_BY: Final = frozenset({"void", "failed"})


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One line of the book.

    Attributes:
        number: its place in the book, from 1.
        kind: "purchase", "authorization" and "pending" take money from the shopper; "capture" and "settled" complete
            the latter two; "void" and "failed" undo them; "refund" gives back; "store_credit" and
            "gift_certificate" cover a part without the gateway.
        amount: minor units.
        token_fingerprint: of the stored instrument; empty for others.
        transaction_id: the id in the order's transactions; 0 where BigCommerce has not recorded the charge.
        payment_id: the id that Process Payment answered; empty where nobody asked over HTTP.
        by: "api" (a payment request), "shopper" (the storefront) or "control" (gateway and control panel).
        charge: the number of the line that this one completes, undoes or refunds; its own for a charge.
    """

    number: int
    at: datetime
    store_hash: str
    order_id: int
    kind: str
    amount: int
    currency: str
    token_fingerprint: str
    transaction_id: int
    payment_id: str
    by: str
    charge: int


type OrderKey = tuple[str, int]


def live_charges(book: Iterable[BookEntry]) -> dict[OrderKey, list[BookEntry]]:
    """The charges that stand, by store and order: purchases, authorizations and pending ones not voided or failed."""
    charges: dict[OrderKey, dict[int, BookEntry]] = defaultdict(dict)
    for entry in book:
        key = (entry.store_hash, entry.order_id)
        if entry.kind in CHARGES:
            charges[key][entry.number] = entry
        elif entry.kind in _UNDONE_BY:
            charges[key].pop(entry.charge, None)
    return {key: list(standing.values()) for key, standing in charges.items() if standing}


def charged_twice(book: Iterable[BookEntry]) -> dict[OrderKey, list[BookEntry]]:
    """The orders on which more than one charge stands."""
    return {key: charges for key, charges in live_charges(book).items() if len(charges) > 1}
