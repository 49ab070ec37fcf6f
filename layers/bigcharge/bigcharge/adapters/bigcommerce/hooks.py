"""Hooks: `/v3/hooks`, `/v3/hooks/{id}` and `/v3/hooks/admin`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bigcharge.adapters.bigcommerce.fields import (
    ShapeError,
    read_flag,
    read_object,
    read_texts,
    read_whole,
    require_text,
    require_whole,
    write_fields,
)
from bigcharge.adapters.bigcommerce.paging import LARGEST_PAGE, check_limit, list_pages
from bigcharge.adapters.bigcommerce.rest import Rest, ignore
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.hooks import BlockedDomain, Hook, HookChanges, HookFilter, HooksAdmin, NewHook
from bigcharge.domain.stores import check_id

_EVERY_HOOK = HookFilter()
_LATEST = 2**36  # seconds since 1970: far beyond any hook, and within what every platform's calendar can name


@dataclass(frozen=True, slots=True)
class Hooks:
    """The hooks of one store that its access token made; nobody else's are seen."""

    rest: Rest = field(repr=False)

    def create_hook(self, hook: NewHook) -> Hook:
        """Make a hook (`POST /v3/hooks`); one for each scope and destination. Raises as `Rest.write` does."""
        return self.rest.write("POST", "/v3/hooks", write_fields(hook), _read_answer)

    def list_hooks(self, wanted: HookFilter = _EVERY_HOOK, *, limit: int = LARGEST_PAGE) -> Iterator[Hook]:
        """List hooks (`GET /v3/hooks`), each once, a page of `limit` at a time; raises as `list_pages` does."""
        query = write_fields(wanted)
        # Whether hooks come in pages is not documented: a host that gives them all at once must not stop their keeping.
        return _list_once(list_pages(self.rest, "/v3/hooks", query, check_limit(limit), _read_hook, may_be_whole=True))

    def get_hook(self, hook_id: int) -> Hook:
        """The hook now (`GET /v3/hooks/{id}`); raises as `Rest.get` does."""
        return self.rest.get(f"/v3/hooks/{check_id(hook_id)}", _read_answer, empty=frozenset())

    def update_hook(self, hook_id: int, changes: HookChanges) -> Hook:
        """Change a hook (`PUT /v3/hooks/{id}`).

        Raises:
            InvalidInputError: nothing to change.
            BigCommerceError: as `Rest.write` does.
        """
        path, body = f"/v3/hooks/{check_id(hook_id)}", write_fields(changes)
        if not body:
            raise InvalidInputError("there is nothing to change")
        return self.rest.write("PUT", path, body, _read_answer)

    def delete_hook(self, hook_id: int) -> None:
        """Delete a hook (`DELETE /v3/hooks/{id}`); raises as `Rest.write` does."""
        self.rest.write("DELETE", f"/v3/hooks/{check_id(hook_id)}", None, ignore)

    def get_admin(self) -> HooksAdmin:
        """What BigCommerce says of the hooks and their destinations (`GET /v3/hooks/admin`)."""
        return self.rest.get("/v3/hooks/admin", _read_admin, empty=frozenset())

    def set_emails(self, emails: Iterable[str]) -> None:
        """Set who is told when a hook is deactivated (`PUT /v3/hooks/admin`); raises as `Rest.write` does."""
        self.rest.write("PUT", "/v3/hooks/admin", {"emails": list(emails)}, ignore)


def _list_once(hooks: Iterable[Hook]) -> Iterator[Hook]:
    """Each hook once: one that a changing list shows again would be taken for a double of itself, and deleted."""
    seen: set[int] = set()
    for hook in hooks:
        if hook.hook_id not in seen:
            seen.add(hook.hook_id)
            yield hook


def _read_answer(document: object) -> Hook:
    return _read_hook(read_object(document).get("data"))


def _read_hook(document: object) -> Hook:
    fields = read_object(document)
    is_active = read_flag(fields.get("is_active"))
    if is_active is None:
        raise ShapeError
    return Hook(
        hook_id=require_whole(fields.get("id")),
        scope=require_text(fields.get("scope")),
        destination=require_text(fields.get("destination")),
        is_active=is_active,
        headers=read_texts(fields.get("headers")) or None,
        created_at=_read_moment(fields.get("created_at")),
        updated_at=_read_moment(fields.get("updated_at")),
    )


def _read_moment(value: object) -> datetime | None:
    seconds = read_whole(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 <= seconds < _LATEST else None


def _read_admin(document: object) -> HooksAdmin:
    fields = read_object(read_object(document).get("data"))
    blocked = (read_object(entry) for entry in _read_entries(fields.get("blocked_domains")))
    return HooksAdmin(
        emails=_read_words(fields.get("emails")),
        hooks=tuple(_read_hook(entry) for entry in _read_entries(fields.get("hooks_list"))),
        blocked_domains=tuple(
            BlockedDomain(
                require_text(entry.get("destination")),
                read_whole(entry.get("time_left")),
                _read_words(entry.get("reasons") or entry.get("reason")),
            )
            for entry in blocked
        ),
    )


def _read_entries(value: object) -> list[object]:
    """The entries of a list; none where it is left out."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ShapeError
    return value


def _read_words(value: object) -> tuple[str, ...]:
    """The texts of a list, or a text that stands alone."""
    words = value if isinstance(value, list) else [value]
    return tuple(word for word in words if isinstance(word, str) and word)
