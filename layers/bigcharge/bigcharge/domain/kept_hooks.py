"""What is remembered of a store's hooks: when each was last seen good, what is wrong with it, and what was done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bigcharge.domain.messages import Message
from bigcharge.domain.reconciling import Gap
from bigcharge.domain.wanted_hooks import Fault, Finding
from bigcharge.domain.webhooks import DeliveryTrouble, is_about_orders

TOO_OFTEN: Final = "repaired_too_often"
SCOPE_FULL: Final = "scope_full"
NOT_TAKEN: Final = "not_taken"
# A hook that goes off again and again has a cause that repairing does not mend; a person is called, and a day later it
# is tried again.
_MOST_REPAIRS: Final = 4
_REPAIRS_OF: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeptHook:
    """One hook of ours.

    Attributes:
        scope: what it tells of.
        hook_id: BigCommerce's number; None: it was never made.
        good_at: when it was last seen good, or became good again; None: never.
        faults: what is wrong with it since then; empty while it is good.
        refusal: a stable word for why that could not be repaired; None where nothing was tried, or all is well.
        tried_at: the repairs of the last day.
    """

    scope: str
    hook_id: int | None = None
    good_at: datetime | None = None
    faults: tuple[Fault, ...] = ()
    refusal: str | None = None
    tried_at: tuple[datetime, ...] = ()

    @property
    def own_faults(self) -> tuple[Fault, ...]:
        """What is wrong with the hook itself, and not with the way to its destination."""
        return tuple(fault for fault in self.faults if fault is not Fault.BLOCKED)

    def with_faults(self, faults: Iterable[Fault]) -> "KeptHook":
        """The same with these faults beside those that are known."""
        return replace(self, faults=tuple(dict.fromkeys((*self.faults, *faults))))

    def may_be_repaired(self, now: datetime) -> bool:
        """Whether it was not repaired too often of late."""
        return len(self.tried_lately(now)) < _MOST_REPAIRS

    def tried_lately(self, now: datetime) -> tuple[datetime, ...]:
        """The repairs of the last day."""
        return tuple(at for at in self.tried_at if now - at < _REPAIRS_OF)


@dataclass(frozen=True, slots=True)
class Block:
    """BigCommerce posts nothing to the stack's domain for a while.

    Attributes:
        until: when that is over, by our clock.
        reasons: BigCommerce's words.
    """

    until: datetime
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repair:
    """What came of repairing a hook.

    Attributes:
        hook_id: its number now.
        refusal: a stable word for why it was not done; None: it was.
        is_tried: whether BigCommerce was asked.
    """

    hook_id: int | None
    refusal: str | None = None
    is_tried: bool = True


@dataclass(frozen=True, slots=True)
class KeptHooks:
    """All hooks of a store.

    A fault is saved before it is repaired, so that no crash and no second worker can make it be forgotten: whoever next
    finds the hook good closes the gap.

    Attributes:
        store_hash: the store.
        looked_at: when they were last looked at; None: never.
        hooks: by scope.
        block: see there; None: the domain is not blocked.
        gap: the last time without webhooks, as far as `reconcile_orders` may not have taken it over.
        is_removed: an operator took the hooks away: they are not made again.
        version: of the saved item; 0: there is none.
    """

    store_hash: str
    looked_at: datetime | None = None
    hooks: Mapping[str, KeptHook] = field(default_factory=dict)
    block: Block | None = None
    gap: Gap | None = None
    is_removed: bool = False
    version: int = 0

    @property
    def numbers(self) -> dict[str, int]:
        """The numbers of our hooks, by scope."""
        return {hook.scope: hook.hook_id for hook in self.hooks.values() if hook.hook_id is not None}

    @property
    def good_at(self) -> datetime | None:
        """When all of them were last seen good; None: one of them never was."""
        times = [hook.good_at for hook in self.hooks.values()]
        known = [time for time in times if time is not None]
        return min(known) if known and len(known) == len(times) else None

    def mark(self, news: Message) -> "KeptHooks":
        """The same with what a message told of a delivery; what has been looked at since it came is old news."""
        if self.looked_at is not None and news.received_at <= self.looked_at:
            return self
        told = {scope: _read_news(news, hook) for scope, hook in self.hooks.items()}
        return replace(self, hooks={scope: hook.with_faults(told[scope]) for scope, hook in self.hooks.items()})

    def note(self, findings: Iterable[Finding], block: Block | None) -> "KeptHooks":
        """The same with every fault that there is now, beside those that were known.

        Args:
            findings: what BigCommerce holds.
            block: None: it posts to the stack's domain.
        """
        hooks = {}
        for finding in findings:
            known = self.hooks.get(finding.scope, KeptHook(finding.scope))
            number = finding.hook.hook_id if finding.hook else known.hook_id
            blocked = (Fault.BLOCKED,) if block is not None and finding.hook else ()
            hooks[finding.scope] = replace(known, hook_id=number).with_faults((*finding.faults, *blocked))
        return replace(self, hooks=hooks, block=block)

    def conclude(
        self, findings: Iterable[Finding], repairs: Mapping[str, Repair], seen_at: datetime, done_at: datetime
    ) -> "KeptHooks":
        """The same when what could be repaired is.

        Args:
            findings: as noted.
            repairs: what came of each that was turned to, by scope.
            seen_at: when BigCommerce was asked what it holds: what was good then is known to be good until then.
            done_at: when the last repair was made.
        """
        hooks, gap = {}, self.gap
        for finding in findings:
            noted = self.hooks[finding.scope]
            concluded = _conclude(noted, finding, repairs.get(finding.scope), seen_at, done_at, is_blocked=self.block)
            hooks[finding.scope] = concluded
            if concluded.faults or not noted.faults or noted.good_at is None or not is_about_orders(finding.scope):
                continue
            assert concluded.good_at is not None  # noqa: S101 - it is good; said for the type checker  # nosec B101
            gap = Gap(noted.good_at, concluded.good_at).join(gap)
        return replace(self, hooks=hooks, gap=gap, looked_at=seen_at)


def _conclude(
    noted: KeptHook,
    finding: Finding,
    repair: Repair | None,
    seen_at: datetime,
    done_at: datetime,
    is_blocked: Block | None,
) -> KeptHook:
    left = finding.faults if repair is None or repair.refusal is not None else ()
    number = repair.hook_id if repair is not None and repair.hook_id is not None else noted.hook_id
    if is_blocked is not None and number is not None:
        left = (*left, Fault.BLOCKED)
    tried = noted.tried_lately(done_at)
    if repair is not None and repair.is_tried:
        tried = (*tried, done_at)
    good_at = noted.good_at if left else done_at if noted.faults else seen_at
    refusal = repair.refusal if repair is not None else noted.refusal if finding.faults else None
    return replace(noted, hook_id=number, good_at=good_at, faults=left, refusal=refusal, tried_at=tried)


def _read_news(news: Message, hook: KeptHook) -> tuple[Fault, ...]:
    """What a message says of a hook. A blocked domain is that of all of them."""
    if news.cause == DeliveryTrouble.BLOCKED:
        return (Fault.BLOCKED,)
    return (Fault.GIVEN_UP,) if news.cause == DeliveryTrouble.GIVEN_UP and news.id == hook.hook_id else ()
