"""A store's calls to BigCommerce's REST host: repeated within a deadline, and their refusals told apart."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from bigcharge.adapters.bigcommerce.fields import ShapeError
from bigcharge.adapters.bigcommerce.pacing import Pacing
from bigcharge.adapters.bigcommerce.transport import Answer, Host, Request
from bigcharge.domain.declines import read_code
from bigcharge.domain.errors import (
    BigCommerceError,
    InvalidInputError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
)

JSON: Final = "application/json"
_DEFAULT_WAIT: Final = 30.0  # seconds: how often BigCommerce refreshes the quota of a store
_LONGEST_WAIT: Final = 900.0  # seconds: the longest that a queue can hold a message back
_WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)
_VISIBLE: Final = re.compile(r"[!-~]{1,8192}")


def check_header_token(value: object) -> str:
    """The value, if it can stand in a header: visible ASCII without spaces.

    Raises:
        InvalidInputError: else.
    """
    if not isinstance(value, str) or not _VISIBLE.fullmatch(value):
        raise InvalidInputError("a token is visible ASCII without spaces")
    return value


@dataclass(frozen=True, slots=True)
class Rest:
    """The REST host, as one store sees it.

    Attributes:
        host: shared by all stores.
        pacing: time-outs and waits.
        root: the store's part of every path.
        access_token: the `X-Auth-Token`.
    """

    host: Host = field(repr=False)
    pacing: Pacing = field(repr=False)
    root: str
    access_token: str = field(repr=False)

    def get[Value](
        self, path: str, parse: Callable[[object], Value], *, empty: frozenset[int] = frozenset({HTTPStatus.NO_CONTENT})
    ) -> Value:
        """Read.

        Args:
            path: below the store, of checked parts.
            parse: maps the decoded JSON; raises `ShapeError` for one of another form.
            empty: statuses that mean a list without entries.

        Raises:
            NotSentError: no connection came about.
            RefusedError: 4xx or a redirect; its children name 401, 403, 404 and 429.
            OutcomeUnknownError: 5xx, no answer, or one of another form.
        """
        return self._call(Request("GET", self.root + path, self._headers()), parse, empty)

    def post[Value](self, path: str, body: object, parse: Callable[[object], Value]) -> Value:
        """Send something that does no harm when it is done more than once; raises as `get` does."""
        headers = self._headers() | {"Content-Type": JSON}
        return self._call(Request("POST", self.root + path, headers, json.dumps(body).encode()), parse, frozenset())

    def _headers(self) -> dict[str, str]:
        return {"Accept": JSON, "X-Auth-Token": self.access_token}

    def _call[Value](self, request: Request, parse: Callable[[object], Value], empty: frozenset[int]) -> Value:
        answer = self._repeat(request, empty)
        if answer.status in empty:
            return parse([])
        check_status(answer)
        try:
            return parse(answer.document())
        except ShapeError:
            raise OutcomeUnknownError(f"HTTP {answer.status} with an answer of another form") from None

    def _repeat(self, request: Request, final: frozenset[int]) -> Answer:
        """Send until an answer came that more sending would not better, or the call's time is over."""
        pacing = self.pacing
        deadline = pacing.monotonic() + pacing.call
        left, requests = pacing.call, 0
        while True:
            failure: BigCommerceError
            try:
                answer = self.host.send(request, connect=min(pacing.connect, left), read=min(pacing.read, left))
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


def check_status(answer: Answer) -> None:
    """Pass every 2xx; raise what any other status means, as `Rest.get` says."""
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimitedError(read_wait(answer.headers))
    code = read_code(answer.document())
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise UnauthorizedError(status, code)
    if status == HTTPStatus.NOT_FOUND:
        raise NotFoundError(status, code)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise RefusedError(status, code)
    raise unknown(answer)


def unknown(answer: Answer) -> OutcomeUnknownError:
    """The error for an answer that says nothing to rely on: its status and its code only."""
    code = read_code(answer.document())
    return OutcomeUnknownError(f"HTTP {answer.status}" + (f" with code {code}" if code is not None else ""))


def read_wait(headers: Mapping[str, str]) -> float:
    """Seconds until BigCommerce takes calls again, by the headers of a 429."""
    for name, per_second in (("X-Rate-Limit-Time-Reset-Ms", 1000), ("Retry-After", 1)):
        value = headers.get(name, "").strip()
        if _WHOLE.fullmatch(value):
            return min(int(value) / per_second, _LONGEST_WAIT)
    return _DEFAULT_WAIT
