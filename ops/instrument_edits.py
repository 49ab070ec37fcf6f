"""`bigcharge instruments update | delete`: one customer's instruments, by fingerprint."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bigcharge.domain.document_checks import FaultsError
from bigcharge.domain.errors import BigCommerceError, NotSentError, OutcomeUnknownError, RefusedError
from bigcharge.domain.import_rows import read_address, read_addresses
from bigcharge.domain.stored_instruments import InstrumentChanges
from bigcharge.domain.stores import check_store_hash
from bigcharge.services.instrument_changes import InstrumentEditor
from ops.aws import Stage
from ops.errors import FAILED, CommandError
from ops.instrument_access import ApiUrl, Customer, DryRun, Store, open_bigcommerce, open_hints
from ops.instrument_masking import describe
from ops.instrument_report import warn

if TYPE_CHECKING:
    from bigcharge.domain.instruments import Instrument
    from bigcharge.services.instrument_changes import CustomerHints, Deleted


def update_instrument(  # noqa: PLR0913 - one parameter for each option
    fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT", help="As `instruments list` shows it.")],
    store: Store,
    customer: Customer,
    *,
    make_default: Annotated[bool, typer.Option("--make-default", help="Make it the customer's default.")] = False,
    billing_address: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="The new billing address, a JSON object.")
    ] = None,
    shipping_addresses: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="The new trusted shipping addresses, a JSON list.")
    ] = None,
    dry_run: DryRun = False,
    api_url: ApiUrl = None,
    stage: Stage = "dev",
) -> None:
    """Change a stored instrument: its addresses, or make it its customer's default.

    A new default tries the customer's declined orders again, as when the shopper changes it.
    """
    check_store_hash(store)
    changes = InstrumentChanges(
        _read(billing_address, read_address), _read(shipping_addresses, read_addresses), make_default or None
    )
    if changes == InstrumentChanges():
        raise CommandError("say what to change: --make-default, --billing-address, --shipping-addresses")
    editor, hints = _open(store, stage, api_url)
    found = _find(editor, customer, [fingerprint])
    if not found:
        raise typer.Exit(FAILED)
    instrument = found[0]
    if dry_run:
        print(f"{_name(instrument, customer)}: would be changed")
        return
    try:
        changed = editor.update(customer, instrument, changes)
    except BigCommerceError as error:
        raise CommandError(f"{_name(instrument, customer)}: {_explain(error)}", FAILED) from None
    print(f"{_name(changed, customer)}: changed")
    _warn_of_lost(hints)


def delete_instruments(  # noqa: PLR0913 - one parameter for each option
    fingerprints: Annotated[list[str], typer.Argument(metavar="FINGERPRINT", help="As `instruments list` shows them.")],
    store: Store,
    customer: Customer,
    *,
    from_gateway: Annotated[
        bool, typer.Option("--from-gateway", help="From the gateway's vault too: no store can charge it any more.")
    ] = False,
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    api_url: ApiUrl = None,
    stage: Stage = "dev",
) -> None:
    """Delete stored instruments of a customer; whatever failed may be deleted again.

    The customer's declined and coming orders then wait for another instrument.
    """
    check_store_hash(store)
    if not (dry_run or yes or sys.stdin.isatty()):
        raise CommandError("there is no terminal to ask at: say --yes, or --dry-run to see what would be deleted")
    editor, hints = _open(store, stage, api_url)
    found = _find(editor, customer, fingerprints)
    where = "from the store and the gateway" if from_gateway else "from the store"
    for instrument in found:
        print(f"{_name(instrument, customer)}: {'would' if dry_run else 'will'} be deleted {where}")
    if found and not dry_run:
        if not (yes or typer.confirm(f"Delete {len(found)}?", err=True)):
            raise CommandError("nothing was deleted", FAILED)
        failed = [
            one for one in editor.delete(customer, found, from_gateway=from_gateway) if not _report(one, customer)
        ]
        _warn_of_lost(hints)
        if failed:
            raise typer.Exit(FAILED)
    if len(found) < len(set(fingerprints)):
        raise typer.Exit(FAILED)


def _open(store: str, stage: str, api_url: str | None) -> "tuple[InstrumentEditor, CustomerHints]":
    hints = open_hints(store, stage)
    return InstrumentEditor(open_bigcommerce(store, stage, api_url), hints), hints


def _find(editor: InstrumentEditor, customer: int, fingerprints: list[str]) -> "list[Instrument]":
    found, missing = editor.find(customer, fingerprints)
    for fingerprint in missing:
        warn(f"customer {customer} has no instrument {fingerprint} in BigCommerce: it is gone, or never was theirs")
    return found


def _read[Value](path: Path | None, read: Callable[[object], Value]) -> Value | None:
    """What stands in a file of JSON."""
    if path is None:
        return None
    try:
        return read(json.loads(path.read_bytes()))
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from None
    except FaultsError as error:
        raise CommandError(f"{path.name}: {error}") from None
    except (ValueError, RecursionError):  # json's own error shows the text
        raise CommandError(f"{path.name} is no JSON in UTF-8") from None


def _report(deleted: "Deleted", customer: int) -> bool:
    """Say what became of one; whether it is gone."""
    name = _name(deleted.instrument, customer)
    if deleted.error is None:
        print(f"{name}: deleted")
    else:
        warn(f"{name}: {_explain(deleted.error)}; deleting it again does no harm")
    return deleted.error is None


def _name(instrument: "Instrument", customer: int) -> str:
    default = ", their default" if instrument.is_default else ""
    return f"{instrument.fingerprint} of customer {customer} ({describe(instrument)}{default})"


def _explain(error: BigCommerceError) -> str:
    match error:
        case OutcomeUnknownError():
            return f"sent, and nobody knows whether it was done ({error}): the table will show it in a minute"
        case NotSentError():
            return f"nothing was sent: BigCommerce cannot be reached ({error})"
        case RefusedError():
            return f"BigCommerce {error}, so nothing was changed"
        case _:
            return str(error)


def _warn_of_lost(hints: "CustomerHints") -> None:
    if hints.lost:
        warn("the customer could not be put on the queue: the table follows by the next comparison")
