"""`bigcharge sandbox answer | stale | lag | limits | webhooks`: trouble in a running box."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from ops.errors import CommandError
from ops.printing import AsJson
from ops.sandbox.asking import LOOPBACK, Store, Url, act, show_table
from ops.sandbox.paying import Order

webhooks = typer.Typer(help="Webhooks of a running box.")
_FOR_EVER = 10**9  # requests; the box is asked in JSON without nulls
Reads = Annotated[int, typer.Option(min=0, help="For so many reads.")]
Seconds = Annotated[float, typer.Option(min=0, help="For so many seconds.")]


class Drop(StrEnum):
    """When the connection is closed."""

    BEFORE = "before"
    AFTER = "after"


class Spoil(StrEnum):
    """What becomes of the body."""

    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    EMPTY = "empty"


class Release(StrEnum):
    """In which order held webhooks go."""

    KEPT = "kept"
    REVERSED = "reversed"
    SHUFFLED = "shuffled"


def answer(  # noqa: PLR0913, PLR0917 - one parameter for each option
    endpoint: Annotated[str, typer.Argument(help="payments, access_tokens, methods, get_order, list_orders, ...")],
    code: Annotated[int | None, typer.Option(help="A code of the Payments API's table.")] = None,
    status: Annotated[int | None, typer.Option(min=200, max=599, help="An HTTP status.")] = None,
    body: Annotated[str | None, typer.Option(help="The exact body.")] = None,
    drop: Annotated[Drop | None, typer.Option(help="Close the connection before or after doing it.")] = None,
    spoil: Annotated[Spoil | None, typer.Option(help="What becomes of the true body.")] = None,
    delay: Annotated[float, typer.Option(min=0, help="Seconds between doing it and answering.")] = 0,
    acted: Annotated[bool, typer.Option("--acted", help="Do it (charge) and answer this all the same.")] = False,  # noqa: FBT002 - a flag
    unrecorded: Annotated[bool, typer.Option("--unrecorded", help="Charge, unheard by BigCommerce.")] = False,  # noqa: FBT002 - a flag
    order: Annotated[int | None, typer.Option(help="Only for this order.")] = None,
    times: Annotated[int, typer.Option(min=0, help="0 is for ever.")] = 1,
    url: Url = LOOPBACK,
    store: Store = None,
) -> None:
    """Set what the next request to an endpoint gets."""
    wanted = {"code": code, "status": status, "body": body, "drop": drop, "spoil": spoil, "delay_after": delay or None}
    planned: dict[str, object] = {name: value for name, value in wanted.items() if value is not None}
    planned |= {"acted": acted, "unrecorded": unrecorded}
    act(url, "answers", endpoint=endpoint, answer=planned, order_id=order, store_hash=store, times=times or _FOR_EVER)


def clear(url: Url = LOOPBACK) -> None:
    """Forget every planned answer, stale read and lag."""
    act(url, "clear_faults")


def stale(order: Order, reads: Reads = 0, seconds: Seconds = 0, url: Url = LOOPBACK, store: Store = None) -> None:
    """After its next change, let reads go on showing an order as it is now."""
    act(url, "stale_order", order_id=order, reads=reads, seconds=seconds, store_hash=store)


def lag(
    order: Order,
    status: Annotated[int, typer.Option(help="204, 404 or 503: what is answered instead.")] = 204,
    reads: Reads = 0,
    seconds: Seconds = 0,
    url: Url = LOOPBACK,
    store: Store = None,
) -> None:
    """Let an order's next transactions stay unseen."""
    act(url, "lag_transactions", order_id=order, status=status, reads=reads, seconds=seconds, store_hash=store)


def limits(
    rest: Annotated[int | None, typer.Option(min=1, help="Requests in 30 s.")] = None,
    payments: Annotated[int | None, typer.Option(min=1, help="Payments in 4 s.")] = None,
    url: Url = LOOPBACK,
) -> None:
    """Change the rate limits."""
    act(url, "limits", rest_requests=rest, payments=payments)


@webhooks.command("send")
def send_webhook(  # noqa: PLR0913, PLR0917 - one parameter for each option
    scope: Annotated[str, typer.Argument(help="store/order/created, ...")],
    data: Annotated[str, typer.Argument(help='JSON, such as {"type": "order", "id": 100}.')],
    to: Annotated[str | None, typer.Option(help="URL; that of the store's first hook unless named.")] = None,
    forged: Annotated[bool, typer.Option("--forged", help="Sign with another key.")] = False,  # noqa: FBT002 - a flag
    times: Annotated[int, typer.Option(min=1, help="Copies, with the same id.")] = 1,
    delay: Annotated[float, typer.Option(min=0, help="Seconds from now.")] = 0,
    timestamp: Annotated[int | None, typer.Option(help="In place of the moment of sending.")] = None,
    url: Url = LOOPBACK,
    store: Store = None,
) -> None:
    """Post an event, whatever happened."""
    try:
        decoded = json.loads(data)
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        raise CommandError("the data of a webhook is a JSON object")
    act(
        url,
        "webhooks",
        scope=scope,
        data=decoded,
        destination=to,
        signed=not forged,
        times=times,
        delay=delay,
        timestamp=timestamp,
        store_hash=store,
    )


@webhooks.command("shape")
def shape_webhooks(  # noqa: PLR0913, PLR0917 - one parameter for each option
    copies: Annotated[int, typer.Option(min=1)] = 1,
    delay: Annotated[float, typer.Option(min=0, help="Seconds.")] = 0,
    lose: Annotated[bool, typer.Option("--lose")] = False,  # noqa: FBT002 - a flag
    forge: Annotated[bool, typer.Option("--forge")] = False,  # noqa: FBT002 - a flag
    scope: Annotated[str | None, typer.Option(help="Only of this scope.")] = None,
    entity: Annotated[int | None, typer.Option(help="Only about this order or customer.")] = None,
    times: Annotated[int, typer.Option(min=1)] = 1,
    url: Url = LOOPBACK,
) -> None:
    """Double, delay, lose or forge the next events."""
    shape = {"copies": copies, "delay": delay, "lose": lose, "forge": forge}
    act(url, "shape_webhooks", shape=shape, scope=scope, entity_id=entity, times=times)


@webhooks.command("hold")
def hold_webhooks(url: Url = LOOPBACK) -> None:
    """Keep back whatever happens from now on."""
    act(url, "hold_webhooks")


@webhooks.command("release")
def release_webhooks(order: Release = Release.KEPT, url: Url = LOOPBACK) -> None:
    """Post what was kept back."""
    act(url, "release_webhooks", order=order.value)


@webhooks.command("list")
def list_deliveries(url: Url = LOOPBACK, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """List every posting that was made, and what it was answered."""
    columns = ("at", "store_hash", "scope", "attempt", "status", "error", "data")
    show_table(url, "deliveries", columns, as_json=as_json, empty="no deliveries")
