"""A burst of webhooks while the queue fails now and then: `python -m bench.burst --webhooks 10000 --seconds 120`.

The receiver is the real one: processes that run its handler as Lambda does, behind the local cloud's HTTP API, with its
own boto3. What it calls is a stand-in over HTTP (moto would be the bottleneck, and does not fail on demand): it keeps
what is sent to its queues, and of those calls some are refused, throttled, left hanging, or done with the reply lost;
and every twenty seconds, for a second, all of them.
"""

import argparse
import hashlib
import json
import random
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import urllib3
from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from sandbox.bigcommerce.records import Store
from sandbox.bigcommerce.webhooks import make_body, sign
from sandbox.cloud.clients import OWNER
from sandbox.cloud.deployment import Function, Route
from sandbox.cloud.environments import Answer, Environment
from sandbox.cloud.gateway import Gateway
from sandbox.cloud.serving import listen, quiet, serve

_ROOT: Final = Path(__file__).parents[1]
_STORE: Final = Store("abc123", 1025646, "invented-token", "invented-id", "invented-secret")
_SENDERS: Final = 32  # posts under way at once
_HANGS: Final = 4.0  # seconds: longer than the receiver waits for an answer
_OUTAGE: Final = (20.0, 7.0, 8.0)  # of each so many seconds, all calls fail from then until then
_FAULTS: Final = ("refused", "throttled", "hangs", "reply lost")


@dataclass
class Aws:
    """The stand-in: one store's secret, no policy, and queues that fail by chance.

    Attributes:
        share: of the sends, how many fail; in an outage all do.
        calls: what was called.
        faults: what failed, by kind.
        kept: the orders of the messages that are in the queue.
    """

    share: float
    chance: random.Random
    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    kept: Counter[int] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: Any, start_response: Any) -> Any:  # noqa: ANN401 - WSGI's own
        """Answer one call of AWS."""
        request = Request(environ)
        action, sent = request.headers["X-Amz-Target"].rpartition(".")[2], json.loads(request.get_data())
        answer = self._send(sent) if action == "SendMessage" else self._look_up(action, sent)
        return answer(environ, start_response)

    def _look_up(self, action: str, sent: dict[str, Any]) -> Response:
        with self.lock:
            self.calls[action] += 1
        if action == "GetSecretValue" and sent.get("VersionStage") == "AWSCURRENT":
            names = ("access_token", "client_id", "client_secret")
            return _reply({"Name": "s", "SecretString": json.dumps({name: getattr(_STORE, name) for name in names})})
        missing = {"GetSecretValue": "ResourceNotFoundException", "GetParameter": "ParameterNotFound"}
        return _refuse(missing[action], HTTPStatus.BAD_REQUEST)

    def _send(self, sent: dict[str, Any]) -> Response:
        with self.lock:
            self.calls["SendMessage"] += 1
            fault = self._choose()
            self.faults.update([fault] if fault else [])
            if fault in {None, "reply lost"}:
                self.kept[json.loads(sent["MessageBody"])["id"]] += 1
        if fault == "hangs":
            time.sleep(_HANGS)
        if fault == "throttled":
            return _refuse("RequestThrottled", HTTPStatus.BAD_REQUEST)
        if fault:
            return _refuse("InternalFailure", HTTPStatus.INTERNAL_SERVER_ERROR)
        digest = hashlib.md5(sent["MessageBody"].encode(), usedforsecurity=False).hexdigest()
        return _reply({"MessageId": "invented", "MD5OfMessageBody": digest})

    def _choose(self) -> str | None:
        every, begins, ends = _OUTAGE
        is_out = self.share > 0 and begins <= (time.monotonic() - self.started) % every < ends
        if is_out:
            return "refused"
        return self.chance.choice(_FAULTS) if self.chance.random() < self.share else None


def _reply(document: dict[str, Any]) -> Response:
    return Response(json.dumps(document), content_type="application/x-amz-json-1.1")


def _refuse(code: str, status: int) -> Response:
    return Response(json.dumps({"__type": code, "message": code}), status, content_type="application/x-amz-json-1.1")


class Processes:
    """The receiver's processes, each of which has one event at a time."""

    def __init__(self, function: Function, endpoint: str, number: int) -> None:
        self._all = [Environment() for _ in range(number)]
        self._free: SimpleQueue[Environment] = SimpleQueue()
        for environment in self._all:
            environment.load(function, endpoint, OWNER, None)
        for environment in self._all:
            environment.wait_until_loaded()
            self._free.put(environment)

    def invoke(self, event: object) -> Answer:
        """Run the handler in the process that is free first."""
        environment = self._free.get()
        try:
            return environment.invoke(event)
        finally:
            self._free.put(environment)

    def close(self) -> None:
        """End them."""
        for environment in self._all:
            environment.close()


@contextmanager
def open_door(aws: Aws, processes: int) -> Iterator[str]:
    """The receiver behind its HTTP API; gives the URL that webhooks are posted to."""
    handler = quiet(WSGIRequestHandler, protocol_version="HTTP/1.1", disable_nagle_algorithm=True)
    ports = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
    endpoint, url = (f"http://127.0.0.1:{port.getsockname()[1]}" for port in ports)
    behind = serve(ports[0], aws, handler)
    names = ("ORDERS", "CUSTOMERS", "HOOKS", "STORES", "QUARANTINE")
    function = Function(
        name="receive-webhook",
        arn="arn:aws:lambda:us-east-1:123456789012:function:receive-webhook",
        code=_ROOT / "functions" / "receive_webhook",
        layers=(_ROOT / "layers" / "bigcharge",),
        handler="handler.handler",
        timeout=20,
        memory=512,
        environment={"STAGE": "dev", **{f"{name}_QUEUE_URL": f"{endpoint}/1/{name}" for name in names}},
        role="",
        log_group="",
        failures_arn=None,
    )
    pool = Processes(function, endpoint, processes)
    routes = [Route("POST", "/webhooks", function)]
    front = serve(ports[1], Gateway(routes, {function.name: pool}), quiet(WSGIRequestHandler))  # type: ignore[dict-item]  # a pool of its own
    try:
        yield f"{url}/webhooks"
    finally:
        pool.close()
        for server, port in ((front, ports[1]), (behind, ports[0])):
            server.shutdown()
            server.server_close()
            port.close()


@dataclass
class Burst:
    """What became of the webhooks.

    Attributes:
        statuses: how often each was answered; None: no answer came.
        seconds: how long each answer took.
        promised: the orders whose webhook was answered 2xx.
        lasted: seconds, from the first post to the last answer.
    """

    statuses: Counter[int | None] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    promised: list[int] = field(default_factory=list)
    lasted: float = 0.0

    @property
    def success(self) -> float:
        """The share of webhooks that were taken at their first delivery."""
        return len(self.promised) / self.statuses.total()


def send_burst(url: str, webhooks: int, seconds: float) -> Burst:
    """Post so many webhooks, evenly over the time, each once, and wait for the answers."""
    burst, lock = Burst(), threading.Lock()
    http = urllib3.PoolManager(maxsize=_SENDERS, retries=False, timeout=urllib3.Timeout(30))
    started = time.monotonic()

    def post(number: int) -> None:
        time.sleep(max(0.0, started + number * seconds / webhooks - time.monotonic()))
        now, message_id, order = int(time.time()), f"msg_{number}", number + 1
        body = make_body(_STORE, "store/order/created", {"type": "order", "id": order}, now)
        signature = sign(_STORE.client_secret.encode(), message_id, now, body)
        headers = {"webhook-id": message_id, "webhook-timestamp": str(now), "webhook-signature": signature}
        asked = time.monotonic()
        try:
            status = http.request("POST", url, body=body, headers=headers).status
        except urllib3.exceptions.HTTPError:
            status = None
        with lock:
            burst.statuses[status] += 1
            burst.seconds.append(time.monotonic() - asked)
            if status == HTTPStatus.OK:
                burst.promised.append(order)

    with ThreadPoolExecutor(_SENDERS) as pool:
        list(pool.map(post, range(webhooks)))
    burst.lasted = time.monotonic() - started
    http.clear()
    return burst


def main() -> None:
    """Run, and print what came of it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--webhooks", type=int, default=10_000)
    options.add_argument("--seconds", type=float, default=120.0)
    options.add_argument("--share", type=float, default=0.05, help="of the queue's calls, how many fail (0.05)")
    options.add_argument("--processes", type=int, default=8)
    chosen = options.parse_args()
    aws = Aws(chosen.share, random.Random(1))  # noqa: S311 - trouble, not a secret  # nosec B311
    with open_door(aws, chosen.processes) as url:
        aws.started = time.monotonic()
        burst = send_burst(url, chosen.webhooks, chosen.seconds)
    took = [1000 * seconds for seconds in statistics.quantiles(burst.seconds, n=100)]
    empty = [order for order in burst.promised if not aws.kept[order]]
    for line in (
        f"webhooks            {burst.statuses.total():,} in {burst.lasted:.0f} s",
        f"answered            {dict(burst.statuses)}",
        f"taken at once       {100 * burst.success:.2f} %",
        f"2xx, not in a queue {len(empty)}",
        f"calls of AWS        {dict(aws.calls)}",
        f"faults of the queue {dict(aws.faults)}",
        f"milliseconds        median {took[49]:.0f}, 95 % {took[94]:.0f}, 99 % {took[98]:.0f}",
    ):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
