"""`bigcharge instruments`: the customers' stored instruments, as the table holds them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.aws import Stage, explain_aws_errors, open_instruments
from ops.printing import AsJson, format_time, print_json, print_table

if TYPE_CHECKING:
    from bigcharge.domain.events import InstrumentRow

app = typer.Typer(help="The customers' stored instruments.")


@app.callback()
def _group() -> None:
    """Keeps `list` a command of its own while it is the only one."""


@app.command("list")
def list_instruments(
    store: Annotated[str | None, typer.Option(help="Only this store's (its hash).")] = None,
    customer: Annotated[int | None, typer.Option(help="Only this customer's (its id).", min=1)] = None,
    *,
    as_json: AsJson = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show e-mail addresses in full.")] = False,
    stage: Stage = "dev",
) -> None:
    """List the instruments by store and customer.

    The removed ones too. Tokens are never shown, only their fingerprints.
    """
    with explain_aws_errors():
        found = [
            row
            for row in open_instruments(stage).list_instruments()
            if store in {None, row.store_hash} and customer in {None, row.customer_id}
        ]
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
        "last_4": instrument.last_4,
        "expiry_month": instrument.expiry_month,
        "expiry_year": instrument.expiry_year,
        "iin": instrument.iin,
        "email": _show_email(instrument.email, reveal=reveal),
        "issuer": instrument.issuer,
        "is_default": instrument.is_default,
        "read_at": format_time(row.read_at),
        "removed_at": format_time(row.removed_at),
    }


def _show_email(email: str | None, *, reveal: bool) -> str | None:
    """An e-mail address, of which only the first letter and the domain are shown unless revealed."""
    if email is None or reveal:
        return email
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}"


def _cells(row: "InstrumentRow", *, reveal: bool) -> tuple[str, ...]:
    instrument = row.instrument
    expires = f"{instrument.expiry_month:02}/{instrument.expiry_year}" if instrument.expiry_month else ""
    looks = (instrument.brand, _show_email(instrument.email, reveal=reveal), instrument.issuer, instrument.last_4)
    return (
        row.store_hash,
        str(row.customer_id),
        instrument.type,
        "yes" if instrument.is_default else "",
        expires,
        f"{row.removed_at:%Y-%m-%d}" if row.removed_at else "",
        " ".join(look for look in looks if look),
    )
