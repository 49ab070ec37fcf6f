"""What an answer's status and headers mean, whatever was asked."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from bigcharge.adapters.bigcommerce.transport import Answer
from bigcharge.domain.declines import read_code
from bigcharge.domain.errors import (
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    RequestConflictError,
    UnauthorizedError,
    UnprocessableError,
)

_RESET: Final = "X-Rate-Limit-Time-Reset-Ms"
_QUOTA: Final = "X-Rate-Limit-Requests-Quota"
_LEFT: Final = "X-Rate-Limit-Requests-Left"
_DEFAULT_WAIT: Final = 30.0  # seconds: how often BigCommerce refreshes the quota of a store
_LONGEST_WAIT: Final = 86_400.0  # seconds: what names more than a day is a fault
_WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)
_PAGE: Final = b"<"  # begins a page of HTML: something on the way answered, which knows nothing of what a store has
_KINDS: Final[Mapping[int, type[RefusedError]]] = {
    HTTPStatus.UNAUTHORIZED: UnauthorizedError,
    HTTPStatus.FORBIDDEN: UnauthorizedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: RequestConflictError,
    HTTPStatus.UNPROCESSABLE_ENTITY: UnprocessableError,
}


def check_status(answer: Answer) -> None:
    """Pass every 2xx; raise what any other status means.

    Raises:
        RefusedError: 4xx or a redirect; its children name 401 and 403, 404, 409, 422 and 429.
        OutcomeUnknownError: anything else; 408: the host gave up on a request of which it may have read all; and a 404
            that is a page: taken for an answer, it would have a customer's instruments removed.
    """
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimitedError(read_wait(answer.headers))
    refused = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    is_page = status == HTTPStatus.NOT_FOUND and answer.body.lstrip().startswith(_PAGE)
    if refused and status != HTTPStatus.REQUEST_TIMEOUT and not is_page:
        raise _KINDS.get(status, RefusedError)(status, read_code(answer.document()))
    raise unknown(answer)


def unknown(answer: Answer) -> OutcomeUnknownError:
    """The error for an answer that says nothing to rely on: its status and its code only."""
    code = read_code(answer.document())
    return OutcomeUnknownError(f"HTTP {answer.status}" + (f" with code {code}" if code is not None else ""), code)


def read_wait(headers: Mapping[str, str]) -> float:
    """Seconds until BigCommerce takes calls again, by the headers of a 429."""
    for name, per_second in ((_RESET, 1000), ("Retry-After", 1)):
        number = _read_whole(headers, name)
        if number is not None:
            return min(number / per_second, _LONGEST_WAIT)
    return _DEFAULT_WAIT


def read_pause(answer: Answer, reserve: float = 0.0) -> float:
    """Seconds for which the next call of the same store would be one too many, by any answer; mostly 0.

    Args:
        answer: any.
        reserve: the share of the quota that is left to others (0 up to 1).
    """
    left, quota = _read_whole(answer.headers, _LEFT), _read_whole(answer.headers, _QUOTA) or 0
    used_up = left is not None and left <= reserve * quota and _read_whole(answer.headers, _RESET) is not None
    return read_wait(answer.headers) if used_up or answer.status == HTTPStatus.TOO_MANY_REQUESTS else 0.0


def _read_whole(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if _WHOLE.fullmatch(value) else None
