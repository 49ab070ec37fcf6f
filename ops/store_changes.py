"""`bigcharge stores add | rotate | remove`: a store's credentials and policy come, change and go."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bigcharge.domain.errors import BigchargeError, BigCommerceError
from bigcharge.domain.messages import NO_ID, Kind, Message
from bigcharge.domain.stores import check_store_hash
from bigcharge.domain.wanted_hooks import Wanted, find_ours
from ops.aws import Stage, connect, explain_aws_errors, open_ledger
from ops.errors import FAILED, CommandError
from ops.hook_wording import describe_faults
from ops.instrument_access import ApiUrl, find_api_url
from ops.store_access import connect_stores, open_hook_keeping, open_queue, open_stores, read_webhooks_url
from ops.store_check import Level, check_store, find_refusal, print_lines
from ops.store_input import read_credentials_input, read_policy_file
from ops.store_vault import Vault

if TYPE_CHECKING:
    from bigcharge.domain.stores import Credentials

Store = Annotated[str, typer.Argument(help="The store's hash.")]
_ENDLESS: Final = float("inf")


def add_store(
    store: Store,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="JSON file with the policy; without one nothing is charged.")
    ] = None,
    *,
    api_url: ApiUrl = None,
    stage: Stage = "dev",
) -> None:
    """Serve a new store.

    Its credentials are asked for, or read as a JSON object from stdin: access_token, client_id, client_secret and, if
    its hooks are to carry a header, hook_header ("Name: value"). They are kept under the stack's key. With a policy the
    hooks are made at once. Then everything is checked; ends with 1 if anything is missing.
    """
    check_store_hash(store)
    document = None if policy is None else read_policy_file(policy)
    with explain_aws_errors():
        vault = Vault(stage)
        if vault.has_credentials(store):
            raise CommandError(f"store {store} has credentials already: see bigcharge stores rotate", FAILED)
        api_url = _settle(stage, api_url)
        given = read_credentials_input(is_new=True)
        vault.check(store, given)
        if document is not None:
            vault.put_policy(store, document)
        vault.add(store, given)
        _open(store, stage)
        print(f"store {store} is added")
        if vault.has_policy(store):
            _sync_hooks(store, stage, api_url)
        _finish(store, stage, api_url)


def rotate_store(store: Store, *, api_url: ApiUrl = None, stage: Stage = "dev") -> None:
    """Replace a store's access token, client secret or header of its hooks by new ones.

    Those that change are asked for, or read as a JSON object from stdin. A new access token is tried first: one that
    BigCommerce refuses changes nothing. The credentials before stay valid beside the new ones, so that no webhook and
    no call is refused meanwhile.
    """
    check_store_hash(store)
    with explain_aws_errors():
        vault = Vault(stage)
        if not vault.has_credentials(store):
            raise CommandError(f"store {store} has no credentials: see bigcharge stores add", FAILED)
        api_url = _settle(stage, api_url)
        kept = vault.read(store)
        before, changed = vault.check(store, kept), kept | read_credentials_input(is_new=False)
        after = vault.check(store, changed)
        if after == before:
            raise CommandError("these are the credentials that are kept already: nothing was changed", FAILED)
        if refusal := find_refusal(after, api_url):
            raise CommandError(f"BigCommerce does not take these ({refusal}): the old ones stay", FAILED)
        vault.rotate(store, changed)
        print(f"store {store} has new credentials")
        if vault.has_policy(store):
            _sync_hooks(store, stage, api_url)
            _retire_hooks(before, after, stage, api_url)
        _finish(store, stage, api_url)


def remove_store(
    store: Store,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it, in place of showing what would be done.")] = False,
    api_url: ApiUrl = None,
    stage: Stage = "dev",
) -> None:
    """Serve a store no more.

    Shows what would be done; does it with --apply: nothing more of the store is charged, its hooks are deleted, its
    credentials are deleted after 30 days in which AWS can bring them back, its instruments leave after the policy's
    retention, and its policy is deleted. The ledger stays. It may be repeated.
    """
    check_store_hash(store)
    with explain_aws_errors():
        vault = Vault(stage)
        has_credentials, has_policy = vault.has_credentials(store), vault.has_policy(store)
        if not has_credentials and not has_policy:
            print(f"store {store} is not served")
            return
        if not apply:
            parts = {"hooks": has_credentials, "credentials": has_credentials, "policy": has_policy}
            named = ", ".join(name for name, is_there in parts.items() if is_there)
            print(f"store {store}: {named}, and its customers' instruments, would be deleted; the ledger would stay")
            print("Nothing was changed. To do it: the same command with --apply")
            return
        if has_credentials:
            _delete_hooks(store, stage, _settle(stage, api_url))
            _close(store, stage)
        vault.delete_policy(store)
    print(f"store {store} is removed; the ledger keeps what was charged")


def _settle(stage: str, api_url: str | None) -> str:
    """Which BigCommerce it is; asked before anything is written, as is whether the stage is deployed."""
    read_webhooks_url(stage)
    return find_api_url(connect("secretsmanager"), api_url)


def _open(store: str, stage: str) -> None:
    """A closed store that is added again is open, also with the credentials that it had."""
    ledger = open_ledger(stage)
    pause = ledger.read_pause(store)
    if pause is not None and pause.is_closed:
        ledger.resume(store)


def _sync_hooks(store: str, stage: str, api_url: str) -> None:
    """Make the store's hooks; what stays wrong is said by the check that follows."""
    try:
        look = open_hook_keeping(stage, api_url).keep(store, is_asked=True)
    except BigchargeError as error:
        print(f"bigcharge: the hooks could not be made: {error}", file=sys.stderr)
        return
    for scope, faults in look.repaired.items() if look is not None else ():
        print(f"hook of {scope} repaired: {describe_faults(faults)}")


def _retire_hooks(before: "Credentials", after: "Credentials", stage: str, api_url: str) -> None:
    """Delete the hooks that only the old access token sees: BigCommerce would tell of everything twice."""
    if before.access_token == after.access_token:
        return
    wanted = Wanted(read_webhooks_url(stage), after.hook_header)
    client_of = connect_stores(api_url)
    try:
        seen = {hook.hook_id for hook in client_of(after).hooks.list_hooks()}
        old = client_of(before).hooks
        for hook in find_ours(wanted, [hook for hook in old.list_hooks() if hook.hook_id not in seen], {}):
            old.delete_hook(hook.hook_id)
            print(f"hook of {hook.scope} deleted, which the old access token had made")
    except BigCommerceError as error:
        print(f"bigcharge: hooks of the old access token, if it had others, stay: {error}", file=sys.stderr)


def _delete_hooks(store: str, stage: str, api_url: str) -> None:
    try:
        print(f"store {store}: {open_hook_keeping(stage, api_url).remove(store)} hooks deleted")
    except BigchargeError as error:
        print(f"bigcharge: the hooks could not be deleted, and post to nobody: {error}", file=sys.stderr)


def _close(store: str, stage: str) -> None:
    """As when its app is uninstalled."""
    from bigcharge.adapters.credentials_keeper import SecretsKeeper  # noqa: PLC0415 - imports of a command stand in it
    from bigcharge.adapters.instrument_departures import InstrumentDepartures  # noqa: PLC0415
    from bigcharge.services.closing import OPERATOR, Closing  # noqa: PLC0415

    closing = Closing(
        open_ledger(stage),
        SecretsKeeper(connect("secretsmanager"), stage),
        open_stores(stage),
        InstrumentDepartures(connect("dynamodb"), f"bigcharge-{stage}-instruments"),
        open_queue(stage, "stores"),
        lambda: datetime.now(UTC),
    )
    closed = closing.close(Message(store, Kind.STORE, NO_ID, OPERATOR, datetime.now(UTC)), lambda: _ENDLESS)
    print(f"store {store}: closed, its credentials leave in 30 days; {closed.rows} instruments leave")


def _finish(store: str, stage: str, api_url: str) -> None:
    """Check everything.

    Raises:
        typer.Exit: with status 1, if anything is missing.
    """
    lines = list(check_store(store, stage, api_url))
    print_lines(lines)
    if any(line.level is Level.MISSING for line in lines):
        raise typer.Exit(FAILED)
