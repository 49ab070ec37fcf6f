"""Each night, and on from where time ran out: all instruments of every store are compared with the table."""

from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from bigcharge import bootstrap
from bigcharge.domain.messages import read_message
from bigcharge.observability import LogEvent, count, log, logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

instrument_reconciling = bootstrap.at_init(bootstrap.instrument_reconciling)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    if "Records" in event:
        return process_partial_response(event, partial(go_on, context=context), processor, context)
    begun = {"stores": instrument_reconciling().begin()}
    log(LogEvent.INSTRUMENTS_BEGUN, **begun)
    return begun


def go_on(record: "SQSRecord", context: "LambdaContext") -> None:
    """Go on with the store of one message."""
    ids: dict[str, object] = {"message_id": record.message_id}
    try:
        message = read_message(record.body)
        ids |= message.ids
        outcome, walk = instrument_reconciling().go_on(message, lambda: context.get_remaining_time_in_millis() / 1000)
    except Exception:
        log(LogEvent.INSTRUMENTS_FAILED, **ids)
        raise
    log(LogEvent.INSTRUMENTS_COMPARED, **ids, outcome=outcome, **(walk.progress if walk else {}))
    count("InstrumentComparisons", outcome=outcome)
