"""Execution environments seen from outside: processes that run a function's handler, one event at a time each."""

import contextlib
import json
import os
import select
import subprocess  # nosec B404 # it runs programs of ours
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cloud.clients import Credentials
from sandbox.cloud.deployment import Function
from sandbox.cloud.errors import CannotStart
from sandbox.cloud.template import REGION

RUNTIME = Path(__file__).with_name("runtime.py")
# Lambda gives a function ten seconds to load; this machine may be loading five of them at once.
LOADING_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an invocation: what the handler returned, or the error that Lambda would report."""

    payload: Any
    failed: bool = False


class Environment:
    """One process for one handler. It starts before it knows which: most of its start is the same for all."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, this package's runtime  # nosec B603
            [sys.executable, "-P", str(RUNTIME)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LANG": "en_US.UTF-8", "TZ": ":UTC"},
            process_group=0,  # Ctrl-C is for the local cloud, which then stops its environments
        )
        assert self._process.stdin is not None  # noqa: S101 - both are pipes; said for the type checker  # nosec B101
        assert self._process.stdout is not None  # noqa: S101 - the same  # nosec B101
        self._requests = self._process.stdin
        self._answers = self._process.stdout
        self._unread = b""
        self._busy = threading.RLock()
        self._function: Function | None = None

    def load(self, function: Function, endpoint: str, credentials: Credentials, log: Path | None) -> None:
        """Give it its function, under the function's role; the handler is being loaded when this returns."""
        self._function = function
        self._send(
            {
                "environment": {
                    **function.environment,
                    **_lambda_environment(function, endpoint),
                    **credentials.variables,
                },
                "path": [str(folder) for folder in (function.code, *function.layers)],
                "log": str(log or os.devnull),
            }
        )

    def wait_until_loaded(self) -> None:
        """Wait for the handler to be loaded.

        Raises:
            CannotStart: it cannot be loaded.
        """
        try:
            message = self._receive(LOADING_SECONDS)
        except TimeoutError:
            message = {"error": {"errorType": "TimeoutError", "errorMessage": f"not after {LOADING_SECONDS} s"}}
        except EOFError:
            message = {"error": {"errorType": "Runtime.ExitError", "errorMessage": "its process ended"}}
        if "error" in message:
            self.close()
            error = message["error"]
            raise CannotStart(
                f"the handler of {self._loaded.name} cannot be loaded: {error['errorType']}: {error['errorMessage']}"
            )

    @property
    def _loaded(self) -> Function:
        assert self._function is not None  # noqa: S101 - `load` comes first; said for the type checker  # nosec B101
        return self._function

    def invoke(self, event: object) -> Answer:
        """Give the handler an event and wait for what it answers, at most the function's time-out."""
        with self._busy:
            return self._exchange(event)

    def _exchange(self, event: object) -> Answer:
        function, request_id = self._loaded, str(uuid.uuid4())
        deadline_ms = int((time.time() + function.timeout) * 1000)
        try:
            self._send({"event": event, "request_id": request_id, "deadline_ms": deadline_ms, "arn": function.arn})
            message = self._receive(function.timeout)
        except TimeoutError:
            self.close()
            return _failed("Sandbox.Timedout", request_id, f"Task timed out after {function.timeout}.00 seconds")
        except (EOFError, BrokenPipeError):
            self.close()
            status = self._process.returncode
            return _failed("Runtime.ExitError", request_id, f"Runtime exited with error: exit status {status}")
        return Answer(message["error"], failed=True) if "error" in message else Answer(message["answer"])

    def _send(self, message: object) -> None:
        self._requests.write(json.dumps(message).encode() + b"\n")
        self._requests.flush()

    def _receive(self, seconds: float) -> Any:  # noqa: ANN401 - JSON
        """Read one message.

        Raises:
            EOFError: the process ended.
            TimeoutError: there is none after so many seconds.
        """
        descriptor = self._answers.fileno()
        poller = select.poll()
        poller.register(descriptor, select.POLLIN | select.POLLHUP)
        until = time.monotonic() + seconds
        while b"\n" not in self._unread:
            if not poller.poll(max(0, until - time.monotonic()) * 1000):
                raise TimeoutError
            chunk = os.read(descriptor, 1 << 16)
            if not chunk:
                self._process.wait()
                raise EOFError
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        return json.loads(line)

    @property
    def alive(self) -> bool:
        """Whether it can take another event."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        with self._busy:  # whoever waits for an answer sees first that the process ended
            self._answers.close()
            with contextlib.suppress(BrokenPipeError):  # a request that was never read
                self._requests.close()


def _failed(kind: str, request_id: str, message: str) -> Answer:
    return Answer({"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}, failed=True)


def _lambda_environment(function: Function, endpoint: str) -> Mapping[str, str]:
    """Give the variables that Lambda sets beside the template's, and the address of the emulated AWS."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "LAMBDA_TASK_ROOT": str(function.code),
        "HOME": "/tmp",  # noqa: S108 - as in Lambda nothing of the user's home is read  # nosec B108
        "LANG": "en_US.UTF-8",
        "PATH": os.defpath,
        "TZ": ":UTC",
        "_HANDLER": function.handler,
    }
