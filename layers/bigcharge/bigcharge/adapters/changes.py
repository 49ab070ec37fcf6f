"""A change in one of the tables' streams, read as the events that announce it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bigcharge.adapters.hook_items import hooks_from_item, is_hooks_item
from bigcharge.adapters.instrument_items import forgotten_from_item, row_from_item
from bigcharge.adapters.ledger_items import charge_from_item, is_charge_item, is_pause_item, pause_from_item
from bigcharge.adapters.notices import notice_from_item
from bigcharge.domain.events import Event, charge_event, expiring_event, forgotten_event, instrument_event, pause_event
from bigcharge.domain.hook_events import hook_events

type Image = Mapping[str, Any] | None


def read_change(record: Mapping[str, Any]) -> tuple[Event, ...]:
    """The events of one stream record; none where nothing is to be told.

    Args:
        record: of a DynamoDB stream with new and old images.

    Raises:
        KeyError, TypeError, ValueError: not a record of our tables.
    """
    events, name = _read_events(record["dynamodb"]), record["eventID"]
    return tuple(
        event.identified_by(f"{name}-{number}" if len(events) > 1 else name) for number, event in enumerate(events)
    )


def _read_events(change: Mapping[str, Any]) -> tuple[Event, ...]:
    old, new, keys = change.get("OldImage"), change.get("NewImage"), change["Keys"]
    changed_at = datetime.fromtimestamp(change["ApproximateCreationDateTime"], UTC)
    event = None
    if "instrument_key" in keys:
        event = _instrument_change(old, new)
    elif is_pause_item(keys):
        event = pause_event(pause_from_item(new or old or {}), changed_at, is_paused=new is not None)
    elif is_hooks_item(keys):
        return hook_events(hooks_from_item(old) if old else None, hooks_from_item(new), changed_at) if new else ()
    elif is_charge_item(keys) and new:
        event = charge_event(charge_from_item(old) if old else None, charge_from_item(new))
    # Else a store's cursor: how far it is reconciled is nobody's news.
    return (event,) if event else ()


def _instrument_change(old: Image, new: Image) -> Event | None:
    """The event of an instrument's row, of a notice, or of a head that now says that its customer was forgotten."""
    forgotten = forgotten_from_item(new) if new else None
    if forgotten is not None:
        return None if old and forgotten_from_item(old) else forgotten_event(forgotten)
    if new and (notice := notice_from_item(new)) is not None:
        return expiring_event(notice, datetime.fromisoformat(notice["noticed_at"]))
    before, after = row_from_item(old) if old else None, row_from_item(new) if new else None
    return instrument_event(before, after) if after else None
