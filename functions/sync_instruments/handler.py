"""The customers queue: make the table equal to what BigCommerce holds for each customer, and forget who is deleted."""

from typing import TYPE_CHECKING, Any, Final

from bigcharge import bootstrap
from bigcharge.batches import take_each
from bigcharge.observability import LogEvent, count, log, logged

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from bigcharge.domain.messages import Message

SECONDS_FOR_CUSTOMER: Final = 20.0  # one read of BigCommerce (its deadline is 12 s) and the writes
customers = bootstrap.at_init(bootstrap.customers)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    return take_each(event, context, look_at, LogEvent.CUSTOMER_FAILED, SECONDS_FOR_CUSTOMER)


def look_at(message: "Message", ids: dict[str, object], seconds_left: "Callable[[], float]") -> None:  # noqa: ARG001 - as every queue's
    """Look at the customer of one message."""
    looked = customers().look(message)
    if (synced := looked.synced) is not None:
        done = {"written": synced.written, "removed": synced.removed, "orders_woken": synced.woken}
        log(LogEvent.CUSTOMER_SYNCED, **ids, **done)
        count("CustomersSynced")
    if (forgotten := looked.forgotten) is not None:
        log(LogEvent.CUSTOMER_FORGOTTEN, **ids, instruments=forgotten.instruments, charges=len(forgotten.charges))
        count("CustomersForgotten")
