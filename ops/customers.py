"""`bigcharge customers forget`: every trace of a customer's personal data leaves."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bigcharge.domain.charges import Charge
from bigcharge.domain.forgetting import ForgottenCustomer, forget
from bigcharge.domain.operator_words import LONGEST_WHY
from bigcharge.domain.states import State
from bigcharge.domain.stores import check_id, check_store_hash
from ops.acting import Who, check_who_and_why
from ops.aws import Stage, connect, explain_aws_errors, open_ledger
from ops.errors import CommandError
from ops.instrument_access import open_customers_queue
from ops.printing import format_money, print_table

if TYPE_CHECKING:
    from bigcharge.services.forgetting import Forgetting, Forgotten

app = typer.Typer(help="The customers.")

_UNSETTLED: Final = frozenset({State.SUBMITTING, State.UNKNOWN, State.PENDING})


@app.callback()
def _group() -> None:
    """Keeps `forget` a command of its own while it is the only one."""


@app.command("forget")
def forget_customer(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    store: Annotated[str, typer.Option("--store", help="The store's hash.")],
    why: Annotated[
        str | None,
        typer.Option(help=f"The reason, with --apply; {LONGEST_WHY} characters at most. It is kept: name nobody."),
    ] = None,
    who: Who = None,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it, in place of showing what would be done.")] = False,
    stage: Stage = "dev",
) -> None:
    """Forget a customer.

    Shows what would be done; does it with --apply. The customer's instruments are deleted; the ledger keeps amounts and
    outcomes. Orders that wait to be charged are not charged any more; what may have been charged is still settled, and
    followed. It cannot be undone, and may be repeated.

    Customers who are deleted in BigCommerce are forgotten by themselves. One whom BigCommerce still has stays forgotten
    here: nothing is kept of what it lists, and no order of the customer is charged.
    """
    customer_id = check_id(customer)
    check_store_hash(store)
    if apply and why is None:
        raise CommandError("say with --why what is to be kept as the reason")
    mark = (
        None if why is None else ForgottenCustomer(store, customer_id, datetime.now(UTC), *check_who_and_why(who, why))
    )
    with explain_aws_errors():
        forgetting = _open(stage)
        if mark is None or not apply:
            plan = forgetting.plan(store, customer_id)
            _show(f"customer {customer_id} of store {store}", plan)
            print('Nothing was changed. To forget the customer: the same command with --apply --why "..."')
            return
        is_followed = _follow(mark, stage)
        _show(f"forgotten: customer {customer_id} of store {store}", forgetting.forget(mark))
    if is_followed:
        print("What was just under way is forgotten within 15 minutes.")
    else:
        print("The customers queue cannot be reached: repeat this in 15 minutes, for what was just under way.")


def _open(stage: str) -> "Forgetting":
    from bigcharge.adapters.instrument_departures import InstrumentDepartures  # noqa: PLC0415 - imports stand in it
    from bigcharge.services.forgetting import Forgetting  # noqa: PLC0415

    table = InstrumentDepartures(connect("dynamodb"), f"bigcharge-{stage}-instruments")
    return Forgetting(open_ledger(stage), table)


def _follow(mark: ForgottenCustomer, stage: str) -> bool:
    """Have a worker forget once more what workers are writing just now; False where none could be told."""
    from bigcharge.domain.errors import BigchargeError  # noqa: PLC0415 - imports of a command stand in it
    from bigcharge.services.customers import forget_the_rest  # noqa: PLC0415

    try:
        forget_the_rest(open_customers_queue(stage)(), mark)
    except BigchargeError:
        return False
    return True


def _show(title: str, forgotten: "Forgotten") -> None:
    instruments, orders = _count(forgotten.instruments, "instrument"), _count(len(forgotten.charges), "order")
    print(f"{title}: {instruments}, {orders} in the ledger")
    if forgotten.charges:
        columns = ("order", "state", "amount", "what becomes of it")
        print_table(columns, (_cells(charge) for charge in sorted(forgotten.charges, key=lambda one: one.order_id)))


def _cells(charge: Charge) -> tuple[str, ...]:
    return str(charge.order_id), charge.state, format_money(charge.money), _explain(charge)


def _explain(charge: Charge) -> str:
    if forget(charge, charge.updated_at).state is not charge.state:
        return "it is not charged any more"
    if charge.state in _UNSETTLED:
        return "its payment is settled as before; nothing more is charged"
    if charge.state is State.AUTHORIZED:
        return "its money stays held, to be captured or voided"
    return "amounts and outcomes stay"


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
