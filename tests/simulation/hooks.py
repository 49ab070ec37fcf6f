"""What happens to the stores' hooks: BigCommerce deactivates one, somebody deletes one, the destination is blocked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from bigcharge.adapters.hook_items import hooks_from_item, hooks_key
from bigcharge.domain.kept_hooks import TOO_OFTEN
from bigcharge.domain.webhooks import DELIVERY_EXCEPTION, WANTED_SCOPES
from sandbox.bigcommerce.blocking import Block, domain_of
from tests.simulation.deployment import API_URL
from tests.simulation.faults import HOOKS

if TYPE_CHECKING:
    from sandbox.bigcommerce.hooks import Hook
    from tests.simulation.chance import Draw
    from tests.simulation.world import World

WEBHOOKS_URL: Final = f"{API_URL}/webhooks"
_BLOCKED_FOR: Final = timedelta(minutes=3)
# What `hook.not_repaired` says of a place that is taken: one more is refused, and later on was refused too often.
_TOLD: Final = frozenset({"refused_422", TOO_OFTEN})


def strike_hooks(world: "World", store_hash: str) -> None:
    """Perhaps do something to one of a store's hooks, right after an event."""
    draw = world.chance.draw(f"hooks of {store_hash}")
    kind = world.chance.choose(draw, 0, HOOKS)
    if kind is not None:
        world.timeline.call_at(world.timeline.now, partial(_strike, world, store_hash, kind, draw))


def _strike(world: "World", store_hash: str, kind: str, draw: "Draw") -> None:
    hooks = world.box.state.shops[store_hash].hooks
    if not hooks:
        return
    hook = draw.pick(1, list(hooks.values()))
    world.note("bigcommerce", f"{kind}: {hook.scope} of {store_hash}")
    match kind:
        case "hook deactivated":
            hooks[hook.hook_id] = replace(hook, is_active=False)
        case "hook deleted":
            del hooks[hook.hook_id]
        case "hook pointed elsewhere":
            hooks[hook.hook_id] = replace(hook, destination="https://elsewhere.example/hooks")
        case "destination blocked":
            _block(world, domain_of(WEBHOOKS_URL))
    world.touch("bigcommerce")


def find_hook_faults(world: "World") -> Iterator[str]:
    """In the end every store that is served has each wanted hook once, and it posts here, or a person knows why not."""
    for store_hash, shop in world.box.state.shops.items():
        if world.policies.at_present(store_hash) is None:
            continue
        counts = Counter(hook.scope for hook in shop.hooks.values() if _is_good(hook))
        for scope in WANTED_SCOPES:
            if counts[scope] != 1 and not (scope == DELIVERY_EXCEPTION and _has_place_taken(world, store_hash)):
                yield f"store {store_hash} has {counts[scope]} good hooks of {scope}"


def _has_place_taken(world: "World", store_hash: str) -> bool:
    """Whether the one exception hook that a store may have is of others, and an alarm has told a person.

    So it is with one that we made, whose number we never learned (the reply was lost, or the worker was killed), and
    that was pointed elsewhere before we looked again: it is no more ours than any other of somebody else's.
    """
    item = world.ledger.items.get(world.ledger.key_of({"order_key": {"S": hooks_key(store_hash)}}))
    kept = hooks_from_item(item).hooks.get(DELIVERY_EXCEPTION) if item else None
    if kept is None or kept.refusal not in _TOLD:
        return False
    there = [hook for hook in world.box.state.shops[store_hash].hooks.values() if hook.scope == DELIVERY_EXCEPTION]
    return any(hook.destination != _find_destination(hook) and hook.hook_id != kept.hook_id for hook in there)


def _is_good(hook: "Hook") -> bool:
    return hook.is_active and hook.destination == _find_destination(hook)


def _find_destination(hook: "Hook") -> str:
    return f"{WEBHOOKS_URL}/exceptions" if hook.scope == DELIVERY_EXCEPTION else WEBHOOKS_URL


def _block(world: "World", domain: str) -> None:
    until = world.box.state.clock() + _BLOCKED_FOR
    world.box.state.watch._blocks[domain] = Block(domain, until, "80 of 100 requests succeeded within two minutes")
