"""What is said of the work: structured logs with stable names, and metrics. Ids and states, nothing personal.

Every line and every metric is in `docs/observability.md`. All of it passes the redactor (design, law 9).
"""

import logging
from enum import Enum
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from bigcharge.domain.redaction import redactor
from bigcharge.redacted_lines import RedactingFormatter, redact_error, redact_libraries

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from bigcharge.domain.messages import Message

NAMESPACE: Final = "bigcharge"
redact_libraries()


class LogEvent(Enum):
    """Every line that is logged: its name, which is its `message`, and its level.

    A line of level ERROR is written where an error is being handled, and holds that error.
    """

    WEBHOOK_RECEIVED = "webhook.received", logging.INFO
    WEBHOOK_NOT_TAKEN = "webhook.not_taken", logging.ERROR
    HINT_SENT = "hint.sent", logging.INFO
    ORDER_LOOKED_AT = "order.looked_at", logging.INFO
    ORDER_LEFT = "order.left_to_another_worker", logging.INFO
    ORDER_FAILED = "order.message_failed", logging.ERROR
    CUSTOMER_SYNCED = "customer.synced", logging.INFO
    CUSTOMER_FORGOTTEN = "customer.forgotten", logging.INFO
    CUSTOMER_FAILED = "customer.message_failed", logging.ERROR
    STORE_UNINSTALLED = "store.uninstalled", logging.INFO
    STORE_FAILED = "store.message_failed", logging.ERROR
    CHANGE_ANNOUNCED = "change.announced", logging.INFO
    CHANGE_REFUSED = "change.refused_by_bus", logging.WARNING
    CHANGE_UNREADABLE = "change.unreadable", logging.ERROR
    INSTRUMENTS_BEGUN = "instruments.begun", logging.INFO
    INSTRUMENTS_COMPARED = "instruments.compared", logging.INFO
    INSTRUMENTS_FAILED = "instruments.message_failed", logging.ERROR
    SWEEP_DONE = "sweep.done", logging.INFO
    RECONCILE_STORE_DONE = "reconcile.store_done", logging.INFO
    RECONCILE_LEFT_ALONE = "reconcile.left_alone", logging.INFO
    RECONCILE_FAILED = "reconcile.failed", logging.ERROR
    RECONCILE_DONE = "reconcile.done", logging.INFO
    EXPIRING_TOLD = "expiring.told", logging.INFO
    HOOKS_LOOKED_AT = "hooks.looked_at", logging.INFO
    HOOKS_STORE_FAILED = "hooks.store_failed", logging.ERROR
    HOOKS_MESSAGE_FAILED = "hooks.message_failed", logging.ERROR
    HOOKS_DONE = "hooks.done", logging.INFO
    FUNCTION_FAILED = "function.failed", logging.ERROR


@cache
def logger() -> Logger:
    """The function's logger; its level comes from POWERTOOLS_LOG_LEVEL."""
    formatter = RedactingFormatter(serialize_stacktrace=False)
    return Logger(service=NAMESPACE, location=None, logger_formatter=formatter)


def log(event: LogEvent, /, **fields: object) -> None:
    """Write a line; fields that are None are left out."""
    name, level = event.value
    lines = logger()
    write = {logging.INFO: lines.info, logging.WARNING: lines.warning, logging.ERROR: lines.exception}[level]
    write(name, extra=fields)


def log_hint(message: "Message", delay: float) -> None:
    """Write down that a hint is in its queue, to arrive after `delay` seconds."""
    log(LogEvent.HINT_SENT, **message.ids, delay=round(delay))


def logged[T](
    handler: "Callable[[dict[str, Any], LambdaContext], T]",
) -> "Callable[[dict[str, Any], LambdaContext], T]":
    """A handler whose lines all name the invocation (`function_request_id`), and whose failure is a line as well."""

    @wraps(handler)
    def run(event: dict[str, Any], context: "LambdaContext") -> T:
        logger().append_keys(function_request_id=context.aws_request_id)
        try:
            return handler(event, context)
        except Exception as error:
            log(LogEvent.FUNCTION_FAILED)
            shown = redact_error(error)
            if shown is error:
                raise
        raise shown  # here, where the error and what it held are out of reach

    return run


def count(name: str, number: int = 1, **dimensions: str) -> None:
    """Count in CloudWatch's embedded metric format.

    Args:
        name: of the metric.
        number: how many.
        dimensions: each set of values is a metric of its own, so only words of a short list.
    """
    _emit(name, MetricUnit.Count, number, dimensions)


def measure_seconds(name: str, seconds: float) -> None:
    """Measure a time in CloudWatch's embedded metric format."""
    _emit(name, MetricUnit.Seconds, seconds, {})


def _emit(name: str, unit: MetricUnit, value: float, dimensions: dict[str, str]) -> None:
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
        for dimension, word in dimensions.items():
            metric.add_dimension(name=dimension, value=redactor.redact_text(word))
