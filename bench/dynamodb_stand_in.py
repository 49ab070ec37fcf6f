"""The simulation's DynamoDB over HTTP, in a process of its own, with indexes that bear a hundred thousand items.

moto reads the whole table for each page of a Scan. `python -m bench.dynamodb_stand_in --port 8000 --idle 60`
"""

import argparse
import json
import threading
import time
from bisect import bisect_right, insort
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation import tables
from tests.simulation.expressions import Item, holds
from tests.simulation.table import Index, Key, Table

KEYS = ("customer_key", "instrument_key")
WAITING = Index(("customer_key", "order_key"), frozenset())


class Dynamo(tables.Dynamo):
    """The stand-in, which finds a customer's items and the place of a key without looking at all of them."""

    def __init__(self) -> None:
        names = {"bigcharge-dev-instruments": Table(KEYS)}
        super().__init__({**names, "bigcharge-dev-ledger": Table(("order_key",), {"waiting": WAITING})})
        self.of: dict[str, dict[Key, Item]] = defaultdict(dict)
        self.places: list[Key] = []

    def _change(self, _name: str, table: Table, key: Key, new: Item | None) -> None:
        if table is self.tables["bigcharge-dev-instruments"] and key not in table.items:
            insort(self.places, key)
        table.items[key] = new or {}
        self.of[key[0]][key] = table.items[key]

    def query(self, **request: Any) -> Any:  # noqa: ANN401 - as the stand-in has it
        """Query, by the value of the first key that the condition begins with."""
        if "IndexName" in request:
            return super().query(**request)
        condition, values = request["KeyConditionExpression"], request["ExpressionAttributeValues"]
        own = self.of[values[condition.split()[2]]["S"]]
        found = [own[key] for key in sorted(own) if holds(condition, own[key], values, {})]
        if not request.get("ScanIndexForward", True):
            found.reverse()
        return {"Items": found[: request.get("Limit")]}

    def scan(self, **request: Any) -> Any:  # noqa: ANN401 - as the stand-in has it
        """Scan, on from any key."""
        if "IndexName" in request:
            return super().scan(**request)
        table = self.tables[request["TableName"]]
        start = request.get("ExclusiveStartKey")
        first = bisect_right(self.places, table.key_of(start)) if start else 0
        page = self.places[first : first + request["Limit"]]
        answer: dict[str, Any] = {"Items": [table.items[key] for key in page]}
        if first + len(page) < len(self.places):
            answer["LastEvaluatedKey"] = {name: {"S": part} for name, part in zip(KEYS, page[-1], strict=True)}
        return answer


class Handler(BaseHTTPRequestHandler):
    """DynamoDB's protocol: a JSON object for each call, named in a header."""

    protocol_version = "HTTP/1.1"
    dynamo = Dynamo()
    lock = threading.Lock()
    last = time.monotonic()
    wbufsize = -1  # head and body in one packet

    def do_POST(self) -> None:
        """Answer one call."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request.pop("ClientRequestToken", None)
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        name = "".join(f"_{one.lower()}" if one.isupper() else one for one in operation).strip("_")
        with self.lock:
            type(self).last = time.monotonic()
            try:
                status, answer = 200, getattr(self.dynamo, name)(**request)
            except ClientError as error:
                kind = error.response["Error"]["Code"]
                status, answer = 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", **error.response}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """No line for each call."""


def main() -> int:
    """Serve until nobody has asked for a while, or until it is stopped."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--idle", type=float, default=60.0)
    chosen = options.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", chosen.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    while time.monotonic() - Handler.last < chosen.idle:
        time.sleep(0.5)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
