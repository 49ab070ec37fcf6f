"""`bigcharge instruments`: the customers' stored instruments, as the table holds them, and what changes them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bigcharge.domain.stores import check_store_hash
from ops.aws import Stage, explain_aws_errors, open_instruments
from ops.instrument_access import query_rows
from ops.instrument_edits import delete_instruments, update_instrument
from ops.instrument_import import import_instruments
from ops.instrument_masking import describe, show_email, show_number
from ops.instrument_sync import sync_instruments
from ops.printing import AsJson, format_time, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bigcharge.domain.instrument_rows import InstrumentRow

app = typer.Typer(help="The customers' stored instruments.")


@app.command("list")
def list_instruments(
    store: Annotated[str | None, typer.Option(help="Only this store's (its hash).")] = None,
    customer: Annotated[int | None, typer.Option(help="Only this customer's (its id).", min=1)] = None,
    *,
    as_json: AsJson = False,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show e-mail addresses and account numbers in full.")
    ] = False,
    stage: Stage = "dev",
) -> None:
    """List the instruments by store and customer.

    The removed ones too. Tokens are never shown, only their fingerprints. With --store and --customer only that
    customer's rows are read, else the whole table.
    """
    if store is not None:
        check_store_hash(store)
    with explain_aws_errors():
        found = list(_find_rows(stage, store, customer))
    found.sort(key=lambda row: (row.store_hash, row.customer_id, row.instrument.fingerprint))
    if as_json:
        print_json([summarize(row, reveal=reveal) for row in found])
    elif found:
        columns = ("store", "customer", "type", "default", "expires", "removed", "what it is")
        print_table(columns, (_cells(row, reveal=reveal) for row in found))
    else:
        print("no instruments")


def summarize(row: "InstrumentRow", *, reveal: bool) -> dict[str, Any]:
    """An instrument as the listing prints it in JSON."""
    instrument = row.instrument
    return {
        "store_hash": row.store_hash,
        "customer_id": row.customer_id,
        "token_fingerprint": instrument.fingerprint,
        "type": instrument.type,
        "brand": instrument.brand,
        "last_4": show_number(instrument.last_4, reveal=reveal),
        "expiry_month": instrument.expiry_month,
        "expiry_year": instrument.expiry_year,
        "iin": instrument.iin,
        "email": show_email(instrument.email, reveal=reveal),
        "issuer": instrument.issuer,
        "is_default": instrument.is_default,
        "read_at": format_time(row.read_at),
        "removed_at": format_time(row.removed_at),
    }


def _find_rows(stage: str, store: str | None, customer: int | None) -> "Iterator[InstrumentRow]":
    if store is not None and customer is not None:
        return query_rows(stage, store, customer)
    rows = open_instruments(stage).list_instruments(datetime.now(UTC))
    return (row for row in rows if store in {None, row.store_hash} and customer in {None, row.customer_id})


def _cells(row: "InstrumentRow", *, reveal: bool) -> tuple[str, ...]:
    instrument = row.instrument
    expires = f"{instrument.expiry_month:02}/{instrument.expiry_year}" if instrument.expiry_month else ""
    return (
        row.store_hash,
        str(row.customer_id),
        instrument.type,
        "yes" if instrument.is_default else "",
        expires,
        f"{row.removed_at:%Y-%m-%d}" if row.removed_at else "",
        describe(instrument, reveal=reveal),
    )


app.command("sync")(sync_instruments)
app.command("import")(import_instruments)
app.command("update")(update_instrument)
app.command("delete")(delete_instruments)
