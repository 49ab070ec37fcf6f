"""The customers queue: make the table equal to what BigCommerce holds for each customer, and forget who is deleted."""

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
customers = bootstrap.at_init(bootstrap.customers)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    look = partial(look_at, context=context)
    return process_partial_response(event=event, record_handler=look, processor=processor, context=context)


def look_at(record: "SQSRecord", context: "LambdaContext") -> None:
    """Look at the customer of one message."""
    if context.get_remaining_time_in_millis() / 1000 < SECONDS_FOR_CUSTOMER:
        raise TimeoutError("too little time is left for this message")
    ids: dict[str, object] = {"message_id": record.message_id}
    try:
        message = read_message(record.body)
        ids |= message.ids
        looked = customers().look(message)
    except Exception:
        log(LogEvent.CUSTOMER_FAILED, **ids)
        raise
    if (synced := looked.synced) is not None:
        done = {"written": synced.written, "removed": synced.removed, "orders_woken": synced.woken}
        log(LogEvent.CUSTOMER_SYNCED, **ids, **done)
        count("CustomersSynced")
    if (forgotten := looked.forgotten) is not None:
        log(LogEvent.CUSTOMER_FORGOTTEN, **ids, instruments=forgotten.instruments, charges=len(forgotten.charges))
        count("CustomersForgotten")
