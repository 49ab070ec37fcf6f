"""What happens to the stores' hooks: BigCommerce deactivates one, somebody deletes one, the destination is blocked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

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
    """In the end every store that is served has each wanted hook once, and it posts here."""
    for store_hash, shop in world.box.state.shops.items():
        if world.policies.at_present(store_hash) is None:
            continue
        counts = Counter(hook.scope for hook in shop.hooks.values() if _is_good(hook))
        for scope in WANTED_SCOPES:
            if counts[scope] != 1:
                yield f"store {store_hash} has {counts[scope]} good hooks of {scope}"


def _is_good(hook: "Hook") -> bool:
    wanted = f"{WEBHOOKS_URL}/exceptions" if hook.scope == DELIVERY_EXCEPTION else WEBHOOKS_URL
    return hook.is_active and hook.destination == wanted


def _block(world: "World", domain: str) -> None:
    until = world.box.state.clock() + _BLOCKED_FOR
    world.box.state.watch._blocks[domain] = Block(domain, until, "80 of 100 requests succeeded within two minutes")
