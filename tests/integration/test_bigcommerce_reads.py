"""Reads against a server that breaks off, stalls and refuses: repeated within a deadline, or final at once."""

import time

import pytest

from bigcharge.adapters.bigcommerce import connect
from bigcharge.domain.errors import (
    BigCommerceError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
)
from bigcharge.domain.money import Money
from bigcharge.domain.stores import Credentials
from tests.integration.bigcommerce_wire import (
    ORDER,
    STORE_TOKEN,
    RawServer,
    answer,
    make_client,
    reset,
    say,
    then_stall,
    then_trickle,
)


def test_reads_are_repeated_until_they_are_answered(server: RawServer) -> None:
    server.behaviours = [reset, say(answer(502)), then_stall(), say(answer(200, ORDER))]
    assert make_client(server.port).get_order(215).owed == Money(9800, "USD")
    assert len(server.requests) == 4
    assert f"X-Auth-Token: {STORE_TOKEN}".encode() in server.requests[3]


def test_reads_share_the_connection_that_is_kept_open_between_stores(server: RawServer) -> None:
    server.behaviours = [lambda sock: sock.sendall(answer(200, ORDER))]
    url = f"http://127.0.0.1:{server.port}"
    make = connect(url, url)
    for store in ("one", "two"):
        make(Credentials(store, STORE_TOKEN, "invented-id", "invented-secret")).get_order(215)
    assert (len(server.requests), server.connections) == (2, 1)


def test_a_call_ends_at_its_deadline_however_often_it_was_repeated(server: RawServer) -> None:
    server.behaviours = [then_trickle(b"HTTP/1.1 200 OK\r\nX: ")]
    start = time.monotonic()
    with pytest.raises(OutcomeUnknownError):
        make_client(server.port).get_order(215)
    assert time.monotonic() - start < 1.5
    assert len(server.requests) > 1


@pytest.mark.parametrize(
    ("status", "error"), [(302, RefusedError), (401, UnauthorizedError), (422, RefusedError), (429, RateLimitedError)]
)
def test_a_refusal_is_final(server: RawServer, status: int, error: type[BigCommerceError]) -> None:
    server.behaviours = [say(answer(status, b'[{"status": 1, "message": "Word"}]', "Location: /again"))]
    with pytest.raises(error):
        make_client(server.port).get_order(215)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [204, 404, 503])
def test_transactions_that_are_not_shown_are_none(server: RawServer, status: int) -> None:
    server.behaviours = [say(answer(status))]
    assert make_client(server.port).get_transactions(215) == ()
    assert len(server.requests) == 1
