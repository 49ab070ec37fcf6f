"""What happens to a payment afterwards: settled, captured, voided, refunded, heard of late."""

from dataclasses import replace
from http import HTTPStatus

from sandbox.bigcommerce import gateway
from sandbox.bigcommerce.book import CHARGES
from sandbox.bigcommerce.errors import Refusal
from sandbox.bigcommerce.gateway import Charge
from sandbox.bigcommerce.records import Order, PaymentMethod, Transaction
from sandbox.bigcommerce.state import Shop, State
from sandbox.bigcommerce.statuses import AWAITING_FULFILLMENT, CANCELLED, DECLINED, PARTIALLY_REFUNDED, REFUNDED

_UNKNOWN_METHOD = PaymentMethod("gateway.card", "Gateway")


def capture(state: State, shop: Shop, order: Order, *, by: str) -> None:
    """Take the money that an authorization holds.

    Raises:
        Refusal: 422, no authorization stands.
    """
    _follow(state, shop, _standing(shop, order, "authorization"), "capture", by=by)
    state.change_order(shop, order)


def void(state: State, shop: Shop, order: Order, *, by: str) -> None:
    """Give up an authorization. The order becomes Cancelled; BigCommerce does not say what it becomes.

    Raises:
        Refusal: 422, no authorization stands.
    """
    _follow(state, shop, _standing(shop, order, "authorization"), "void", by=by)
    state.change_order(shop, order, status_id=CANCELLED)


def settle(state: State, shop: Shop, order: Order, *, failed: bool) -> None:
    """Let a pending payment come to its end: settled (order to 11), or failed (order to 6; undocumented, our choice).

    Raises:
        Refusal: 422, nothing is pending.
    """
    pending = _standing(shop, order, "pending")
    _follow(state, shop, pending, "settled", by="control", kind="failed" if failed else "settled", ok=not failed)
    data: dict[str, object] = {
        "type": "order_transaction",
        "transaction_id": pending.transaction_id,
        "order_id": order.order_id,
    }
    state.emit(shop, "store/order/transaction/updated", data)
    state.change_order(shop, order, status_id=DECLINED if failed else AWAITING_FULFILLMENT)


def refund(state: State, shop: Shop, order: Order, amount: int, *, by: str) -> int:
    """Give back (a part of) what was charged.

    Returns:
        The refund's id.

    Raises:
        Refusal: 422, nothing was charged or less than that.
    """
    refunded = order.refunded + amount
    if refunded > order.total:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "The refund is more than what was paid.")
    _follow(state, shop, _standing(shop, order, "purchase", "capture", "settled"), "refund", by=by, amount=amount)
    refund_id = shop.next_id("refund")
    data: dict[str, object] = {"type": "order", "id": order.order_id, "refund": {"refund_id": refund_id}}
    state.emit(shop, "store/order/refund/created", data)
    status = REFUNDED if refunded == order.total else PARTIALLY_REFUNDED
    state.change_order(shop, order, status_id=status, refunded=refunded)
    return refund_id


def record_charges(state: State, store_hash: str, order_id: int) -> int:
    """BigCommerce hears of the charges that it had missed (see `Answer.unrecorded`).

    Returns:
        How many there were.
    """
    missed = [entry for entry in state.unrecorded if (entry[0], entry[1].order_id) == (store_hash, order_id)]
    for entry in missed:
        state.unrecorded.remove(entry)
        _, transaction, method, number = entry
        gateway.record(state, state.shops[store_hash], transaction, method, number)
    return len(missed)


def _follow(  # noqa: PLR0913 - what a following transaction differs in, by name
    state: State,
    shop: Shop,
    original: Transaction,
    event: str,
    *,
    by: str,
    kind: str = "",
    ok: bool = True,
    amount: int | None = None,
) -> None:
    draft = replace(
        original,
        event=event,
        amount=original.amount if amount is None else amount,
        created_at=state.clock(),
        ok=ok,
        reference_id=original.transaction_id,
    )
    kept = state.add_transaction(shop, draft)
    method = shop.methods.get(original.method_id, _UNKNOWN_METHOD)
    charge = Charge(method, by, instrument_token=original.instrument_token)
    line = _line_of(state, shop, original)
    gateway.enter(state, shop, kept, charge, kind=kind, follows=line)


def _line_of(state: State, shop: Shop, transaction: Transaction) -> int:
    key = (shop.store.store_hash, transaction.transaction_id)
    return next(line.charge for line in state.book if (line.store_hash, line.transaction_id) == key)


def _standing(shop: Shop, order: Order, *events: str) -> Transaction:
    """The order's last transaction of these events that nothing has completed or undone yet."""
    entries = shop.transactions.get(order.order_id, [])
    done = {entry.reference_id for entry in entries if entry.ok or entry.event == "settled"}
    standing = [
        entry
        for entry in entries
        if entry.ok
        and entry.event in events
        and (entry.event not in CHARGES - {"purchase"} or entry.transaction_id not in done)
    ]
    if not standing:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"The order has no payment in this state: {', '.join(events)}.")
    return standing[-1]
