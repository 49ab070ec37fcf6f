"""`bigcharge hooks ...`, what is remembered of hooks, and the walk through a gap: on moto, with the box over HTTP."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.adapters.cursors import CursorItems
from bigcharge.adapters.hook_items import HookItems
from bigcharge.domain.errors import ConflictError
from bigcharge.domain.kept_hooks import Block, KeptHook, KeptHooks
from bigcharge.domain.reconciling import Errand, Gap
from bigcharge.domain.wanted_hooks import Fault
from bigcharge.domain.webhooks import DELIVERY_EXCEPTION, WANTED_SCOPES
from ops.cli import run
from sandbox.bigcommerce.box import Box
from tests.integration.conftest import NOW
from tests.integration.shop_world import URL, deploy, put_store

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

CREATED = "store/order/created"
ELSEWHERE = "https://somebody.example/hooks"


@pytest.fixture
def box(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    for box in deploy(aws, resources, monkeypatch):
        put_store(aws, hook_header={"name": "X-Hook", "value": "invented-value"})
        yield box


def change(box: Box, scope: str = CREATED, **fields: object) -> None:
    hooks = box.state.shops["abc123"].hooks
    hook = next(hook for hook in hooks.values() if hook.scope == scope and hook.destination != ELSEWHERE)
    hooks[hook.hook_id] = replace(hook, **fields)  # type: ignore[arg-type]  # fields by name


def status(capsys: pytest.CaptureFixture[str], expected: int = 0) -> list[dict[str, Any]]:
    assert run(["hooks", "status", "--json"]) == expected
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_hooks_are_made_shown_and_repaired(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    assert {row["scope"]: row["wrong"] for row in status(capsys, 1)} == {scope: ["missing"] for scope in WANTED_SCOPES}
    assert box.hooks() == [], "it only looks"
    assert run(["hooks", "sync"]) == 0
    out, err = capsys.readouterr()
    assert f"{len(WANTED_SCOPES)} of {len(WANTED_SCOPES)} hooks are good" in out
    assert "invented-value" not in out + err
    made = {hook.scope: hook for hook in box.hooks()}
    assert made[DELIVERY_EXCEPTION].destination == f"{URL}/exceptions"
    assert made[CREATED].destination == URL
    assert dict(made[CREATED].headers or {}) == {"X-Hook": "invented-value"}
    change(box, is_active=False)
    change(box, "store/order/updated", headers=None)
    rows = {row["scope"]: row for row in status(capsys, 1)}
    assert (rows[CREATED]["wrong"], rows["store/order/updated"]["wrong"]) == (["inactive"], ["header"])
    assert rows[CREATED]["hook_id"] == made[CREATED].hook_id
    assert run(["hooks", "status"]) == 1
    assert "it is deactivated" in " ".join(capsys.readouterr().out.split())
    assert run(["hooks", "sync", "--store", "abc123"]) == 0
    assert "store/order/created repaired: it is deactivated" in capsys.readouterr().out
    assert [row["wrong"] for row in status(capsys)] == [[]] * len(WANTED_SCOPES)
    assert {hook.hook_id for hook in box.hooks()} == {hook.hook_id for hook in made.values()}


def test_only_our_hooks_are_removed_and_only_when_it_is_said_twice(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["hooks", "sync"])
    box.add_hook(CREATED, ELSEWHERE)
    assert run(["hooks", "remove", "--store", "abc123"]) == 0
    assert "Nothing was changed" in capsys.readouterr().out
    assert len(box.hooks()) == len(WANTED_SCOPES) + 1
    assert run(["hooks", "remove", "--store", "abc123", "--apply"]) == 0
    assert [hook.destination for hook in box.hooks()] == [ELSEWHERE]


def test_a_store_that_cannot_be_asked_does_not_keep_the_others(
    box: Box, aws: "Aws", capsys: pytest.CaptureFixture[str]
) -> None:
    for name, secret in (("another", {"access_token": "stale"}), ("bare", None)):
        aws.parameters.put_parameter(Name=f"/bigcharge/dev/stores/{name}/policy", Type="String", Value="{}")
        if secret is not None:
            text = json.dumps({"client_id": "i", "client_secret": "s", **secret})
            aws.secrets.create_secret(Name=f"bigcharge/dev/stores/{name}", SecretString=text)
    assert run(["hooks", "sync"]) == 1
    out, err = capsys.readouterr()
    assert "store abc123: " in out
    assert "store another: refused with HTTP" in err
    assert "store bare: it has no credentials: see bigcharge stores add" in err


def test_a_full_scope_is_said_with_what_to_do(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(10):
        box.add_hook(CREATED, f"{ELSEWHERE}/{number}")
    assert run(["hooks", "sync"]) == 1
    assert "delete one of them" in capsys.readouterr().err


def test_a_stage_that_is_not_deployed_is_said(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["hooks", "status", "--stage", "nowhere"]) == 2
    assert "deploy it first" in capsys.readouterr().err


@pytest.fixture
def memory(aws: "Aws", ledger_table: str) -> HookItems:
    return HookItems(aws.dynamodb, ledger_table, lambda _: None)


GAP = Gap(NOW - timedelta(hours=3), NOW)
KEPT = KeptHooks(
    "abc123",
    NOW,
    {
        "a": KeptHook("a", 7, NOW, (Fault.HEADER, Fault.BLOCKED), "refused_403", (NOW,)),
        "b": KeptHook("b"),
    },
    Block(NOW, ("80 of 100",)),
    GAP,
    is_removed=True,
)


def test_what_is_remembered_comes_back_as_it_was(memory: HookItems) -> None:
    assert memory.read(["abc123", "other"]) == [(KeptHooks("abc123"), None), (KeptHooks("other"), None)]
    saved = memory.save(KEPT)
    assert saved == replace(KEPT, version=1)
    assert memory.read(["abc123"]) == [(saved, None)]
    assert memory.save(replace(saved, block=None, gap=None, is_removed=False)).version == 2


@pytest.mark.parametrize("version", [0, 1, 3])
def test_of_two_looks_at_once_one_is_remembered(memory: HookItems, version: int) -> None:
    second = memory.save(memory.save(KEPT))
    with pytest.raises(ConflictError):
        memory.save(replace(KEPT, version=version))
    assert memory.read(["abc123"]) == [(second, None)]


def test_the_reconciliation_takes_a_gap_over_and_walks_through_it_once(
    memory: HookItems, aws: "Aws", ledger_table: str
) -> None:
    cursors = CursorItems(aws.dynamodb, ledger_table, lambda _: None)
    saved = memory.save(KEPT)
    [(cursor, _)] = cursors.read(["abc123"])
    walk = cursor.walks[Errand.GAP]
    assert (walk.since, walk.until, walk.newest) == (GAP.since, GAP.until, GAP.until)
    cursors.save(cursor.with_walk(Errand.GAP, walk.end()))
    [(cursor, _)] = cursors.read(["abc123"])
    assert not cursor.is_due(Errand.GAP, NOW)
    later = Gap(NOW + timedelta(hours=1), NOW + timedelta(hours=2))
    memory.save(replace(saved, gap=later))
    [(cursor, _)] = cursors.read(["abc123"])
    assert cursor.walks[Errand.GAP].since == later.since
