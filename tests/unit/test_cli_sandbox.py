"""`bigcharge sandbox`: its subcommands against a running box, and what they say when there is none."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.cli import run
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.records import Kind, PaymentMethod, Store
from sandbox.bigcommerce.server import Server, serve

STORES = [Store("abc123", 1, "invented-access", "c", "s"), Store("def456", 2, "other", "c", "o")]

type Command = Callable[..., tuple[int, Any, str]]
"""Runs `bigcharge sandbox ...` against the box: the status, stdout (decoded where --json was asked for), stderr."""


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Box(STORES)) as running:
        yield running


@pytest.fixture
def command(server: Server, capsys: pytest.CaptureFixture[str]) -> Command:
    def ask(*arguments: object) -> tuple[int, Any, str]:
        status = run(["sandbox", *map(str, arguments), "--url", server.api_url])
        said = capsys.readouterr()
        return status, json.loads(said.out) if "--json" in arguments else said.out, said.err

    return ask


def test_customers_cards_and_orders_are_made_and_listed(server: Server, command: Command) -> None:
    assert command("customers", "create", "--email", "a@example.com") == (0, "customer 1\n", "")
    _, card, _ = command("cards", "create", "--customer", 1, "--behaviour", 30106, "--last-4", "1111", "--json")
    assert (card["behaviour"], card["last_4"]) == (30106, "1111")
    assert (
        command("orders", "create", "--customer", 1, "--amount", 4999, "--external-source", "app")[1] == "order 100\n"
    )
    [order] = server.box.orders()
    assert (order.customer_id, order.total, order.external_source, order.status_id) == (1, 4999, "app", 0)
    assert command("orders", "list", "--json")[1][0]["order_id"] == 100
    assert "a@example.com" in command("customers", "list")[1]
    command("orders", "set", 100, "--status", 11)
    assert server.box.order(100).status_id == 11
    command("customers", "delete", 1)
    assert command("cards", "list") == (0, "no cards\n", "")


def test_a_store_other_than_the_first_can_be_named(server: Server, command: Command) -> None:
    command("orders", "create", "--store", "def456")
    assert len(server.box.orders(store_hash="def456")) == 1
    assert command("orders", "list") == (0, "no orders\n", "")
    assert command("orders", "list", "--store", "nowhere") == (
        1,
        "",
        "bigcharge: the box says: There is no 'nowhere'.\n",
    )


def test_cards_are_named_by_the_beginning_of_their_tokens(server: Server, command: Command) -> None:
    customer_id = server.box.create_customer().customer_id
    first = server.box.store_instrument(customer_id, token="a" * 63 + "1")
    second = server.box.store_instrument(customer_id, token="a" * 63 + "2")
    assert command("cards", "default", "a")[0] == 1
    command("cards", "default", second.token)
    command("cards", "behave", second.token, 30104)
    command("cards", "delete", first.token)
    [left] = server.box.instruments()
    assert (left.token, left.is_default, left.behaviour) == (second.token, True, 30104)


def test_payments_happen_outside_the_api_and_the_book_tells(server: Server, command: Command) -> None:
    for _ in range(2):
        command("orders", "create")
    assert command("pay", 100)[0] == 0
    assert command("pay", 100)[2] == "bigcharge: order 100 is not Incomplete: the storefront does not take it\n"
    command("refund", 100, 400)
    assert [(line["kind"], line["amount"]) for line in command("book", "--json")[1]] == [
        ("purchase", 1000),
        ("refund", 400),
    ]
    assert "purchase" in command("book")[1]
    assert command("capture", 101)[2].startswith("bigcharge: the box says: The order has no payment")
    assert command("void", 101)[0] == command("settle", 101, "--failed")[0] == 1
    assert command("record", 101) == (0, "0 recorded\n", "")


def test_the_next_answer_is_set_for_an_endpoint_and_an_order(server: Server, command: Command) -> None:
    plan = server.box.state.faults
    command("answer", "payments", "--code", 30104, "--order", 100, "--acted")
    command("answer", "get_order", "--status", 503, "--drop", "after", "--spoil", "truncated", "--times", 0)
    assert plan.take(_endpoint("payments"), "abc123", 101) is None
    taken = plan.take(_endpoint("payments"), "abc123", 100)
    assert taken is not None
    assert (taken.code, taken.acted) == (30104, True)
    for _ in range(3):
        taken = plan.take(_endpoint("get_order"), "abc123", None)
        assert taken is not None
        assert (taken.status, taken.drop, taken.spoil) == (503, "after", "truncated")
    command("clear")
    assert plan.take(_endpoint("get_order"), "abc123", None) is None
    assert "there is no endpoint 'nowhere': it is one of create_order" in command("answer", "nowhere")[2]


def _endpoint(name: str) -> Any:
    from sandbox.bigcommerce.faults import Endpoint  # noqa: PLC0415 - one test's word

    return Endpoint(name)


def test_stale_reads_lags_and_limits_are_set(server: Server, command: Command) -> None:
    command("orders", "create")
    for arguments in (
        ("stale", 100, "--reads", 2),
        ("lag", 100, "--status", 404, "--seconds", 5),
        ("limits", "--rest", 7),
    ):
        assert command(*arguments)[0] == 0
    assert server.box.state.rest_quota.requests == 7


def test_webhooks_are_sent_shaped_held_and_listed(server: Server, command: Command) -> None:
    away = "http://127.0.0.1:9/webhooks"
    assert command("hook", "store/order/created", away) == (0, "hook 1\n", "")
    command("webhooks", "shape", "--lose")
    command("orders", "create")
    [lost] = command("webhooks", "list", "--json")[1]
    assert lost["error"] == "lost"
    command("webhooks", "hold")
    command("webhooks", "send", "store/order/created", '{"id": 7}', "--forged", "--times", 2)
    held = server.box.state.outbox.queued()
    assert [(post.data, post.signed) for _, post in held] == [({"id": 7}, False)] * 2
    assert command("webhooks", "release", "--order", "reversed")[0] == 0
    assert (
        command("webhooks", "send", "store/order/created", "7")[2]
        == "bigcharge: the data of a webhook is a JSON object\n"
    )


def test_violations_requests_and_blocks_are_shown(server: Server, command: Command) -> None:
    assert command("violations") == (0, "no violations\n", "")
    assert command("requests") == (0, "no requests\n", "")
    assert command("blocks") == (0, "no blocks\n", "")


def test_where_no_box_answers_one_line_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "book", "--url", "http://127.0.0.1:9"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("bigcharge: no BigCommerce in a box answers at http://127.0.0.1:9: start one with")
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_authorizations_and_pending_payments_come_to_their_end(server: Server, command: Command) -> None:
    box = server.box
    box.offer_method(PaymentMethod("braintree.ach", "ACH", Kind.BANK_ACCOUNT, settles_later=True, verification="none"))
    for status in (0, 0):
        box.create_order(status_id=status)
    from sandbox.bigcommerce import gateway  # noqa: PLC0415 - one test's word

    shop = box.state.shops["abc123"]
    for number, method in (
        (100, shop.methods["braintree.ach"]),
        (101, PaymentMethod("a.card", "A", authorize_only=True)),
    ):
        gateway.take(box.state, shop, shop.orders[number], gateway.Charge(method, "api"))
    assert command("settle", 100)[0] == command("capture", 101)[0] == 0
    assert [box.order(number).status_id for number in (100, 101)] == [11, 11]


def test_a_box_is_run_with_fixtures_and_keeps_its_memory_in_a_snapshot(tmp_path: Path) -> None:
    stores, fixtures, snapshot = (tmp_path / name for name in ("stores.json", "fixtures.json", "snapshot.json"))
    row = {"store_hash": "abc123", "access_token": "invented-access", "client_id": "c", "client_secret": "s"}
    stores.write_text(json.dumps([row]))
    fixtures.write_text(json.dumps({"orders": [{"amount": 7}]}))
    options = [f"--stores={stores}", f"--fixtures={fixtures}", f"--snapshot={snapshot}", "--port=0", "--plan=pro"]
    for orders in (1, 2):
        with subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "ops.cli", "sandbox", *options], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[7]  # flushed, or this would wait for ever
            listed = run_json("orders", "list", "--url", url)
            quota = process_quota(url)
            run(["sandbox", "orders", "create", "--url", url])
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)
        assert (process.returncode, len(listed), listed[0]["total"], quota) == (0, orders, 7, "450")


def run_json(*arguments: str) -> Any:
    command = [sys.executable, "-m", "ops.cli", "sandbox", *arguments, "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - our own program


def process_quota(url: str) -> str:
    import urllib3  # noqa: PLC0415 - one test's word

    headers = {"X-Auth-Token": "invented-access", "Accept": "application/json"}
    answer = urllib3.request("GET", f"{url}/stores/abc123/v2/orders", headers=headers)
    return answer.headers["X-Rate-Limit-Requests-Quota"]


@pytest.mark.parametrize("option", ["--fixtures", "--snapshot"])
def test_files_that_cannot_be_used_are_one_line(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stores, wrong = tmp_path / "stores.json", tmp_path / "wrong.json"
    stores.write_text(json.dumps([{"store_hash": "a", "access_token": "b", "client_id": "c", "client_secret": "d"}]))
    wrong.write_text("{")
    assert run(["sandbox", f"--stores={stores}", f"{option}={wrong}"]) == 2
    assert capsys.readouterr().err == f"bigcharge: the {option[2:]} {wrong}: is not JSON\n"
