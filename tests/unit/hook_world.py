"""A world in memory around `HookKeeping`: a store's hooks as BigCommerce holds them, and what is remembered of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bigcharge.adapters.hook_items import hooks_from_item, hooks_to_item
from bigcharge.domain.errors import ConflictError, NotFoundError, UnprocessableError
from bigcharge.domain.events import Event
from bigcharge.domain.hook_events import hook_events
from bigcharge.domain.hooks import BlockedDomain, Hook, HookChanges, HooksAdmin, NewHook
from bigcharge.domain.kept_hooks import KeptHooks
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.stores import Credentials, Pause
from bigcharge.domain.wanted_hooks import HOOKS_A_SCOPE
from bigcharge.services.hook_keeping import HookKeeping, Look
from tests.fakes import STORE, FakeQueue, Time
from tests.unit.reconcile_world import Served

URL = "https://abc.execute-api.us-east-1.amazonaws.com/webhooks"
ELSEWHERE = "https://somebody.example/hooks"
HEADER = ("X-Our-Hook", "invented-value")
CREATED = "store/order/created"


@dataclass
class FakeHooks:
    """One store's hooks; `trouble` is raised by the call of that name, once where it is said so."""

    hooks: dict[int, Hook] = field(default_factory=dict)
    blocked: tuple[BlockedDomain, ...] = ()
    trouble: dict[str, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    after: Callable[[str], None] = lambda _: None
    _last: int = 0

    def _meet(self, call: str, what: object = "") -> None:
        self.calls.append(f"{call} {what}".strip())
        if call in self.trouble:
            raise self.trouble[call]

    @property
    def changes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith(("list", "admin"))]

    def add(
        self,
        scope: str,
        destination: str,
        *,
        is_active: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Hook:
        self._last += 1
        self.hooks[self._last] = Hook(self._last, scope, destination, is_active, headers)
        return self.hooks[self._last]

    def list_hooks(self) -> Iterator[Hook]:
        self._meet("list")
        yield from list(self.hooks.values())
        self.after("list")

    def get_admin(self) -> HooksAdmin:
        self._meet("admin")
        return HooksAdmin(blocked_domains=self.blocked)

    def create_hook(self, hook: NewHook) -> Hook:
        self._meet("create", hook.scope)
        self._check_room(0, hook.scope, hook.destination)
        made = self.add(hook.scope, hook.destination, is_active=hook.is_active, headers=hook.headers)
        self.after("create")
        return made

    def update_hook(self, hook_id: int, changes: HookChanges) -> Hook:
        self._meet("update", hook_id)
        if hook_id not in self.hooks:
            raise NotFoundError(404)
        known = self.hooks[hook_id]
        self._check_room(hook_id, known.scope, changes.destination or known.destination)
        said = {name: getattr(changes, name) for name in ("destination", "is_active", "headers")}
        self.hooks[hook_id] = replace(known, **{name: value for name, value in said.items() if value is not None})
        self.after("update")
        return self.hooks[hook_id]

    def delete_hook(self, hook_id: int) -> None:
        self._meet("delete", hook_id)
        if self.hooks.pop(hook_id, None) is None:
            raise NotFoundError(404)

    def _check_room(self, hook_id: int, scope: str, destination: str) -> None:
        """As BigCommerce: one for each scope and destination, ten for each scope."""
        others = [hook for hook in self.hooks.values() if hook.scope == scope and hook.hook_id != hook_id]
        if any(hook.destination == destination for hook in others) or len(others) >= HOOKS_A_SCOPE:
            raise UnprocessableError(422)


@dataclass
class FakeMemory:
    """What is remembered, through the items of the table; what was announced of each save."""

    clock: Time
    kept: dict[str, KeptHooks] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    before_save: Callable[[KeptHooks], None] = lambda _: None

    def read(self, store_hashes: object) -> list[tuple[KeptHooks, Pause | None]]:
        names = list(store_hashes)  # type: ignore[call-overload]
        return [(self.kept.get(name, KeptHooks(name)), self.pauses.get(name)) for name in names]

    def save(self, kept: KeptHooks) -> KeptHooks:
        self.before_save(kept)
        stored = self.kept.get(kept.store_hash)
        if (stored.version if stored else 0) != kept.version:
            raise ConflictError("another look was first")
        saved = hooks_from_item(hooks_to_item(replace(kept, version=kept.version + 1)))
        self.kept[kept.store_hash] = saved
        self.events += hook_events(stored, saved, self.clock())
        return saved


@dataclass
class Stores(Served):
    """The stores; each has the same header for its hooks."""

    header: tuple[str, str] | None = HEADER

    def credentials(self, store_hash: str) -> Credentials:
        return replace(super().credentials(store_hash), hook_header=self.header)


class World:
    def __init__(self) -> None:
        self.clock = Time()
        self.memory = FakeMemory(self.clock)
        self.stores = Stores()
        self.shops = {STORE: FakeHooks()}
        self.queue = FakeQueue()
        self.keeping = HookKeeping(
            self.memory,
            self.stores,
            lambda of: self.shops[of.store_hash],
            lambda: self.queue,
            URL,
            self.clock,
        )

    @property
    def shop(self) -> FakeHooks:
        return self.shops[STORE]

    @property
    def kept(self) -> KeptHooks:
        return self.memory.kept[STORE]

    def keep(self, *, after: float = 15, **said: object) -> Look | None:
        """A run, some minutes later; what it changed and announced is asked for afterwards."""
        self.clock.pass_by(minutes=after)
        self.shop.calls.clear()
        self.memory.events.clear()
        return self.keeping.keep(STORE, **said)  # type: ignore[arg-type]

    def settle(self) -> None:
        """The first run makes the hooks, the second finds them good."""
        self.keep()
        self.keep()
        assert not self.shop.changes

    def hook(self, scope: str = CREATED) -> Hook:
        return next(hook for hook in self.shop.hooks.values() if hook.scope == scope and hook.destination == URL)

    def change(self, scope: str = CREATED, **fields: object) -> Hook:
        hook = self.hook(scope)
        self.shop.hooks[hook.hook_id] = replace(hook, **fields)  # type: ignore[arg-type]
        return self.shop.hooks[hook.hook_id]

    def announced(self) -> list[tuple[str, str | None, list[str] | None]]:
        """What was announced: name, scope, what was wrong."""
        return [
            (event.detail_type, event.detail.get("scope"), event.detail.get("wrong")) for event in self.memory.events
        ]

    def news(self, cause: str, hook_id: int = 1, *, ago: float = 0) -> Message:
        return Message(STORE, Kind.HOOK, hook_id, cause, self.clock() - timedelta(minutes=ago))
