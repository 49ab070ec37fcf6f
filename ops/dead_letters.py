"""`bigcharge dead-letters`: what failed, and putting it through again.

Hints that failed ten times, signed webhooks that could not be used, changes that were not announced, and scheduled runs
that failed.
"""

import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Annotated

import typer

from bigcharge.domain.operator_words import LONGEST_NAME, LONGEST_WHY, check_words
from ops.acting import Who, name_operator
from ops.aws import Stage, connect, explain_aws_errors
from ops.dead_letter_queues import QUEUES, DeadLetter, DeadLetterQueue
from ops.dead_letter_report import print_drops, print_groups, print_letter
from ops.dropping import record_drops
from ops.errors import FAILED, CommandError
from ops.printing import AsJson, print_table
from ops.replaying import Replayer

app = typer.Typer(help="What failed, and putting it through again.")

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Message ids, as `list --json` and `show` say them.")
]
Queue = Annotated[str | None, typer.Option("--queue", help=f"Only of this queue: {', '.join(QUEUES)}.")]
Cause = Annotated[str | None, typer.Option("--cause", help="All of this cause, as `list` names it.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]


@app.command("list")
def list_dead_letters(
    queue: Queue = None,
    *,
    dropped: Annotated[bool, typer.Option("--dropped", help="What was dropped, by whom and why, instead.")] = False,
    as_json: AsJson = False,
    stage: Stage = "dev",
) -> None:
    """List what failed, by queue and cause.

    With --json: `message_ids` names every message of the group, oldest first. `show --cause` shows one of a group.
    """
    if dropped:
        print_drops(stage, as_json=as_json)
        return
    groups: dict[tuple[str, str], list[DeadLetter]] = defaultdict(list)

    def group(_: DeadLetterQueue, letters: list[DeadLetter]) -> None:
        for letter in letters:
            groups[letter.queue, letter.cause].append(letter)

    _visit(stage, queue, group)
    print_groups(groups, as_json=as_json)


@app.command("show")
def show_dead_letter(
    message_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The message's id.")] = None,
    cause: Annotated[str | None, typer.Option("--cause", help="The oldest of this cause, as `list` names it.")] = None,
    *,
    as_json: AsJson = False,
    stage: Stage = "dev",
) -> None:
    """Show one: what it says, without anything that must not be shown, and what a replay would do."""
    is_chosen = _choose([message_id] if message_id else None, cause, everything=False)
    found: list[DeadLetter] = []
    _visit(stage, None, lambda _, letters: found.extend(filter(is_chosen, letters)))
    if not found:
        raise CommandError("there is none: it is gone, or somebody reads it at the moment", FAILED)
    print_letter(min(found, key=lambda letter: letter.sent_at), stage, as_json=as_json)


@app.command("replay")
def replay(
    ids: Ids = None,
    queue: Queue = None,
    cause: Cause = None,
    *,
    everything: All = False,
    stage: Stage = "dev",
) -> None:
    """Put some through again: those that are named, all of a cause, or all.

    A hint goes back to the queue it failed in; a quarantined webhook is read again, and stays where it still cannot be
    used; changes of a table are announced, for as long as the table's stream has them (24 hours). It may be repeated: a
    hint that comes twice charges nothing twice, and an event has the same id each time. Ends with 1 if any stayed.
    """
    is_chosen = _choose(ids, cause, everything=everything)
    replayer = Replayer(stage)
    counts = {"replayed": 0, "stayed": 0}

    def put_through(opened: DeadLetterQueue, letters: list[DeadLetter]) -> None:
        done, refused = replayer.replay([letter for letter in letters if is_chosen(letter)])
        opened.delete(done)
        counts["replayed"] += len(done)
        counts["stayed"] += len(refused)
        for message_id, why in refused.items():
            print(f"bigcharge: {opened.name} {message_id} stays: {why}", file=sys.stderr)

    _visit(stage, queue, put_through)
    _report(counts["replayed"], "put through again", ids)
    if counts["stayed"]:
        raise typer.Exit(FAILED)


@app.command("drop")
def drop(  # noqa: PLR0913 - one parameter for each option
    ids: Ids = None,
    queue: Queue = None,
    cause: Cause = None,
    why: Annotated[
        str | None, typer.Option("--why", help="The reason, with --apply. It is kept: no card data.")
    ] = None,
    who: Who = None,
    *,
    everything: All = False,
    apply: Annotated[bool, typer.Option("--apply", help="Do it, in place of showing what would be dropped.")] = False,
    stage: Stage = "dev",
) -> None:
    """Drop some for good; shows which, and does it with --apply.

    Who did it, when and why is kept in the ledger: see `list --dropped`. An order that a hint was about is found by the
    next reconciliation all the same, where nobody has looked at it.
    """
    is_chosen = _choose(ids, cause, everything=everything)
    if apply and why is None:
        raise CommandError("say with --why what is to be kept as the reason")
    words = check_words(why, "--why", LONGEST_WHY) if why is not None else ""
    name = check_words(who or name_operator(), "--who", LONGEST_NAME)
    chosen: list[DeadLetter] = []

    def take(opened: DeadLetterQueue, letters: list[DeadLetter]) -> None:
        taken = [letter for letter in letters if is_chosen(letter)]
        chosen.extend(taken)
        if apply and taken:
            record_drops(taken, name, words, stage)
            opened.delete(taken)

    _visit(stage, queue, take)
    if apply:
        _report(len(chosen), "dropped", ids)
    elif chosen:
        print_table(("queue", "id", "cause"), ((one.queue, one.message_id, one.cause) for one in chosen))
        print('Nothing was dropped. To do it: the same command with --apply --why "..."')
    else:
        _report(0, "dropped", ids)


def _visit(stage: str, queue: str | None, visit: Callable[[DeadLetterQueue, list[DeadLetter]], object]) -> None:
    """Read the queues through; what `visit` does not delete is given back."""
    if queue is not None and queue not in QUEUES:
        raise CommandError(f"there is no such queue: --queue is one of {', '.join(QUEUES)}")
    with explain_aws_errors():
        client = connect("sqs")
        for name in (queue,) if queue else QUEUES:
            opened = DeadLetterQueue(client, stage, name)
            with opened.opened() as pages:
                for letters in pages:
                    visit(opened, letters)
            if opened.cut_off:
                print(f"bigcharge: {name} holds more than can be read at once: run it again", file=sys.stderr)


def _choose(ids: list[str] | None, cause: str | None, *, everything: bool) -> Callable[[DeadLetter], bool]:
    if sum((bool(ids), cause is not None, everything)) != 1:
        raise CommandError("say which: by their ids, all of a --cause, or --all")
    return lambda letter: everything or letter.cause == cause or letter.message_id in (ids or ())


def _report(count: int, done: str, ids: list[str] | None) -> None:
    print(f"{count} {'message' if count == 1 else 'messages'} {done}")
    if ids and count < len(set(ids)):
        raise CommandError(f"{len(set(ids)) - count} of {len(set(ids))} were not: they are gone, or stay", FAILED)
