"""The tables' streams: each change becomes one event on the bus. A batch resumes at the first change that failed."""

from typing import TYPE_CHECKING, Any

from bigcharge import bootstrap
from bigcharge.adapters.changes import read_change
from bigcharge.observability import LogEvent, count, log, logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

bus = bootstrap.at_init(bootstrap.bus)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:  # noqa: ARG001 - Lambda passes it
    changes, unreadable = [], None
    for record in event["Records"]:
        try:
            change = read_change(record)
        except Exception:  # noqa: BLE001 - one change that cannot be read holds up what follows it, not what went before
            unreadable = record["dynamodb"]["SequenceNumber"]
            log(LogEvent.CHANGE_UNREADABLE, sequence_number=unreadable)
            break
        if change is not None:
            changes.append((record["dynamodb"]["SequenceNumber"], change))
    failed = bus().publish([change for _, change in changes])
    for index, (_, change) in enumerate(changes):
        log(LogEvent.CHANGE_REFUSED if index in failed else LogEvent.CHANGE_ANNOUNCED, **change.ids)
        count("Changes", event=change.detail_type)
        if change.alarm:
            count("Alarms", cause=change.alarm)
    first = changes[failed[0]][0] if failed else unreadable
    return {"batchItemFailures": [{"itemIdentifier": first}] if first else []}
