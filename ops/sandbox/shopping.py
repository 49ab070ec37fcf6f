"""`bigcharge sandbox customers | cards | orders`: what is in the stores of a running box."""

from enum import StrEnum
from typing import Annotated

import typer

from ops.errors import FAILED, CommandError
from ops.printing import AsJson
from ops.sandbox.asking import LOOPBACK, Store, Url, act, report, show, show_table

customers = typer.Typer(help="Customers of a running box.", no_args_is_help=False)
cards = typer.Typer(help="Stored cards and accounts of a running box.")
orders = typer.Typer(help="Orders of a running box.")


class Kind(StrEnum):
    """Kinds of instrument, as the box names them."""

    CARD = "card"
    PAYPAL_ACCOUNT = "paypal_account"
    BANK_ACCOUNT = "bank_account"


Customer = Annotated[int, typer.Option("--customer", min=0, help="0 is a guest.")]
Token = Annotated[str, typer.Argument(help="The token, or as much of its beginning as no other has.")]


@customers.command("create")
def create_customer(
    email: Annotated[str, typer.Option()] = "shopper@example.com",
    store_credit: Annotated[int, typer.Option(min=0, help="Minor units.")] = 0,
    url: Url = LOOPBACK,
    store: Store = None,
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Make a customer."""
    made = act(url, "customers", email=email, store_credit=store_credit, store_hash=store)
    report(made, f"customer {made['customer_id']}", as_json=as_json)


@customers.command("list")
def list_customers(url: Url = LOOPBACK, store: Store = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """List the customers."""
    columns = ("customer_id", "store_credit", "email")
    show_table(url, "customers", columns, store=store, as_json=as_json, empty="no customers")


@customers.command("delete")
def delete_customer(customer: int, url: Url = LOOPBACK, store: Store = None) -> None:
    """Delete a customer with everything stored for it."""
    act(url, "delete_customer", customer_id=customer, store_hash=store)


@cards.command("create")
def create_card(  # noqa: PLR0913, PLR0917 - one parameter for each option
    customer: Annotated[int, typer.Option("--customer", min=1)],
    kind: Kind = Kind.CARD,
    behaviour: Annotated[int, typer.Option(help="0 is approved, else the code that each payment gets.")] = 0,
    default: Annotated[bool, typer.Option("--default", help="Make it the default.")] = False,  # noqa: FBT002 - a flag
    brand: str | None = None,
    last_4: Annotated[str | None, typer.Option("--last-4")] = None,
    expiry_month: Annotated[int | None, typer.Option(min=1, max=12)] = None,
    expiry_year: Annotated[int | None, typer.Option(min=1000, max=9999)] = None,
    url: Url = LOOPBACK,
    store: Store = None,
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Store a card or an account for a customer; the first one is the default."""
    made = act(
        url,
        "instruments",
        customer_id=customer,
        kind=kind.value,
        behaviour=behaviour,
        default=default,
        brand=brand,
        last_4=last_4,
        expiry_month=expiry_month,
        expiry_year=expiry_year,
        store_hash=store,
    )
    report(made, f"{kind.value} {made['token']}", as_json=as_json)


@cards.command("list")
def list_cards(url: Url = LOOPBACK, store: Store = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """List what is stored, with the tokens."""
    columns = ("customer_id", "kind", "is_default", "behaviour", "last_4", "token")
    show_table(url, "instruments", columns, store=store, as_json=as_json, empty="no cards")


@cards.command("default")
def make_default(token: Token, url: Url = LOOPBACK, store: Store = None) -> None:
    """Make it the customer's default; a webhook tells of it."""
    act(url, "change_default", token=_find(url, store, token), store_hash=store)


@cards.command("delete")
def delete_card(token: Token, url: Url = LOOPBACK, store: Store = None) -> None:
    """Remove it; no webhook tells of that."""
    act(url, "remove_instrument", token=_find(url, store, token), store_hash=store)


@cards.command("behave")
def set_behaviour(token: Token, behaviour: int, url: Url = LOOPBACK, store: Store = None) -> None:
    """Change what the gateway says to it: 0 approves, else a code such as 30106."""
    act(url, "set_behaviour", token=_find(url, store, token), behaviour=behaviour, store_hash=store)


@orders.command("create")
def create_order(  # noqa: PLR0913, PLR0917 - one parameter for each option
    customer: Customer = 0,
    amount: Annotated[int, typer.Option(min=0, help="Minor units: 1000 is 10.00 USD.")] = 1000,
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "USD",
    status: Annotated[int, typer.Option(min=0, max=14, help="0 is Incomplete.")] = 0,
    external_source: Annotated[str | None, typer.Option(help="The app that made it.")] = None,
    order_source: str = "external",
    cart: Annotated[str | None, typer.Option(help="The checkout that it was.")] = None,
    url: Url = LOOPBACK,
    store: Store = None,
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Make an order; a webhook tells of it."""
    made = act(
        url,
        "orders",
        customer_id=customer,
        amount=amount,
        currency=currency,
        status_id=status,
        external_source=external_source,
        order_source=order_source,
        cart_id=cart,
        store_hash=store,
    )
    report(made, f"order {made['order_id']}", as_json=as_json)


@orders.command("list")
def list_orders(url: Url = LOOPBACK, store: Store = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """List the orders as they truly are."""
    columns = ("order_id", "customer_id", "status_id", "total", "currency", "external_source", "modified_at")
    show_table(url, "orders", columns, store=store, as_json=as_json, empty="no orders")


@orders.command("set")
def set_order(
    order: int,
    status: Annotated[int | None, typer.Option(min=0, max=14)] = None,
    amount: Annotated[int | None, typer.Option(min=0, help="Minor units.")] = None,
    url: Url = LOOPBACK,
    store: Store = None,
) -> None:
    """Change an order as the merchant would."""
    act(url, "set_order", order_id=order, status_id=status, total=amount, store_hash=store)


def _find(url: str, store: str | None, start: str) -> str:
    tokens = [str(entry["token"]) for entry in show(url, "instruments", store)]
    found = [token for token in tokens if token.startswith(start)]
    if len(found) != 1:
        raise CommandError(f"{len(found)} stored tokens begin with {start!r}", FAILED)
    return found[0]
