"""Hooks: which events BigCommerce posts where, and what its administration says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NewHook:
    """A hook to be made; the fields have BigCommerce's names, and what is None is not sent.

    Attributes:
        scope: the event ("store/order/created"), or all below one ("store/order/*").
        destination: the URL that it is posted to, on port 443.
        is_active: whether it posts.
        headers: sent with each post; they may be a secret that proves who posts.
    """

    scope: str
    destination: str
    is_active: bool = True
    headers: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HookChanges:
    """What to change of a hook; what is None stays as it is. `is_active` true wakes one that was deactivated."""

    scope: str | None = None
    destination: str | None = None
    is_active: bool | None = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HookFilter:
    """Which hooks to list; what is None does not matter."""

    scope: str | None = None
    destination: str | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook as BigCommerce holds it.

    Attributes:
        hook_id: BigCommerce's number.
        scope: as in `NewHook`.
        destination: where it posts to.
        is_active: false: nobody is told; BigCommerce does that itself after many failures or 90 idle days.
        headers: sent with each post.
        created_at: aware UTC, where BigCommerce says so.
        updated_at: likewise.
    """

    hook_id: int
    scope: str
    destination: str
    is_active: bool
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BlockedDomain:
    """A destination that BigCommerce posts nothing to for a while.

    Attributes:
        destination: its name.
        time_left: until it is posted to again, as BigCommerce counts; None where it does not say.
        reasons: BigCommerce's words.
    """

    destination: str
    time_left: int | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HooksAdmin:
    """What BigCommerce's administration of hooks says.

    Attributes:
        emails: who is told when a hook is deactivated.
        hooks: those that it lists.
        blocked_domains: see there.
    """

    emails: tuple[str, ...] = field(default=(), repr=False)
    hooks: tuple[Hook, ...] = ()
    blocked_domains: tuple[BlockedDomain, ...] = ()
