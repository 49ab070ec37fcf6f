"""The hooks that a store is to have, and what is wrong with those that it has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from bigcharge.domain.hooks import BlockedDomain, Hook
from bigcharge.domain.webhooks import DELIVERY_EXCEPTION, WANTED_SCOPES

HOOKS_A_SCOPE: Final = 10  # that BigCommerce allows
_PORTS: Final = {"https": 443, "http": 80}


class Fault(StrEnum):
    """What can be wrong with a hook."""

    MISSING = "missing"
    INACTIVE = "inactive"
    ELSEWHERE = "elsewhere"
    HEADER = "header"
    DOUBLED = "doubled"
    GIVEN_UP = "given_up"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What every hook of a store is to be.

    Attributes:
        webhooks_url: where the stack takes webhooks; delivery exceptions have the route `/exceptions` below it.
        header: name and value that each hook carries; None where the store's secret names none.
    """

    webhooks_url: str
    header: tuple[str, str] | None = field(default=None, repr=False)

    def find_destination(self, scope: str) -> str:
        """Where the hook of a scope is to post. BigCommerce wants that of delivery exceptions to be no other's."""
        return f"{self.webhooks_url}/exceptions" if scope == DELIVERY_EXCEPTION else self.webhooks_url

    def is_here(self, destination: str) -> bool:
        """Whether a destination is one of the stack's, however it is spelled."""
        here = {_plain(self.find_destination(scope)) for scope in WANTED_SCOPES}
        return _plain(destination) in here

    def is_blocked(self, blocked: BlockedDomain) -> bool:
        """Whether a domain that BigCommerce blocks is the stack's; it may be named as a host or as a URL."""
        name = blocked.destination if "//" in blocked.destination else f"//{blocked.destination}"
        blocked_at, here = _read_host(name), _read_host(self.webhooks_url)
        return blocked_at[0] == here[0] and (blocked_at[1] in {None, here[1]})

    def carries_header(self, hook: Hook) -> bool:
        """Whether the hook carries the store's header; others beside it do no harm."""
        if self.header is None:
            return True
        name, value = self.header
        return (name.lower(), value) in {(key.lower(), text) for key, text in (hook.headers or {}).items()}

    def with_header(self, hook: Hook | None) -> dict[str, str] | None:
        """The headers of a hook with the store's; None where there is nothing to say."""
        if self.header is None:
            return None
        name, value = self.header
        others = (hook.headers if hook else None) or {}
        return {key: text for key, text in others.items() if key.lower() != name.lower()} | {name: value}


@dataclass(frozen=True, slots=True)
class Finding:
    """What BigCommerce holds for a scope.

    Attributes:
        scope: one of the wanted ones.
        faults: what is wrong; empty: nothing.
        hook: the one to keep; None where there is none.
        doubles: others of ours for the same scope.
        others: how many of the scope are somebody else's.
    """

    scope: str
    faults: tuple[Fault, ...]
    hook: Hook | None = None
    doubles: tuple[Hook, ...] = ()
    others: int = 0

    @property
    def is_good(self) -> bool:
        """Whether no call of BigCommerce is needed."""
        return not self.faults

    @property
    def is_full(self) -> bool:
        """Whether there is no room for a hook of ours."""
        return self.hook is None and self.others >= HOOKS_A_SCOPE


def inspect_hooks(wanted: Wanted, listed: Sequence[Hook], known: Mapping[str, int]) -> list[Finding]:
    """Compare what a store has with what it is to have.

    Ours are those that post to this stack and those that we know by their number; what the same token made for another
    destination is somebody else's.

    Args:
        wanted: see there.
        listed: the store's hooks.
        known: the numbers of our hooks, by scope.
    """
    return [_inspect(scope, wanted, [hook for hook in listed if hook.scope == scope], known) for scope in WANTED_SCOPES]


def find_ours(wanted: Wanted, listed: Iterable[Hook], known: Mapping[str, int]) -> list[Hook]:
    """The store's hooks that are ours."""
    numbers = set(known.values())
    return [hook for hook in listed if hook.hook_id in numbers or wanted.is_here(hook.destination)]


def _inspect(scope: str, wanted: Wanted, listed: list[Hook], known: Mapping[str, int]) -> Finding:
    destination = wanted.find_destination(scope)
    ours = find_ours(wanted, listed, known)
    others = len(listed) - len(ours)
    if not ours:
        return Finding(scope, (Fault.MISSING,), others=others)
    # The one that needs the least is kept; of equals the oldest.
    hook, *doubles = sorted(ours, key=lambda one: (one.destination != destination, not one.is_active, one.hook_id))
    checks = {
        Fault.INACTIVE: not hook.is_active,
        Fault.ELSEWHERE: hook.destination != destination,
        Fault.HEADER: not wanted.carries_header(hook),
        Fault.DOUBLED: bool(doubles),
    }
    faults = tuple(fault for fault, is_there in checks.items() if is_there)
    return Finding(scope, faults, hook, tuple(doubles), others)


def _plain(destination: str) -> tuple[str, str | None, int | None, str]:
    try:
        parts = urlsplit(destination)
        host, port = _read_host(destination)
    except ValueError:
        return "", None, None, destination
    return parts.scheme.lower(), host, port, parts.path.rstrip("/")


def _read_host(url: str) -> tuple[str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.hostname, parts.port or _PORTS.get(parts.scheme.lower())
    except ValueError:
        return None, None
