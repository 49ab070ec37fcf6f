"""How dead letters are shown: by queue and cause, one by itself, and those that were dropped."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bigcharge.domain.redaction import redactor
from ops.aws import explain_aws_errors
from ops.dead_letter_queues import DeadLetter
from ops.dropping import list_drops
from ops.printing import format_age, format_time, print_json, print_table
from ops.replaying import CannotReplayError, Hint, plan_replay

# The function whose log says why a hint failed.
_FUNCTIONS: Final = {
    "orders-dead": "charge-order",
    "customers-dead": "sync-instruments",
    "stores-dead": "close-store",
    "hooks-dead": "keep-hooks",
    "walks-dead": "reconcile-instruments",
}


def print_groups(groups: Mapping[tuple[str, str], list[DeadLetter]], *, as_json: bool) -> None:
    """Print what failed, by queue and cause."""
    rows = [_describe_group(queue, cause, letters) for (queue, cause), letters in sorted(groups.items())]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(("queue", "messages", "oldest", "cause"), map(_cells, rows))
    else:
        print("no dead letters")


def print_letter(letter: DeadLetter, stage: str, *, as_json: bool) -> None:
    """Print one, without anything that must not be shown."""
    shown = _describe(letter, stage)
    if as_json:
        print_json(shown)
        return
    for name, value in shown.items():
        print(f"{name.replace('_', ' ')}: {value}")


def print_drops(stage: str, *, as_json: bool) -> None:
    """Print what was dropped, by whom and why."""
    with explain_aws_errors():
        found = sorted(list_drops(stage), key=lambda drop: str(drop["at"]))
    if as_json:
        print_json(found)
    elif found:
        columns = ("when (UTC)", "queue", "who", "cause, and why")
        cells = ((one["at"][:19], one["queue"], one["who"], _explain_drop(one)) for one in found)
        print_table(columns, cells)
    else:
        print("nothing was dropped")


def _describe_group(queue: str, cause: str, letters: Sequence[DeadLetter]) -> dict[str, Any]:
    by_age = sorted(letters, key=lambda letter: letter.sent_at)
    ids = [letter.message_id for letter in by_age]
    oldest = format_time(by_age[0].sent_at)
    return {"queue": queue, "cause": cause, "messages": len(letters), "oldest_at": oldest, "message_ids": ids}


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    age = format_age(datetime.fromisoformat(row["oldest_at"]), datetime.now(UTC))
    return row["queue"], str(row["messages"]), age, row["cause"]


def _describe(letter: DeadLetter, stage: str) -> dict[str, Any]:
    shown = {
        "queue": letter.queue,
        "message_id": letter.message_id,
        "cause": letter.cause,
        "sent_at": format_time(letter.sent_at),
        "replay": _explain_replay(letter),
        "says": redactor.redact(letter.document) or redactor.redact_text(letter.body),
    }
    if letter.queue in _FUNCTIONS:
        group = f"/aws/lambda/bigcharge-{stage}-{_FUNCTIONS[letter.queue]}"
        pattern = f'{{ $.message_id = "{letter.message_id}" }}'
        shown["why_it_failed"] = f"aws logs filter-log-events --log-group-name {group} --filter-pattern '{pattern}'"
    return shown


def _explain_replay(letter: DeadLetter) -> str:
    try:
        planned = plan_replay(letter, datetime.now(UTC))
    except CannotReplayError as error:
        return f"not possible: {error}"
    if isinstance(planned, Hint):
        hint = planned.message
        subject = f"{hint.kind} {hint.id} of " if hint.id else ""
        return f"sends a hint to look at {subject}store {hint.store_hash} to the {planned.queue} queue"
    return f"announces {planned.size} changes of {planned.stream.split('/')[1]}, if its stream still has them"


def _explain_drop(record: Mapping[str, Any]) -> str:
    return f"{record['cause']}: {record['why']}"
