"""`bigcharge hooks`: whether BigCommerce tells this deployment of what happens in its stores."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bigcharge.domain.errors import BigchargeError
from bigcharge.domain.stores import check_store_hash
from ops.aws import Stage, explain_aws_errors
from ops.errors import FAILED
from ops.hook_wording import describe_faults, explain_block, explain_refusal
from ops.instrument_access import ApiUrl
from ops.printing import AsJson, format_age, format_time, print_json, print_table
from ops.store_access import open_hook_keeping

if TYPE_CHECKING:
    from bigcharge.services.hook_keeping import HookKeeping, Look

app = typer.Typer(help="The hooks: how BigCommerce tells of what happens.")
OneStore = Annotated[str | None, typer.Option("--store", help="Only this store's (its hash); all that have a policy.")]


@app.command("status")
def show_status(
    store: OneStore = None, *, as_json: AsJson = False, api_url: ApiUrl = None, stage: Stage = "dev"
) -> None:
    """Show each hook that a store is to have: its number, when it was last seen good, and what is wrong with it.

    Asks BigCommerce, and changes nothing. Ends with 1 if anything is wrong.
    """
    looks = dict(_each(store, stage, api_url, lambda keeping, name: keeping.look(name)))
    known = {name: look for name, look in looks.items() if look is not None}
    rows = [row for name, look in known.items() for row in _summarize(name, look)]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(("store", "hook", "last good", "scope, and what is wrong"), map(_cells, rows))
    for name, look in known.items():
        if look.kept.block is not None:
            print(f"bigcharge: store {name}: {explain_block(look.kept.block)}", file=sys.stderr)
    if len(known) < len(looks) or any(row["wrong"] for row in rows):
        raise typer.Exit(FAILED)


@app.command("sync")
def sync_hooks(store: OneStore = None, *, api_url: ApiUrl = None, stage: Stage = "dev") -> None:
    """Make the hooks what they are to be, now: make, wake, point here, set the header, delete doubles.

    As keep_hooks does every 15 minutes, but also what it has given up or was told to leave. Hooks that point elsewhere
    are somebody else's. Ends with 1 if anything is still wrong.
    """
    looks = _each(store, stage, api_url, lambda keeping, name: keeping.keep(name, is_asked=True))
    if not all([look is not None and _report(name, look) for name, look in looks]):  # noqa: C419 - every one is reported
        raise typer.Exit(FAILED)


@app.command("remove")
def remove_hooks(
    store: Annotated[str, typer.Option("--store", help="The store's hash.")],
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it, in place of showing what would be done.")] = False,
    api_url: ApiUrl = None,
    stage: Stage = "dev",
) -> None:
    """Delete a store's hooks that point at this deployment.

    Shows which; deletes them with --apply. They are not made again until bigcharge hooks sync. Meanwhile orders are
    found by the reconciliation alone, every ten minutes.
    """
    check_store_hash(store)
    with explain_aws_errors():
        keeping = open_hook_keeping(stage, api_url)
        if apply:
            print(f"store {store}: {keeping.remove(store)} hooks deleted")
            return
        findings = keeping.look(store).findings
    ours = [hook for finding in findings for hook in (finding.hook, *finding.doubles) if hook is not None]
    print_table(("hook", "scope", "destination"), ((str(one.hook_id), one.scope, one.destination) for one in ours))
    print("Nothing was changed. To delete them: the same command with --apply")


def _each(
    store: str | None, stage: str, api_url: str | None, act: "Callable[[HookKeeping, str], Look | None]"
) -> "Iterator[tuple[str, Look | None]]":
    """Do something with each store; None for one with which it cannot be done, which is said."""
    named = None if store is None else check_store_hash(store)
    with explain_aws_errors():
        keeping = open_hook_keeping(stage, api_url)
        for name in [named] if named is not None else sorted(keeping.list_stores()):
            look = None
            try:
                look = act(keeping, name)
                trouble = "it has no credentials: see bigcharge stores add"
            except BigchargeError as error:
                trouble = str(error)
            if look is None:
                print(f"bigcharge: store {name}: {trouble}", file=sys.stderr)
            yield name, look


def _report(store: str, look: "Look") -> bool:
    """Say what was done; whether all is well."""
    for scope, faults in look.repaired.items():
        print(f"store {store}: {scope} repaired: {describe_faults(faults)}")
    for hook in (hook for hook in look.kept.hooks.values() if hook.faults):
        trouble = f"{describe_faults(hook.faults)}. {explain_refusal(hook.refusal)}"
        print(f"bigcharge: store {store}: {hook.scope}: {trouble}", file=sys.stderr)
    print(f"store {store}: {len(look.kept.hooks) - look.broken} of {len(look.kept.hooks)} hooks are good")
    return not look.broken


def _summarize(store: str, look: "Look") -> Iterator[dict[str, Any]]:
    """The rows of a store as JSON has them."""
    for finding in look.findings:
        kept = look.kept.hooks[finding.scope]
        yield {
            "store_hash": store,
            "scope": finding.scope,
            "hook_id": kept.hook_id,
            "wrong": list(kept.faults),
            "reason": kept.refusal,
            "good_at": format_time(kept.good_at),
            "others": finding.others,
            "blocked_until": format_time(look.kept.block.until) if look.kept.block else None,
        }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    good_at = row["good_at"]
    age = f"{format_age(datetime.fromisoformat(good_at), datetime.now(UTC))} ago" if good_at else "never"
    wrong = f": {describe_faults(row['wrong'])}" if row["wrong"] else ""
    return row["store_hash"], str(row["hook_id"] or ""), age, row["scope"] + wrong
