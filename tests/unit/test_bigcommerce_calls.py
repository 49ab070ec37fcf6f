"""Where calls may go, what they may carry, and how long they are repeated."""

from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING

import pytest

from bigcharge.adapters.bigcommerce import Pacing, connect
from bigcharge.adapters.bigcommerce.access import Access
from bigcharge.adapters.bigcommerce.refusals import check_status, read_wait
from bigcharge.adapters.bigcommerce.rest import Rest
from bigcharge.adapters.bigcommerce.transport import Answer, Host, Request
from bigcharge.domain.errors import InvalidInputError, NotFoundError, NotSentError, OutcomeUnknownError
from bigcharge.domain.stores import Credentials
from tests.fakes import CREDENTIALS

if TYPE_CHECKING:
    from bigcharge.services.ports import Connect

API = "https://api.bigcommerce.com"


@pytest.mark.parametrize(
    "url",
    [
        API,
        f"{API}:8443/prefix/",
        "http://localhost:1",
        "http://127.0.0.1:1",
        "http://[::1]:1",
        "http://172.17.0.1:1",
        "http://host.docker.internal:1",
    ],
)
def test_https_and_this_machine_are_spoken_with(url: str) -> None:
    Host(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.bigcommerce.com",
        "https://",
        "ftp://localhost",
        "http://api.bigcommerce.com",
        "http://8.8.8.8",
        "http://localhost.example.com",
        "https://user:invented@api.bigcommerce.com",
        f"{API}?a=b",
        f"{API}#a",
        f"{API}:port",
        "https://[::1",
    ],
)
def test_no_other_url_is_spoken_with(url: str) -> None:
    with pytest.raises(InvalidInputError):
        Host(url)


@pytest.mark.parametrize(
    ("store_hash", "access_token"),
    [("../v2", "t"), ("", "t"), ("a/b", "t"), ("abc", ""), ("abc", "two words"), ("abc", "t\r\nX: y"), ("abc", "ä")],
)
def test_credentials_that_would_change_a_url_or_a_header_are_refused(store_hash: str, access_token: str) -> None:
    with pytest.raises(InvalidInputError):
        connect(API, API)(Credentials(store_hash, access_token, "invented-id", "invented-secret"))


@pytest.mark.parametrize("bad", [0, -1, True, "1/../2", "", None, 1.5])
def test_an_id_that_would_change_a_url_is_refused(bad: int) -> None:
    make_client: Connect = connect(API, API)
    client = make_client(Credentials("abc", "t", "invented-id", "invented-secret"))
    with pytest.raises(InvalidInputError):
        client.get_order(bad)
    with pytest.raises(InvalidInputError):
        client.list_customer_instruments(bad)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Rate-Limit-Time-Reset-Ms": "1500", "Retry-After": "7"}, 1.5),
        ({"Retry-After": "7"}, 7),
        ({"X-Rate-Limit-Time-Reset-Ms": "soon", "Retry-After": " 8 "}, 8),
        ({"Retry-After": "Wed, 01 Apr 2026 00:00:00 GMT"}, 30),
        ({"Retry-After": "-1"}, 30),
        ({"Retry-After": "3600"}, 3600),
        ({"Retry-After": "99999999"}, 86_400),
        ({}, 30),
    ],
)
def test_a_limited_call_waits_as_bigcommerce_says_and_never_longer_than_a_day(
    headers: dict[str, str], seconds: float
) -> None:
    message = Message()
    for name, value in headers.items():
        message[name.lower()] = value
    assert read_wait(message) == seconds  # type: ignore[arg-type]  # a mapping that knows no case, as urllib3's


@pytest.mark.parametrize("body", [b"", b"[]", b'{"status": 404}', b'[{"status": 404, "message": "<none>"}]'])
def test_bigcommerce_says_that_something_is_not_there(body: bytes) -> None:
    with pytest.raises(NotFoundError):
        check_status(Answer(404, {}, body))


@pytest.mark.parametrize("body", [b"<html>", b"\n<!doctype html><title>Not Found</title>"])
def test_a_page_that_says_not_found_comes_from_somebody_on_the_way(body: bytes) -> None:
    """Taken for an answer, it would have all instruments of a customer removed."""
    with pytest.raises(OutcomeUnknownError):
        check_status(Answer(404, {}, body))


@dataclass
class SlowHost:
    """Takes two seconds for every request, then fails as it is told."""

    failure: Exception | Answer
    now: float = 0.0
    sent: list[tuple[float, float]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def send(self, request: Request, *, connect: float, read: float) -> Answer:
        self.sent.append((connect, read))
        self.now += 2
        if isinstance(self.failure, Exception):
            raise self.failure
        return self.failure

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    "failure", [NotSentError("none"), OutcomeUnknownError("lost"), Answer(500, {}, b""), Answer(503, {}, b"")]
)
@pytest.mark.parametrize("chance", [0.0, 0.999])
def test_a_call_is_repeated_with_growing_waits_within_its_deadline(failure: Exception | Answer, chance: float) -> None:
    host = SlowHost(failure)
    pacing = Pacing(monotonic=lambda: host.now, sleep=host.sleep, random=lambda: chance)
    with pytest.raises((NotSentError, OutcomeUnknownError)):
        Rest(host, pacing, "/stores/abc", Access(CREDENTIALS)).get("/x", lambda document: document)  # type: ignore[arg-type]  # stands in for the sockets
    assert host.now <= 12 + 2
    assert len(host.sent) > 3
    assert host.waits == sorted(set(host.waits))
    assert all(read <= 10 and connect <= 3 for connect, read in host.sent)
    assert host.sent[-1][1] < host.sent[0][1]
