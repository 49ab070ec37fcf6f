"""A queue's batch: each message is taken by itself, and one that fails comes again by itself."""

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from bigcharge.deadline import time_left
from bigcharge.domain.messages import Message, read_message
from bigcharge.observability import LogEvent, log

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    type Ids = dict[str, object]
    type Take = Callable[[Message, Ids, Callable[[], float]], None]


def take_each(
    event: dict[str, Any], context: "LambdaContext", take: "Take", failed: LogEvent, seconds: float = 0.0
) -> Any:  # noqa: ANN401 - the library's partial response
    """Take the messages of a batch, one after the other.

    Args:
        event: as Lambda hands over a batch of SQS.
        context: Lambda's.
        take: gets the message, what names it in the log, and a clock of the seconds that are left.
        failed: the line that is logged of a message that cannot be read, or whose taking raises.
        seconds: what one message may need. One that would begin later goes back untouched, so that a slow neighbour
            cannot take it down with it.

    Returns:
        The batch response: the ids of the messages that are to come again.
    """
    seconds_left = time_left(context)

    def take_one(record: "SQSRecord") -> None:
        if seconds_left() < seconds:
            raise TimeoutError("too little time is left for this message")
        ids: Ids = {"message_id": record.message_id}
        try:
            message = read_message(record.body)
            ids |= message.ids
            take(message, ids, seconds_left)
        except Exception:  # whatever it is: it is written down here, and the queue keeps the message
            log(failed, **ids)
            raise

    # One for each batch: it remembers what failed.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event=event, record_handler=take_one, processor=processor, context=context)
