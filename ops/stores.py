"""`bigcharge stores`: which stores are served, and whether they are charged."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bigcharge.domain.charges import STORE_PAUSED, Charge, postpone
from bigcharge.domain.errors import ConflictError, InvalidInputError
from bigcharge.domain.operator_words import LONGEST_NAME, LONGEST_WHY, check_words
from bigcharge.domain.states import State
from bigcharge.domain.stores import PAUSED_BY_OPERATOR, Pause, check_store_hash
from ops.acting import Who, Why, name_operator
from ops.aws import Stage, explain_aws_errors, open_ledger
from ops.errors import FAILED, CommandError
from ops.instrument_access import ApiUrl
from ops.printing import AsJson, format_age, format_time, print_json, print_table
from ops.store_access import open_hook_items, open_stores
from ops.store_changes import add_store, remove_store, rotate_store
from ops.store_check import Level, check_store, print_lines
from ops.store_vault import Vault
from ops.wording import explain_reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigcharge.adapters.ledger import LedgerTable
    from bigcharge.adapters.stores import AwsStores

app = typer.Typer(help="The stores.")
Store = Annotated[str, typer.Argument(help="The store's hash.")]
app.command("add")(add_store)
app.command("rotate")(rotate_store)
app.command("remove")(remove_store)


@app.command("list")
def list_stores(*, as_json: AsJson = False, stage: Stage = "dev") -> None:
    """List the stores: whether each has credentials and a policy, is paused, and when its hooks were last good."""
    with explain_aws_errors():
        rows = list(_summarize_all(stage))
    if as_json:
        print_json(rows)
    elif rows:
        print_table(("store", "credentials", "policy", "hooks last good", "paused"), map(_cells, rows))
    else:
        print("no stores: see bigcharge stores add")


@app.command("check")
def check(store: Store, *, as_json: AsJson = False, api_url: ApiUrl = None, stage: Stage = "dev") -> None:
    """Say what a store still lacks before it can be charged, and what to do about it.

    Asks BigCommerce with calls that change nothing. What such calls cannot show is said to be unproven. Ends with 1 if
    anything is missing.
    """
    check_store_hash(store)
    with explain_aws_errors():
        lines = list(check_store(store, stage, api_url))
    if as_json:
        print_json([{"level": line.level, "what": line.what, "todo": line.todo} for line in lines])
    else:
        print_lines(lines)
    if any(line.level is Level.MISSING for line in lines):
        raise typer.Exit(FAILED)


@app.command("pause")
def pause_store(store: Store, why: Why, who: Who = None, *, stage: Stage = "dev") -> None:
    """Charge nothing of a store until it is resumed; its webhooks are taken, and its orders wait."""
    check_store_hash(store)
    checked = check_words(who or name_operator(), "--who", LONGEST_NAME), check_words(why, "--why", LONGEST_WHY)
    with explain_aws_errors():
        ledger = open_ledger(stage)
        known = ledger.read_pause(store)
        if known is not None and known.is_closed:
            raise CommandError(f"store {store} is closed: nothing of it is charged anyway", FAILED)
        ledger.close(Pause(store, PAUSED_BY_OPERATOR, None, "", datetime.now(UTC), *checked))
    print(f"store {store} is paused: nothing of it is charged until bigcharge stores resume {store}")


@app.command("resume")
def resume_store(store: Store, *, stage: Stage = "dev") -> None:
    """Charge a store again that was paused: by an operator, or because BigCommerce refused something of it."""
    check_store_hash(store)
    with explain_aws_errors():
        ledger = open_ledger(stage)
        pause = ledger.read_pause(store)
        if pause is None:
            print(f"store {store} is not paused")
            return
        if pause.is_closed:
            raise CommandError(f"store {store} is closed. {explain_reason(pause.reason)}", FAILED)
        ledger.resume(store)
        woken = sum(_wake(ledger, charge) for charge in ledger.list_charges() if charge.store_hash == store)
    print(f"store {store} is charged again; it was paused since {pause.paused_at:%Y-%m-%d %H:%M} UTC.")
    print(f"{explain_reason(pause.reason)} Orders that waited for that: {woken}. They go on within a minute or two.")


def _wake(ledger: "LedgerTable", charge: Charge) -> bool:
    """Make an order that waits for its store due now; whoever changes it meanwhile has woken it already."""
    now = datetime.now(UTC)
    if charge.state is not State.CLAIMED or charge.reason != STORE_PAUSED or charge.is_due(now):
        return False
    with suppress(ConflictError):
        ledger.save(postpone(charge, now))
    return True


def _summarize_all(stage: str) -> "Iterable[dict[str, Any]]":
    """Every store that has anything, by its hash."""
    stores = open_stores(stage)
    secrets = {kept.store_hash: kept for kept in Vault(stage).list_secrets()}
    served = set(stores.list_served())
    for kept, pause in open_hook_items(stage).read(sorted(served | secrets.keys())):
        secret = secrets.get(kept.store_hash)
        yield {
            "store_hash": kept.store_hash,
            "credentials": "none" if secret is None else "kept" if secret.leaves_at is None else "leaving",
            "policy": _judge_policy(stores, kept.store_hash) if kept.store_hash in served else "none",
            "hooks_good_at": format_time(kept.good_at),
            "paused_since": format_time(pause.paused_at) if pause else None,
            "pause_reason": pause.reason if pause else None,
            "paused_by": pause.who if pause else None,
            "pause_why": pause.why if pause else None,
        }


def _judge_policy(stores: "AwsStores", store: str) -> str:
    try:
        policy = stores.policy(store)
    except InvalidInputError:
        return "unreadable"
    return "none" if policy is None else "kept"


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    now = datetime.now(UTC)
    good = f"{format_age(datetime.fromisoformat(row['hooks_good_at']), now)} ago" if row["hooks_good_at"] else "never"
    return row["store_hash"], row["credentials"], row["policy"], good, _describe_pause(row, now)


def _describe_pause(row: dict[str, Any], now: datetime) -> str:
    if row["paused_since"] is None:
        return ""
    since = format_age(datetime.fromisoformat(row["paused_since"]), now)
    why = f"{row['paused_by']}: {row['pause_why']}" if row["pause_why"] else explain_reason(row["pause_reason"])
    return f"for {since}. {why}"
