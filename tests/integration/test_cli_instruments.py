"""`bigcharge instruments ...` against tables and a queue as template.yaml declares them, and the box over HTTP."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.domain.instruments import Instrument, InstrumentType, fingerprint
from bigcharge.domain.messages import read_message
from ops.aws import open_instruments
from ops.cli import run
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.faults import Answer, Endpoint
from tests.fakes import hold
from tests.import_files import ADDRESS, document, write
from tests.integration.cli_world import deploy_store, print_json
from tests.integration.conftest import NOW

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

EMAIL = "shopper@example.com"
TO = ("--store", "abc123")


@pytest.fixture
def box(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    yield from deploy_store(aws, resources, monkeypatch, "customers")


def hinted(aws: "Aws") -> list[int]:
    """The customers on the queue, in any order."""
    url = aws.sqs.get_queue_url(QueueName="bigcharge-dev-customers")["QueueUrl"]
    found = []
    while messages := aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [read_message(message["Body"]).id for message in messages]
    return sorted(found)


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_a_file_is_checked_imported_and_reported(
    box: Box, aws: "Aws", tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    customers = [box.create_customer().customer_id for _ in range(3)]
    rows = [document(one, f"vault-{one}") for one in customers]
    rows[1]["instrument"]["last_4"] = "1"
    file, report = write(tmp_path / name, rows), tmp_path / "report.csv"

    assert run(["instruments", "import", str(file), *TO, "--dry-run"]) == 1
    said = capsys.readouterr()
    assert said.out == "3 rows: 2 to be sent, 1 invalid\n"
    assert (box.instruments(), hinted(aws), list(tmp_path.iterdir())) == ([], [], [file])

    assert run(["instruments", "import", str(file), *TO, "--report", str(report)]) == 1
    said = capsys.readouterr()
    assert said.out == "3 rows: 2 imported, 1 invalid\n"
    assert "last_4: is not a text of four digits" in said.err
    assert [one.customer_id for one in box.instruments()] == [customers[0], customers[2]]
    assert hinted(aws) == [customers[0], customers[2]]
    assert sorted(line.split(",")[0::2] for line in report.read_text().splitlines()) == sorted(
        [
            ["line", "outcome"],
            *(
                [str(line + 1 + name.endswith("csv")), what]
                for line, what in enumerate(("imported", "invalid", "imported"))
            ),
        ]
    )

    rows[1]["instrument"]["last_4"] = "1111"
    write(file, rows)
    assert run(["instruments", "import", str(file), *TO]) == 0
    assert capsys.readouterr().out == "3 rows: 1 imported, 2 imported before\n"
    assert len(box.instruments()) == 3


def test_a_card_number_in_a_file_is_refused_loudly_and_never_shown(
    box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = document(box.create_customer().customer_id, "4111111111111111")
    file, report = write(tmp_path / "rows.jsonl", [row]), tmp_path / "report.csv"
    assert run(["instruments", "import", str(file), *TO, "--report", str(report)]) == 1
    said = capsys.readouterr()
    assert "CARD NUMBERS" in said.err
    assert "4111" not in said.out + said.err + report.read_text()
    assert "4111" not in (tmp_path / "rows.jsonl.journal").read_text(errors="replace")
    assert box.instruments() == []


def test_an_unknown_outcome_says_what_to_do(box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "rows.jsonl", [document(box.create_customer().customer_id)])
    box.next_answer(Endpoint.IMPORT_INSTRUMENTS, Answer(drop="after"))
    assert run(["instruments", "import", str(file), *TO]) == 1
    assert "before you say --again-unknown" in capsys.readouterr().err
    assert run(["instruments", "import", str(file), *TO]) == 1
    assert len(box.instruments()) == 1
    assert run(["instruments", "import", str(file), *TO, "--again-unknown"]) == 0
    assert len(box.instruments()) == 2


def test_a_store_that_refuses_its_credentials_stops_the_run(
    box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "rows.jsonl", [document(box.create_customer().customer_id)])
    box.next_answer(Endpoint.IMPORT_INSTRUMENTS, Answer(status=401))
    assert run(["instruments", "import", str(file), *TO]) == 1
    assert "stopped: BigCommerce takes no imports" in capsys.readouterr().err


@pytest.mark.usefixtures("box")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "no.csv", *TO], "cannot read no.csv"),
        (["import", "rows.txt", *TO], "neither .csv nor .jsonl"),
        (["import", "bad.csv", *TO], "has no column customer_id"),
        (["import", "rows.jsonl", "--store", "a/b"], "a store hash is"),
        (["import", "rows.jsonl", "--store", "other"], "no credentials are kept for store other"),
        (["import", "rows.jsonl", *TO, "--report", "rows.jsonl"], "one file each"),
        (["import", "rows.jsonl", *TO, "--api-url", "http://example.com"], "use https"),
        (["import", "rows.jsonl"], "--store"),
        (["update", "f" * 16, *TO, "--customer", "1"], "say what to change"),
        (["update", "f" * 16, *TO, "--customer", "1", "--billing-address", "no.json"], "cannot read no.json"),
        (["update", "f" * 16, *TO, "--customer", "1", "--billing-address", "rows.txt"], "is no JSON"),
        (
            ["update", "f" * 16, *TO, "--customer", "1", "--shipping-addresses", "one.json"],
            "is not a list of addresses",
        ),
        (["delete", "f" * 16, *TO, "--customer", "1"], "say --yes"),
        (["delete", "f" * 16, *TO], "--customer"),
        (["delete", *TO, "--customer", "1"], "FINGERPRINT"),
        (["list", "--store", "a/b"], "a store hash is"),
    ],
)
def test_a_command_that_is_used_wrongly_says_so_on_one_line(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "rows.jsonl", [document()])
    (tmp_path / "rows.txt").write_text("rows")
    (tmp_path / "bad.csv").write_text("payment_method_id,currency_code,type,vault_token\n")
    (tmp_path / "one.json").write_text(json.dumps(ADDRESS))
    assert run(["instruments", *arguments]) in {1, 2}
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("bigcharge: ")
    assert words in said.err
    assert said.err.count("\n") == 1


def test_an_emulated_aws_needs_its_bigcommerce_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else what is tried here would go to BigCommerce itself."""
    monkeypatch.delenv("BIGCOMMERCE_API_URL", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    file = write(tmp_path / "rows.jsonl", [document()])
    assert run(["instruments", "import", str(file), *TO]) == 2
    assert "BIGCOMMERCE_API_URL" in capsys.readouterr().err


def test_an_instrument_is_updated_by_its_fingerprint(
    box: Box, aws: "Aws", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    customer = box.create_customer().customer_id
    for _ in range(2):
        token = box.store_instrument(customer).token
    named = ["instruments", "update", fingerprint(token), *TO, "--customer", str(customer)]
    (tmp_path / "one.json").write_text(json.dumps(ADDRESS))
    (tmp_path / "list.json").write_text(json.dumps([ADDRESS]))
    change = ["--make-default", "--billing-address", str(tmp_path / "one.json")]
    change += ["--shipping-addresses", str(tmp_path / "list.json")]
    assert run([*named, *change, "--dry-run"]) == 0
    assert "would be changed" in capsys.readouterr().out
    assert [one.is_default for one in box.instruments()] == [True, False]
    assert run([*named, *change]) == 0
    assert [one.is_default for one in box.instruments()] == [False, True]
    assert box.instruments()[1].billing_address == ADDRESS
    shown = "".join(capsys.readouterr())
    assert "Waybridge" not in shown
    assert token not in shown
    assert hinted(aws) == [customer]
    assert run(["instruments", "update", "0" * 16, *TO, "--customer", str(customer), "--make-default"]) == 1
    assert f"customer {customer} has no instrument 0000" in capsys.readouterr().err
    box.next_answer(Endpoint.UPDATE_INSTRUMENT, Answer(drop="after"))
    assert run([*named, "--make-default"]) == 1
    assert "nobody knows whether it was done" in capsys.readouterr().err


@pytest.mark.parametrize("gateway", [[], ["--from-gateway"]])
def test_instruments_are_deleted_by_their_fingerprints(
    box: Box, aws: "Aws", capsys: pytest.CaptureFixture[str], gateway: list[str]
) -> None:
    customer = box.create_customer().customer_id
    tokens = [box.store_instrument(customer).token for _ in range(3)]
    names = [fingerprint(token) for token in tokens]
    command = ["instruments", "delete", *names[:2], *TO, "--customer", str(customer), *gateway]
    assert run([*command, "--dry-run"]) == 0
    assert capsys.readouterr().out.count("would be deleted") == 2
    assert len(box.instruments()) == 3
    assert run([*command, "--yes"]) == 0
    assert capsys.readouterr().out.count(": deleted") == 2
    assert [one.token for one in box.instruments()] == tokens[2:]
    assert set(hinted(aws)) == {customer}
    assert run([*command, "--yes"]) == 1
    assert capsys.readouterr().err.count("it is gone, or never was theirs") == 2
    endpoint = Endpoint.DELETE_INSTRUMENT if gateway else Endpoint.DELETE_INSTRUMENTS
    box.next_answer(endpoint, Answer(drop="before"))
    last = ["instruments", "delete", names[2], *TO, "--customer", str(customer), *gateway, "--yes"]
    assert run(last) == 1
    assert "deleting it again does no harm" in capsys.readouterr().err
    assert run(last) == 0


def test_on_a_terminal_deleting_asks_first(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    customer = box.create_customer().customer_id
    token = box.store_instrument(customer).token
    command = ["instruments", "delete", fingerprint(token), *TO, "--customer", str(customer)]
    for answer, status, left in (("n\n", 1, 1), ("y\n", 0, 0)):
        ours, theirs = os.openpty()
        os.write(ours, answer.encode())
        with os.fdopen(theirs, "r") as terminal, monkeypatch.context() as patched:
            patched.setattr("sys.stdin", terminal)
            assert run(command) == status
        os.close(ours)
        assert len(box.instruments()) == left
        assert "Delete 1?" in "".join(capsys.readouterr())


@pytest.mark.usefixtures("box")
def test_a_customers_instruments_are_listed_by_a_query_masked_unless_revealed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = open_instruments("dev")
    account = Instrument("f" * 64, InstrumentType.PAYPAL_ACCOUNT, is_default=True, email=EMAIL)
    bank = Instrument("e" * 64, InstrumentType.BANK_ACCOUNT, issuer="011000015", last_4="0000")
    leaves_at = datetime.now(UTC) + timedelta(days=30)
    hold(table, account, customer=("abc123", 7), at=NOW)
    hold(table, bank, customer=("abc123", 7), at=NOW, leaves_at=leaves_at)
    hold(table, replace(bank, token="d" * 64), customer=("abc123", 7), at=NOW, leaves_at=NOW)
    hold(table, bank, customer=("abc123", 77), at=NOW)
    everything = print_json(capsys, "instruments", "list")
    monkeypatch.setattr(type(table), "list_instruments", lambda *_: pytest.fail("the whole table was read"))
    only = ("instruments", "list", *TO, "--customer", "7")
    listed = print_json(capsys, *only)
    assert listed == [row for row in everything if row["customer_id"] == 7]
    assert [(row["type"], bool(row["removed_at"]), row["email"]) for row in listed] == [
        ("bank_account", True, None),
        ("paypal_account", False, "s***@example.com"),
    ]
    assert [row["email"] for row in print_json(capsys, *only, "--reveal")] == [None, EMAIL]
    assert run([*only]) == 0
    text = capsys.readouterr().out
    assert EMAIL not in text
    assert run([*only, "--reveal"]) == 0
    assert EMAIL in "".join(capsys.readouterr().out.split())
    assert account.token not in text + json.dumps(listed)
