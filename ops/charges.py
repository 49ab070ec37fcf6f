"""`bigcharge charges`: what became of the orders, as the ledger says, and what an operator does about it."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bigcharge.domain.acts import Act
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.states import State
from bigcharge.domain.stores import check_id, check_store_hash
from ops import acting
from ops.aws import Stage, explain_aws_errors, open_ledger
from ops.charge_tables import print_charge, print_charges
from ops.errors import CommandError
from ops.finding import find_charges
from ops.printing import AsJson, format_time, print_json
from ops.repairing import repair

app = typer.Typer(help="What became of the orders, and what to do about it.")


@app.command("list")
def list_charges(
    store: Annotated[str | None, typer.Option(help="Only this store's (its hash).")] = None,
    state: Annotated[list[State] | None, typer.Option(help="Only in this state; may be given several times.")] = None,
    *,
    differ: Annotated[bool, typer.Option("--differ", help="Only those whose books differ from BigCommerce's.")] = False,
    as_json: AsJson = False,
    stage: Stage = "dev",
) -> None:
    """List the charges by store and order.

    With --json: amounts in minor units, `attempts` is how many payment requests were made (`charges show` lists them),
    `retry_at` is when a declined one is tried again, null where it waits for an instrument, `difference` is how
    BigCommerce's books differ.
    """
    with explain_aws_errors():
        found = [
            charge
            for charge in open_ledger(stage).list_charges()
            if store in {None, charge.store_hash}
            and (not state or charge.state in state)
            and (charge.difference or not differ)
        ]
    found.sort(key=lambda charge: (charge.store_hash, charge.order_id))
    if as_json:
        print_json([summarize(charge) for charge in found])
    elif found:
        print_charges(found, datetime.now(UTC))
    else:
        print("no charges")


@app.command("show")
def show_charge(
    order: Annotated[list[str], typer.Argument(help="The order's id, or a store's hash and the order's id.")],
    store: acting.Store = None,
    *,
    as_json: AsJson = False,
    stage: Stage = "dev",
) -> None:
    """Show one charge with every attempt, and with what operators did.

    The store may be left out where only one has such an order.

    With --json: as in `charges list`, but `attempts` is the list of the attempts, oldest first, and `acts` is what
    operators did.
    """
    *stores, number = [*([store] if store else []), *order]
    if len(stores) > 1:
        raise CommandError("name one order: bigcharge charges show [STORE] ORDER")
    named, order_id = check_store_hash(stores[0]) if stores else None, check_id(number)
    with explain_aws_errors():
        [charge] = find_charges(open_ledger(stage), named, [order_id])
    if as_json:
        print_json(describe(charge))
    else:
        print_charge(charge, datetime.now(UTC))


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
        "difference": charge.difference,
        "retry_at": format_time(charge.retry_at) if charge.state is State.DECLINED else None,
        "updated_at": format_time(charge.updated_at),
    }


def describe(charge: Charge) -> dict[str, Any]:
    """A charge as `show` prints it in JSON: the listing's fields, each attempt and act, and what is due when."""
    return summarize(charge) | {
        "due_at": format_time(charge.due_at),
        "checks": charge.checks,
        "attempts": [_describe_attempt(attempt) for attempt in charge.attempts],
        "acts": [_describe_act(act) for act in charge.acts],
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


def _describe_act(act: Act) -> dict[str, Any]:
    return {"kind": act.kind, "who": act.who, "why": act.why, "at": format_time(act.at)}


for command in (acting.retry, acting.capture, acting.void, acting.resolve, repair):
    app.command(command.__name__)(command)
