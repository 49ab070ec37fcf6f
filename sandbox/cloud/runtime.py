"""The inside of an execution environment: one process, one handler, one event at a time, as in Lambda's runtime.

Run as a script, so that nothing but the function's own folders and its libraries is on the path. Lines of JSON come on
stdin: first the function's environment, path and log, then one event after the other. Answers leave the same way on
what was stdout; what the handler prints goes to its log.
"""

import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

type Handler = Callable[[Any, Context], Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler can ask of Lambda's context object."""

    aws_request_id: str
    invoked_function_arn: str
    deadline_ms: int  # epoch milliseconds
    function_name: str
    function_version: str
    memory_limit_in_mb: str
    log_group_name: str
    log_stream_name: str
    client_context: None = None
    identity: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's time-out."""
        return max(0, self.deadline_ms - int(time.time() * 1000))


def main() -> None:
    """Load the handler, then answer one request after the other until stdin ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    # What Lambda's own runtime brings: most of the time of a start, spent before the function is known.
    importlib.import_module("boto3")
    try:
        handler = _load(json.loads(requests.get()))  # nosec B113 # a queue, not HTTP
    except Exception as error:  # noqa: BLE001 - whatever a module raises while it is loaded
        _send(answers, _describe(error))
        return
    _send(answers, {"ready": True})
    while True:
        _send(answers, _answer(handler, json.loads(requests.get())))  # nosec B113 # a queue, not HTTP


def _listen(requests: "queue.SimpleQueue[str]") -> None:
    for line in sys.stdin:
        requests.put(line)  # nosec B113 # a queue, not HTTP
    # The local cloud is gone, perhaps killed: an environment never outlives it, not even in the middle of an event.
    os._exit(0)


def _load(function: dict[str, Any]) -> Handler:
    log = os.open(function["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    os.environ.clear()
    os.environ.update(function["environment"])
    sys.path[:0] = function["path"]
    os.chdir(function["path"][0])
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    loaded: Handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    return loaded


def _answer(handler: Handler, request: dict[str, Any]) -> dict[str, Any]:
    context = Context(
        aws_request_id=request["request_id"],
        invoked_function_arn=request["arn"],
        deadline_ms=request["deadline_ms"],
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        function_version=os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        memory_limit_in_mb=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        log_group_name=os.environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        log_stream_name=os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
    )
    try:
        answer = handler(request["event"], context)
        json.dumps(answer)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failed invocation
        return _describe(error)
    return {"answer": answer}


def _describe(error: Exception) -> dict[str, Any]:
    traceback.print_exception(error)  # to the log, as Lambda does
    return {"error": {"errorMessage": str(error), "errorType": type(error).__name__}}


def _send(answers: TextIO, message: dict[str, Any]) -> None:
    sys.stdout.flush()
    print(json.dumps(message), file=answers, flush=True)


if __name__ == "__main__":
    main()
