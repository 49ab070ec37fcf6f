"""A server of raw sockets that behaves as a test tells it, and a client that speaks with it."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from bigcharge.adapters.bigcommerce import Client, Pacing, connect
from bigcharge.domain.access_tokens import AccessToken
from bigcharge.domain.money import Money
from bigcharge.domain.payment_instruments import StoredCard
from bigcharge.domain.stores import Credentials
from bigcharge.domain.tenders import Tender

type Behaviour = Callable[[socket.socket], None]

PAT, STORE_TOKEN, CARD_TOKEN = "invented.pat.value", "invented-store-token", "c" * 64
SECRETS = (PAT, STORE_TOKEN, CARD_TOKEN, "invented-secret")
TOKEN = AccessToken(PAT, "jti-1", datetime(2026, 4, 1, tzinfo=UTC), 215, Money(9800, "USD"))
TENDER = Tender("stripe.card", "card", StoredCard(CARD_TOKEN, "4242"))
PAID = b'{"data": {"id": "693bb4cd", "status": "success", "transaction_type": "purchase"}}'
ORDER = b'{"id": 215, "status_id": 0, "customer_id": 7, "total_inc_tax": "98.0000", "currency_code": "USD"}'


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Word", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def say(*parts: bytes) -> Behaviour:
    """Answer with these bytes and end the connection."""

    def behave(sock: socket.socket) -> None:
        sock.sendall(b"".join(parts))
        sock.shutdown(socket.SHUT_WR)

    return behave


def then_reset(*parts: bytes) -> Behaviour:
    def behave(sock: socket.socket) -> None:
        sock.sendall(b"".join(parts))
        reset(sock)

    return behave


def then_stall(*parts: bytes) -> Behaviour:
    """Answer with these bytes, then with nothing, and keep the connection."""

    def behave(sock: socket.socket) -> None:
        sock.sendall(b"".join(parts))
        sock.recv(1)

    return behave


def then_trickle(*parts: bytes) -> Behaviour:
    """Answer with these bytes, then with one more every 20 ms for as long as the client stays."""

    def behave(sock: socket.socket) -> None:
        sock.sendall(b"".join(parts))
        for _ in range(500):
            sock.sendall(b"x")
            time.sleep(0.02)

    return behave


class RawServer:
    """Reads each request whole, notes it, and behaves: by the next of `behaviours`, else by the last one."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, greet: Behaviour | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.behaviours: list[Behaviour] = []
        self._streams: list[socket.socket] = []
        self._tls, self._greet = tls, greet
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._serve, args=(sock,)))
            self._threads[-1].start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            with sock:
                sock.settimeout(5)
                if self._greet:
                    self._greet(sock)
                    return
                with self._tls.wrap_socket(sock, server_side=True) if self._tls else sock as stream:
                    self._streams.append(stream)
                    while request := self._read_request(stream):
                        self.requests.append(request)
                        self.behaviours[min(len(self.requests), len(self.behaviours)) - 1](stream)
        except OSError:
            return

    @staticmethod
    def _read_request(sock: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (part := sock.recv(65536)):
                return b""
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        ]
        while len(body) < sum(lengths):
            body += sock.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for stream in self._streams:
            with suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(6)


def make_client(port: int, *, scheme: str = "http", pacing: Pacing | None = None) -> Client:
    url = f"{scheme}://127.0.0.1:{port}"
    short = Pacing(connect=0.3, read=0.3, call=1.0, payment=0.3, first_wait=0.01)
    return connect(url, url, pacing or short)(Credentials("abc123", STORE_TOKEN, "invented-id", "invented-secret"))
