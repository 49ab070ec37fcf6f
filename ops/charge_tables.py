"""How charges are shown to people: the listing, and all of one."""

from datetime import datetime

from bigcharge.domain.acts import Act
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge
from ops.printing import format_age, format_money, print_table
from ops.wording import explain_charge


def print_charges(charges: list[Charge], now: datetime) -> None:
    """Print charges as a table."""
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


def print_charge(charge: Charge, now: datetime) -> None:
    """Print all of a charge, with every attempt and every act."""
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
    if charge.acts:
        print_table(("when (UTC)", "what an operator did"), (_act_cells(act) for act in charge.acts))


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


def _act_cells(act: Act) -> tuple[str, ...]:
    return f"{act.at:%Y-%m-%d %H:%M:%S}", f"{act.kind.replace('_', ' ')} by {act.who}: {act.why}"
