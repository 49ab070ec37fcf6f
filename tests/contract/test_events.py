"""What is announced is what docs/events.md says."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bigcharge.adapters.changes import read_change
from bigcharge.adapters.hook_items import hooks_to_item
from bigcharge.adapters.ledger_items import charge_to_item, pause_to_item
from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import STORE_CREDIT, Attempt
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import NEEDS_A_PERSON, NO_INSTRUMENT, PAID_BY_STATUS, PAYMENT_SHOWN, Charge
from bigcharge.domain.events import Alarm, charge_event, expiring_event, forgotten_event, instrument_event
from bigcharge.domain.forgetting import ForgottenCustomer
from bigcharge.domain.hook_events import hook_events
from bigcharge.domain.instrument_rows import InstrumentRow
from bigcharge.domain.kept_hooks import NOT_TAKEN, SCOPE_FULL, TOO_OFTEN, Block, KeptHook, KeptHooks
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause
from bigcharge.domain.wanted_hooks import Fault
from tests.fakes import NOON, STORE, VISA

DOCUMENT = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
NAMES = set(re.findall(r"^\| `([a-z]+\.[a-z_]+)`", DOCUMENT, re.MULTILINE))
ORDER, INSTRUMENT, CUSTOMER, STORE_EVENT, HOOK, BLOCKED = (
    json.loads(text) for text in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
)
ATTEMPT = Attempt(1, "sweep", "stripe.card", VISA.fingerprint, Money(9800, "USD"), "jti-1", NOON, NOON, "visa", "1111")
CHARGE = Charge(STORE, 215, State.SUBMITTING, NOON, 11, money=Money(9800, "USD"), attempts=(ATTEMPT,), version=2)
STUCK = replace(CHARGE, state=State.UNKNOWN, reason=NEEDS_A_PERSON)
PART_PAID = replace(CHARGE, attempts=(replace(ATTEMPT, instrument=STORE_CREDIT, outcome=State.PAID),))
ROW = InstrumentRow(STORE, 11, VISA, NOON)


def hooks(*faults: Fault, **fields: Any) -> KeptHooks:
    return KeptHooks(STORE, hooks={"store/order/created": KeptHook("store/order/created", 7, NOON, faults, **fields)})


BLOCKED_HOOKS = replace(hooks(Fault.BLOCKED), block=Block(NOON, ("80 of 100",)))
HOOK_CHANGES: list[tuple[KeptHooks | None, KeptHooks]] = [
    (None, hooks(Fault.MISSING)),
    (hooks(Fault.INACTIVE), hooks()),
    (hooks(Fault.INACTIVE), hooks(Fault.INACTIVE, refusal="refused_403")),
    (hooks(), BLOCKED_HOOKS),
    (BLOCKED_HOOKS, hooks()),
]


def record(keys: dict[str, Any], old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image}
    change = {"Keys": keys, "SequenceNumber": "1", "ApproximateCreationDateTime": NOON.timestamp(), **images}
    return {"eventID": "event-1", "dynamodb": change}


def order_record(old: Charge | None, new: Charge | None) -> dict[str, Any]:
    keys = {"order_key": {"S": f"{STORE}#215"}}
    return record(keys, charge_to_item(old) if old else None, charge_to_item(new) if new else None)


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_announced_under_a_documented_name_with_the_documented_fields(state: State) -> None:
    changed = replace(CHARGE, state=state, reason="another", version=3, due_at=NOON)
    [event] = read_change(order_record(CHARGE, changed))
    assert event.detail_type in NAMES
    assert event.detail.keys() == ORDER.keys()
    assert (event.detail["event_id"], event.detail["previous_state"], event.time) == ("event-1", "submitting", NOON)
    assert json.loads(json.dumps(event.detail)) == event.detail


def test_every_documented_name_is_announced_and_no_other() -> None:
    orders = {event.detail_type for state in State if (event := charge_event(None, replace(CHARGE, state=state)))}
    removed = replace(ROW, removed_at=NOON)
    changed = replace(ROW, instrument=replace(VISA, is_default=False))
    rows = ((None, ROW), (ROW, changed), (ROW, removed))
    instruments = {event.detail_type for old, new in rows if (event := instrument_event(old, new))}
    differs = replace(CHARGE, difference=Difference.PAID_TWICE)
    books = {event.detail_type for pair in ((CHARGE, differs), (differs, CHARGE)) if (event := charge_event(*pair))}
    acted = charge_event(CHARGE, replace(CHARGE, acts=(Act(ActKind.CAPTURE, "jane", "asked for", NOON),)))
    assert acted is not None
    forgotten = forgotten_event(ForgottenCustomer(STORE, 11, NOON, "jane", "asked for"))
    assert forgotten.identified_by("event-1").detail.keys() == CUSTOMER.keys()
    expiring = expiring_event({"store_hash": STORE}, NOON)
    assert expiring.identified_by("event-1").detail.keys() == {*INSTRUMENT, "notice_days", "expires_on"}
    others = {acted.detail_type, expiring.detail_type, forgotten.detail_type, "store.paused", "store.resumed"}
    hooks = {event.detail_type for old, new in HOOK_CHANGES for event in hook_events(old, new, NOON)}
    assert orders | instruments | books | hooks | others == NAMES


@pytest.mark.parametrize(
    ("old", "new", "alarm"),
    [
        (CHARGE, replace(CHARGE, difference=Difference.PAID_TWICE), Alarm.BOOKS_DIFFER),
        (None, replace(CHARGE, difference=Difference.PAID_TWICE), Alarm.BOOKS_DIFFER),
        (replace(CHARGE, difference=Difference.PAID_TWICE), CHARGE, None),
        (CHARGE, replace(CHARGE, state=State.UNKNOWN, reason=NEEDS_A_PERSON), Alarm.NEEDS_A_PERSON),
        (CHARGE, replace(CHARGE, state=State.SKIPPED, reason=PAYMENT_SHOWN), Alarm.NEEDS_A_PERSON),
        (STUCK, replace(STUCK, code=10000), None),
        (STUCK, replace(STUCK, acts=(Act(ActKind.CAPTURE, "jane", "asked for", NOON),)), None),
        (replace(STUCK, difference=Difference.PAID_TWICE), STUCK, None),
        (PART_PAID, replace(PART_PAID, state=State.FAILED), Alarm.NEEDS_A_PERSON),
        (PART_PAID, replace(PART_PAID, state=State.SKIPPED, reason="no_policy"), Alarm.NEEDS_A_PERSON),
        (PART_PAID, replace(PART_PAID, state=State.DECLINED, reason=NO_INSTRUMENT), Alarm.NEEDS_A_PERSON),
        (PART_PAID, replace(PART_PAID, state=State.DECLINED, reason="insufficient_funds"), None),
        (CHARGE, replace(CHARGE, state=State.DECLINED, reason=NO_INSTRUMENT), None),
        (CHARGE, replace(CHARGE, state=State.PAID, reason=PAID_BY_STATUS), Alarm.NEEDS_A_PERSON),
        (CHARGE, replace(CHARGE, state=State.FAILED, reason="invalid_request", code=10001), Alarm.NEEDS_A_PERSON),
        (CHARGE, replace(CHARGE, state=State.DECLINED), None),
    ],
)
def test_a_person_is_called_for_what_only_a_person_can_mend(
    old: Charge | None, new: Charge, alarm: Alarm | None
) -> None:
    event = charge_event(old, new)
    assert event is not None
    assert event.alarm == alarm


def test_every_difference_is_documented() -> None:
    assert all(f"`{difference}`" in DOCUMENT for difference in Difference)


def test_an_instruments_fields_are_the_documented_ones_and_hold_no_token() -> None:
    event = instrument_event(None, ROW)
    assert event is not None
    assert event.identified_by("event-1").detail.keys() == INSTRUMENT.keys()
    assert VISA.token not in json.dumps(event.detail)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (replace(ROW, removed_at=NOON), ROW, "instrument.added"),
        (ROW, replace(ROW, read_at=datetime(2026, 11, 21, tzinfo=UTC)), None),
        (replace(ROW, removed_at=NOON), replace(ROW, removed_at=NOON), None),
    ],
)
def test_an_instrument_is_announced_when_something_of_it_changed(
    old: InstrumentRow, new: InstrumentRow, name: str | None
) -> None:
    event = instrument_event(old, new)
    assert (event.detail_type if event else None) == name


def test_housekeeping_and_deletions_are_not_announced() -> None:
    assert not read_change(order_record(CHARGE, replace(CHARGE, due_at=NOON, failed_looks=3, version=3)))
    assert not read_change(order_record(CHARGE, None))


def test_pauses_are_announced_with_the_documented_fields() -> None:
    item = pause_to_item(Pause(STORE, "credentials_refused", 401, "fingerprint", NOON))
    keys = {"order_key": item["order_key"]}
    [paused], [resumed] = read_change(record(keys, None, item)), read_change(record(keys, item, None))
    assert (paused.detail_type, resumed.detail_type) == ("store.paused", "store.resumed")
    assert paused.detail.keys() == STORE_EVENT.keys()


@pytest.mark.parametrize(("old", "new"), HOOK_CHANGES)
def test_a_change_of_hooks_is_announced_with_the_documented_fields(old: KeptHooks | None, new: KeptHooks) -> None:
    keys = {"order_key": {"S": f"{STORE}#hooks"}}
    [event] = read_change(record(keys, hooks_to_item(old) if old else None, hooks_to_item(new)))
    assert event.detail.keys() == (BLOCKED if event.detail_type.startswith("hooks.") else HOOK).keys()
    assert json.loads(json.dumps(event.detail)) == event.detail


def test_several_hooks_that_change_at_once_are_events_of_their_own_with_ids_of_their_own() -> None:
    names = ("store/order/created", "store/order/updated")
    new = KeptHooks(STORE, hooks={name: KeptHook(name, 7, NOON, (Fault.INACTIVE,)) for name in names})
    first, second = read_change(record({"order_key": {"S": f"{STORE}#hooks"}}, None, hooks_to_item(new)))
    assert {first.detail["scope"], second.detail["scope"]} == set(names)
    assert first.detail["event_id"] != second.detail["event_id"]


def test_every_fault_of_a_hook_is_documented() -> None:
    assert all(f"`{fault}`" in DOCUMENT for fault in Fault if fault is not Fault.BLOCKED)
    assert all(f"`{reason}`" in DOCUMENT for reason in (SCOPE_FULL, TOO_OFTEN, NOT_TAKEN))


def test_a_look_at_good_hooks_is_nobodys_news() -> None:
    old, new = hooks(), replace(hooks(), looked_at=NOON, version=2)
    assert not read_change(record({"order_key": {"S": f"{STORE}#hooks"}}, hooks_to_item(old), hooks_to_item(new)))
