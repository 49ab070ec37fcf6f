"""What the stores' and the hooks' commands work with: a stage as template.yaml declares it, and the box over HTTP."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ops.cli import run
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.records import Store
from sandbox.bigcommerce.server import serve
from tests.integration.cli_world import deploy_tables

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

STORE = Store("abc123", 1025646, "invented-access", "invented-client", "invented-secret")
URL = "https://hooks.invalid/webhooks"
SECRET = {"access_token": "invented-access", "client_id": "invented-client", "client_secret": "invented-secret"}
# What the box takes down of a client whose token or scopes do not suffice: here that is what is tried.
REFUSED = "Unauthorized"
POLICY = {"external_sources": ["example-app"]}


class Terminal(io.StringIO):
    """A stdin that somebody types at."""

    def isatty(self) -> bool:
        return True


def deploy(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """A stage without stores, and a BigCommerce with one."""
    deploy_tables(aws, resources, monkeypatch)
    for name in ("hooks", "stores"):
        aws.sqs.create_queue(QueueName=f"bigcharge-dev-{name}")
    aws.parameters.put_parameter(Name="/bigcharge/dev/webhooks-url", Type="String", Value=URL)
    with serve(Box((STORE,))) as server:
        monkeypatch.setenv("BIGCOMMERCE_API_URL", server.api_url)
        yield server.box
        assert not [one.rule for one in server.box.violations if not one.rule.startswith(REFUSED)]


def put_store(aws: "Aws", policy: dict[str, Any] | None = None, **secret: object) -> None:
    """The store as it was added before."""
    aws.secrets.create_secret(Name="bigcharge/dev/stores/abc123", SecretString=json.dumps({**SECRET, **secret}))
    text = json.dumps(policy or POLICY)
    aws.parameters.put_parameter(Name="/bigcharge/dev/stores/abc123/policy", Type="String", Value=text)


def run_with(monkeypatch: pytest.MonkeyPatch, given: object, *arguments: str) -> int:
    """Run a command with JSON (or a text) on its stdin."""
    text = given if isinstance(given, str) else json.dumps(given)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    return run(arguments)


def replace_store(box: Box, **changes: object) -> None:
    """What BigCommerce knows of the store changes: its token, its scopes."""
    shop = box.state.shops[STORE.store_hash]
    shop.store = replace(shop.store, **changes)  # type: ignore[arg-type]  # fields by name
