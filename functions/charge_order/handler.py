"""The orders queue: look at each order, and charge it if it is due. A message that fails comes again by itself."""

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from bigcharge import bootstrap
from bigcharge.domain.messages import read_message
from bigcharge.observability import LogEvent, log, logged, measure_seconds

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Reads with their own deadlines, then the charge, which asks once more before it pays. A message that would begin later
# goes back untouched, so that a slow neighbour cannot take it down with it.
SECONDS_FOR_ORDER: Final = 55.0
orders = bootstrap.at_init(bootstrap.orders)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    look = partial(look_at, context=context)
    return process_partial_response(event=event, record_handler=look, processor=processor, context=context)


def look_at(record: "SQSRecord", context: "LambdaContext") -> None:
    """Look at the order of one message."""
    if _seconds_left(context) < SECONDS_FOR_ORDER:
        raise TimeoutError("too little time is left for this message")
    ids: dict[str, object] = {"message_id": record.message_id}
    try:
        began, message = bootstrap.now(), read_message(record.body)
        ids |= message.ids
        charge = orders().look(message, partial(_seconds_left, context))
    except Exception:
        log(LogEvent.ORDER_FAILED, **ids)
        raise
    if charge is None:
        log(LogEvent.ORDER_LEFT, **ids)
        return
    found = {"state": charge.state, "reason": charge.reason, "code": charge.code, "attempts": len(charge.attempts)}
    log(LogEvent.ORDER_LOOKED_AT, **ids, **found)
    if message.event_hash is not None and charge.has_sent_since(began):
        measure_seconds("SecondsToCharge", max(0.0, (charge.updated_at - message.received_at).total_seconds()))


def _seconds_left(context: "LambdaContext") -> float:
    return context.get_remaining_time_in_millis() / 1000
