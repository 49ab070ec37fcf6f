"""How fast, and with how much memory, a store's instruments are compared with the table.

    python -m bench.instrument_sync --instruments 100000 --seconds 900

A BigCommerce in a box, the simulation's DynamoDB (`bench/dynamodb_stand_in.py`; moto takes seconds for each page of so
large a table) and moto for the rest of AWS answer over loopback HTTP, each from a process of its own. A further process
does what the function `reconcile_instruments` does, and is measured: a first walk that fills the table, one that finds
nothing to write, and one after one in a hundred instruments has changed. The box's rate limits are lifted: what they
would add is arithmetic, in `docs/scale.md`.
"""

import argparse
import json
import os
import re
import subprocess  # nosec B404 # it runs programs of ours
import sys
import time
from collections import Counter
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.records import Kind, Store
from sandbox.bigcommerce.server import serve
from sandbox.cloud.serving import listen

STORE = Store("bench1", 1025646, "invented-access", "invented-client", "invented-secret")
_PER_CUSTOMER = (1, 1, 2)  # instruments of every three customers
_QUEUE = "http://127.0.0.1/123456789012/bigcharge-dev-orders"
_SETTINGS = {
    "LEDGER_TABLE": "bigcharge-dev-ledger",
    "INSTRUMENTS_TABLE": "bigcharge-dev-instruments",
    "ORDERS_QUEUE_URL": _QUEUE,
    "WALKS_QUEUE_URL": _QUEUE,
    # A library of SAM's command line, which is not deployed and whose signatures would be counted as our memory.
    "BOTO_DISABLE_CRT": "true",
}
_ONE_IN = 100  # instruments that change before the third walk


def main() -> int:
    """Measure; the exit status says whether the table equalled the store, within the time."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--instruments", type=int, default=10_000)
    options.add_argument("--seconds", type=float, default=900.0, help="for everything")
    options.add_argument("--walk", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    return _walk() if chosen.walk else _bench(chosen.instruments, time.monotonic() + chosen.seconds)


def _bench(instruments: int, deadline: float) -> int:
    with ExitStack() as stack:
        port, tables = _serve(stack, "sandbox.cloud.aws"), _serve(stack, "bench.dynamodb_stand_in")
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = f"http://127.0.0.1:{tables}"
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        os.environ |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
        os.environ |= dict.fromkeys(names, "invented")
        _deploy()
        server = stack.enter_context(serve(Box((STORE,))))
        server.box.set_limits(rest_requests=10**9)
        began = time.monotonic()
        _fill(server.box, instruments)
        print(f"{instruments:,} instruments stored in {time.monotonic() - began:.0f} s")
        for name, change in (("first walk", _leave), ("nothing new", _leave), ("one in 100 changed", _change)):
            change(server.box)
            if not _run_walk(name, server.api_url, instruments, deadline):
                return 1
    return 0


def _serve(stack: ExitStack, module: str) -> int:
    """Start a server in a process of its own, until the bench ends; returns its port."""
    with closing(listen("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    server = subprocess.Popen(  # nosec B603 # this interpreter, programs of ours
        [sys.executable, "-m", module, "--port", str(port), "--idle", "600"], stdout=subprocess.PIPE
    )
    stack.callback(server.wait)
    stack.callback(server.terminate)
    if server.stdout is not None:
        server.stdout.readline()  # it says when it is ready
    return port


def _run_walk(name: str, api_url: str, instruments: int, deadline: float) -> bool:
    urls = {"BIGCOMMERCE_API_URL": api_url, "BIGCOMMERCE_PAYMENTS_URL": api_url}
    environment = os.environ | urls | _SETTINGS
    command = [sys.executable, "-m", "bench.instrument_sync", "--walk"]
    left = max(1.0, deadline - time.monotonic())
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, timeout=left, check=True)  # nosec B603 # this interpreter, programs of ours
    found: dict[str, Any] = json.loads(ended.stdout)
    speed = f"{found['seconds']:.1f} s, {instruments / found['seconds']:,.0f} instruments a second"
    print(f"{name}: {speed}, peak memory {found['megabytes']:.0f} MB")
    print("  " + ", ".join(f"{count:,} {what}" for what, count in found["counts"].items()))
    return True


def _walk() -> int:
    """What is measured: the command's own work, in a process of its own."""
    import botocore.session  # noqa: PLC0415 - only the measured process watches its calls

    counts: Counter[str] = Counter()

    def note(model: Any, params: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        counts[f"calls of {model.name}"] += 1
        if model.name == "TransactWriteItems":
            items = [operation["Put"]["Item"] for operation in json.loads(params["body"])["TransactItems"]]
            counts["rows written"] += sum("token" in item for item in items)
            counts["heads written"] += sum("token" not in item for item in items)

    original = botocore.session.Session.create_client

    def create_client(self: Any, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401 - botocore's
        client = original(self, *arguments, **settings)
        client.meta.events.register("before-call.*.*", note)
        return client

    botocore.session.Session.create_client = create_client  # type: ignore[method-assign]
    from bigcharge import bootstrap  # noqa: PLC0415 - after its clients can be watched
    from bigcharge.domain.messages import NO_ID, Kind, Message  # noqa: PLC0415

    reconciling = bootstrap.instrument_reconciling()
    message = Message(STORE.store_hash, Kind.STORE, NO_ID, "bench", datetime.now(UTC))
    began = time.monotonic()
    outcome, walk = reconciling.go_on(message, lambda: float("inf"))
    seconds = time.monotonic() - began
    if walk is None or not walk.is_finished:
        raise SystemExit(f"the comparison ended with {outcome}")
    counts["pages listed"] = counts["calls of PutItem"]
    done = {"customers read": walk.customers_read, "removed": walk.removed, "orders woken": walk.woken}
    print(
        json.dumps(
            {"seconds": seconds, "megabytes": _read_peak_memory(), "counts": done | dict(sorted(counts.items()))}
        )
    )
    return 0


def _deploy() -> None:
    boto3.client("sqs").create_queue(QueueName="bigcharge-dev-orders")
    secret = {"access_token": STORE.access_token, "client_id": STORE.client_id, "client_secret": STORE.client_secret}
    name = f"bigcharge/dev/stores/{STORE.store_hash}"
    boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(secret))


def _read_peak_memory() -> float:
    """Megabytes. Not `ru_maxrss`, in which the process that started this one, with the whole box in it, counts too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return max(int(kilobytes) for kilobytes in re.findall(r"VmHWM:\s+(\d+) kB", status)) / 1024


def _fill(box: Box, instruments: int) -> None:
    kinds = (Kind.CARD, Kind.CARD, Kind.PAYPAL_ACCOUNT, Kind.BANK_ACCOUNT)
    stored = customers = 0
    while stored < instruments:
        customer = box.create_customer().customer_id
        for _ in range(_PER_CUSTOMER[customers % len(_PER_CUSTOMER)]):
            box.store_instrument(customer, kinds[stored % len(kinds)])
            stored += 1
        customers += 1


def _leave(box: Box) -> None:
    """Nothing changes."""


def _change(box: Box) -> None:
    """Of one in a hundred: some are deleted, some become the default, some are new."""
    for number, instrument in enumerate(box.instruments()[::_ONE_IN]):
        match number % 3:
            case 0:
                box.remove_instrument(instrument.token)
            case 1:
                box.store_instrument(instrument.customer_id, Kind.CARD, default=True)
            case _:
                box.store_instrument(instrument.customer_id, Kind.CARD)


if __name__ == "__main__":
    raise SystemExit(main())
