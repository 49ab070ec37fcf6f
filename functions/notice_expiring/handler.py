"""Each day: cards that expire soon are told of, where the customer's orders would be charged to them."""

from typing import TYPE_CHECKING, Any

from bigcharge import bootstrap
from bigcharge.deadline import time_left
from bigcharge.observability import LogEvent, log, logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

noticing = bootstrap.at_init(bootstrap.noticing)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, int]:  # noqa: ARG001 - a schedule says nothing
    noticed = noticing().tell_expiring(time_left(context))
    found = {"cards": noticed.cards, "told": noticed.told}
    log(LogEvent.EXPIRING_TOLD, **found)
    return found
