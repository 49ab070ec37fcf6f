"""Reading the gateway's book: what of an order's money stands."""

from collections.abc import Iterable
from typing import Final

from sandbox.bigcommerce.book import CHARGES, BookEntry

type OrderKey = tuple[str, int]

_CREDITS: Final = frozenset({"store_credit", "gift_certificate"})
_UNDONE_BY: Final = frozenset({"void", "failed"})


def lines_of(book: Iterable[BookEntry], key: OrderKey) -> list[BookEntry]:
    """Everything that the book has of an order."""
    return [entry for entry in book if (entry.store_hash, entry.order_id) == key]


def standing(book: Iterable[BookEntry], key: OrderKey) -> list[BookEntry]:
    """The charges of an order that stand, store credit with them."""
    lines = lines_of(book, key)
    undone = {entry.charge for entry in lines if entry.kind in _UNDONE_BY}
    return [entry for entry in lines if entry.kind in CHARGES | _CREDITS and entry.number not in undone]


def is_taken(book: Iterable[BookEntry], charge: BookEntry) -> bool:
    """Whether a charge that stands has really taken money, and is neither held nor on its way from a bank."""
    completed = {entry.charge for entry in book if entry.kind in {"capture", "settled"}}
    return charge.kind not in {"authorization", "pending"} or charge.number in completed
