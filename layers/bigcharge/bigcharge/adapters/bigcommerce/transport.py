"""One HTTP exchange with one of BigCommerce's hosts: sent once, its answer bounded in time and size."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Timeout

from bigcharge.adapters.bigcommerce.connections import NotConnectedError, make_pool
from bigcharge.domain.errors import InvalidInputError, NotSentError, OutcomeUnknownError

MAX_BODY: Final = 8 * 2**20  # bytes; a page of 250 orders is below 2 MiB
_CHUNK: Final = 2**16
_LOCAL_NAMES: Final = {"localhost", "host.docker.internal"}  # the latter is this machine, seen from a container


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent.

    Attributes:
        method: "GET".
        path: below the host's base URL; made of checked parts only. It can name an instrument's token.
        headers: with the credentials.
        body: JSON.
    """

    method: str
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read to its end.

    Attributes:
        status: the HTTP status.
        headers: named without regard to case.
        body: as it came.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def document(self) -> object:
        """The decoded JSON, decimals kept exact; None where the body is not JSON."""
        try:
            document: object = json.loads(self.body, parse_float=Decimal)
        except (ValueError, ArithmeticError, RecursionError):
            return None
        return document


class Host:
    """One of BigCommerce's hosts, shared by all stores of the process.

    Args:
        url: its base URL: https, or http for this machine and private networks.

    Raises:
        InvalidInputError: another URL.
    """

    def __init__(self, url: str) -> None:
        self._scheme, self._name, self._port, self._prefix = _split_url(url)
        self._pool = make_pool(self._scheme, self._name, self._port)

    def send(self, request: Request, *, connect: float, read: float) -> Answer:
        """Send once, over a connection that may have been kept open.

        Args:
            request: what to send.
            connect: seconds for the connection.
            read: seconds for the whole answer.

        Raises:
            NotSentError: no connection came about.
            OutcomeUnknownError: no whole answer came, or one above `MAX_BODY`.
        """
        return _exchange(self._pool, self._prefix, request, Timeout(connect=connect, read=read))

    def send_alone(self, request: Request, *, connect: float, read: float) -> Answer:
        """Send once, as `send` does, over a connection of its own.

        One that was kept open may have been closed by the other side meanwhile: then the request is lost, and nobody
        can say whether it was before or after it was carried out.
        """
        with make_pool(self._scheme, self._name, self._port) as pool:
            return _exchange(pool, self._prefix, request, Timeout(connect=connect, read=read))


def _exchange(pool: HTTPConnectionPool, prefix: str, request: Request, timeout: Timeout) -> Answer:
    try:
        response = pool.urlopen(
            request.method,
            prefix + request.path,
            body=request.body,
            headers=request.headers,
            timeout=timeout,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            return Answer(response.status, response.headers, _read_body(response))
        finally:
            response.close()
    except NotConnectedError:
        raise NotSentError("no connection to BigCommerce") from None
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        raise OutcomeUnknownError(f"no whole answer from BigCommerce ({type(error).__name__})") from None


def _read_body(response: BaseHTTPResponse) -> bytes:
    body = bytearray()
    for chunk in response.stream(_CHUNK):
        body += chunk
        if len(body) > MAX_BODY:
            raise OutcomeUnknownError(f"HTTP {response.status} with an answer that is too large")
    return bytes(body)


def _split_url(url: str) -> tuple[str, str, int | None, str]:
    """The scheme, host, port and path prefix of a base URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidInputError("a base URL is https://host[:port][/path]") from None
    plain = f"{parts.scheme}://{host}"
    if not host or parts.scheme not in {"https", "http"} or parts.username is not None or parts.query or parts.fragment:
        raise InvalidInputError("a base URL is https://host[:port][/path]")
    if parts.scheme == "http" and not _is_local(host):
        raise InvalidInputError(f"{plain} would send credentials in the clear: use https")
    return parts.scheme, host, port, parts.path.rstrip("/")


def _is_local(host: str) -> bool:
    try:
        return host in _LOCAL_NAMES or ipaddress.ip_address(host).is_private
    except ValueError:
        return False
