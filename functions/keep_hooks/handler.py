"""Every 15 minutes, and when BigCommerce tells of trouble: each store's hooks are made what they are to be."""

from typing import TYPE_CHECKING, Any, Final

from bigcharge import bootstrap
from bigcharge.batches import take_each
from bigcharge.deadline import time_left
from bigcharge.observability import LogEvent, count, log, logged

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from bigcharge.domain.messages import Message
    from bigcharge.services.hook_keeping import Look

# Two reads and a dozen repairs at BigCommerce's usual pace; for whom less is left, the next run begins with it.
SECONDS_FOR_STORE: Final = 60.0
hook_keeping = bootstrap.at_init(bootstrap.hook_keeping)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    if "Records" in event:
        return take_each(event, context, take, LogEvent.HOOKS_MESSAGE_FAILED, SECONDS_FOR_STORE)
    seconds_left = time_left(context)
    done = {"kept": 0, "failed": 0, "waiting": 0}
    for store_hash in hook_keeping().list_stores():
        if seconds_left() < SECONDS_FOR_STORE:
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


def take(message: "Message", ids: dict[str, object], seconds_left: "Callable[[], float]") -> None:  # noqa: ARG001 - as every queue's
    """Look at the hooks of the store of one message."""
    tell(message.store_hash, hook_keeping().take(message))


def tell(store_hash: str, look: "Look | None") -> None:
    if look is not None:  # else the store was left alone
        log(LogEvent.HOOKS_LOOKED_AT, store_hash=store_hash, repaired=look.repaired, broken=look.broken)
        count("HooksRepaired", len(look.repaired))
        count("HooksBroken", look.broken)
