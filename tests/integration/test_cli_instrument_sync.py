"""`bigcharge instruments sync`: the table equals the store, by a command that can be interrupted."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.domain.charges import Charge
from bigcharge.domain.states import State
from ops.aws import open_ledger
from ops.cli import run
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.records import Kind
from tests.integration.cli_world import deploy_store, print_json
from tests.integration.conftest import NOW

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

SYNC = ["instruments", "sync", "--store", "abc123"]


@pytest.fixture
def box(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    yield from deploy_store(aws, resources, monkeypatch, "orders")


def listed(capsys: pytest.CaptureFixture[str]) -> set[tuple[int, str, bool]]:
    rows = print_json(capsys, "instruments", "list", "--store", "abc123")
    return {(row["customer_id"], row["type"], row["is_default"]) for row in rows if row["removed_at"] is None}


def kept(box: Box) -> set[tuple[int, str, bool]]:
    return {(one.customer_id, one.kind.value, one.is_default) for one in box.instruments()}


def fill(box: Box) -> list[int]:
    customers = [box.create_customer().customer_id for _ in range(3)]
    for customer in customers:
        for kind in Kind:
            box.store_instrument(customer, kind)
    return customers


def test_a_store_is_synced_and_again_without_a_write(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    fill(box)
    assert run(SYNC) == 0
    said = capsys.readouterr()
    assert said.out == ("store abc123: 9 instruments compared: 9 rows written, 0 removed, 0 orders to be tried again\n")
    assert said.err == ""
    assert listed(capsys) == kept(box)
    assert run(SYNC) == 0
    assert "0 rows written" in capsys.readouterr().out


def test_one_customer_is_synced_and_a_new_default_tries_the_declined_orders_again(
    box: Box, aws: "Aws", capsys: pytest.CaptureFixture[str]
) -> None:
    customer, *_ = fill(box)
    open_ledger("dev").save(Charge("abc123", 215, State.DECLINED, NOW, customer_id=customer))
    assert run([*SYNC, "--customer", str(customer)]) == 0
    assert capsys.readouterr().out == (f"customer {customer}: 3 rows written, 0 removed, 1 orders to be tried again\n")
    assert {row[0] for row in listed(capsys)} == {customer}
    url = aws.sqs.get_queue_url(QueueName="bigcharge-dev-orders")["QueueUrl"]
    [message] = aws.sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["id"] == 215


def test_what_cannot_be_read_is_said_and_removes_nothing(
    box: Box, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(box)
    assert run(SYNC) == 0
    monkeypatch.setenv("BIGCOMMERCE_API_URL", "http://127.0.0.1:1")
    capsys.readouterr()
    assert run(SYNC) == 1
    assert "run it again: it goes on where it stopped" in capsys.readouterr().err
    assert listed(capsys) == kept(box)


def test_a_store_that_is_not_known_cannot_be_synced(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["instruments", "sync", "--store", "nobody1"]) == 1
    assert "Traceback" not in capsys.readouterr().err
