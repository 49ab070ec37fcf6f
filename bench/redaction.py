"""What redaction costs: a line of the log, a traceback, and the start: `python -m bench.redaction`."""

import subprocess  # nosec B404 # it runs this interpreter
import sys
import time
import traceback
from collections.abc import Callable
from typing import Final

from bigcharge.domain.redaction import Redactor

LINE: Final = {
    "level": "INFO",
    "message": "order.looked_at",
    "timestamp": "2026-11-24 09:47:29,123+0000",
    "service": "bigcharge-dev",
    "function_request_id": "8f5a1c2e-3b4d-4e5f-8a9b-0c1d2e3f4a5b",
    "message_id": "2c1f8a9b-4d5e-4f60-9b8a-7c6d5e4f3a2b",
    "store_hash": "abc123",
    "order_id": 215,
    "cause": "store/order/created",
    "state": "declined",
    "reason": "insufficient_funds",
    "code": 30106,
    "attempts": 1,
}


def measure(call: Callable[[], object], times: int) -> float:
    """Microseconds of the processor for a call."""
    began = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - began) / times * 1e6


def measure_start() -> float:
    """Milliseconds that a process takes to import it, the standard library's part left out."""
    code = (
        "import re, json, base64, unicodedata, time, bigcharge.domain; began = time.process_time(); "
        "import bigcharge.domain.redaction; print((time.process_time() - began) * 1e3)"
    )
    command = [sys.executable, "-c", code]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(5)]  # nosec B603
    return min(map(float, runs))


def main() -> None:
    """Print the figures."""
    redactor = Redactor()
    redactor.hide("an-invented-access-token-31-long", "c" * 64)
    try:
        raise ConnectionError("could not send a message: EndpointConnectionError")
    except ConnectionError:
        told = traceback.format_exc() * 5
    print(f"a line of the log: {measure(lambda: redactor.redact(LINE), 5000):.0f} microseconds")
    print(f"a traceback of {len(told)} characters: {measure(lambda: redactor.redact_text(told), 500):.0f} microseconds")
    print(f"the import: {measure_start():.1f} milliseconds")


if __name__ == "__main__":
    main()
