"""`bigcharge charges retry | capture | void | resolve`: what an operator does with charges.

Each is recorded in the ledger with who, when and why, and carried out by a worker: no command speaks with BigCommerce.
"""

import getpass
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Final

import typer

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.charges import Charge
from bigcharge.domain.operating import NotAllowedError
from bigcharge.domain.operator_words import LONGEST_NAME, LONGEST_WHY, check_transaction, check_words
from bigcharge.domain.stores import check_id, check_store_hash
from ops.aws import Stage, explain_aws_errors, open_ledger, open_orders_queue
from ops.errors import FAILED, CommandError
from ops.finding import find_charges
from ops.recording import Recorded, Recorder

Store = Annotated[
    str | None, typer.Option("--store", help="The store's hash; needed where several have such an order.")
]
Orders = Annotated[list[str], typer.Argument(metavar="ORDER", help="The orders' ids.")]
Why = Annotated[
    str, typer.Option("--why", help=f"The reason, {LONGEST_WHY} characters at most. The ledger keeps it: no card data.")
]
Who = Annotated[
    str | None, typer.Option("--who", help="Who does it; your name on this system unless given. The ledger keeps it.")
]

_DONE: Final = {
    ActKind.RETRY: "to be tried again now",
    ActKind.CAPTURE: "to be captured now",
    ActKind.VOID: "to be voided now",
    ActKind.RESOLVE_PAID: "recorded as paid",
    ActKind.RESOLVE_FAILED: "recorded as failed",
    ActKind.REPAIR: "to be set to Awaiting Fulfillment now",
}


class Resolution(StrEnum):
    """What became of a payment, as an operator found out."""

    PAID = "paid"
    FAILED = "failed"


def retry(orders: Orders, why: Why, store: Store = None, who: Who = None, stage: Stage = "dev") -> None:
    """Try orders again now, also with instruments that were declined.

    For orders that were declined, failed, canceled or skipped, and for those that wait. An order that the policy does
    not name, or that is not Incomplete in BigCommerce, is not charged for all that. One that may have been charged is
    refused: resolve it first. Ends with 1 if any was refused.
    """
    act = make_act(ActKind.RETRY, who, why)
    act_on(_find(orders, store, stage), act, stage)


def capture(orders: Orders, why: Why, store: Store = None, who: Who = None, stage: Stage = "dev") -> None:
    """Take the money that is held of authorized orders."""
    act = make_act(ActKind.CAPTURE, who, why)
    act_on(_find(orders, store, stage), act, stage)


def void(orders: Orders, why: Why, store: Store = None, who: Who = None, stage: Stage = "dev") -> None:
    """Give up the money that is held of authorized orders."""
    act = make_act(ActKind.VOID, who, why)
    act_on(_find(orders, store, stage), act, stage)


def resolve(
    order: Annotated[str, typer.Argument(help="The order's id.")],
    outcome: Annotated[Resolution, typer.Option("--as", help="What became of the payment.")],
    why: Why,
    transaction: Annotated[str | None, typer.Option(help="The payment's transaction id, with --as paid.")] = None,
    store: Store = None,
    who: Who = None,
    stage: Stage = "dev",
) -> None:
    """Say what became of a payment.

    For those whose outcome nobody knows, or that never settle, and for failed ones that were paid all the same.

    Look in BigCommerce and at the gateway first: what is wrongly resolved as failed, and retried, is charged twice.
    Failed is refused for as long as the payment request may still be carried out (about an hour). An hour later
    BigCommerce's books are compared with what you said.
    """
    if transaction is not None and outcome is not Resolution.PAID:
        raise CommandError("--transaction names a payment that was made: it goes with --as paid")
    act = make_act(ActKind(f"resolve_{outcome}"), who, why)
    checked = None if transaction is None else check_transaction(transaction)
    act_on(_find([order], store, stage), act, stage, checked)


def make_act(kind: ActKind, who: str | None, why: str) -> Act:
    """An operator's act, now.

    Raises:
        InvalidInputError: the name or the reason cannot be kept.
    """
    return Act(kind, *check_who_and_why(who, why), datetime.now(UTC))


def check_who_and_why(who: str | None, why: str) -> tuple[str, str]:
    """Who acts (as this system names them, unless it is said) and the reason; raises as `make_act` does."""
    return check_words(who or name_operator(), "--who", LONGEST_NAME), check_words(why, "--why", LONGEST_WHY)


def act_on(charges: Iterable[Charge], act: Act, stage: str, transaction_id: str | None = None) -> None:
    """Record an act for each charge, and say on a line what comes of it; what is refused does not keep the others.

    Raises:
        CommandError: AWS did not do its part; what was said of the orders before stands.
        typer.Exit: with status 1, after the last, if any was refused.
    """
    refused = False
    with explain_aws_errors():
        recorder = Recorder(open_ledger(stage), partial(open_orders_queue, stage))
        for charge in charges:
            name = f"order {charge.order_id} of store {charge.store_hash}"
            try:
                _report(name, act.kind, recorder.record(charge, act, transaction_id))
            except NotAllowedError as error:
                refused = True
                print(f"bigcharge: {name} is left as it is: {error}", file=sys.stderr)
    if refused:
        raise typer.Exit(FAILED)


def _find(orders: list[str], store: str | None, stage: str) -> list[Charge]:
    named = None if store is None else check_store_hash(store)
    order_ids = [check_id(order) for order in orders]
    with explain_aws_errors():
        return find_charges(open_ledger(stage), named, order_ids)


def _report(name: str, kind: ActKind, recorded: Recorded) -> None:
    print(f"{name}: {_DONE[kind]}", flush=True)
    if recorded.pause is not None and recorded.charge.due_at is not None:
        store = recorded.charge.store_hash
        print(f"bigcharge: store {store} is paused: it waits for bigcharge stores resume {store}", file=sys.stderr)
    elif not recorded.is_under_way:
        print("bigcharge: the orders queue does not answer: the sweep goes on with it in a minute", file=sys.stderr)


def name_operator() -> str:
    """The name that this system knows whoever is at it by."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise CommandError("this system does not know your name: say it with --who") from None
