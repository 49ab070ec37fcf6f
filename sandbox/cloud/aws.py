"""The emulated AWS: moto's server, one call at a time."""

import argparse
import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sandbox.cloud.errors import CannotStart
from sandbox.cloud.serving import Application, listen, quiet, serve
from sandbox.cloud.transactions import replace_transactions

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from werkzeug.serving import WSGIRequestHandler


KEPT_ITERATORS = 1000


class OneAtATime:
    """Serialises the calls of an application that is not safe under threads, and knows how long none has come."""

    def __init__(self, application: Application, clock: Callable[[], float] = time.monotonic) -> None:
        self._application = application
        self._clock = clock
        self._lock = threading.Lock()
        self._last = clock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one call, whole, before the next begins."""
        with self._lock:
            self._last = self._clock()
            return [b"".join(self._application(environ, start_response))]

    def between_calls(self, work: Callable[[], None]) -> None:
        """Do something while no call is being answered."""
        with self._lock:
            work()

    @property
    def idle_for(self) -> float:
        """Seconds since the last call came."""
        return self._clock() - self._last


def run_aws(port: int, host: str = "127.0.0.1", idle: float | None = None) -> int:
    """Serve the emulated AWS until SIGINT or SIGTERM, or until no call has come for `idle` seconds.

    Returns:
        The exit status: 0, or 2 when the port is taken (said on stderr).
    """
    try:
        listener = listen(host, port)
    except CannotStart as error:
        print(f"bigcharge aws: {error}", file=sys.stderr)
        return 2
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    moto, handler = _load_moto()
    from sandbox.cloud.access import RolesOnly  # noqa: PLC0415 - after moto is loaded

    application = OneAtATime(RolesOnly(moto))
    # Head and body of an answer are written apart: Nagle's algorithm would hold the body back for 40 ms.
    server = serve(listener, application, quiet(handler, protocol_version="HTTP/1.1", disable_nagle_algorithm=True))
    print(f"bigcharge aws: ready at http://{host}:{port}", flush=True)
    while not stopped.wait(0.5):
        application.between_calls(_forget_old_iterators)
        if idle is not None and application.idle_for > idle:
            break
    server.shutdown()
    return 0


def _load_moto() -> tuple[Application, "type[WSGIRequestHandler]"]:
    # moto's CloudFormation loads the models of thirty services: without the collector, a third of a second sooner.
    gc.disable()
    from moto.moto_server import werkzeug_app  # noqa: PLC0415 - the same

    gc.freeze()
    gc.enable()
    replace_transactions()
    application = werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
    return application, werkzeug_app.MotoRequestHandler


def _forget_old_iterators() -> None:
    """Drop the iterators of streams that no poller will use again: moto makes one at every poll and keeps them all."""
    from moto.dynamodbstreams.models import dynamodbstreams_backends  # noqa: PLC0415 - after moto is loaded

    for account in dynamodbstreams_backends.values():
        for backend in account.values():
            iterators = backend.shard_iterators
            for old in list(iterators)[:-KEPT_ITERATORS]:
                del iterators[old]


def main() -> int:
    """Run as `python -m sandbox.cloud.aws`."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--idle", type=float)
    chosen = options.parse_args()
    return run_aws(chosen.port, chosen.host, chosen.idle)


if __name__ == "__main__":
    raise SystemExit(main())
