"""The customers queue: make the instruments table equal to what BigCommerce holds for each customer."""

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from bigcharge import bootstrap
from bigcharge.domain.messages import read_message
from bigcharge.observability import LogEvent, count, log, logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

SECONDS_FOR_CUSTOMER: Final = 20.0  # one read of BigCommerce (its deadline is 12 s) and the writes
instrument_sync = bootstrap.at_init(bootstrap.instrument_sync)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    sync = partial(sync_customer, context=context)
    return process_partial_response(event=event, record_handler=sync, processor=processor, context=context)


def sync_customer(record: "SQSRecord", context: "LambdaContext") -> None:
    """Sync the customer of one message."""
    if context.get_remaining_time_in_millis() / 1000 < SECONDS_FOR_CUSTOMER:
        raise TimeoutError("too little time is left for this message")
    ids: dict[str, object] = {"message_id": record.message_id}
    try:
        message = read_message(record.body)
        ids |= message.ids
        synced = instrument_sync().sync(message)
    except Exception:
        log(LogEvent.CUSTOMER_FAILED, **ids)
        raise
    done = {"written": synced.written, "removed": synced.removed, "orders_woken": synced.woken}
    log(LogEvent.CUSTOMER_SYNCED, **ids, **done)
    count("CustomersSynced")
