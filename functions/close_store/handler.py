"""The stores queue: close each store whose merchant has uninstalled the app."""

from typing import TYPE_CHECKING, Any

from bigcharge import bootstrap
from bigcharge.batches import take_each
from bigcharge.observability import LogEvent, count, log, logged

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from bigcharge.domain.messages import Message

closing = bootstrap.at_init(bootstrap.closing)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:  # noqa: ANN401 - the library's partial response
    return take_each(event, context, close_store, LogEvent.STORE_FAILED)


def close_store(message: "Message", ids: dict[str, object], seconds_left: "Callable[[], float]") -> None:
    """Close the store of one message."""
    closed = closing().close(message, seconds_left)
    done = {"is_closed": closed.is_closed, "rows": closed.rows, "is_finished": closed.is_finished}
    log(LogEvent.STORE_UNINSTALLED, **ids, **done)
    count("StoresUninstalled", outcome="closed" if closed.is_closed else "left_alone")
