"""The orders queue: look at each order, and charge it if it is due."""

from typing import TYPE_CHECKING, Any, Final

from bigcharge import bootstrap
from bigcharge.batches import take_each
from bigcharge.observability import LogEvent, log, logged, measure_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from bigcharge.domain.messages import Message

SECONDS_FOR_ORDER: Final = 55.0  # reads with their own deadlines, then the charge, which asks once more before it pays
orders = bootstrap.at_init(bootstrap.orders)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    return take_each(event, context, look_at, LogEvent.ORDER_FAILED, SECONDS_FOR_ORDER)


def look_at(message: "Message", ids: dict[str, object], seconds_left: "Callable[[], float]") -> None:
    """Look at the order of one message."""
    began = bootstrap.now()
    charge = orders().look(message, seconds_left)
    if charge is None:
        log(LogEvent.ORDER_LEFT, **ids)
        return
    found = {"state": charge.state, "reason": charge.reason, "code": charge.code, "attempts": len(charge.attempts)}
    log(LogEvent.ORDER_LOOKED_AT, **ids, **found)
    if message.event_hash is not None and charge.has_sent_since(began):
        measure_seconds("SecondsToCharge", max(0.0, (charge.updated_at - message.received_at).total_seconds()))
