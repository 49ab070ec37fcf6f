"""The stores queue: close each store whose merchant has uninstalled the app. A message that fails comes again."""

from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from bigcharge import bootstrap
from bigcharge.domain.messages import read_message
from bigcharge.observability import LogEvent, count, log, logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

closing = bootstrap.at_init(bootstrap.closing)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    close = partial(close_store, context=context)
    return process_partial_response(event=event, record_handler=close, processor=processor, context=context)


def close_store(record: "SQSRecord", context: "LambdaContext") -> None:
    """Close the store of one message."""
    ids: dict[str, object] = {"message_id": record.message_id}
    try:
        message = read_message(record.body)
        ids |= message.ids
        closed = closing().close(message, lambda: context.get_remaining_time_in_millis() / 1000)
    except Exception:
        log(LogEvent.STORE_FAILED, **ids)
        raise
    done = {"is_closed": closed.is_closed, "rows": closed.rows, "is_finished": closed.is_finished}
    log(LogEvent.STORE_UNINSTALLED, **ids, **done)
    count("StoresUninstalled", outcome="closed" if closed.is_closed else "left_alone")
