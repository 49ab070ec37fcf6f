"""Hook keeping: the wanted hooks of each store are there once each, and post here; what went wrong is repaired."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bigcharge.domain.errors import BigCommerceError, ConflictError, RateLimitedError, UnknownStoreError
from bigcharge.domain.kept_hooks import TOO_OFTEN, Block, KeptHooks, Repair
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.stores import CREDENTIALS_REFUSED, Credentials, Pause
from bigcharge.domain.wanted_hooks import Fault, Finding, Wanted, find_ours, inspect_hooks
from bigcharge.services.hook_repairs import delete_hook, repair_hook
from bigcharge.services.ports import Clock, HookCalls, HookMemory, HooksOf, Queue, ServedStores

BLOCK_OVER: Final = "destination_block_over"
"""The cause of a message that comes when a block is over."""

_TRIES: Final = 3  # against other workers that look at the same store
_BLOCKED_FOR: Final = timedelta(minutes=3)  # what BigCommerce documents, where it does not say how much is left
# A message that came twice is sent again twice: in an outage they multiply. What is older is left to the schedule.
_SENT_AGAIN_FOR: Final = timedelta(minutes=2)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a store's hooks brought.

    Attributes:
        kept: what is remembered from now on.
        findings: what BigCommerce held before anything was done.
        repaired: the hooks that were not good and now are, by scope, with what was wrong.
    """

    kept: KeptHooks
    findings: tuple[Finding, ...] = ()
    repaired: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)

    @property
    def broken(self) -> int:
        """How many are not good."""
        return sum(bool(hook.faults) for hook in self.kept.hooks.values())


class HookKeeping:
    """Looks at a store's hooks and makes them what they are to be."""

    def __init__(
        self,
        memory: HookMemory,
        stores: ServedStores,
        hooks_of: HooksOf,
        queue: Callable[[], Queue],
        webhooks_url: str,
        clock: Clock,
    ) -> None:
        self._memory = memory
        self._stores = stores
        self._hooks_of = hooks_of
        self._queue = queue
        self._webhooks_url = webhooks_url
        self._clock = clock

    def list_stores(self) -> list[str]:
        """The stores that are served; first the one that has waited longest for its turn."""
        found = self._memory.read(self._stores.list_served())
        return [kept.store_hash for kept, _ in sorted(found, key=lambda one: one[0].looked_at or _NEVER)]

    def look(self, store_hash: str) -> Look:
        """See how a store's hooks are, and change nothing; raises as `keep` does."""
        [(kept, _)] = self._memory.read([store_hash])
        credentials = self._stores.credentials(store_hash)
        hooks = self._hooks_of(credentials)
        findings = self._inspect(hooks, credentials, kept)
        return Look(kept.note(findings, self._find_block(hooks, kept)), tuple(findings))

    def keep(self, store_hash: str, news: Message | None = None, *, is_asked: bool = False) -> Look | None:
        """Look at a store's hooks and repair what is not as it is to be.

        Args:
            store_hash: the store.
            news: a message that had us look.
            is_asked: an operator wants it: also where the hooks were removed, and however often it was done of late.

        Returns:
            None where the store is left alone: its credentials are gone or refused, or its hooks were removed.

        Raises:
            BigCommerceError: BigCommerce did not do its part; what was repaired before is kept.
            ConflictError: other workers looked at the store again and again.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._keep(store_hash, news, is_asked=is_asked)
            except ConflictError:
                continue  # theirs stands: with it, the store is looked at anew
        return self._keep(store_hash, news, is_asked=is_asked)

    def take(self, news: Message) -> Look | None:
        """Look at the store of a message, later where BigCommerce asks to wait; else as `keep`."""
        try:
            return self.keep(news.store_hash, news)
        except RateLimitedError as error:
            if self._clock() - news.received_at < _SENT_AGAIN_FOR:
                self._queue().send(news, error.wait)
            return None

    def remove(self, store_hash: str) -> int:
        """Delete a store's hooks of ours, and make none again until somebody asks for them.

        Returns:
            How many were deleted.
        """
        [(kept, _)] = self._memory.read([store_hash])
        self._memory.save(replace(kept, hooks={}, block=None, is_removed=True))  # first, or they would be made again
        credentials = self._stores.credentials(store_hash)
        hooks, wanted = self._hooks_of(credentials), self._want(credentials)
        ours = find_ours(wanted, list(hooks.list_hooks()), kept.numbers)
        for hook in ours:
            delete_hook(hooks, hook)
        return len(ours)

    def _keep(self, store_hash: str, news: Message | None, *, is_asked: bool) -> Look | None:
        [(kept, pause)] = self._memory.read([store_hash])
        try:
            credentials = self._stores.credentials(store_hash)
        except UnknownStoreError:
            return None
        if not is_asked and (kept.is_removed or _is_refused(pause, credentials)):
            return None
        if news is not None and (marked := kept.mark(news)) != kept:
            kept = self._memory.save(marked)  # at once: whatever fails now, the next look knows of it
        hooks, seen_at = self._hooks_of(credentials), self._clock()
        findings = self._inspect(hooks, credentials, kept)
        noted = replace(kept.note(findings, self._find_block(hooks, kept)), is_removed=False)
        self._come_back_after(kept, noted)
        if not all(finding.is_good for finding in findings):
            noted = self._memory.save(noted)
        repairs, trouble = self._repair_all(hooks, self._want(credentials), noted, findings, is_asked=is_asked)
        concluded = self._memory.save(noted.conclude(findings, repairs, seen_at, self._clock()))
        if trouble is not None:
            raise trouble
        mended = {scope: hook.faults for scope, hook in noted.hooks.items() if hook.faults}
        repaired = {scope: faults for scope, faults in mended.items() if not concluded.hooks[scope].faults}
        return Look(concluded, tuple(findings), repaired)

    def _want(self, credentials: Credentials) -> Wanted:
        return Wanted(self._webhooks_url, credentials.hook_header)

    def _inspect(self, hooks: HookCalls, credentials: Credentials, kept: KeptHooks) -> list[Finding]:
        return inspect_hooks(self._want(credentials), list(hooks.list_hooks()), kept.numbers)

    def _find_block(self, hooks: HookCalls, kept: KeptHooks) -> Block | None:
        """Whether BigCommerce posts to our domain; what it does not say now is believed as it was said before."""
        now = self._clock()
        try:
            admin = hooks.get_admin()
        except RateLimitedError:
            raise
        except BigCommerceError:
            return kept.block if kept.block is not None and kept.block.until > now else None
        for blocked in filter(Wanted(self._webhooks_url).is_blocked, admin.blocked_domains):
            left = _BLOCKED_FOR if blocked.time_left is None else timedelta(seconds=max(0, blocked.time_left))
            return Block(now + left, blocked.reasons)
        return None

    def _come_back_after(self, kept: KeptHooks, noted: KeptHooks) -> None:
        """Look again when a block is over: once for each, or each look, and each message that came twice, adds one."""
        number, now = next(iter(noted.numbers.values()), None), self._clock()
        is_new = kept.block is None or kept.block.until <= now
        if noted.block is None or number is None or not is_new:
            return
        left = (noted.block.until - now).total_seconds()
        self._queue().send(Message(noted.store_hash, Kind.HOOK, number, BLOCK_OVER, now), left + 1)

    def _repair_all(
        self, hooks: HookCalls, wanted: Wanted, noted: KeptHooks, findings: Iterable[Finding], *, is_asked: bool
    ) -> tuple[dict[str, Repair], BigCommerceError | None]:
        """Repair what can be; once BigCommerce asks to wait, or does not answer, the rest is for the next look."""
        repairs: dict[str, Repair] = {}
        for finding in (finding for finding in findings if not finding.is_good):
            if not is_asked and not noted.hooks[finding.scope].may_be_repaired(self._clock()):
                repairs[finding.scope] = Repair(None, TOO_OFTEN, is_tried=False)
                continue
            try:
                repairs[finding.scope] = repair_hook(hooks, wanted, finding)
            except BigCommerceError as error:
                return repairs, error
        return repairs, None


def _is_refused(pause: Pause | None, credentials: Credentials) -> bool:
    """Whether BigCommerce refuses the store's credentials: then it has nothing to say of its hooks either."""
    if pause is None or not pause.holds(credentials):
        return False
    return pause.is_closed or pause.reason == CREDENTIALS_REFUSED
