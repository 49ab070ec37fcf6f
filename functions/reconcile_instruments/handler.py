"""Each night, and on from where time ran out: all instruments of every store are compared with the table."""

from typing import TYPE_CHECKING, Any

from bigcharge import bootstrap
from bigcharge.batches import take_each
from bigcharge.observability import LogEvent, count, log, logged

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from bigcharge.domain.messages import Message

instrument_reconciling = bootstrap.at_init(bootstrap.instrument_reconciling)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    if "Records" in event:
        return take_each(event, context, go_on, LogEvent.INSTRUMENTS_FAILED)
    begun = {"stores": instrument_reconciling().begin()}
    log(LogEvent.INSTRUMENTS_BEGUN, **begun)
    return begun


def go_on(message: "Message", ids: dict[str, object], seconds_left: "Callable[[], float]") -> None:
    """Go on with the store of one message."""
    outcome, walk = instrument_reconciling().go_on(message, seconds_left)
    log(LogEvent.INSTRUMENTS_COMPARED, **ids, outcome=outcome, **(walk.progress if walk else {}))
    count("InstrumentComparisons", outcome=outcome)
