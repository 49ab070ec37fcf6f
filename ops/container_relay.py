"""Lets containers reach servers that listen on loopback alone.

Docker on Linux shows a container its host at the address of its bridge; a relay listens there, where only containers
of this machine come, and passes on to loopback.
"""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer

_CHUNK = 1 << 16


class _Relay(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Passage(BaseRequestHandler):
    """One connection, passed on to the same port of loopback."""

    def handle(self) -> None:
        """Copy both ways until both ends have said all."""
        _, port = self.request.getsockname()
        with closing(socket.create_connection(("127.0.0.1", port))) as inner:
            back = threading.Thread(target=_copy, args=(inner, self.request), daemon=True)
            back.start()
            _copy(self.request, inner)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # one end is gone, and so the other ends


@contextmanager
def relay(address: str, ports: Iterable[int]) -> Iterator[None]:
    """Listen at an address of this machine, and pass on to the same ports of loopback.

    Raises:
        OSError: this machine has no such address, or a port of it is taken.
    """
    with ExitStack() as stack:
        for port in ports:
            server = stack.enter_context(_Relay((address, port), _Passage))
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        yield
