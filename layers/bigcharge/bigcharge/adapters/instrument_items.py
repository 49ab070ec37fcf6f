"""The items of the instruments table: an instrument's row, and the head of a customer (`docs/tables.md`)."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from bigcharge.adapters.dynamodb_values import Item, epoch_seconds, from_item, read_time, to_item
from bigcharge.adapters.ledger_items import customer_key
from bigcharge.domain.forgetting import ForgottenCustomer
from bigcharge.domain.instrument_rows import CustomerInstruments, InstrumentRow
from bigcharge.domain.instruments import Instrument, InstrumentType

MARK: Final = "#"
"""What the second key of everything that is no instrument begins with: a fingerprint is hexadecimal."""

HEAD: Final = "#customer"


def row_from_item(item: Mapping[str, Any]) -> InstrumentRow | None:
    """The row of an item of the table or of an image of its stream; None for what is no instrument, a head for one.

    Raises:
        KeyError, TypeError, ValueError: not an item of this table.
    """
    values = from_item(item)
    if values["instrument_key"].startswith(MARK):
        return None
    leaves_at = values.get("expires_at")
    return InstrumentRow(
        store_hash=values["store_hash"],
        customer_id=values["customer_id"],
        instrument=_read_instrument(values),
        read_at=datetime.fromisoformat(values["read_at"]),
        removed_at=read_time(values.get("removed_at")),
        leaves_at=None if leaves_at is None else datetime.fromtimestamp(leaves_at, UTC),
    )


def head_from_item(values: Mapping[str, Any]) -> CustomerInstruments:
    """What a head's values say of its customer, without the rows."""
    return CustomerInstruments(
        default=values.get("default"),
        read_at=read_time(values.get("read_at")),
        look_at=read_time(values.get("look_at")),
        version=values.get("version", 0),
        forgotten_at=read_time(values.get("forgotten_at")),
    )


def forgotten_from_item(item: Mapping[str, Any]) -> ForgottenCustomer | None:
    """What a head says of its customer's having been forgotten; None for what says no such thing."""
    if "forgotten_at" not in item:
        return None
    values = from_item(item)
    return ForgottenCustomer(
        store_hash=values["store_hash"],
        customer_id=values["customer_id"],
        at=datetime.fromisoformat(values["forgotten_at"]),
        who=values["forgotten_by"],
        why=values["forgotten_why"],
    )


def row_to_item(row: InstrumentRow) -> Item:
    """The item of a row."""
    return to_item(
        item_keys(row.store_hash, row.customer_id, row.instrument.fingerprint)
        | asdict(row.instrument)
        | {
            "read_at": row.read_at,
            "removed_at": row.removed_at,
            "expires_at": None if row.leaves_at is None else epoch_seconds(row.leaves_at),
        },
    )


def item_keys(store_hash: str, customer_id: int, instrument_key: str) -> dict[str, object]:
    """What every item of a customer has."""
    keys = {"customer_key": customer_key(store_hash, customer_id), "instrument_key": instrument_key}
    return keys | {"store_hash": store_hash, "customer_id": customer_id}


def _read_instrument(values: Mapping[str, Any]) -> Instrument:
    return Instrument(
        token=values["token"],
        type=InstrumentType(values["type"]),
        is_default=values["is_default"],
        brand=values.get("brand"),
        last_4=values.get("last_4"),
        expiry_month=values.get("expiry_month"),
        expiry_year=values.get("expiry_year"),
        iin=values.get("iin"),
        email=values.get("email"),
        issuer=values.get("issuer"),
        billing_address=values.get("billing_address"),
        added_at=read_time(values.get("added_at")),
    )
