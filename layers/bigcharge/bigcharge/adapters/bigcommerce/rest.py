"""A store's calls to BigCommerce's REST host: what does no harm is repeated within a deadline, a write is done once."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Final, Literal

from bigcharge.adapters.bigcommerce.access import Access
from bigcharge.adapters.bigcommerce.fields import ShapeError
from bigcharge.adapters.bigcommerce.pacing import Pacing
from bigcharge.adapters.bigcommerce.quotas import Quotas
from bigcharge.adapters.bigcommerce.refusals import check_status, unknown
from bigcharge.adapters.bigcommerce.transport import Answer, Host, Request
from bigcharge.domain.errors import (
    BigCommerceError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
)

JSON: Final = "application/json"
NO_CONTENT: Final = frozenset({HTTPStatus.NO_CONTENT})


def ignore(_: object) -> None:
    """The parser of an answer of which only the status counts."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The REST host, as one store sees it.

    Attributes:
        host: shared by all stores.
        pacing: time-outs and waits.
        root: the store's part of every path.
        access: the `X-Auth-Token`, and what comes in its place when it is refused.
        quotas: shared by all stores.
    """

    host: Host = field(repr=False)
    pacing: Pacing = field(repr=False)
    root: str
    access: Access = field(repr=False)
    quotas: Quotas = field(default_factory=Quotas, repr=False)

    def get[Value](self, path: str, parse: Callable[[object], Value], *, empty: frozenset[int] = NO_CONTENT) -> Value:
        """Read.

        Args:
            path: below the store, of checked parts.
            parse: maps the decoded JSON; raises `ShapeError` for one of another form.
            empty: statuses that mean a list without entries.

        Raises:
            NotSentError: no connection came about.
            RefusedError: 4xx or a redirect; its children name 401 and 403, 404, 409, 422 and 429. The last is also
                raised in place of a call for which the store's quota does not come back within the call's time.
            OutcomeUnknownError: 5xx, no answer, or one of another form.
        """
        answer = self.access.exchange(partial(self._repeat, "GET", path, None, empty))
        return parse([]) if answer.status in empty else _read(answer, parse)

    def post[Value](self, path: str, body: object, parse: Callable[[object], Value]) -> Value:
        """Send something that does no harm when it is done more than once; raises as `get` does."""
        return _read(self.access.exchange(partial(self._repeat, "POST", path, body, frozenset())), parse)

    def write[Value](
        self, method: Literal["POST", "PUT", "DELETE"], path: str, body: object, parse: Callable[[object], Value]
    ) -> Value:
        """Send something that changes what BigCommerce holds: once, over a connection of its own.

        Args:
            method: of HTTP.
            path: below the store, of checked parts.
            body: made JSON; None: no body.
            parse: as in `get`.

        Raises:
            NotSentError: no connection came about: nothing was sent.
            RefusedError: 4xx: nothing was changed. Its children are as in `get`; where the store's quota is known to be
                used up and does not come back soon, nothing was sent either.
            OutcomeUnknownError: anything else, a redirect among it: it may have been done.
        """
        answer = self.access.exchange(partial(self._send_alone, method, path, body))
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            raise unknown(answer)
        return _read(answer, parse)

    def _make_request(self, method: str, path: str, body: object, token: str) -> Request:
        headers = {"Accept": JSON, "X-Auth-Token": token}
        if body is None:
            return Request(method, self.root + path, headers)
        return Request(method, self.root + path, headers | {"Content-Type": JSON}, json.dumps(body).encode())

    def _await_quota(self, left: float) -> float:
        """Wait until the store's quota is refreshed; returns how many of the seconds that were left are left then."""
        wait = self.quotas.read_wait(self.root, self.pacing.monotonic())
        if wait >= left:
            raise RateLimitedError(wait)
        if wait > 0:
            self.pacing.sleep(wait)
        return left - wait

    def _send_alone(self, method: str, path: str, body: object, token: str) -> Answer:
        """Send once, over a connection of its own."""
        self._await_quota(self.pacing.call)
        request = self._make_request(method, path, body, token)
        answer = self.host.send_alone(request, connect=self.pacing.connect, read=self.pacing.write)
        self.quotas.note(self.root, answer, self.pacing.monotonic())
        return answer

    def _repeat(self, method: str, path: str, body: object, final: frozenset[int], token: str) -> Answer:
        """Send until an answer came that more sending would not better, or the call's time is over."""
        pacing, request = self.pacing, self._make_request(method, path, body, token)
        deadline = pacing.monotonic() + pacing.call
        left, requests = pacing.call, 0
        while True:
            left = self._await_quota(left)
            failure: BigCommerceError
            try:
                answer = self.host.send(request, connect=min(pacing.connect, left), read=min(pacing.read, left))
                self.quotas.note(self.root, answer, pacing.monotonic())
                if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in final:
                    return answer
                failure = unknown(answer)
            except (NotSentError, OutcomeUnknownError) as error:
                failure = error
            requests += 1
            wait = pacing.wait_after(requests)
            left = deadline - pacing.monotonic() - wait
            if left <= 0:
                raise failure
            pacing.sleep(wait)


def _read[Value](answer: Answer, parse: Callable[[object], Value]) -> Value:
    check_status(answer)
    try:
        return parse(answer.document())
    except ShapeError:
        raise OutcomeUnknownError(f"HTTP {answer.status} with an answer of another form") from None
