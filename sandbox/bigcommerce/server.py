"""The box on loopback: two ports, each of which serves both hosts of BigCommerce."""

import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.bigcommerce.app import Application
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.control import Control
from sandbox.bigcommerce.fixtures import load_fixtures
from sandbox.bigcommerce.limits import Limits
from sandbox.bigcommerce.sender import Postman
from sandbox.bigcommerce.snapshot import load_snapshot, save_snapshot
from sandbox.bigcommerce.stores import load_stores

_HOST: Final = "127.0.0.1"
_POLL: Final = 0.02  # seconds between a server's looks at whether it is to stop


class _QuietHandler(WSGIRequestHandler):
    """Writes no access log: the box has its own (`Box.served`)."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a box is run.

    Attributes:
        snapshot: file that the box's memory is loaded from on start, if it is there, and saved to on stop.
        fixtures: file of what is in the stores from the start; not read again where a snapshot was loaded.
        limits: the rate limits.
        retry_scale: factor on the documented times of webhooks (retries, blocks).
    """

    snapshot: Path | None = None
    fixtures: Path | None = None
    limits: Limits | None = None
    retry_scale: float = 1.0

    def fill(self, box: Box) -> None:
        """Load the snapshot, or else the fixtures."""
        loaded = self.snapshot is not None and load_snapshot(box.state, self.snapshot)
        if self.fixtures is not None and not loaded:
            load_fixtures(box, self.fixtures)

    def save(self, box: Box) -> None:
        """Save the snapshot."""
        if self.snapshot is not None:
            save_snapshot(box.state, self.snapshot)


class Server:
    """A box that serves.

    Attributes:
        box: its Python API.
        api_url: base URL of the REST host (`{api_url}/stores/{hash}/v3/...`) and of `/_control`.
        payments_url: base URL of the payments host (`{payments_url}/stores/{hash}/payments`).
    """

    def __init__(self, box: Box, port: int, payments_port: int) -> None:
        application = Application(box.state, Control(box))
        self.box = box
        self._servers = [_make_server(application, listener) for listener in _listen(port, payments_port)]
        self.api_url, self.payments_url = (f"http://{_HOST}:{server.port}" for server in self._servers)
        self._threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL}, daemon=True)
            for server in self._servers
        ]
        self._postman = Postman(box.state)
        for thread in self._threads:
            thread.start()
        self._postman.start()

    def close(self) -> None:
        """Stop serving and posting; what the box knows stays."""
        self._postman.stop()
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def serve(box: Box, port: int = 0, payments_port: int = 0) -> Server:
    """Serve a box on loopback; port 0 takes a free one.

    Raises:
        OSError: a port is taken.
    """
    return Server(box, port, payments_port)


def _say(line: str) -> None:
    print(line, flush=True)  # whoever waits for the line may read a pipe


def run(
    port: int,
    payments_port: int,
    stores_file: Path,
    webhook_destination: str | None = None,
    *,
    settings: Settings | None = None,
    announce: Callable[[str], object] = _say,
) -> None:
    """Serve the stores of a file until SIGINT or SIGTERM; says one line when ready.

    Args:
        port: of the REST host; 0 takes a free one.
        payments_port: of the payments host.
        stores_file: see `stores`.
        webhook_destination: where every store's events go; no hooks are made where None.
        settings: everything else.
        announce: takes the ready line.

    Raises:
        StoresFileError: the file cannot be used.
        SnapshotError: the snapshot cannot be read or written.
        FixturesError: the fixtures cannot be used.
        OSError: a port is taken.
    """
    settings = settings or Settings()
    box = Box(load_stores(stores_file), retry_scale=settings.retry_scale, limits=settings.limits)
    settings.fill(box)
    if webhook_destination:
        box.add_default_hooks(webhook_destination)
    stop = threading.Event()

    def _stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with serve(box, port, payments_port) as server:
            announce(f"BigCommerce in a box is ready: api {server.api_url} payments {server.payments_url}")
            stop.wait()
        settings.save(box)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(*ports: int) -> list[socket.socket]:
    """Listen on all ports or on none."""
    with ExitStack() as opened:
        listeners = [opened.enter_context(socket.create_server((_HOST, port))) for port in ports]
        opened.pop_all()
    return listeners


def _make_server(application: Application, listener: socket.socket) -> BaseWSGIServer:
    with listener:  # the server makes a socket of its own from the descriptor
        port, descriptor = listener.getsockname()[1], listener.fileno()
        return make_server(_HOST, port, application, threaded=True, request_handler=_QuietHandler, fd=descriptor)
