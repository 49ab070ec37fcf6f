"""What a change of a store's hooks is announced as (docs/events.md)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bigcharge.domain.events import SCHEMA_VERSION, Alarm, Event
from bigcharge.domain.kept_hooks import KeptHook, KeptHooks


def hook_events(old: KeptHooks | None, new: KeptHooks, time: datetime) -> tuple[Event, ...]:
    """The events of a change of a store's hooks; none where nothing is off and nothing was."""
    before = old or KeptHooks(new.store_hash)
    events = [event for hook in new.hooks.values() for event in _compare(new.store_hash, before, hook, time)]
    return (*events, *_compare_blocks(before, new, time))


def _compare(store_hash: str, before: KeptHooks, hook: KeptHook, time: datetime) -> Iterator[Event]:
    known = before.hooks.get(hook.scope, KeptHook(hook.scope))
    if hook.refusal and hook.refusal != known.refusal:
        yield Event("hook.not_repaired", _describe(store_hash, hook, hook), time, Alarm.HOOK_BROKEN)
    elif hook.own_faults and not known.own_faults:
        # A store's first hooks are made: nobody need be called for that.
        alarm = Alarm.HOOK_BROKEN if hook.good_at is not None else None
        yield Event("hook.broken", _describe(store_hash, hook, hook), time, alarm)
    elif known.own_faults and not hook.own_faults:
        yield Event("hook.repaired", _describe(store_hash, known, hook), time)


def _compare_blocks(old: KeptHooks, new: KeptHooks, time: datetime) -> Iterator[Event]:
    is_blocked, was_blocked = _is_blocked(new), _is_blocked(old)
    detail: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "store_hash": new.store_hash}
    if is_blocked and not was_blocked:
        until = new.block.until.isoformat() if new.block else None
        block = {"blocked_until": until, "reasons": list(new.block.reasons) if new.block else []}
        yield Event("hooks.blocked", detail | block, time, Alarm.HOOK_BROKEN)
    elif was_blocked and not is_blocked:
        block = {"blocked_until": None, "reasons": []}
        yield Event("hooks.unblocked", detail | block, time)


def _is_blocked(kept: KeptHooks) -> bool:
    return any(hook.faults != hook.own_faults for hook in kept.hooks.values())


def _describe(store_hash: str, broken: KeptHook, hook: KeptHook) -> dict[str, Any]:
    """A hook as it is, with what was wrong and since when nobody can be sure that it told."""
    is_good = not hook.own_faults
    return {
        "schema_version": SCHEMA_VERSION,
        "store_hash": store_hash,
        "hook_id": hook.hook_id,
        "scope": hook.scope,
        "wrong": list(broken.own_faults),
        "reason": hook.refusal,
        "good_until": broken.good_at.isoformat() if broken.good_at else None,
        "good_from": hook.good_at.isoformat() if is_good and hook.good_at else None,
    }
