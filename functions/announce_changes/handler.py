"""The tables' streams: each change becomes its events on the bus. A batch resumes at the first change that failed."""

from typing import TYPE_CHECKING, Any

from bigcharge import bootstrap
from bigcharge.adapters.changes import read_change
from bigcharge.domain.declines import DECLINES
from bigcharge.observability import LogEvent, count, log, logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from bigcharge.domain.events import Event

bus = bootstrap.at_init(bootstrap.bus)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:  # noqa: ARG001 - Lambda passes it
    changes: list[tuple[str, Event]] = []
    unreadable = None
    for record in event["Records"]:
        try:
            events = read_change(record)
        except Exception:  # noqa: BLE001 - one change that cannot be read holds up what follows it, not what went before
            unreadable = record["dynamodb"]["SequenceNumber"]
            log(LogEvent.CHANGE_UNREADABLE, sequence_number=unreadable)
            break
        changes += [(record["dynamodb"]["SequenceNumber"], event) for event in events]
    failed = bus().publish([change for _, change in changes])
    for index, (_, change) in enumerate(changes):
        log(LogEvent.CHANGE_REFUSED if index in failed else LogEvent.CHANGE_ANNOUNCED, **change.ids)
        count_change(change)
    first = changes[failed[0]][0] if failed else unreadable
    return {"batchItemFailures": [{"itemIdentifier": first}] if first else []}


def count_change(change: "Event") -> None:
    """Count what happened: a charge by the state that it came to, and by BigCommerce's code where it has one."""
    if change.alarm:
        count("Alarms", cause=change.alarm)
    if (state := change.new_state) is None:
        count("Changes", event=change.detail_type)
        return
    count("Charges", state=state)
    if (code := change.detail["code"]) is not None:
        count("Charges", state=state, code=str(code) if code in DECLINES else "other")
