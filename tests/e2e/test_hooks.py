"""Hooks that BigCommerce deactivates are woken, and what happened meanwhile is charged; stores come and go."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bigcharge.adapters.cursors import cursor_from_item
from bigcharge.domain.reconciling import Errand, Walk
from bigcharge.domain.webhooks import DELIVERY_EXCEPTION, WANTED_SCOPES
from ops.aws import connect
from tests.e2e.house import QUICK_POLICY, ROOT, STORE, House, open_house, wait_until

MEANWHILE = 6


def good_hooks(house: House) -> Counter[str]:
    exceptions = f"{house.webhooks_url}/exceptions"
    return Counter(
        hook.scope
        for hook in house.box.hooks()
        if hook.is_active
        and hook.destination == (exceptions if hook.scope == DELIVERY_EXCEPTION else house.webhooks_url)
    )


def has_each_once(house: House) -> bool:
    return good_hooks(house) == Counter(WANTED_SCOPES)


def read_gap(house: House) -> Walk | None:
    client = connect("dynamodb", f"http://127.0.0.1:{house.aws_port}")
    key = {"order_key": {"S": f"{STORE}#reconciled"}}
    item = client.get_item(TableName="bigcharge-dev-ledger", Key=key).get("Item")
    return cursor_from_item(item).walks.get(Errand.GAP) if item else None


@pytest.mark.slow
def test_hooks_that_were_deactivated_are_woken_and_the_orders_of_the_gap_are_paid(tmp_path: Path) -> None:
    """Every schedule runs at each tick of a second: here what is announced and walked through is looked at."""
    with open_house(tmp_path) as house:
        house.start_aws()
        house.start_functions("--logs", tmp_path)
        assert wait_until(lambda: has_each_once(house), 30), good_hooks(house)
        customer = house.box.create_customer().customer_id
        house.box.store_instrument(customer)
        off_at = datetime.now(UTC)
        hooks = house.box.state.shops[STORE].hooks
        with house.box.state.lock:
            hooks |= {number: replace(hook, is_active=False) for number, hook in hooks.items()}
            first = house.box.create_order(customer_id=customer, external_source="e2e").order_id
        more = [house.box.create_order(customer_id=customer, external_source="e2e").order_id for _ in range(MEANWHILE)]
        orders = [first, *more]
        assert wait_until(lambda: has_each_once(house), 30), good_hooks(house)
        assert wait_until(lambda: len({entry.order_id for entry in house.box.book}) == len(orders), 60)
        assert Counter(entry.order_id for entry in house.box.book) == Counter(orders), "each once"
        assert wait_until(lambda: (walk := read_gap(house)) is not None and walk.newest is None, 30)
        walk = read_gap(house)
        assert walk is not None
        assert walk.until is not None
        assert walk.since <= off_at <= walk.until <= datetime.now(UTC)
        assert wait_until(
            lambda: "hook.repaired" in "".join(log.read_text() for log in tmp_path.glob("*announce*")), 20
        )
        assert {house.charges()[order]["state"] for order in orders} == {"paid"}
        assert not house.box.violations


def bigcharge(house: House, given: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{house.aws_port}",
        "BIGCOMMERCE_API_URL": house.server.api_url,
    }
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "ops.cli", *arguments],
        cwd=ROOT,
        env=environment,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.slow
def test_a_store_that_is_added_by_command_is_charged_and_one_that_is_removed_is_not(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(QUICK_POLICY))
    with open_house(tmp_path) as house:
        [known] = json.loads(house.stores_file.read_text())
        house.stores_file.write_text("[]")  # the functions know of none
        for number in list(house.box.state.shops[STORE].hooks):
            del house.box.state.shops[STORE].hooks[number]
        house.start_aws()
        house.start_functions()
        customer = house.box.create_customer().customer_id
        house.box.store_instrument(customer)
        house.box.create_order(customer_id=customer, external_source="nobody")
        given = {name: known[name] for name in ("access_token", "client_id", "client_secret")}
        added = bigcharge(house, given, "stores", "add", STORE, "--policy", str(policy))
        assert added.returncode == 0, added.stderr + added.stdout
        assert has_each_once(house)
        order = house.box.create_order(customer_id=customer, external_source="e2e").order_id
        assert wait_until(lambda: [entry.order_id for entry in house.box.book] == [order], 60)
        removed = bigcharge(house, None, "stores", "remove", STORE, "--apply")
        assert removed.returncode == 0, removed.stderr
        assert house.box.hooks() == []
        house.box.create_order(customer_id=customer, external_source="e2e")
        assert not wait_until(lambda: len(house.box.book) > 1, 5)
        assert house.charges()[order]["state"] == "paid", "the ledger stays"
        [listed] = json.loads(bigcharge(house, None, "stores", "list", "--json").stdout)
        assert (listed["store_hash"], listed["credentials"], listed["policy"]) == (STORE, "leaving", "none")
