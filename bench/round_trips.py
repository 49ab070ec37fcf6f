"""How long a charge waits for BigCommerce, each of whose calls takes 100 ms: `python -m bench.round_trips`.

The same charge, with its first two calls in turn and at the same time, in one run: the ratio holds on any machine.
"""

import json
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from bigcharge.adapters.bigcommerce.client import connect
from bigcharge.adapters.together import run_together
from bigcharge.bootstrap import now
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State
from bigcharge.services.orders import Orders
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.faults import Answer, Endpoint
from sandbox.bigcommerce.server import Server, serve
from sandbox.bigcommerce.stores import load_stores
from tests.fakes import CREDENTIALS, STORE, FakeInstruments, FakeLedger, FakeQueue, FakeStores, run_in_turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bigcharge.services.ports import Together

_CALLS: Final = (Endpoint.GET_ORDER, Endpoint.METHODS, Endpoint.ACCESS_TOKENS, Endpoint.PAYMENTS)
_LATENCY: Final = 0.1  # seconds
_ROUNDS: Final = 10


def main() -> None:
    """Measure, and print the least, the median and the most of each way, in milliseconds."""
    with TemporaryDirectory() as folder, serve(Box(load_stores(_write_stores(Path(folder))))) as server:
        for endpoint in _CALLS:
            server.box.next_answer(endpoint, Answer(delay_before=_LATENCY), times=None)
        customer = server.box.create_customer().customer_id
        server.box.store_instrument(customer)
        _charge(server, customer, run_in_turn)  # the first one opens the connections
        pairs = [
            (_charge(server, customer, run_in_turn), _charge(server, customer, run_together)) for _ in range(_ROUNDS)
        ]
    in_turn, together = zip(*pairs, strict=True)
    _print("in turn", in_turn)
    _print("at the same time", together)
    sys.stdout.write(f"ratio of the medians: {statistics.median(together) / statistics.median(in_turn):.2f}\n")


def _write_stores(folder: Path) -> Path:
    secrets = {name: getattr(CREDENTIALS, name) for name in ("access_token", "client_id", "client_secret")}
    path = folder / "stores.json"
    path.write_text(json.dumps([{"store_hash": STORE, **secrets}]))
    return path


def _charge(server: Server, customer: int, run: "Together") -> float:
    order = server.box.create_order(customer_id=customer, external_source="bench")
    stores = FakeStores(policies=Policy(external_sources=("bench",)))
    connection = connect(server.api_url, server.payments_url)
    orders = Orders(FakeLedger(), FakeQueue(), stores, connection, FakeInstruments, run, now)
    message = Message(STORE, Kind.ORDER, order.order_id, "bench", now())
    started = time.perf_counter()
    charge = orders.look(message, lambda: 90.0)
    seconds = time.perf_counter() - started
    if charge is None or charge.state is not State.PAID:
        raise RuntimeError(f"the order was not charged: {charge}")
    return seconds


def _print(way: str, seconds: "Sequence[float]") -> None:
    least, median, most = (1000 * value for value in (min(seconds), statistics.median(seconds), max(seconds)))
    sys.stdout.write(f"{way:<17} {least:6.0f} {median:6.0f} {most:6.0f} ms\n")


if __name__ == "__main__":
    main()
