"""Leaks planted in a running function: the redactor hides each, and without it the search for canaries goes red."""

import io
import json
import logging
import traceback
import uuid
from collections.abc import Callable
from typing import Any, Final

import pytest

from bigcharge import observability
from bigcharge.adapters.store_secrets import read_credentials
from bigcharge.domain.redaction import Redactor
from bigcharge.observability import LogEvent, count, log
from bigcharge.redacted_lines import redact_libraries
from functions.sweep import handler as sweep
from tests.e2e.canaries import Canaries
from tests.fakes import Context

PAN: Final = "4929381332664295"
TOKEN: Final = "c0ffee" * 10 + "c0de"
HEAD: Final = "eyJhbGciOiJIUzI1NiJ9"
PAT: Final = f"{HEAD}.eyJjYW5hcnkiOnRydWV9.c2lnbmF0dXJlb2ZhY2FuYXJ5"
ACCESS: Final = "canaryaccess4e5f6a7b8c9d"
CANARIES: Final = Canaries({"PAN": (PAN,), "instrument token": (TOKEN,), "PAT": (PAT,), "access token": (ACCESS,)})


def fail(text: str, cause: str | None = None) -> None:
    try:
        raise KeyError(cause or "nothing")
    except KeyError as error:
        raise RuntimeError(text) from (error if cause else None)


PLANTED: Final[dict[str, Callable[[], Any]]] = {
    "a token in a line": lambda: log(LogEvent.SWEEP_DONE, found=f"DELETE /v3/payments/stored-instruments/{TOKEN}"),
    "an access token in a line": lambda: log(LogEvent.SWEEP_DONE, found={"headers": [f"X-Auth-Token: {ACCESS}"]}),
    "a PAT that a library logs": lambda: logging.getLogger("urllib3.pool").error("retrying with %s", f"PAT {PAT}"),
    "a PAN in a metric": lambda: count("Charges", state=PAN),
    "a PAN in an error": lambda: fail(f"declined: {PAN[:4]}-{PAN[4:8]}-{PAN[8:12]}-{PAN[12:]}"),
    "a PAN in the error that led to another": lambda: fail("the gateway refused it", f"number={PAN}"),
    "a token in an error": lambda: fail(f"HTTP 404 for /stored-instruments/{TOKEN}"),
}


def run(leak: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What a function with a leak in it prints, with what Lambda prints of its error."""

    class Sweeping:
        def sweep(self, seconds_left: object) -> None:
            leak()

    credentials = {"access_token": ACCESS, "client_id": "canary-id", "client_secret": "canary-secret"}
    read_credentials("abc123", json.dumps(credentials))
    printed = io.StringIO()
    monkeypatch.setattr(observability, "NAMESPACE", uuid.uuid4().hex)
    monkeypatch.setattr(sweep, "sweeping", Sweeping)
    observability.logger.cache_clear()
    observability.logger().registered_handler.setStream(printed)  # type: ignore[attr-defined]  # it is a StreamHandler
    root = logging.StreamHandler(printed)
    logging.root.addHandler(root)
    redact_libraries()
    try:
        sweep.handler({}, Context())
    except Exception as error:  # noqa: BLE001 - what Lambda's own runtime does with whatever a handler raises
        traceback.print_exception(error, file=printed)
    finally:
        logging.root.removeHandler(root)
        observability.logger.cache_clear()
    return printed.getvalue() + capsys.readouterr().out


@pytest.mark.parametrize("leak", PLANTED.values(), ids=PLANTED)
def test_a_planted_leak_is_hidden(
    leak: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = run(leak, monkeypatch, capsys)
    assert "[redacted]" in printed
    assert CANARIES.search({"log": printed}) == []


@pytest.mark.parametrize("leak", PLANTED.values(), ids=PLANTED)
def test_without_the_redactor_the_search_goes_red(
    leak: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Redactor, "redact_text", lambda _, text: text)
    monkeypatch.setattr(Redactor, "redact", lambda _, value, *__: str(value) if isinstance(value, Exception) else value)
    assert CANARIES.search({"log": run(leak, monkeypatch, capsys)})
