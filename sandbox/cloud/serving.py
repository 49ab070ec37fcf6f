"""How the servers of the local cloud take their ports."""

import socket
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.cloud.errors import CannotStart

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

type Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


def listen(host: str, port: int) -> socket.socket:
    """Take a port; connections wait from now on, until a server accepts them.

    Raises:
        CannotStart: somebody else has it.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise CannotStart(f"port {port} of {host} cannot be taken ({error.strerror}): choose another port") from error
    return listener


def serve(listener: socket.socket, application: Application, handler: type[WSGIRequestHandler]) -> BaseWSGIServer:
    """Answer on a port in the background, each connection in a thread of its own."""
    host, port = listener.getsockname()
    server = make_server(host, port, application, threaded=True, request_handler=handler, fd=listener.fileno())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return server


def quiet(handler: type[WSGIRequestHandler], **attributes: Any) -> type[WSGIRequestHandler]:  # noqa: ANN401 - class attributes
    """Make a request handler that writes no line for each request."""
    return type(f"Quiet{handler.__name__}", (handler,), {"log": lambda *_: None, **attributes})
