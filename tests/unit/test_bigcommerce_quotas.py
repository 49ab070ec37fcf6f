"""A call that BigCommerce would refuse for its rate is not made: waited for within the call's time, else refused."""

from dataclasses import dataclass, field

import pytest

from bigcharge.adapters.bigcommerce import Pacing
from bigcharge.adapters.bigcommerce.access import Access
from bigcharge.adapters.bigcommerce.quotas import Quotas
from bigcharge.adapters.bigcommerce.rest import Rest, ignore
from bigcharge.adapters.bigcommerce.transport import Answer, Request
from bigcharge.domain.errors import RateLimitedError
from tests.fakes import CREDENTIALS


@dataclass
class LimitedHost:
    """Answers with the headers that it is given; keeps the time of day."""

    headers: dict[str, str]
    status: int = 200
    now: float = 100.0
    sent: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    quotas: Quotas = field(default_factory=Quotas)

    def send(self, request: Request, *, connect: float, read: float) -> Answer:
        self.sent.append(request.path)
        return Answer(self.status, self.headers, b"[]")

    send_alone = send

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def rest(self, store: str = "abc") -> Rest:
        pacing = Pacing(monotonic=lambda: self.now, sleep=self.sleep, random=lambda: 0.0)
        return Rest(self, pacing, f"/stores/{store}", Access(CREDENTIALS), self.quotas)  # type: ignore[arg-type]  # stands in for the sockets


def left(requests: str, reset: str = "4000") -> dict[str, str]:
    return {"X-Rate-Limit-Requests-Left": requests, "X-Rate-Limit-Time-Reset-Ms": reset}


def test_a_call_waits_for_the_next_window_where_the_last_answer_said_that_this_one_is_used_up() -> None:
    host = LimitedHost(left("0"))
    host.rest().get("/x", ignore)
    assert host.waits == []
    host.rest().get("/x", ignore)
    assert (host.waits, len(host.sent)) == ([4.0], 2)


def test_a_write_waits_as_a_read_does() -> None:
    host = LimitedHost(left("0"))
    host.rest().write("DELETE", "/x", None, ignore)
    host.rest().write("DELETE", "/x", None, ignore)
    assert (host.waits, len(host.sent)) == ([4.0], 2)


def test_a_wait_that_is_longer_than_the_call_may_take_is_told_and_nothing_is_sent() -> None:
    host = LimitedHost(left("0", "25000"))
    host.rest().get("/x", ignore)
    host.now += 5
    with pytest.raises(RateLimitedError) as read:
        host.rest().get("/x", ignore)
    with pytest.raises(RateLimitedError) as written:
        host.rest().write("PUT", "/x", {}, ignore)
    assert (read.value.wait, written.value.wait) == (20, 20)
    assert (host.waits, len(host.sent)) == ([], 1)
    host.now += 20
    host.rest().get("/x", ignore)
    assert len(host.sent) == 2


def test_each_store_has_a_quota_of_its_own() -> None:
    host = LimitedHost(left("0", "25000"))
    host.rest("abc").get("/x", ignore)
    host.rest("def").get("/x", ignore)
    assert host.waits == []


@pytest.mark.parametrize(
    "headers", [{}, left("1"), left("soon"), left("0", "soon"), {"X-Rate-Limit-Requests-Left": "0"}]
)
def test_headers_that_do_not_say_that_the_quota_is_used_up_hold_nothing_back(headers: dict[str, str]) -> None:
    host = LimitedHost(headers)
    for _ in range(3):
        host.rest().get("/x", ignore)
    assert host.waits == []


def test_a_refusal_for_the_rate_holds_the_next_call_back_whatever_its_headers() -> None:
    host = LimitedHost({"Retry-After": "3"}, status=429)
    with pytest.raises(RateLimitedError):
        host.rest().get("/x", ignore)
    host.status = 200
    host.rest().get("/x", ignore)
    assert host.waits == [3.0]


def test_what_was_used_up_is_forgotten_when_its_time_is_over() -> None:
    quotas = Quotas()
    quotas.note("/stores/abc", Answer(200, left("0"), b""), 10.0)
    assert quotas.read_wait("/stores/abc", 13.0) == 1.0
    assert quotas.read_wait("/stores/abc", 14.0) == 0.0
    assert quotas._used_up_until == {}


def test_who_leaves_a_reserve_to_others_waits_when_the_rest_is_used_up() -> None:
    headers = {"X-Rate-Limit-Requests-Quota": "150", "X-Rate-Limit-Time-Reset-Ms": "4000"}
    for reserve, requests_left, wait in ((0.5, 76, 0.0), (0.5, 75, 4.0), (0.0, 1, 0.0), (0.0, 0, 4.0)):
        quotas = Quotas(reserve)
        quotas.note("/stores/abc", Answer(200, headers | {"X-Rate-Limit-Requests-Left": str(requests_left)}, b""), 10.0)
        assert quotas.read_wait("/stores/abc", 10.0) == wait
