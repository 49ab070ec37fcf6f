"""The documents of `/v3/payments/stored-instruments`: pages, what is imported, what was changed."""

from collections.abc import Mapping
from typing import Any

from bigcharge.adapters.bigcommerce.fields import (
    ShapeError,
    read_list,
    read_object,
    read_objects,
    read_part,
    read_text,
    read_texts,
    read_whole,
    write_fields,
)
from bigcharge.adapters.bigcommerce.instruments import read_instrument
from bigcharge.domain.stored_instruments import (
    ImportedInstrument,
    ImportFailure,
    ImportOutcome,
    InstrumentPage,
    NewInstrument,
    OwnedInstrument,
)


def read_page(document: object) -> InstrumentPage:
    """Map the answer to "list all instruments"; raises `ShapeError` where it is no list."""
    entries = read_list(document)
    owned = (_read_owned(entry) for entry in entries if isinstance(entry, dict))
    meta = read_part(document, "meta")
    cursors, numbers = read_part(meta, "cursor_pagination"), read_part(meta, "pagination")
    return InstrumentPage(
        instruments=tuple(one for one in owned if one is not None),
        entries=len(entries),
        start_cursor=read_text(cursors.get("start_cursor")),
        end_cursor=read_text(cursors.get("end_cursor")),
        total=read_whole(numbers.get("total")),
    )


def read_changed(document: object) -> OwnedInstrument:
    """Map the answer to "update instrument"; raises `ShapeError` where it is no instrument that we know."""
    owned = _read_owned(read_object(read_object(document).get("data")))
    if owned is None:
        raise ShapeError
    return owned


def write_import(row: NewInstrument) -> dict[str, Any]:
    """One entry of the body of "bulk import instruments"."""
    return write_fields(row) | {"instrument": {"type": row.instrument.type} | write_fields(row.instrument)}


def read_import(document: object) -> ImportOutcome:
    """Map the answer to "bulk import instruments".

    Raises:
        ShapeError: an entry cannot be read: what came of it is not known.
    """
    fields = read_object(document)
    errors = fields.get("errors")
    return ImportOutcome(
        imported=tuple(_read_imported(entry) for entry in read_objects(fields.get("data") or [])),
        failures=tuple(_read_failures(errors if isinstance(errors, list) else [errors or {}])),
    )


def _read_owned(fields: dict[str, Any]) -> OwnedInstrument | None:
    instrument = read_instrument(fields)
    return OwnedInstrument(_read_customer(fields), instrument) if instrument is not None else None


def _read_customer(fields: Mapping[str, Any]) -> int | None:
    customer_id = read_whole(fields.get("customer_id"))
    return customer_id if customer_id is not None and customer_id > 0 else None


def _read_imported(fields: dict[str, Any]) -> ImportedInstrument:
    instrument = read_instrument(read_object(fields.get("instrument")))
    if instrument is None:
        raise ShapeError
    return ImportedInstrument(_read_customer(fields), read_text(fields.get("provider_vault_token")), instrument)


def _read_failures(errors: list[object]) -> list[ImportFailure]:
    """Read `[{"1": {field: text}}]`: by the place among what was sent, as the document has it ("indexed")."""
    return [
        ImportFailure(read_whole(index), read_texts(problems))
        for entry in errors
        for index, problems in read_object(entry).items()
    ]
