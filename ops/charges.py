"""`bigcharge charges`: what became of the orders, as the ledger says."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.states import State
from bigcharge.domain.stores import check_id, check_store_hash
from ops.aws import Stage, explain_aws_errors, open_ledger
from ops.errors import FAILED, CommandError
from ops.printing import AsJson, format_age, format_money, format_time, print_json, print_table
from ops.wording import explain_charge

if TYPE_CHECKING:
    from bigcharge.adapters.ledger import LedgerTable

app = typer.Typer(help="What became of the orders.")


@app.command("list")
def list_charges(
    store: Annotated[str | None, typer.Option(help="Only this store's (its hash).")] = None,
    state: Annotated[list[State] | None, typer.Option(help="Only in this state; may be given several times.")] = None,
    *,
    as_json: AsJson = False,
    stage: Stage = "dev",
) -> None:
    """List the charges by store and order.

    With --json: amounts in minor units, `attempts` is how many payment requests were made (`charges show` lists them),
    `retry_at` is when a declined one is tried again, null where it waits for an instrument.
    """
    with explain_aws_errors():
        found = [
            charge
            for charge in open_ledger(stage).list_charges()
            if store in {None, charge.store_hash} and (not state or charge.state in state)
        ]
    found.sort(key=lambda charge: (charge.store_hash, charge.order_id))
    if as_json:
        print_json([summarize(charge) for charge in found])
    elif found:
        _print_charges(found, datetime.now(UTC))
    else:
        print("no charges")


@app.command("show")
def show_charge(
    order: Annotated[list[str], typer.Argument(help="The order's id, or a store's hash and the order's id.")],
    *,
    as_json: AsJson = False,
    stage: Stage = "dev",
) -> None:
    """Show one charge with every attempt.

    The store may be left out where only one has such an order.

    With --json: as in `charges list`, but `attempts` is the list of the attempts, oldest first.
    """
    *stores, number = order
    if len(stores) > 1:
        raise CommandError("name one order: bigcharge charges show [STORE] ORDER")
    store, order_id = check_store_hash(stores[0]) if stores else None, check_id(number)
    with explain_aws_errors():
        charge = _find(open_ledger(stage), store, order_id)
    if as_json:
        print_json(describe(charge))
    else:
        _print_charge(charge, datetime.now(UTC))


def summarize(charge: Charge) -> dict[str, Any]:
    """A charge as the listing prints it in JSON."""
    return {
        "store_hash": charge.store_hash,
        "order_id": charge.order_id,
        "customer_id": charge.customer_id,
        "state": charge.state,
        "reason": charge.reason,
        "code": charge.code,
        "amount": charge.money.amount if charge.money else None,
        "currency": charge.money.currency if charge.money else None,
        "attempts": len(charge.attempts),
        "transaction_id": charge.transaction_id,
        "retry_at": format_time(charge.retry_at) if charge.state is State.DECLINED else None,
        "updated_at": format_time(charge.updated_at),
    }


def describe(charge: Charge) -> dict[str, Any]:
    """A charge as `show` prints it in JSON: the listing's fields, the attempts one by one, and what is due when."""
    return summarize(charge) | {
        "due_at": format_time(charge.due_at),
        "checks": charge.checks,
        "attempts": [_describe_attempt(attempt) for attempt in charge.attempts],
    }


def _describe_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "cause": attempt.cause,
        "payment_method_id": attempt.method_id,
        "token_fingerprint": attempt.instrument,
        "brand": attempt.brand,
        "last_4": attempt.last_4,
        "amount": attempt.money.amount,
        "currency": attempt.money.currency,
        "pat_jti": attempt.token_id,
        "pat_expires_at": format_time(attempt.token_expires_at),
        "sent_at": format_time(attempt.sent_at),
        "outcome": attempt.outcome,
        "code": attempt.code,
        "retry_at": format_time(attempt.retry_at),
    }


def _find(ledger: "LedgerTable", store: str | None, order_id: int) -> Charge:
    if store is not None:
        charge, _ = ledger.read(store, order_id)
        found = [] if charge is None else [charge]
    else:
        found = [charge for charge in ledger.list_charges() if charge.order_id == order_id]
    if not found:
        raise CommandError(
            f"the ledger does not know order {order_id}" + (f" of store {store}" if store else ""), FAILED
        )
    if len(found) > 1:
        stores = ", ".join(sorted(charge.store_hash for charge in found))
        raise CommandError(f"several stores have an order {order_id}: name one of {stores} before it")
    return found[0]


def _print_charges(charges: list[Charge], now: datetime) -> None:
    columns = ("store", "order", "state", "amount", "tries", "age", "why")
    print_table(columns, (_cells(charge, now) for charge in charges))


def _cells(charge: Charge, now: datetime) -> tuple[str, ...]:
    return (
        charge.store_hash,
        str(charge.order_id),
        charge.state,
        format_money(charge.money),
        str(len(charge.attempts)),
        format_age(charge.updated_at, now),
        explain_charge(charge),
    )


def _print_charge(charge: Charge, now: datetime) -> None:
    print(f"order {charge.order_id} of store {charge.store_hash}, customer {charge.customer_id or 'none'}")
    print(f"{charge.state} {format_money(charge.money)}, since {format_age(charge.updated_at, now)}".strip())
    if why := explain_charge(charge):
        print(why + (f" (code {charge.code})" if charge.code else ""))
    if charge.transaction_id:
        print(f"transaction {charge.transaction_id}")
    if charge.due_at:
        print(f"looked at again at {charge.due_at:%Y-%m-%d %H:%M:%S} UTC")
    if charge.attempts:
        columns = ("try", "sent (UTC)", "with", "amount", "came to", "because of")
        print_table(columns, (_attempt_cells(attempt) for attempt in charge.attempts))


def _attempt_cells(attempt: Attempt) -> tuple[str, ...]:
    instrument = f"{attempt.brand} {attempt.last_4}" if attempt.brand else attempt.method_id
    outcome = attempt.outcome or "on its way"
    return (
        str(attempt.number),
        f"{attempt.sent_at:%Y-%m-%d %H:%M:%S}",
        instrument,
        format_money(attempt.money),
        f"{outcome} ({attempt.code})" if attempt.code else outcome,
        attempt.cause,
    )
