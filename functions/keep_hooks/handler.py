"""Every 15 minutes, and when BigCommerce tells of trouble: each store's hooks are made what they are to be."""

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from bigcharge import bootstrap
from bigcharge.domain.messages import read_message
from bigcharge.observability import LogEvent, count, log, logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from bigcharge.services.hook_keeping import Look

# Two reads and a dozen repairs at BigCommerce's usual pace; for whom less is left, the next run begins with it.
SECONDS_FOR_STORE: Final = 60.0
hook_keeping = bootstrap.at_init(bootstrap.hook_keeping)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    if "Records" in event:
        return process_partial_response(event, partial(take, context=context), processor, context)
    done = {"kept": 0, "failed": 0, "waiting": 0}
    for store_hash in hook_keeping().list_stores():
        if context.get_remaining_time_in_millis() / 1000 < SECONDS_FOR_STORE:
            done["waiting"] += 1
            continue
        try:
            tell(store_hash, hook_keeping().keep(store_hash))
            done["kept"] += 1
        except Exception:  # noqa: BLE001 - whatever is wrong with one store, the next is not to wait for it
            log(LogEvent.HOOKS_STORE_FAILED, store_hash=store_hash)
            done["failed"] += 1
    count("StoresWithHooksNotKept", done["failed"])
    log(LogEvent.HOOKS_DONE, **done)
    return done


def take(record: "SQSRecord", context: "LambdaContext") -> None:
    if context.get_remaining_time_in_millis() / 1000 < SECONDS_FOR_STORE:
        raise TimeoutError("too little time is left for this message")
    ids: dict[str, object] = {"message_id": record.message_id}
    try:
        message = read_message(record.body)
        ids |= message.ids
        tell(message.store_hash, hook_keeping().take(message))
    except Exception:
        log(LogEvent.HOOKS_MESSAGE_FAILED, **ids)
        raise


def tell(store_hash: str, look: "Look | None") -> None:
    if look is not None:  # else the store was left alone
        log(LogEvent.HOOKS_LOOKED_AT, store_hash=store_hash, repaired=look.repaired, broken=look.broken)
        count("HooksRepaired", len(look.repaired))
        count("HooksBroken", look.broken)
