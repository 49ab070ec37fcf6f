"""What the command line works with: tables and a queue as template.yaml declares them, and charges in them."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.domain.charges import Charge
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from ops.aws import open_ledger
from ops.cli import run
from tests.integration.conftest import NOW

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

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


def save(store_hash: str, order_id: int, state: State = State.SKIPPED, **changes: object) -> None:
    charge = Charge(store_hash, order_id, state, NOW, money=Money(1250, "USD"))
    open_ledger("dev").save(replace(charge, **changes))  # type: ignore[arg-type]  # fields by name


def print_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)
