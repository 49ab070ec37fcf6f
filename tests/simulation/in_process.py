"""The real client in this process: its requests reach a WSGI application, and its waits are the timeline's."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from greenlet import getcurrent
from urllib3 import HTTPHeaderDict

from bigcharge.adapters.bigcommerce import pacing
from bigcharge.adapters.bigcommerce.transport import Answer, Host, Request

if TYPE_CHECKING:
    from tests.simulation.chance import Chance
    from tests.simulation.environments import Environment
    from tests.simulation.timeline import Task
    from tests.simulation.wire import Wire


def call(application: Callable[..., Any], request: Request) -> Answer:
    """Let a WSGI application answer a request, in this task."""
    told: list[tuple[str, list[tuple[str, str]]]] = []
    path, _, query = request.path.partition("?")
    body = request.body or b""
    environ = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "bigcommerce",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    chunks = application(environ, lambda status, headers, _=None: told.append((status, headers)))
    [(status, headers)] = told
    return Answer(int(status[:3]), cast("Mapping[str, str]", HTTPHeaderDict(headers)), b"".join(chunks))


@contextmanager
def wired(wire: "Wire", source: Callable[[], float]) -> Iterator[None]:
    """Put this wire under the real client, for as long as a world runs: sending, waiting and the chance of waits."""
    kept = {name: getattr(pacing.DEFAULT_PACING, name) for name in ("monotonic", "sleep", "random")}
    send, send_alone = Host.send, Host.send_alone

    def pause(seconds: float) -> None:
        cast("Environment", cast("Task", getcurrent()).environment).pause(seconds)

    def monotonic() -> float:
        return cast("Environment", cast("Task", getcurrent()).environment).monotonic()

    def exchange(host: Host, request: Request, *, connect: float, read: float) -> Answer:
        return wire.send(host, request, connect=connect, read=read)

    try:
        for name, value in {"monotonic": monotonic, "sleep": pause, "random": source}.items():
            object.__setattr__(pacing.DEFAULT_PACING, name, value)
        Host.send = Host.send_alone = exchange  # type: ignore[assignment,method-assign]
        yield
    finally:
        for name, value in kept.items():
            object.__setattr__(pacing.DEFAULT_PACING, name, value)
        Host.send, Host.send_alone = send, send_alone  # type: ignore[method-assign]


def run_in_turn[A, B](chance: "Chance", first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Both, one after the other, in either order; raises as `adapters.together.run_together` does."""
    environment = cast("Task", getcurrent()).environment
    if environment is None:
        raise AssertionError("nobody but a function runs two at a time")
    is_swapped = chance.draw(f"{environment.subject}:order of two").numbers[0] < 0.5
    two: list[Callable[[], Any]] = [first, second]
    outcomes: list[Any] = [None, None]
    for index in (1, 0) if is_swapped else (0, 1):
        try:
            outcomes[index] = two[index]()
        except Exception as error:  # noqa: BLE001 - the other one runs all the same
            outcomes[index] = error
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return outcomes[0], outcomes[1]
