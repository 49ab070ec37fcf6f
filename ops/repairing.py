"""`bigcharge charges repair`: orders that are paid, but that BigCommerce still shows as Incomplete."""

from datetime import datetime
from typing import Annotated

import typer

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import Charge
from bigcharge.domain.operating import NotAllowedError, record_act
from bigcharge.domain.stores import check_id, check_store_hash
from ops.acting import Store, Who, act_on, make_act
from ops.aws import Stage, explain_aws_errors, open_ledger
from ops.errors import FAILED, CommandError
from ops.finding import find_charges
from ops.printing import format_age, format_money, print_table

_DRY_RUN = "a dry run, which records nothing"


def repair(
    order: Annotated[str | None, typer.Argument(help="The order's id; every such order unless given.")] = None,
    store: Store = None,
    why: Annotated[
        str | None, typer.Option(help="The reason, with --apply. The ledger keeps it: no card data.")
    ] = None,
    who: Who = None,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it, in place of showing what would be done.")] = False,
    stage: Stage = "dev",
) -> None:
    """Complete paid orders that are still Incomplete.

    Shows what would be done; does it with --apply. BigCommerce is asked to set each order to Awaiting Fulfillment, and
    the books are compared again after a minute. It may be repeated.
    """
    if apply and why is None:
        raise CommandError("say with --why what the ledger is to keep as the reason")
    act = make_act(ActKind.REPAIR, who, _DRY_RUN if why is None else why)
    charges = _find(order, store, stage)
    if not charges:
        print("no order is known as paid and still Incomplete")
    elif apply:
        act_on(charges, act, stage)
    else:
        _show_plan(charges, act)


def _find(order: str | None, store: str | None, stage: str) -> list[Charge]:
    """The order that was named; else every one that can be repaired, by store and order."""
    named = None if store is None else check_store_hash(store)
    order_id = None if order is None else check_id(order)
    with explain_aws_errors():
        ledger = open_ledger(stage)
        if order_id is not None:
            return find_charges(ledger, named, [order_id])
        found = [charge for charge in ledger.list_charges() if _is_incomplete(charge, named)]
    return sorted(found, key=lambda charge: (charge.store_hash, charge.order_id))


def _is_incomplete(charge: Charge, store: str | None) -> bool:
    return charge.difference == Difference.PAID_BUT_INCOMPLETE and store in {None, charge.store_hash}


def _show_plan(charges: list[Charge], act: Act) -> None:
    """Show what would be done, once it is sure that it would not be refused."""
    for charge in charges:
        try:
            record_act(charge, act)
        except NotAllowedError as error:
            name = f"order {charge.order_id} of store {charge.store_hash}"
            raise CommandError(f"{name} would be left as it is: {error}", FAILED) from None
    print_table(("store", "order", "amount", "what would be done"), (_cells(charge, act.at) for charge in charges))
    print('Nothing was changed. To do it: the same command with --apply --why "..."')


def _cells(charge: Charge, now: datetime) -> tuple[str, ...]:
    would = "set to Awaiting Fulfillment"
    last = charge.acts[-1] if charge.acts else None
    if last is not None and last.kind is ActKind.REPAIR:
        would += f", asked for {format_age(last.at, now)} ago already"
    return charge.store_hash, str(charge.order_id), format_money(charge.money), would
