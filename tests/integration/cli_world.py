"""What the command line works with: tables and a queue as template.yaml declares them, and charges in them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.domain.charges import Charge
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from ops.aws import open_ledger
from ops.cli import run
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.records import Store
from sandbox.bigcommerce.server import serve
from tests.integration.conftest import NOW

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

STORE = Store("abc123", 1025646, "invented-access", "invented-client", "invented-secret")
_KEYS = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


def deploy_tables(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Both tables of the stage `dev`, found by the environment alone."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS", "AWS_PROFILE", "STAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", aws.dynamodb.meta.region_name)
    monkeypatch.setenv("COLUMNS", "80")
    for resource, name in (("LedgerTable", "bigcharge-dev-ledger"), ("InstrumentsTable", "bigcharge-dev-instruments")):
        declared = resources[resource]["Properties"]
        aws.dynamodb.create_table(TableName=name, **{key: declared[key] for key in _KEYS if key in declared})


def deploy_store(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch, queue: str) -> Iterator[Box]:
    """The tables and one queue of the stage `dev`, and a BigCommerce with one store, whose secret is there."""
    deploy_tables(aws, resources, monkeypatch)
    aws.sqs.create_queue(QueueName=f"bigcharge-dev-{queue}")
    secret = {"access_token": STORE.access_token, "client_id": STORE.client_id, "client_secret": STORE.client_secret}
    aws.secrets.create_secret(Name=f"bigcharge/dev/stores/{STORE.store_hash}", SecretString=json.dumps(secret))
    with serve(Box((STORE,))) as server:
        monkeypatch.setenv("BIGCOMMERCE_API_URL", server.api_url)
        yield server.box
        assert not server.box.violations


def save(store_hash: str, order_id: int, state: State = State.SKIPPED, **changes: object) -> None:
    charge = Charge(store_hash, order_id, state, NOW, money=Money(1250, "USD"))
    open_ledger("dev").save(replace(charge, **changes))  # type: ignore[arg-type]  # fields by name


def print_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)
