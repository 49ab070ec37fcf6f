"""urllib3 connections that tell "never connected" from "lost", and whose time-out bounds an answer as a whole."""

import io
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CONNECTIONS_KEPT = 8  # idle ones of a pool: as many as a process has threads that call at a time, with room


class NotConnectedError(HTTPError):
    """No connection came about, TLS included: not one byte of the request has left."""


class _BoundedReader(io.RawIOBase):
    """Reads a socket until a deadline.

    A socket's own time-out starts anew with every byte that comes, so an answer that trickles would never end. The
    clock is the real one, whatever clock a caller measures with: sockets wait in real time.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = time.monotonic() + (sock.gettimeout() or 0.0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    """An answer, headers and body, that must have come within the time-out that its socket was given."""

    def __init__(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(sock, debuglevel, method)
        self.fp.close()
        self.fp = io.BufferedReader(_BoundedReader(sock))

    def begin(self) -> None:
        """Read the headers; refuse two lengths here, where the socket is let go: urllib3 would keep it open."""
        super().begin()
        lengths = ",".join(self.headers.get_all("Content-Length", ()))
        if len({length.strip() for length in lengths.split(",")}) > 1:
            raise HTTPException


@contextmanager
def _connecting() -> Iterator[None]:
    """Name whatever goes wrong before the request.

    After it, the same errors (TLS, reset, time-out) can come from a request that was carried out; urllib3 names both
    alike.
    """
    try:
        yield
    except (HTTPError, OSError, ValueError):
        raise NotConnectedError from None


class _HttpConnection(HTTPConnection):
    response_class = _BoundedResponse

    def connect(self) -> None:
        with _connecting():
            super().connect()


class _HttpsConnection(HTTPSConnection):
    response_class = _BoundedResponse

    def connect(self) -> None:
        with _connecting():
            super().connect()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


@cache
def _trust() -> ssl.SSLContext:
    """The trusted authorities, read once a process (tens of milliseconds) and not once a connection."""
    return ssl.create_default_context()


def make_pool(scheme: str, host: str, port: int | None) -> HTTPConnectionPool:
    """A pool of connections to one host; "https" verifies the host's certificate and name."""
    if scheme == "https":
        return _HttpsPool(host, port, maxsize=_CONNECTIONS_KEPT, ssl_context=_trust())
    return _HttpPool(host, port, maxsize=_CONNECTIONS_KEPT)
