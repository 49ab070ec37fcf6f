"""The client's hooks against the box: made, listed, read, changed, deleted, administered."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bigcharge.adapters.bigcommerce.hooks import _read_admin
from bigcharge.domain.errors import InvalidInputError, NotFoundError, RefusedError
from bigcharge.domain.hooks import BlockedDomain, Hook, HookChanges, HookFilter, NewHook
from tests.contract.client_world import Desk, open_desk

DESTINATION = "https://example.com/hooks"
NEW = NewHook("store/order/created", DESTINATION, headers={"X-Secret": "invented-header"})


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with open_desk(monkeypatch) as desk:
        yield desk
        assert desk.world.rules() == desk.expected_rules


def test_a_hook_is_made_read_changed_and_deleted(desk: Desk) -> None:
    hooks = desk.client.hooks
    made = hooks.create_hook(NEW)
    assert desk.last.line == "POST /stores/abc123/v3/hooks"
    assert desk.last.sent == {
        "scope": "store/order/created",
        "destination": DESTINATION,
        "is_active": True,
        "headers": {"X-Secret": "invented-header"},
    }
    born = datetime(2019, 2, 28, 21, 42, 22, tzinfo=UTC)
    assert made == Hook(1, NEW.scope, DESTINATION, True, NEW.headers, born, born)
    assert hooks.get_hook(1) == made
    changed = hooks.update_hook(1, HookChanges(is_active=False))
    assert (desk.last.line, desk.last.sent) == ("PUT /stores/abc123/v3/hooks/1", {"is_active": False})
    assert changed.is_active is False
    hooks.delete_hook(1)
    assert (desk.last.line, desk.last.sent) == ("DELETE /stores/abc123/v3/hooks/1", None)
    with pytest.raises(NotFoundError):
        hooks.get_hook(1)


def test_hooks_are_listed_a_page_at_a_time_and_filtered(desk: Desk) -> None:
    for number in range(5):
        desk.client.hooks.create_hook(NewHook("store/order/updated", f"{DESTINATION}/{number}", number != 3))
    listed = desk.client.hooks.list_hooks(limit=2)
    assert [hook.hook_id for hook in listed] == [1, 2, 3, 4, 5]
    assert desk.last.line == "GET /stores/abc123/v3/hooks?page=3&limit=2"
    inactive = desk.client.hooks.list_hooks(HookFilter(is_active=False))
    assert [hook.destination for hook in inactive] == [f"{DESTINATION}/3"]
    assert "is_active=false" in desk.last.line
    one = HookFilter("store/order/updated", f"{DESTINATION}/1")
    assert [hook.hook_id for hook in desk.client.hooks.list_hooks(one)] == [2]


def test_a_second_hook_of_a_scope_and_destination_is_refused(desk: Desk) -> None:
    desk.client.hooks.create_hook(NEW)
    with pytest.raises(RefusedError):
        desk.client.hooks.create_hook(NEW)
    with pytest.raises(InvalidInputError):
        desk.client.hooks.update_hook(1, HookChanges())


def test_the_administration_tells_and_takes_who_is_written_to(desk: Desk) -> None:
    desk.client.hooks.create_hook(NEW)
    desk.client.hooks.set_emails(["ops@example.com"])
    assert (desk.last.line, desk.last.sent) == ("PUT /stores/abc123/v3/hooks/admin", {"emails": ["ops@example.com"]})
    admin = desk.client.hooks.get_admin()
    assert admin.emails == ("ops@example.com",)
    assert [hook.destination for hook in admin.hooks] == [DESTINATION]
    assert admin.blocked_domains == ()


def test_a_blocked_destination_is_read_with_its_reasons() -> None:
    blocked = [{"destination": "example.com", "time_left": "120", "reasons": ["low success rate"]}]
    admin = _read_admin({"data": {"blocked_domains": [*blocked, {"destination": "example.org", "reason": "slow"}]}})
    assert admin.blocked_domains == (
        BlockedDomain("example.com", 120, ("low success rate",)),
        BlockedDomain("example.org", None, ("slow",)),
    )


def test_no_repr_shows_a_hooks_headers(desk: Desk) -> None:
    shown = repr((NEW, desk.client.hooks.create_hook(NEW), HookChanges(headers=NEW.headers)))
    assert "invented-header" not in shown
