"""A change in one of the tables' streams, read as the event that announces it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bigcharge.adapters.instrument_items import row_from_item
from bigcharge.adapters.ledger_items import charge_from_item, is_charge_item, is_pause_item, pause_from_item
from bigcharge.domain.events import Event, charge_event, instrument_event, pause_event

type Image = Mapping[str, Any] | None


def read_change(record: Mapping[str, Any]) -> Event | None:
    """The event of one stream record; None where nothing is to be told.

    Args:
        record: of a DynamoDB stream with new and old images.

    Raises:
        KeyError, TypeError, ValueError: not a record of our tables.
    """
    change = record["dynamodb"]
    old, new = change.get("OldImage"), change.get("NewImage")
    changed_at = datetime.fromtimestamp(change["ApproximateCreationDateTime"], UTC)
    if "instrument_key" in change["Keys"]:
        event = _instrument_change(old, new)
    elif is_pause_item(change["Keys"]):
        event = pause_event(pause_from_item(new or old), changed_at, is_paused=new is not None)
    elif is_charge_item(change["Keys"]):
        event = charge_event(charge_from_item(old) if old else None, charge_from_item(new)) if new else None
    else:
        event = None  # a store's cursor: how far it is reconciled is nobody's news
    return event.identified_by(record["eventID"]) if event else None


def _instrument_change(old: Image, new: Image) -> Event | None:
    before, after = row_from_item(old) if old else None, row_from_item(new) if new else None
    return instrument_event(before, after) if after else None
