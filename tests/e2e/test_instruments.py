"""What an operator changes of stored instruments on the local cloud: the table follows, and so do the orders."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bigcharge.domain.instruments import fingerprint
from sandbox.bigcommerce.book import charged_twice
from sandbox.bigcommerce.faults import Answer, Endpoint
from tests.e2e.house import ROOT, STORE, House, open_house, wait_until
from tests.import_files import ADDRESS, document, write

pytestmark = pytest.mark.slow
TO = ("--store", STORE)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    patch = pytest.MonkeyPatch()
    with open_house(tmp_path_factory.mktemp("instruments")) as opened:
        patch.setenv("BIGCOMMERCE_API_URL", opened.server.api_url)  # what `bigcharge local` was told as well
        opened.start_aws()
        opened.start_functions()
        yield opened
        assert not opened.box.violations
        assert not charged_twice(opened.box.book)
    patch.undo()


def listed(house: House, customer: int) -> dict[str, dict[str, Any]]:
    """The customer's rows of the table, by fingerprint."""
    shown = house.bigcharge("instruments", "list", *TO, "--customer", customer, "--json").stdout
    return {row["token_fingerprint"]: row for row in json.loads(shown)}


def held(house: House, customer: int) -> set[str]:
    return {name for name, row in listed(house, customer).items() if row["removed_at"] is None}


def stored(house: House, customer: int) -> set[str]:
    return {fingerprint(one.token) for one in house.box.instruments(customer)}


def test_what_is_imported_is_in_the_table_at_once(house: House, tmp_path: Path) -> None:
    customers = [house.box.create_customer().customer_id for _ in range(3)]
    kinds = ("credit_card", "paypal_account", "bank_account")
    rows = [document(one, f"vault-{one}", kind) for one, kind in zip(customers, kinds, strict=True)]
    file = write(tmp_path / "rows.csv", rows)
    done = house.bigcharge("instruments", "import", file, *TO)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 rows: 3 imported\n", "")
    assert all(stored(house, customer) for customer in customers)
    assert wait_until(lambda: all(held(house, one) == stored(house, one) for one in customers), 30)
    again = house.bigcharge("instruments", "import", file, *TO)
    assert (again.returncode, again.stdout) == (0, "3 rows: 3 imported before\n")
    assert [len(house.box.instruments(customer)) for customer in customers] == [1, 1, 1]


def test_an_order_that_was_declined_is_charged_when_an_operator_changes_the_default(
    house: House, tmp_path: Path
) -> None:
    customer = house.box.create_customer().customer_id
    house.box.store_instrument(customer, behaviour=30103)
    better = fingerprint(house.box.store_instrument(customer).token)
    order = house.box.create_order(customer_id=customer, amount=1250, external_source="e2e").order_id
    assert wait_until(lambda: house.charges().get(order, {}).get("state") == "declined", 30)
    (tmp_path / "address.json").write_text(json.dumps(ADDRESS))
    change = ("--make-default", "--billing-address", tmp_path / "address.json")
    done = house.bigcharge("instruments", "update", better, *TO, "--customer", customer, *change)
    assert (done.returncode, done.stderr) == (0, "")
    assert wait_until(lambda: house.charges()[order]["state"] == "paid", 30)
    assert wait_until(lambda: listed(house, customer)[better]["is_default"], 30)


@pytest.mark.parametrize("gateway", [(), ("--from-gateway",)])
def test_what_is_deleted_is_marked_in_the_table(house: House, gateway: tuple[str, ...], tmp_path: Path) -> None:
    customer = house.box.create_customer().customer_id
    house.bigcharge("instruments", "import", write(tmp_path / "rows.jsonl", [document(customer, "vault")]), *TO)
    [name] = stored(house, customer)
    assert wait_until(lambda: held(house, customer) == {name}, 30)
    refused = house.bigcharge("instruments", "delete", name, *TO, "--customer", customer, *gateway)
    assert refused.returncode == 2
    assert stored(house, customer) == {name}
    done = house.bigcharge("instruments", "delete", name, *TO, "--customer", customer, *gateway, "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(house, customer) == set()
    assert wait_until(lambda: listed(house, customer)[name]["removed_at"] is not None, 30)


@pytest.mark.parametrize("acted", [True, False])
def test_an_import_that_is_killed_and_run_again_imports_nothing_twice(
    house: House, tmp_path: Path, *, acted: bool
) -> None:
    """kill -9 while BigCommerce is at the second ten: before it does them, or when it has done them."""
    customers = [house.box.create_customer().customer_id for _ in range(25)]
    file = write(tmp_path / "rows.csv", [document(one, f"vault-{one}") for one in customers])
    waits = Answer(delay_after=3) if acted else Answer(delay_before=3, drop="before")
    house.box.next_answer(Endpoint.IMPORT_INSTRUMENTS, Answer())
    house.box.next_answer(Endpoint.IMPORT_INSTRUMENTS, waits)
    environment = os.environ | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{house.aws_port}"}
    command = [sys.executable, "-m", "ops.cli", "instruments", "import", str(file), *TO]
    run = subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603 - our own command
    reached = 20 if acted else 10

    def imported() -> int:
        return sum(len(house.box.instruments(one)) for one in customers)

    assert wait_until(lambda: imported() == reached and not house.box.state.faults._planned, 30)
    run.send_signal(signal.SIGKILL)
    assert run.wait(10) == -signal.SIGKILL
    again = house.bigcharge("instruments", "import", file, *TO)
    assert again.returncode == 1
    assert again.stdout == "25 rows: 5 imported, 10 imported before, 10 of unknown outcome\n"
    assert imported() == reached + 5
    assert max(len(house.box.instruments(one)) for one in customers) == 1
