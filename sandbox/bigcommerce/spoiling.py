"""How a planned fault looks on the wire."""

import socket
from typing import Final, NoReturn

from werkzeug import Request, Response

from sandbox.bigcommerce.faults import Answer

_GARBAGE: Final = "<html><head><title>502 Bad Gateway</title></head>"


def spoil(response: Response, planned: Answer) -> Response:
    """Spoil the body of a reply; a truncated one promises its full length and is cut by the closing connection."""
    body = response.get_data()
    if planned.spoil == "truncated":
        response.automatically_set_content_length = False
        response.response = [body[: len(body) // 2]]
        response.headers["Content-Length"] = str(len(body))
    elif planned.spoil == "garbage":
        response.set_data(_GARBAGE)
        response.content_type = "text/html"
    else:
        response.set_data(b"")
    return response


def hang_up(request: Request) -> NoReturn:
    """Close the connection without a word. Behind an in-process transport there is none: the exception is the word."""
    request.get_data()  # what is left unread would be taken for the next request of this connection
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("the box hangs up, as planned")
