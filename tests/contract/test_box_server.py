"""The box on real sockets: both hosts on both ports, connections that drop, webhooks that arrive, a clean end."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import urllib3
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.faults import Answer, Endpoint
from sandbox.bigcommerce.records import Instrument, Order
from sandbox.bigcommerce.server import Server, serve
from tests.contract.box_world import OTHER, PAYMENT_HEADERS, REST_HEADERS, STORE


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Box([STORE, OTHER], retry_scale=0.0005)) as running:
        yield running


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass within 5 s"
        time.sleep(0.01)


def request(
    method: str, url: str, body: Any = None, headers: dict[str, str] = REST_HEADERS
) -> urllib3.BaseHTTPResponse:
    data = None if body is None else json.dumps(body)
    return urllib3.request(method, url, body=data, headers=headers, retries=False, timeout=5)


def make_order(box: Box) -> tuple[Order, Instrument]:
    customer_id = box.create_customer().customer_id
    card = box.store_instrument(customer_id)
    return box.create_order(customer_id=customer_id), card


def pay(server: Server, base_url: str, order: Order, card: Instrument) -> urllib3.BaseHTTPResponse:
    tokens = f"{server.api_url}/stores/abc123/v3/payments/access_tokens"
    token = request("POST", tokens, {"order": {"id": order.order_id}}).json()["data"]["id"]
    instrument = {"type": "stored_card", "token": card.token, "verification_value": card.last_4}
    body = {"payment": {"instrument": instrument, "payment_method_id": "stripe.card"}}
    return request(
        "POST", f"{base_url}/stores/abc123/payments", body, PAYMENT_HEADERS | {"Authorization": f"PAT {token}"}
    )


def test_one_base_url_works_for_both_hosts(server: Server) -> None:
    for base_url in (server.api_url, server.payments_url):
        assert pay(server, base_url, *make_order(server.box)).status == 201
        assert request("GET", f"{base_url}/stores/abc123/v2/orders").status == 200
    assert len(server.box.book) == 2
    assert server.box.violations == ()


def test_a_dropped_connection_gives_no_answer_and_the_book_tells_which_it_was(
    server: Server, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    drops: list[tuple[Literal["before", "after"], int]] = [("before", 0), ("after", 1)]
    for drop, charged in drops:
        order, card = make_order(server.box)
        server.box.next_answer(Endpoint.PAYMENTS, Answer(drop=drop))
        with pytest.raises(urllib3.exceptions.ProtocolError):
            pay(server, server.payments_url, order, card)
        assert len(server.box.live_charges().get(("abc123", order.order_id), [])) == charged
    wait_until(lambda: not any("process_request" in thread.name for thread in threading.enumerate()))
    assert (capfd.readouterr(), caplog.records) == (("", ""), [])


def test_a_truncated_body_ends_before_its_promised_length(server: Server) -> None:
    server.box.create_order()
    server.box.next_answer(Endpoint.LIST_ORDERS, Answer(spoil="truncated"))
    with pytest.raises(urllib3.exceptions.ProtocolError, match="IncompleteRead"):
        request("GET", f"{server.api_url}/stores/abc123/v2/orders")


def test_a_delayed_reply_outlasts_a_clients_patience_and_still_charges(server: Server) -> None:
    order, card = make_order(server.box)
    server.box.next_answer(Endpoint.GET_ORDER, Answer(delay_after=0.5))
    url = f"{server.api_url}/stores/abc123/v2/orders/{order.order_id}"
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        urllib3.request("GET", url, headers=REST_HEADERS, retries=False, timeout=0.1)
    assert pay(server, server.payments_url, order, card).status == 201


class QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[Request], list[int]]]:
    """A receiver of webhooks on a real socket, with the answers that it will give first."""
    got: list[Request] = []
    answers: list[int] = []

    @Request.application
    def receive(posted: Request) -> Response:
        posted.get_data()
        got.append(posted)
        return Response(status=answers.pop(0) if answers else 200)

    listening = make_server("127.0.0.1", 0, receive, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}/webhooks", got, answers
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_webhooks_arrive_and_are_retried_until_taken(
    server: Server, receiver: tuple[str, list[Request], list[int]]
) -> None:
    url, got, answers = receiver
    answers += [500, 503]
    server.box.add_hook("store/order/created", url, headers={"X-Hook": "ours"})
    order = server.box.create_order()
    wait_until(lambda: len(got) == 3 and server.box.waiting_webhooks == 0)
    assert {posted.get_data() for posted in got} == {got[0].get_data()}
    assert json.loads(got[0].get_data())["data"] == {"type": "order", "id": order.order_id}
    assert got[0].headers["X-Hook"] == "ours"
    assert [(entry.status, entry.attempt) for entry in server.box.deliveries] == [(500, 1), (503, 2), (200, 3)]


def test_a_receiver_that_is_away_is_no_answer(server: Server) -> None:
    server.box.send_webhook("store/order/created", {"type": "order", "id": 1}, destination="http://127.0.0.1:9/gone")
    wait_until(lambda: server.box.waiting_webhooks == 0)
    assert [(entry.status, entry.error) for entry in server.box.deliveries] == [(None, "no answer")]


def test_many_requests_at_once_are_served_and_one_order_is_charged_once(server: Server) -> None:
    order, card = make_order(server.box)
    statuses: list[int] = []
    workers = [
        threading.Thread(target=lambda: statuses.append(pay(server, server.payments_url, order, card).status))
        for _ in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(statuses) == [201] + [422] * 7
    assert len(server.box.book) == 1


def test_a_taken_port_is_an_error(server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        serve(Box([STORE]), payments_port=int(server.api_url.rpartition(":")[2]))


PROGRAM = """
import sys
from pathlib import Path
from sandbox.bigcommerce.server import run
run(0, 0, Path(sys.argv[1]), sys.argv[2])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_says_one_line_serves_and_ends_cleanly_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    stores = tmp_path / "stores.json"
    row = {
        "store_hash": "abc123",
        "access_token": "invented-access",
        "client_id": "c",
        "client_secret": "s",
        "policy": {},
    }
    stores.write_text(json.dumps([row]))
    command = [sys.executable, "-u", "-c", PROGRAM, str(stores), "http://127.0.0.1:9/webhooks"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline().split()
        api_url = ready[ready.index("api") + 1]
        assert request("GET", f"{api_url}/stores/abc123/v2/orders").status == 204
        hooks = request("GET", f"{api_url}/stores/abc123/v3/hooks").json()["data"]
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, "", "")
    assert {hook["destination"] for hook in hooks} == {"http://127.0.0.1:9/webhooks"}
    assert len(hooks) == 8
