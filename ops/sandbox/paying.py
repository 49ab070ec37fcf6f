"""`bigcharge sandbox pay | settle | capture | void | refund | record`: payments of a running box, outside the API."""

from typing import Annotated

import typer

from ops.errors import FAILED, CommandError
from ops.sandbox.asking import LOOPBACK, Store, Url, act

Order = Annotated[int, typer.Argument(help="Number of the order.")]


def pay(order: Order, url: Url = LOOPBACK, store: Store = None) -> None:
    """Pay an order as the shopper would, at the storefront."""
    if not act(url, "pay_as_shopper", order_id=order, store_hash=store):
        raise CommandError(f"order {order} is not Incomplete: the storefront does not take it", FAILED)


def settle(
    order: Order,
    failed: Annotated[bool, typer.Option("--failed", help="It comes to nothing.")] = False,  # noqa: FBT002 - a flag
    url: Url = LOOPBACK,
    store: Store = None,
) -> None:
    """Let a pending payment of a bank account come to its end."""
    act(url, "settle_pending", order_id=order, failed=failed, store_hash=store)


def capture(order: Order, url: Url = LOOPBACK, store: Store = None) -> None:
    """Capture an authorized payment, as in the control panel."""
    act(url, "capture", order_id=order, store_hash=store)


def void(order: Order, url: Url = LOOPBACK, store: Store = None) -> None:
    """Give an authorized payment up."""
    act(url, "void", order_id=order, store_hash=store)


def refund(
    order: Order, amount: Annotated[int, typer.Argument(help="Minor units.")], url: Url = LOOPBACK, store: Store = None
) -> None:
    """Give money back, as in the control panel."""
    act(url, "refund", order_id=order, amount=amount, store_hash=store)


def record(order: Order, url: Url = LOOPBACK, store: Store = None) -> None:
    """Let BigCommerce hear of charges that it had missed (`answer payments --unrecorded`)."""
    print(f"{act(url, 'record_charges', order_id=order, store_hash=store)} recorded")
