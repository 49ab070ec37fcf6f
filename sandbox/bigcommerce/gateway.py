"""The invented gateway: takes money, writes the order's transactions and its own book. The book never lies."""

from dataclasses import dataclass, replace

from sandbox.bigcommerce.book import CHARGES, BookEntry
from sandbox.bigcommerce.records import Kind, Order, PaymentMethod, Transaction, fingerprint
from sandbox.bigcommerce.state import Shop, State
from sandbox.bigcommerce.statuses import AWAITING_FULFILLMENT, INCOMPLETE, PENDING

_TRANSACTION_METHODS = {Kind.CARD: "credit_card", Kind.PAYPAL_ACCOUNT: "electronic_wallet", Kind.BANK_ACCOUNT: "token"}


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge to make.

    Attributes:
        by: "api", "shopper" or "control", as the book says it.
        payment_id: what Process Payment answers.
        instrument_token: of a stored instrument; empty for others.
    """

    method: PaymentMethod
    by: str
    payment_id: str = ""
    instrument_token: str = ""

    @property
    def event(self) -> str:
        """The transaction's event."""
        if self.method.settles_later:
            return "pending"
        return "authorization" if self.method.authorize_only else "purchase"


def is_payable(shop: Shop, order: Order) -> bool:
    """Whether a payment is accepted: an Incomplete order, or the rest of one that store credit covered in part.

    Orders of the control panel are not, whatever their status ("will return this error", the document's 30101).
    """
    if order.order_source == "manual":
        return False
    covered = order.store_credit_amount + order.gift_certificate_amount > 0
    return order.status_id == INCOMPLETE or (order.status_id == PENDING and covered and not _has_charge(shop, order))


def take(state: State, shop: Shop, order: Order, charge: Charge, *, recorded: bool = True) -> None:
    """Charge what the order owes: the book, and, where BigCommerce hears of it, transaction and status."""
    transaction = new_transaction(state, order, charge, charge.event)
    number = enter(state, shop, transaction, charge)
    if recorded:
        record(state, shop, transaction, charge.method, number)
    else:
        state.unrecorded.append((shop.store.store_hash, transaction, charge.method, number))


def record(state: State, shop: Shop, transaction: Transaction, method: PaymentMethod, number: int) -> None:
    """BigCommerce hears of a charge: the transaction, then the status of the order as it is now.

    Args:
        state: the box's.
        shop: the order's.
        transaction: without its id.
        method: what charged.
        number: the charge's line in the book.
    """
    kept = state.add_transaction(shop, transaction)
    state.book[number - 1] = replace(state.book[number - 1], transaction_id=kept.transaction_id)
    status = method.pending_status_id if method.settles_later else AWAITING_FULFILLMENT
    provider_id = kept.gateway_transaction_id
    order = shop.orders[transaction.order_id]
    state.change_order(shop, order, status_id=status, payment_method=method.name, payment_provider_id=provider_id)


def cover(state: State, shop: Shop, order: Order, amount: int, charge: Charge) -> None:
    """Cover a part of the order with store credit or a gift certificate; it stays Pending until the rest is paid."""
    kind = charge.method.method_id.partition(".")[2]
    draft = new_transaction(state, order, charge, "purchase")
    draft = replace(draft, amount=amount, method=kind, gateway=kind.replace("_", ""))
    kept = state.add_transaction(shop, draft)
    enter(state, shop, kept, charge, kind=kind)
    status = AWAITING_FULFILLMENT if amount == order.owed else PENDING
    column = f"{kind}_amount"
    state.change_order(shop, order, status_id=status, **{column: getattr(order, column) + amount})


def enter(
    state: State, shop: Shop, transaction: Transaction, charge: Charge, *, kind: str = "", follows: int | None = None
) -> int:
    """Write a line of the book.

    Args:
        state: the box's.
        shop: the order's.
        transaction: what happened.
        charge: by whom and with what.
        kind: the book's word, where it is not the transaction's event.
        follows: the number of the charge that this completes, undoes or refunds.

    Returns:
        The line's number.
    """
    number = len(state.book) + 1
    entry = BookEntry(
        number=number,
        at=state.clock(),
        store_hash=shop.store.store_hash,
        order_id=transaction.order_id,
        kind=kind or transaction.event,
        amount=transaction.amount,
        currency=transaction.currency,
        token_fingerprint=fingerprint(charge.instrument_token) if charge.instrument_token else "",
        transaction_id=transaction.transaction_id,
        payment_id=charge.payment_id,
        by=charge.by,
        charge=follows or number,
    )
    state.book.append(entry)
    return number


def new_transaction(state: State, order: Order, charge: Charge, event: str) -> Transaction:
    """A transaction for all that the order owes, still without an id."""
    return Transaction(
        transaction_id=0,
        order_id=order.order_id,
        event=event,
        method=_TRANSACTION_METHODS[charge.method.kind],
        amount=order.owed,
        currency=order.currency,
        gateway=charge.method.gateway,
        gateway_transaction_id=f"gw_{state.random.getrandbits(80):020x}",
        created_at=state.clock(),
        test=charge.method.test_mode,
        method_id=charge.method.method_id,
        instrument_token=charge.instrument_token,
    )


def _has_charge(shop: Shop, order: Order) -> bool:
    gateway_charges = (
        entry
        for entry in shop.transactions.get(order.order_id, [])
        if entry.ok and entry.event in CHARGES and entry.method in _TRANSACTION_METHODS.values()
    )
    return next(gateway_charges, None) is not None
