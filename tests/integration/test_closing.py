"""A store that is closed, in AWS: its pause in the ledger, its secret, its instruments' rows."""

import json
import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from moto.secretsmanager import models as secretsmanager

from bigcharge.adapters.aws_errors import AwsUnavailableError
from bigcharge.adapters.credentials_keeper import SecretsKeeper
from bigcharge.adapters.dynamodb_values import epoch_seconds
from bigcharge.adapters.instrument_departures import InstrumentDepartures
from bigcharge.adapters.instrument_table import InstrumentTable
from bigcharge.adapters.ledger import LedgerTable
from bigcharge.adapters.stores import AwsStores
from bigcharge.domain.errors import UnknownStoreError
from bigcharge.domain.stores import APP_UNINSTALLED, Pause
from tests.fakes import CREDENTIALS, NOON, STORE, VISA, hold
from tests.integration.conftest import Aws

SECRET = {
    "access_token": CREDENTIALS.access_token,
    "client_id": CREDENTIALS.client_id,
    "client_secret": CREDENTIALS.client_secret,
}
NAME = f"bigcharge/test/stores/{STORE}"
LEAVES_AT = NOON + timedelta(days=30)


@pytest.fixture
def keeper(aws: Aws) -> SecretsKeeper:
    aws.secrets.create_secret(Name=NAME, SecretString=json.dumps(SECRET))
    return SecretsKeeper(aws.secrets, "test")


def test_a_secret_is_read_as_it_is_now_and_then_waits_for_its_deletion(aws: Aws, keeper: SecretsKeeper) -> None:
    kept = keeper.read(STORE)
    assert kept is not None
    assert kept.credentials == CREDENTIALS
    keeper.schedule_deletion(STORE)
    described = aws.secrets.describe_secret(SecretId=NAME)
    assert (described["DeletedDate"] - kept.stored_at).days >= 29
    assert keeper.read(STORE) is None
    keeper.schedule_deletion(STORE)
    with pytest.raises(UnknownStoreError):
        AwsStores(aws.secrets, aws.parameters, "test", lambda: 0.0).credentials(STORE)


def test_credentials_that_are_stored_again_say_when(
    aws: Aws, keeper: SecretsKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = keeper.read(STORE)
    keeper.schedule_deletion(STORE)
    monkeypatch.setattr(secretsmanager, "time", SimpleNamespace(time=lambda: time.time() + 60))
    aws.secrets.restore_secret(SecretId=NAME)
    aws.secrets.put_secret_value(SecretId=NAME, SecretString=json.dumps(SECRET | {"access_token": "invented-new"}))
    after = keeper.read(STORE)
    assert before is not None
    assert after is not None
    assert after.stored_at - before.stored_at >= timedelta(seconds=60)
    assert after.credentials.access_token == "invented-new"


def test_a_secret_that_is_not_there_is_none_and_needs_no_deletion(aws: Aws) -> None:
    keeper = SecretsKeeper(aws.secrets, "test")
    assert keeper.read("nobody") is None
    keeper.schedule_deletion("nobody")


def test_a_failure_of_secrets_manager_is_no_missing_secret(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    error = aws.secrets.exceptions.InternalServiceError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue")

    def fail(**_: object) -> None:
        raise error

    keeper = SecretsKeeper(aws.secrets, "test")
    monkeypatch.setattr(aws.secrets, "get_secret_value", fail)
    with pytest.raises(AwsUnavailableError):
        keeper.read(STORE)


def test_a_store_is_closed_over_any_other_pause_and_stays_closed(aws: Aws, ledger_table: str) -> None:
    writers = iter(range(100))
    ledger = LedgerTable(aws.dynamodb, ledger_table, lambda: f"writer-{next(writers)}", lambda _: None)
    refused = Pause(STORE, "credentials_refused", 401, CREDENTIALS.fingerprint, NOON)
    closed = replace(refused, reason=APP_UNINSTALLED, code=None)
    assert ledger.read_pause(STORE) is None
    assert ledger.pause(refused)
    assert ledger.close(closed)
    assert ledger.read_pause(STORE) == closed
    assert not ledger.close(replace(closed, paused_at=NOON + timedelta(hours=1)))
    assert not ledger.pause(refused)
    assert ledger.read_pause(STORE) == closed


def test_the_rows_of_a_store_leave_and_nobody_elses(aws: Aws, instruments_table: str) -> None:
    table = InstrumentTable(aws.dynamodb, instruments_table)
    departures = InstrumentDepartures(aws.dynamodb, instruments_table)
    gone = replace(VISA, token="c" * 64)
    for customer in ((STORE, 7), (STORE, 8), ("other", 7)):
        hold(table, VISA, customer=customer)
    hold(table, gone, customer=(STORE, 7), leaves_at=NOON + timedelta(days=1))
    later = NOON + timedelta(hours=1)
    assert sum(1 for _ in departures.retire_store(STORE, later, LEAVES_AT)) == 4
    left = {
        (item["customer_key"]["S"], item["instrument_key"]["S"]): item.get("expires_at", {}).get("N")
        for item in aws.dynamodb.scan(TableName=instruments_table)["Items"]
    }
    leaves = str(epoch_seconds(LEAVES_AT))
    assert left == {
        (f"{STORE}#7", VISA.fingerprint): leaves,
        (f"{STORE}#7", "#customer"): leaves,
        (f"{STORE}#8", VISA.fingerprint): leaves,
        (f"{STORE}#8", "#customer"): leaves,
        (f"{STORE}#7", gone.fingerprint): str(epoch_seconds(NOON + timedelta(days=1))),
        ("other#7", VISA.fingerprint): None,
        ("other#7", "#customer"): None,
    }
    removed = {row.store_hash: row.removed_at for row in table.list_instruments(NOON) if row.instrument == VISA}
    assert removed == {STORE: later, "other": None}
    assert sum(1 for _ in departures.retire_store(STORE, later, LEAVES_AT)) == 0


def test_a_row_that_came_back_is_kept(aws: Aws, instruments_table: str) -> None:
    """The app is installed again: what BigCommerce holds is in the table as before."""
    table = InstrumentTable(aws.dynamodb, instruments_table)
    hold(table, VISA, customer=(STORE, 7))
    list(InstrumentDepartures(aws.dynamodb, instruments_table).retire_store(STORE, NOON, LEAVES_AT))
    assert table.read(STORE, 7).instruments == ()
    hold(table, VISA, customer=(STORE, 7), at=NOON + timedelta(days=1))
    assert all("expires_at" not in item for item in aws.dynamodb.scan(TableName=instruments_table)["Items"])
    assert table.read(STORE, 7).instruments == (VISA,)
