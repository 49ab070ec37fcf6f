"""`bigcharge local`: the functions of template.yaml, run on this machine against an emulated AWS."""

import signal
import socket
import subprocess  # nosec B404 # it runs programs of ours
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.cloud.clients import Clients, connect
from sandbox.cloud.deploy import deploy
from sandbox.cloud.environments import Environment
from sandbox.cloud.errors import CannotStart
from sandbox.cloud.runner import Pacing, Runner
from sandbox.cloud.serving import listen
from sandbox.cloud.stores import read_stores
from sandbox.cloud.template import count_functions, read_template, translate

HOST = "127.0.0.1"
# After a kill the tables live on for so long, so that the functions can be started again; then nothing is left behind.
ORPHAN_SECONDS = 60
AWS_STARTS_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """What `bigcharge local` was asked for; times are in seconds."""

    stores_file: Path
    api_url: str
    payments_url: str
    port: int = 3000
    aws_port: int = 4566
    tick: float = 60
    visibility: int | None = None  # in place of the queues' own
    log_dir: Path | None = None  # None: what the functions print is discarded
    stage: str = "dev"
    template: Path = Path("template.yaml")


def run_local(settings: LocalSettings) -> int:
    """Deploy, say when ready, and run until SIGINT or SIGTERM.

    Returns:
        The exit status: 0 when stopped, 2 when it could not start (said on stderr).
    """
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        _run(settings, stopped)
    except CannotStart as error:
        print(f"bigcharge local: {error}", file=sys.stderr)
        return 2
    return 0


def _run(settings: LocalSettings, stopped: threading.Event) -> None:
    stores = read_stores(settings.stores_file)
    if settings.log_dir:
        settings.log_dir.mkdir(parents=True, exist_ok=True)
    template = read_template(settings.template)
    parameters = {
        "Stage": settings.stage,
        "BigCommerceApiUrl": settings.api_url,
        "BigCommercePaymentsUrl": settings.payments_url,
    }
    with ExitStack() as stack:
        listener = stack.enter_context(closing(listen(HOST, settings.port)))
        clients = stack.enter_context(emulated_aws(settings.aws_port))
        translated = translate(template, parameters)
        # The emulated AWS is still starting: meanwhile the environments get as far as they can without a function.
        environments = [Environment() for _ in range(count_functions(translated))]
        for environment in environments:
            stack.callback(environment.close)
        url, checkout = f"http://{HOST}:{listener.getsockname()[1]}", settings.template.resolve().parent
        deployment = deploy(clients, translated, checkout, parameters, stores, url)
        runner = Runner(deployment, clients, settings.log_dir)
        stack.callback(runner.stop)
        runner.load(environments)
        runner.start(listener, Pacing(settings.tick, settings.visibility))
        route = next((route.path for route in deployment.routes), "")
        print(f"bigcharge local: ready at {url}{route} (AWS at {clients.endpoint})", flush=True)
        stopped.wait()


@contextmanager
def emulated_aws(port: int, host: str = HOST) -> Iterator[Clients]:
    """Give the clients of the emulated AWS that answers at a port; where there is none, run one for as long.

    Raises:
        CannotStart: it did not start.
    """
    if _answers(host, port):
        yield _connected(host, port)
        return
    process = subprocess.Popen(  # noqa: S603 - this interpreter, this package  # nosec B603
        [sys.executable, "-m", "sandbox.cloud.aws", f"--port={port}", f"--host={host}", f"--idle={ORPHAN_SECONDS}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield _connected(host, port, process)
    finally:
        process.terminate()
        process.wait()


def _connected(host: str, port: int, process: subprocess.Popen[bytes] | None = None) -> Clients:
    clients = connect(f"http://{host}:{port}")
    until = time.monotonic() + AWS_STARTS_WITHIN
    while process and not _answers(host, port):
        if process.poll() is not None or time.monotonic() > until:
            raise CannotStart(f"the emulated AWS did not start: try `bigcharge aws --port {port}` alone")
        time.sleep(0.02)
    return clients


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
