"""Every line of the log, of ours or of a library, and every error that leaves a function is redacted."""

import io
import json
import logging
import traceback
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bigcharge import observability
from bigcharge.adapters.store_secrets import read_credentials
from bigcharge.domain.redaction import MARK, redactor
from bigcharge.redacted_lines import RedactedError, RedactingFormatter, redact_libraries
from functions.announce_changes import handler as announce_changes
from functions.charge_order import handler as charge_order
from functions.receive_webhook import handler as receive_webhook
from functions.reconcile_orders import handler as reconcile_orders
from functions.sweep import handler as sweep
from functions.sync_instruments import handler as sync_instruments
from tests.fakes import Context

CARD = "4111 1111 1111 1111"
SECRET = "canary-access-token-7f3a"


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Where our logger writes to, made anew: the library keeps one for each name."""
    written = io.StringIO()
    monkeypatch.setattr(observability, "NAMESPACE", uuid.uuid4().hex)
    observability.logger.cache_clear()
    observability.logger().registered_handler.setStream(written)  # type: ignore[attr-defined]  # it is a StreamHandler
    return written


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    observability.logger.cache_clear()


def log() -> Logger:
    return observability.logger()


def test_a_line_is_redacted_by_name_and_by_value(stream: io.StringIO) -> None:
    log().info("order.looked_at", order_id=7, access_token="x", note=CARD, extra={"number": "12", "cause": "sweep"})
    line = json.loads(stream.getvalue())
    assert (line["message"], line["order_id"], line["cause"], line["level"]) == ("order.looked_at", 7, "sweep", "INFO")
    assert (line["access_token"], line["note"], line["number"]) == (MARK, MARK, MARK)
    assert line["service"]


def test_an_error_is_redacted_with_those_that_led_to_it_and_its_notes(stream: io.StringIO) -> None:
    try:
        try:
            raise ValueError(f"number is {CARD}")
        except ValueError as error:
            error.add_note("jane@example.com")
            raise RuntimeError(f"token {'ab' * 32}") from error
    except RuntimeError:
        log().exception("order.message_failed", message_id="1")
    line = json.loads(stream.getvalue())
    assert line["exception_name"] == "RuntimeError"
    assert f"RuntimeError: token {MARK}" in line["exception"]
    assert "ValueError" in line["exception"]
    assert not any(secret in stream.getvalue() for secret in ("4111", "jane", "abab"))


def test_credentials_that_were_loaded_are_hidden_wherever_they_turn_up(stream: io.StringIO) -> None:
    secret = {"access_token": SECRET, "client_id": "canary-client-id", "client_secret": "canary-client-secret"}
    read_credentials("abc123", json.dumps({**secret, "hook_header": {"name": "X-Hook", "value": "canary-hook-value"}}))
    for value in (*secret.values(), "canary-hook-value"):
        log().info(f"a library said: <{value}>", other=f"{value.upper()}!")
    assert "canary" not in stream.getvalue().lower()
    assert "X-Hook" not in redactor._secrets


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError(SECRET)

    __repr__ = __str__


def test_what_cannot_be_formatted_is_a_line_all_the_same_and_shows_nothing() -> None:
    """Else `logging` would print the line, and what it was given, as they are."""
    line = logging.LogRecord("bigcharge", logging.INFO, __file__, 1, "%s and %d", (SECRET,), None)
    told = RedactingFormatter().format(line)
    assert (json.loads(told)["message"], SECRET in told) == ("log.unreadable", False)


def test_what_cannot_be_looked_at_is_left_out_of_its_line(stream: io.StringIO) -> None:
    log().info("ok", what=Unprintable())
    line = json.loads(stream.getvalue())
    assert (line["message"], line["what"]) == ("ok", "[unreadable]")


def test_what_a_library_logs_is_redacted() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.root.addHandler(handler)
    try:
        redact_libraries()
        redact_libraries()
        library = logging.getLogger("a.library")
        library.warning("Connection to %s lost, header %s", "host", f"X-Auth-Token: {SECRET}")
        library.warning("%d", SECRET)
        try:
            raise ValueError(CARD)
        except ValueError:
            library.exception("failed")
    finally:
        logging.root.removeHandler(handler)
    assert len(handler.filters) == 1
    assert "Connection to host lost" in written.getvalue()
    assert "ValueError" in written.getvalue()
    assert not any(secret in written.getvalue() for secret in (SECRET, "4111"))


HANDLERS = (announce_changes, charge_order, receive_webhook, reconcile_orders, sweep, sync_instruments)


@pytest.mark.parametrize("module", HANDLERS, ids=lambda module: module.__name__)
def test_no_handler_lets_an_error_out_as_it_is(module: Any) -> None:
    """Lambda prints the text of an error, and keeps it in the queue of what failed."""
    assert module.handler.__wrapped__


def raised(error: Exception) -> Exception:
    @observability.logged
    def handler(event: dict[str, Any], context: LambdaContext) -> None:
        raise error

    with pytest.raises(type(error) if error.args == ("plain",) else RedactedError) as told:
        handler({}, Context())
    return told.value


def test_an_error_that_holds_what_must_not_be_shown_is_told_without_it() -> None:
    cause = ValueError("no secret here")
    cause.__cause__ = KeyError(SECRET, f"PAT {'x' * 40}")
    builders: list[Callable[[str], Exception]] = [ValueError, RuntimeError, KeyError, OSError]
    for error in (cause, *(build(f"DELETE /stored-instruments/{'0f' * 32}") for build in builders)):
        told = raised(error)
        assert str(told).startswith(type(error).__name__)
        said = "".join(traceback.format_exception(told)) + repr(told) + repr(told.__context__)
        assert not any(secret in said for secret in (SECRET, "0f0f", "PAT x"))


def test_an_error_that_holds_nothing_to_hide_stays_what_it_is() -> None:
    error = ConnectionError("plain")
    assert raised(error) is error


def test_no_dimension_of_a_metric_holds_what_must_not_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    observability.count("Changes", event=CARD)
    assert "4111" not in capsys.readouterr().out
