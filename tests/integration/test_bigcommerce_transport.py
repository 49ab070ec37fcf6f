"""Payments against a server that breaks off, stalls, trickles, redirects and lies."""

import socket
import time
import traceback

import pytest

from bigcharge.adapters.bigcommerce import Pacing
from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import NotSentError, OutcomeUnknownError, RateLimitedError
from tests.integration.bigcommerce_wire import (
    CARD_TOKEN,
    ORDER,
    PAID,
    PAT,
    SECRETS,
    STORE_TOKEN,
    TENDER,
    TOKEN,
    Behaviour,
    RawServer,
    answer,
    make_client,
    reset,
    say,
    then_reset,
    then_stall,
    then_trickle,
)


def assert_tells_nothing(error: BaseException) -> None:
    """No secret is in it, and it shows nothing of urllib3's error, which holds the URL and the connection."""
    assert error.__suppress_context__ or error.__context__ is None
    assert error.__cause__ is None
    assert not [secret for secret in SECRETS if secret in "".join(traceback.format_exception(error))]


BROKEN: dict[str, Behaviour] = {
    "reset": reset,
    "closed": say(),
    "stalled": then_stall(),
    "stalled in the headers": then_stall(b"HTTP/1.1 201 Created\r\nContent-"),
    "stalled in the body": then_stall(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"),
    "trickled headers": then_trickle(b"HTTP/1.1 201 Created\r\nX: "),
    "trickled body": then_trickle(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n"),
    "trickled body without an end": then_trickle(b"HTTP/1.1 201 Created\r\n\r\n"),
    "reset in the body": then_reset(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n", PAID),
    "truncated body": say(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n", PAID),
    "truncated chunks": say(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n52\r\n", PAID),
    "garbage": say(b"\x00\xff\xfe not HTTP at all\r\n\r\n"),
    "broken gzip": say(answer(201, PAID, "Content-Encoding: gzip")),
    "two lengths": say(b"HTTP/1.1 201 Created\r\nContent-Length: 5, 6\r\n\r\n", PAID),
    "endless body": say(b"HTTP/1.1 201 Created\r\n\r\n", PAID, b" " * 8 * 2**20),
    "not JSON": say(answer(201, b"<html>")),
    "another form": say(answer(201, b'{"data": {"status": "success"}}')),
    "internal error": say(answer(500, b'{"code": 10000}')),
    "unavailable, to be tried again": say(answer(503, b"", "Retry-After: 0")),
    "unknown code": say(answer(400, b'{"code": 39999}')),
    "timed out by the server": say(answer(408)),
    **{f"redirect {status}": say(answer(status, b"", "Location: /again")) for status in (301, 302, 303, 307, 308)},
}


@pytest.mark.parametrize("behaviour", BROKEN.values(), ids=BROKEN.keys())
def test_a_payment_without_a_reliable_answer_is_unknown_and_sent_once(server: RawServer, behaviour: Behaviour) -> None:
    server.behaviours = [behaviour]
    start = time.monotonic()
    with pytest.raises(OutcomeUnknownError) as caught:
        make_client(server.port).pay(TOKEN, TENDER)
    assert time.monotonic() - start < 1.5
    assert len(server.requests) == 1
    assert_tells_nothing(caught.value)


def test_an_answer_that_begins_late_has_only_the_rest_of_the_time(server: RawServer) -> None:
    def begin_late(sock: socket.socket) -> None:
        time.sleep(0.8)
        then_stall(b"HTTP/1.1 201")(sock)

    server.behaviours = [begin_late]
    start = time.monotonic()
    with pytest.raises(OutcomeUnknownError):
        make_client(server.port, pacing=Pacing(payment=1)).pay(TOKEN, TENDER)
    assert time.monotonic() - start < 1.5


def test_a_payment_is_sent_as_documented(server: RawServer) -> None:
    server.behaviours = [say(answer(201, PAID))]
    assert make_client(server.port).pay(TOKEN, TENDER) == Payment("693bb4cd", Answer.PAID)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /stores/abc123/payments HTTP/1.1"
    assert {f"Authorization: PAT {PAT}", "Accept: application/vnd.bc.v1+json", "Content-Type: application/json"} < {
        *lines
    }
    assert STORE_TOKEN not in head.decode()
    assert body == (
        b'{"payment": {"instrument": {"type": "stored_card", "token": "%b", "verification_value": "4242"}, '
        b'"payment_method_id": "stripe.card"}}' % CARD_TOKEN.encode()
    )


def test_a_connection_kept_open_by_one_payment_carries_no_other(server: RawServer) -> None:
    """It may be dead by then, and a payment lost on it could not be told from one that was made."""
    server.behaviours = [lambda sock: sock.sendall(answer(201, PAID))] * 2
    client = make_client(server.port)
    for _ in range(2):
        client.pay(TOKEN, TENDER)
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_payment_that_was_limited_says_for_how_long(server: RawServer) -> None:
    server.behaviours = [say(answer(429, b"", "X-Rate-Limit-Time-Reset-Ms: 2500", "Retry-After: 9"))]
    with pytest.raises(RateLimitedError) as caught:
        make_client(server.port).pay(TOKEN, TENDER)
    assert (caught.value.wait, len(server.requests)) == (2.5, 1)


def test_nothing_was_sent_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotSentError) as caught:
        make_client(port).pay(TOKEN, TENDER)
    assert_tells_nothing(caught.value)


def test_nothing_was_sent_where_the_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(NotSentError):
        make_client(1).pay(TOKEN, TENDER)


def test_no_secret_reaches_a_log(server: RawServer, caplog: pytest.LogCaptureFixture) -> None:
    server.behaviours = [reset, say(answer(200, ORDER)), say(answer(201, PAID)), reset]
    client = make_client(server.port)
    with caplog.at_level("DEBUG", logger="urllib3.connectionpool"):
        client.get_order(215)
        client.pay(TOKEN, TENDER)
        with pytest.raises(OutcomeUnknownError):
            client.pay(TOKEN, TENDER)
    assert "/payments" in caplog.text
    assert not [secret for secret in SECRETS if secret in caplog.text + repr(client)]
