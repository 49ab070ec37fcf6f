"""`bigcharge stores ...` against a stage as template.yaml declares it, and the box over HTTP."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.domain.charges import STORE_PAUSED, Charge
from bigcharge.domain.hooks import Hook
from bigcharge.domain.states import State
from bigcharge.domain.stores import Credentials
from bigcharge.domain.webhooks import WANTED_SCOPES
from ops import store_changes
from ops.aws import open_instruments, open_ledger
from ops.cli import run
from sandbox.bigcommerce.box import Box
from tests.fakes import VISA, hold
from tests.integration.cli_world import print_json
from tests.integration.shop_world import (
    POLICY,
    SECRET,
    URL,
    Terminal,
    deploy,
    put_store,
    replace_store,
    run_with,
)
from tests.unit.hook_world import FakeHooks

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

README = Path(__file__).parents[2] / "README.md"
NAME = "bigcharge/dev/stores/abc123"
INVENTED = ("invented-access", "invented-client", "invented-secret", "new-access", "new-secret")


@pytest.fixture
def box(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    yield from deploy(aws, resources, monkeypatch)


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(POLICY))
    return str(path)


@pytest.fixture(autouse=True)
def nothing_leaks(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever a command says, it never says a credential; each test reads its output through `said`."""
    yield
    check_said(capsys)


def check_said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    out, err = capsys.readouterr()
    assert not [secret for secret in INVENTED if secret in out + err]
    return out, err


def kept(aws: "Aws", stage: str = "AWSCURRENT") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(aws.secrets.get_secret_value(SecretId=NAME, VersionStage=stage)["SecretString"])
    return found


def fill(box: Box) -> int:
    """A customer with a card, and an order of hers."""
    customer = box.create_customer().customer_id
    box.store_instrument(customer)
    return box.create_order(customer_id=customer, external_source="example-app").order_id


def test_a_store_is_added_with_its_hooks_and_checked(
    box: Box, aws: "Aws", policy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(box)
    given = SECRET | {"hook_header": "X-Hook: of-the-store"}
    assert run_with(monkeypatch, given, "stores", "add", "abc123", "--policy", policy) == 0
    out, err = check_said(capsys)
    assert kept(aws) == given
    described = aws.secrets.describe_secret(SecretId=NAME)
    assert described["KmsKeyId"] == "alias/bigcharge-dev"
    parameter = aws.parameters.get_parameter(Name=f"/{NAME}/policy")["Parameter"]
    assert (parameter["Type"], json.loads(parameter["Value"])) == ("String", POLICY)
    assert {hook.scope for hook in box.hooks()} == set(WANTED_SCOPES)
    assert all(dict(hook.headers or {}) == {"X-Hook": "of-the-store"} for hook in box.hooks())
    assert err == ""
    assert "the policy charges the orders of example-app" in out
    assert "stripe.card takes STORED_CARD" in out
    assert "unproven payments can be made" in out


def test_credentials_are_asked_for_at_a_terminal_and_not_shown(
    box: Box, aws: "Aws", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def type_in(question: str) -> str:
        asked.append(question)
        return ["invented-access", "invented-client", "invented-secret", ""][len(asked) - 1]

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", type_in)
    assert run(["stores", "add", "abc123"]) == 1, "it has no policy, so nothing is charged"
    assert "there is no policy" in check_said(capsys)[1]
    assert kept(aws) == SECRET
    assert len(asked) == 4


def test_a_store_that_is_served_is_not_added_again(
    box: Box, aws: "Aws", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_store(aws)
    assert run_with(monkeypatch, SECRET | {"access_token": "another"}, "stores", "add", "abc123") == 1
    assert "has credentials already" in check_said(capsys)[1]
    assert kept(aws) == SECRET


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "stdin holds no JSON object"),
        ("{invented-secret", "stdin holds no JSON object"),
        ({}, "there are no credentials"),
        (SECRET | {"invented-secret": 1}, "stdin has 1 keys that credentials do not have"),
        ({"access_token": "invented-access"}, "has the keys access_token, client_id, client_secret"),
        (SECRET | {"client_secret": " invented-secret "}, "client_secret in the secret of store abc123 is a text"),
    ],
)
def test_credentials_of_another_form_are_refused_and_nothing_is_written(
    box: Box,
    aws: "Aws",
    policy: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: object,
    said: str,
) -> None:
    assert run_with(monkeypatch, given, "stores", "add", "abc123", "--policy", policy) != 0
    assert said in check_said(capsys)[1]
    assert aws.secrets.list_secrets()["SecretList"] == []
    assert aws.parameters.get_parameters_by_path(Path="/bigcharge/dev/stores", Recursive=True)["Parameters"] == []


@pytest.mark.parametrize("text", ["{", "[]", '{"external_source": ["x"]}', '{"retry_after": ["soon"]}'])
def test_a_policy_that_the_functions_could_not_read_is_refused_before_anything_is_asked(
    box: Box, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "policy.json"
    path.write_text(text)
    assert run(["stores", "add", "abc123", "--policy", str(path)]) == 2
    assert str(path) in check_said(capsys)[1]


def test_a_check_names_each_missing_scope_with_what_to_do(
    box: Box, aws: "Aws", capsys: pytest.CaptureFixture[str]
) -> None:
    fill(box)
    put_store(aws)
    replace_store(box, oauth_scopes=frozenset({"store_v2_orders"}))
    assert run(["stores", "check", "abc123"]) == 1
    out, err = check_said(capsys)
    assert "orders can be read" in out
    for scope in ("Stored Payment Instruments: read-only", "Order Transactions: read-only", "Get Payment Methods"):
        assert f"give the API account the scope {scope}" in err
    assert "the hook of store/order/created: there is none: bigcharge hooks sync --store abc123" in err
    assert box.hooks() == [], "a check changes nothing"


def test_a_check_says_that_the_token_is_refused_and_that_nothing_can_be_asked_without_an_order(
    box: Box, aws: "Aws", capsys: pytest.CaptureFixture[str]
) -> None:
    put_store(aws)
    assert run(["stores", "check", "abc123"]) == 1
    assert "there is no order to ask about: make an order" in check_said(capsys)[0]
    replace_store(box, access_token="new-access")
    found = [line for line in check_json(capsys) if line["level"] == "missing"]
    assert "BigCommerce refuses the access token" in {line["what"] for line in found}


def check_json(capsys: pytest.CaptureFixture[str]) -> Any:
    assert run(["stores", "check", "abc123", "--json"]) == 1
    return json.loads(capsys.readouterr().out)


def test_a_check_of_nothing_says_how_to_begin(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stores", "check", "abc123"]) == 1
    assert "no credentials are kept: bigcharge stores add abc123" in check_said(capsys)[1]


def test_the_list_shows_each_store_with_what_it_has(
    box: Box, aws: "Aws", policy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stores", "list"]) == 0
    assert "no stores" in check_said(capsys)[0]
    run_with(monkeypatch, SECRET, "stores", "add", "abc123", "--policy", policy)
    run(["stores", "pause", "abc123", "--why", "gateway moves", "--who", "jane"])
    aws.parameters.put_parameter(Name="/bigcharge/dev/stores/other/policy", Type="String", Value="{")
    check_said(capsys)
    one, other = print_json(capsys, "stores", "list")
    assert (one["store_hash"], one["credentials"], one["policy"]) == ("abc123", "kept", "kept")
    assert (one["pause_reason"], one["paused_by"], one["pause_why"]) == ("paused_by_operator", "jane", "gateway moves")
    assert one["hooks_good_at"] is not None
    assert (other["credentials"], other["policy"], other["hooks_good_at"]) == ("none", "unreadable", None)
    assert run(["stores", "list"]) == 0
    assert "gateway moves" in check_said(capsys)[0]


def test_a_pause_of_an_operator_stands_until_it_is_lifted(
    box: Box, aws: "Aws", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_store(aws)
    assert run(["stores", "pause", "abc123", "--why", "gateway moves", "--who", "jane"]) == 0
    pause = open_ledger("dev").read_pause("abc123")
    assert pause is not None
    assert (pause.who, pause.why) == ("jane", "gateway moves")
    later = datetime.now(UTC) + timedelta(minutes=10)
    held = Charge("abc123", 7, State.CLAIMED, later, reason=STORE_PAUSED, due_at=later)
    for charge in (held, replace(held, order_id=8, reason="rate_limited"), replace(held, store_hash="other")):
        open_ledger("dev").save(charge)
    assert run(["stores", "resume", "abc123"]) == 0
    assert open_ledger("dev").read_pause("abc123") is None
    assert "waited for that: 1." in check_said(capsys)[0]
    assert [due.order_id for due in open_ledger("dev").list_due(datetime.now(UTC) + timedelta(seconds=2))] == [7]
    assert run(["stores", "pause", "abc123", "--why", "4111 1111 1111 1111"]) == 2
    check_said(capsys)


def test_credentials_are_rotated_beside_the_old_ones(
    box: Box, aws: "Aws", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(box)
    put_store(aws)
    replace_store(box, access_token="new-access")
    given = {"access_token": "new-access", "client_secret": "new-secret"}
    assert run_with(monkeypatch, given, "stores", "rotate", "abc123") == 0
    out, err = check_said(capsys)
    assert kept(aws) == SECRET | given
    assert kept(aws, "AWSPREVIOUS") == SECRET
    assert {hook.scope for hook in box.hooks()} == set(WANTED_SCOPES)
    assert "new credentials" in out
    assert "hooks of the old access token, if it had others, stay" in err


def test_hooks_that_only_the_old_token_sees_are_deleted(
    box: Box, aws: "Aws", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The box lets both tokens see the same hooks; here the old one has a BigCommerce of its own."""
    shops = {"old": FakeHooks(), "new": FakeHooks()}
    shared = Hook(1, "store/order/created", URL, is_active=True)
    theirs = Hook(3, "store/order/created", "https://somebody.example/", is_active=True)
    shops["old"].hooks = {1: shared, 2: Hook(2, "store/order/updated", URL, is_active=True), 3: theirs}
    shops["new"].hooks = {1: shared}

    before, after = (Credentials("abc123", name, "invented-client", "invented-secret") for name in ("old", "new"))
    monkeypatch.setattr(
        store_changes, "connect_stores", lambda _: lambda of: type("C", (), {"hooks": shops[of.access_token]})
    )
    store_changes._retire_hooks(before, after, "dev", "http://127.0.0.1:1")
    assert set(shops["old"].hooks) == {1, 3}


def test_a_token_that_bigcommerce_refuses_changes_nothing(
    box: Box, aws: "Aws", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_store(aws)
    assert run_with(monkeypatch, {"access_token": "new-access"}, "stores", "rotate", "abc123") == 1
    assert "the old ones stay" in check_said(capsys)[1]
    assert kept(aws) == SECRET
    assert run_with(monkeypatch, {"access_token": "invented-access"}, "stores", "rotate", "abc123") == 1
    assert "nothing was changed" in check_said(capsys)[1]
    assert run_with(monkeypatch, SECRET, "stores", "rotate", "other") == 1


def test_a_store_is_removed_after_a_dry_run_and_its_ledger_stays(
    box: Box, aws: "Aws", policy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_with(monkeypatch, SECRET, "stores", "add", "abc123", "--policy", policy)
    hold(open_instruments("dev"), VISA, customer=("abc123", 11))
    check_said(capsys)
    assert run(["stores", "remove", "abc123"]) == 0
    assert "hooks, credentials, policy, and its customers' instruments, would be deleted" in check_said(capsys)[0]
    assert kept(aws) == SECRET
    assert box.hooks()
    assert run(["stores", "remove", "abc123", "--apply"]) == 0
    assert "the ledger keeps what was charged" in check_said(capsys)[0]
    assert box.hooks() == []
    assert "DeletedDate" in aws.secrets.describe_secret(SecretId=NAME)
    [row] = print_json(capsys, "instruments", "list")
    assert row["removed_at"] is not None
    [listed] = print_json(capsys, "stores", "list")
    assert (listed["credentials"], listed["policy"], listed["pause_reason"]) == ("leaving", "none", "store_removed")
    assert run(["stores", "resume", "abc123"]) == 1
    assert run(["stores", "pause", "abc123", "--why", "no"]) == 1
    assert run(["stores", "remove", "abc123", "--apply"]) == 0, "it may be repeated"
    check_said(capsys)


def test_a_store_that_was_removed_can_be_added_again_also_with_the_same_credentials(
    box: Box, aws: "Aws", policy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(box)
    add = ("stores", "add", "abc123", "--policy", policy)
    run_with(monkeypatch, SECRET, *add)
    run(["stores", "remove", "abc123", "--apply"])
    assert run_with(monkeypatch, SECRET, *add) == 0
    assert kept(aws) == SECRET
    assert open_ledger("dev").read_pause("abc123") is None
    assert {hook.scope for hook in box.hooks()} == set(WANTED_SCOPES)
    check_said(capsys)


@pytest.mark.parametrize("command", ["add", "rotate", "check", "pause", "resume", "remove"])
def test_a_hash_that_cannot_be_one_reaches_nothing(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    why = ["--why", "x"] if command == "pause" else []
    assert run(["stores", command, "../abc123", *why]) == 2
    assert "a store hash is" in capsys.readouterr().err


def test_no_credential_can_be_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("add", "rotate"):
        for option in ("--access-token", "--client-secret"):
            assert run(["stores", command, "abc123", option, "invented-secret"]) == 2
    out, err = capsys.readouterr()
    assert "invented-secret" not in out + err


def readme_commands() -> list[str]:
    shown = re.findall(r"^(bigcharge (?:stores|hooks) [^#\n]*?) *(?:#.*)?$", README.read_text(), re.MULTILINE)
    return [command for command in shown if not re.search(r" stores (?:pause|resume) ", command)]


@pytest.mark.parametrize("command", readme_commands())
def test_every_command_that_the_readme_shows_of_stores_and_hooks_runs(
    box: Box, aws: "Aws", tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(box)
    monkeypatch.chdir(tmp_path)
    Path("policy.json").write_text(json.dumps(POLICY))
    is_new = " add " in command
    if not is_new:
        assert run_with(monkeypatch, SECRET, "stores", "add", "abc123", "--policy", "policy.json") == 0
    _, *arguments = shlex.split(command.replace("STORE_HASH", "abc123"))
    assert run_with(monkeypatch, SECRET if is_new else {"client_secret": "new-secret"}, *arguments) == 0


def test_the_readme_shows_every_command_of_stores_and_hooks() -> None:
    shown = "\n".join(readme_commands())
    assert all(f"stores {name}" in shown for name in ("add", "list", "check", "rotate", "remove"))
    assert all(f"hooks {name}" in shown for name in ("status", "sync", "remove"))
