"""Each minute: due retries and unknown outcomes go back to the orders queue."""

from typing import TYPE_CHECKING, Any

from bigcharge import bootstrap
from bigcharge.deadline import time_left
from bigcharge.observability import LogEvent, log, logged, measure_seconds

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

sweeping = bootstrap.at_init(bootstrap.sweeping)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, int]:  # noqa: ARG001 - a schedule says nothing
    swept = sweeping().sweep(time_left(context))
    oldest = swept.oldest_unknown.total_seconds()
    measure_seconds("OldestUnknownSeconds", oldest)
    log(LogEvent.SWEEP_DONE, sent=swept.sent, oldest_unknown_seconds=round(oldest))
    return {"sent": swept.sent}
