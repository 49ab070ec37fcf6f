"""`bigcharge stores`: whether a store is charged."""

from typing import Annotated

import typer

from bigcharge.domain.stores import check_store_hash
from ops.aws import Stage, explain_aws_errors, open_ledger
from ops.wording import explain_reason

app = typer.Typer(help="The stores.")
_NO_ORDER = 0  # ids begin with 1: only the store's pause is read


@app.callback()
def _group() -> None:
    """Keeps `resume` a command of its own while it is the only one."""


@app.command("resume")
def resume_store(store: Annotated[str, typer.Argument(help="The store's hash.")], *, stage: Stage = "dev") -> None:
    """Charge a store again that was paused because BigCommerce refused its credentials or its payment configuration."""
    check_store_hash(store)
    with explain_aws_errors():
        ledger = open_ledger(stage)
        _, pause = ledger.read(store, _NO_ORDER)
        if pause is None:
            print(f"store {store} is not paused")
            return
        ledger.resume(store)
    print(f"store {store} is charged again; it was paused since {pause.paused_at:%Y-%m-%d %H:%M} UTC.")
    print(f"{explain_reason(pause.reason)} Its waiting orders go on within 15 minutes.")
