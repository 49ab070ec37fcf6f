"""The group `bigcharge sandbox`: without a subcommand it runs a box, each subcommand speaks with a running one."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from ops.errors import CommandError
from ops.printing import AsJson
from ops.sandbox import paying, shopping, troubling
from ops.sandbox.asking import LOOPBACK, Store, Url, act, report, show_table

_HELP: Final = (
    "Run a BigCommerce in a box (--stores FILE), or speak with one that runs (a subcommand). "
    "Both hosts of the API, with webhooks and a page at /. It stops on Ctrl-C."
)
app = typer.Typer(invoke_without_command=True, help=_HELP)
app.add_typer(shopping.customers, name="customers")
app.add_typer(shopping.cards, name="cards")
app.add_typer(shopping.orders, name="orders")
app.add_typer(troubling.webhooks, name="webhooks")
for command in (
    paying.pay,
    paying.settle,
    paying.capture,
    paying.void,
    paying.refund,
    paying.record,
    troubling.answer,
    troubling.clear,
    troubling.stale,
    troubling.lag,
    troubling.limits,
):
    app.command(command.__name__)(command)


class Plan(StrEnum):
    """BigCommerce's plans, as far as rate limits go."""

    STANDARD = "standard"
    PLUS = "plus"
    PRO = "pro"
    ENTERPRISE = "enterprise"
    UNLIMITED = "unlimited"


Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]


@app.callback()
def run_sandbox(  # noqa: PLR0913, PLR0917 - one parameter for each option
    context: typer.Context,
    stores: Annotated[
        Path | None,
        typer.Option(help="JSON list of {store_hash, access_token, client_id, client_secret, hook_header?, scopes?}."),
    ] = None,
    port: Port = 8080,
    payments_port: Port = 0,
    webhooks: Annotated[str | None, typer.Option(help="URL that every store's webhooks go to.")] = None,
    snapshot: Annotated[Path | None, typer.Option(help="File for its memory: loaded on start, saved on stop.")] = None,
    fixtures: Annotated[Path | None, typer.Option(help="JSON of customers, cards and orders to start with.")] = None,
    plan: Annotated[
        Plan, typer.Option(help="Whose rate limits; all but the last allow 50 payments in 4 s.")
    ] = Plan.ENTERPRISE,
    retry_scale: Annotated[float, typer.Option(min=0, help="Factor on the times of webhook retries.")] = 1.0,
) -> None:
    """Run a box, unless a subcommand was named."""
    if context.invoked_subcommand is not None:
        return
    if stores is None:
        raise CommandError("Missing option '--stores': see bigcharge sandbox --help")
    from sandbox.bigcommerce import server  # noqa: PLC0415 - only who runs it waits for it
    from sandbox.bigcommerce.fixtures import FixturesError  # noqa: PLC0415
    from sandbox.bigcommerce.limits import PLANS  # noqa: PLC0415
    from sandbox.bigcommerce.snapshot import SnapshotError  # noqa: PLC0415
    from sandbox.bigcommerce.stores import StoresFileError  # noqa: PLC0415

    settings = server.Settings(snapshot, fixtures, PLANS[plan], retry_scale)
    try:
        server.run(port, payments_port, stores, webhooks, settings=settings)
    except StoresFileError as error:
        raise CommandError(f"the stores file {error}") from None
    except (FixturesError, SnapshotError) as error:
        raise CommandError(f"the {'fixtures' if isinstance(error, FixturesError) else 'snapshot'} {error}") from None
    except OSError as error:
        raise CommandError(f"cannot listen at port {port} or {payments_port} ({error.strerror}): name others") from None


@app.command("book")
def show_book(url: Url = LOOPBACK, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """Show the gateway's book: what was really charged."""
    columns = ("number", "at", "store_hash", "order_id", "kind", "amount", "currency", "by")
    show_table(url, "book", columns, as_json=as_json, empty="nothing was charged")


@app.command("violations")
def show_violations(url: Url = LOOPBACK, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """Show what the box was sent that no honest client sends."""
    show_table(url, "violations", ("at", "store_hash", "endpoint", "rule"), as_json=as_json, empty="no violations")


@app.command("requests")
def show_requests(url: Url = LOOPBACK, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """Show what the box was asked and what it answered."""
    columns = ("at", "store_hash", "endpoint", "order_id", "status")
    show_table(url, "requests", columns, as_json=as_json, empty="no requests")


@app.command("blocks")
def show_blocks(url: Url = LOOPBACK, as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag
    """Show the destinations that get no webhooks for a while."""
    show_table(url, "blocks", ("domain", "until", "reason"), as_json=as_json, empty="no blocks")


@app.command("hook")
def add_hook(
    scope: str,
    destination: str,
    url: Url = LOOPBACK,
    store: Store = None,
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Make a hook; any destination will do here."""
    made = act(url, "hooks", scope=scope, destination=destination, store_hash=store)
    report(made, f"hook {made['hook_id']}", as_json=as_json)
