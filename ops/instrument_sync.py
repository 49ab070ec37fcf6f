"""`bigcharge instruments sync`: make the table equal to what BigCommerce holds, of a customer or of a whole store."""

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bigcharge.domain.errors import BigCommerceError, ConflictError
from bigcharge.domain.instrument_walks import Phase
from bigcharge.domain.stores import check_store_hash
from ops.aws import Stage, connect, explain_aws_errors, open_instruments, open_orders_queue
from ops.errors import FAILED, CommandError
from ops.instrument_access import ApiUrl, Store, open_bigcommerce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bigcharge.domain.instrument_walks import Walk
    from bigcharge.services.customer_sync import CustomerSync
    from bigcharge.services.instrument_walking import InstrumentWalking

_AGAIN = "run it again: it goes on where it stopped"


def sync_instruments(
    store: Store,
    customer: Annotated[int | None, typer.Option(help="Only this customer's (its id).", min=1)] = None,
    *,
    api_url: ApiUrl = None,
    stage: Stage = "dev",
) -> None:
    """Make the table equal to what BigCommerce holds now.

    A whole store takes about half an hour for a million instruments, and leaves half of the store's quota of calls to
    charging. When it is interrupted, run it again: it goes on where it stopped, and so does the nightly comparison.
    """
    check_store_hash(store)
    try:
        with explain_aws_errors():
            customers, walking = open_walking(store, stage, api_url)
            if customer is not None:
                synced = customers.sync(store, customer)
                print(f"customer {customer}: {_count(synced.written, synced.removed, synced.woken)}")
                return
            with _watching() as report:
                walk = walking.walk(store, datetime.now(UTC), lambda: float("inf"), report).walk
    except BigCommerceError as error:
        raise CommandError(f"BigCommerce could not be read ({error}); {_AGAIN}", FAILED) from None
    except ConflictError:
        raise CommandError(f"store {store} is being compared by another run, which goes on with it", FAILED) from None
    done = _count(walk.written, walk.removed, walk.woken)
    print(f"store {store}: {walk.listed} instruments compared: {done}")


def _count(written: int, removed: int, woken: int) -> str:
    return f"{written} rows written, {removed} removed, {woken} orders to be tried again"


def open_walking(store: str, stage: str, api_url: str | None) -> "tuple[CustomerSync, InstrumentWalking]":
    """What syncs customers of a store, and what walks through all of it; it has the operator's rights."""
    import time  # noqa: PLC0415 - imports of a command stand in it
    import uuid  # noqa: PLC0415

    from bigcharge.adapters.instrument_lookups import InstrumentLookups  # noqa: PLC0415
    from bigcharge.adapters.stores import AwsStores  # noqa: PLC0415
    from bigcharge.adapters.waiting_orders import WaitingOrders  # noqa: PLC0415
    from bigcharge.adapters.walk_items import WalkItems  # noqa: PLC0415
    from bigcharge.bootstrap import RESERVED_FOR_CHARGING  # noqa: PLC0415
    from bigcharge.services.customer_sync import CustomerSync  # noqa: PLC0415
    from bigcharge.services.instrument_comparing import InstrumentComparing  # noqa: PLC0415
    from bigcharge.services.instrument_walking import InstrumentWalking  # noqa: PLC0415

    def now() -> datetime:
        return datetime.now(UTC)

    client = open_bigcommerce(store, stage, api_url, reserve=RESERVED_FOR_CHARGING)
    stores = AwsStores(connect("secretsmanager"), connect("ssm"), stage, time.monotonic)
    dynamodb, name = connect("dynamodb"), f"bigcharge-{stage}-instruments"
    waiting = WaitingOrders(dynamodb, f"bigcharge-{stage}-ledger")
    table, orders = open_instruments(stage), open_orders_queue(stage)
    customers = CustomerSync(table, waiting, orders, stores, lambda _: client, now)
    rows, walks = InstrumentLookups(dynamodb, name, time.sleep), WalkItems(dynamodb, name, uuid.uuid4().hex)
    comparing = InstrumentComparing(table, rows, customers)
    walking = InstrumentWalking(walks, rows, comparing, stores, lambda _: client.stored_instruments, now, time.sleep)
    return customers, walking


@contextmanager
def _watching() -> "Iterator[Callable[[Walk], None]]":
    """What shows how far a walk has come, on stderr and at a terminal only."""
    from rich.console import Console  # noqa: PLC0415 - who syncs waits
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading BigCommerce's list", total=None)

        def report(walk: "Walk") -> None:
            if walk.phase is Phase.LISTING:
                said = f"{walk.listed:,} listed, {walk.written:,} rows written"
                progress.update(task, completed=walk.listed, total=walk.total, description=said)
            else:
                said = f"looking for what is gone: {walk.customers_read:,} customers read, {walk.removed:,} removed"
                progress.update(task, total=None, description=said)

        yield report
