"""The judgement: the ledger, read as an operator reads it, against the box's own book. It only compares."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from bigcharge.domain.states import State
from ops.demo.evidence import Difference, Evidence, Expectation, Fault
from sandbox.bigcommerce.book import BookEntry, live_charges
from sandbox.bigcommerce.records import Instrument, Kind, fingerprint

CHARGED: Final = frozenset({State.PAID, State.AUTHORIZED, State.PENDING})
_COMPLETED_BY: Final = {"authorization": "capture", "pending": "settled"}
_BEGUN: Final = {"purchase": State.PAID, "authorization": State.AUTHORIZED, "pending": State.PENDING}


def compare(evidence: Evidence) -> tuple[Difference, ...]:
    """Every disagreement; none means that the ledger tells the truth, and that the truth is what was wanted."""
    rows = {row["order_id"]: row for row in evidence.rows}
    entries = group_by_order(evidence.book)
    expected = {expectation.order_id for expectation in evidence.expectations}
    return (
        *(
            difference
            for expectation in evidence.expectations
            for difference in _compare_order(expectation, rows.get(expectation.order_id), entries[expectation.order_id])
        ),
        *(
            Difference(Fault.STATE, f"order {order_id} is in the ledger or the book, and nobody made it", order_id)
            for order_id in sorted((rows.keys() | entries.keys()) - expected)
        ),
        *_compare_deliveries(evidence),
        *_compare_instruments(evidence.listed, evidence.stored),
        *(Difference(Fault.VIOLATION, f"{each.endpoint}: {each.rule}") for each in evidence.violations),
        *([] if evidence.in_time else [Difference(Fault.UNPROVEN, "time was up before all had settled")]),
    )


def group_by_order(book: Iterable[BookEntry]) -> defaultdict[int, list[BookEntry]]:
    """The book's lines by order."""
    entries: defaultdict[int, list[BookEntry]] = defaultdict(list)
    for entry in book:
        entries[entry.order_id].append(entry)
    return entries


def _compare_order(
    expected: Expectation, row: Mapping[str, Any] | None, entries: Sequence[BookEntry]
) -> Iterator[Difference]:
    order_id = expected.order_id
    name = f"order {order_id} ({expected.kind})"
    charges = [charge for charges in live_charges(entries).values() for charge in charges]
    if len(charges) > 1:
        yield Difference(Fault.CHARGED_TWICE, f"{name} was charged {len(charges)} times", order_id)
    if expected.state in CHARGED and not charges:
        yield Difference(Fault.LOST, f"{name} was never charged", order_id)
    if expected.state not in CHARGED and charges:
        fault = Fault.CHARGED_WRONGLY if expected.state else Fault.FORGED
        yield Difference(fault, f"{name} was charged and must not be", order_id)
    if row is None and expected.state:
        yield Difference(Fault.LOST, f"{name} is not in the ledger", order_id)
    if row is not None:
        differences = _compare_row(expected, row, entries, charges)
        yield from (Difference(fault, f"{name}: {text}", order_id) for fault, text in differences)


def _compare_row(
    expected: Expectation, row: Mapping[str, Any], entries: Sequence[BookEntry], charges: Sequence[BookEntry]
) -> Iterator[tuple[Fault, str]]:
    state, in_book = State(row["state"]), read_book_state(entries, charges)
    if expected.state is None:
        yield Fault.FORGED, f"the ledger says {state}, and only forged webhooks told of it"
    elif state is not expected.state:
        yield Fault.STATE, f"the ledger says {state}, it must be {expected.state}"
    if (state if state in CHARGED else None) is not in_book:
        yield Fault.STATE, f"the ledger says {state}, the book says {in_book or 'that nothing was charged'}"
    amounts = {(charge.amount, charge.currency) for charge in charges} - {(expected.amount, expected.currency)}
    for amount, currency in sorted(amounts):
        yield Fault.AMOUNT, f"charged {amount} {currency}, it owed {expected.amount} {expected.currency} (minor units)"
    if charges and (row["amount"], row["currency"]) != (expected.amount, expected.currency):
        yield (
            Fault.AMOUNT,
            f"the ledger says {row['amount']} {row['currency']}, it owed {expected.amount} {expected.currency}",
        )
    known = {entry.payment_id for entry in entries} | {str(entry.transaction_id) for entry in entries}
    if charges and row["transaction_id"] not in known:
        yield Fault.TRANSACTION, "the ledger names a transaction that the book does not have"
    if row["attempts"] != expected.attempts:
        yield Fault.ATTEMPTS, f"it took {row['attempts']} payment requests and not {expected.attempts}"


def read_book_state(entries: Iterable[BookEntry], charges: Iterable[BookEntry]) -> State | None:
    """What the book says of an order: the state of its last charge that stands, None where none does."""
    completed = {(entry.charge, entry.kind) for entry in entries}
    states = [
        State.PAID if (charge.number, _COMPLETED_BY.get(charge.kind)) in completed else _BEGUN[charge.kind]
        for charge in charges
    ]
    return states[-1] if states else None


def _compare_deliveries(evidence: Evidence) -> Iterator[Difference]:
    """No forged webhook may have been taken, and some must have been sent, or nothing is proven."""
    forged_orders = {expectation.order_id for expectation in evidence.expectations if expectation.state is None}
    forged = [each for each in evidence.deliveries if not each.signed or each.data.get("id") in forged_orders]
    answered = [each for each in forged if each.status is not None]
    if not answered:
        yield Difference(Fault.UNPROVEN, "no forged webhook came to the front door")
    for delivery in answered:
        if delivery.accepted:
            yield Difference(Fault.FORGED, f"a forged webhook was answered with {delivery.status}")
        elif delivery.status != HTTPStatus.UNAUTHORIZED:
            yield Difference(Fault.UNPROVEN, f"a forged webhook was answered with {delivery.status}, not with 401")


def _compare_instruments(listed: Iterable[Mapping[str, Any]], stored: Iterable[Instrument]) -> Iterator[Difference]:
    kept = {(row["customer_id"], row["token_fingerprint"]): row for row in listed if row["removed_at"] is None}
    true = {(instrument.customer_id, fingerprint(instrument.token)): instrument for instrument in stored}
    for customer_id, name in sorted(true.keys() - kept.keys()):
        yield Difference(Fault.INSTRUMENT, f"instrument {name} of customer {customer_id} is not in the table")
    for customer_id, name in sorted(kept.keys() - true.keys()):
        yield Difference(
            Fault.INSTRUMENT, f"instrument {name} of customer {customer_id} is in the table and not stored"
        )
    for key in sorted(true.keys() & kept.keys()):
        for field, value in _spell(true[key]).items():
            if kept[key][field] != value:
                yield Difference(Fault.INSTRUMENT, f"instrument {key[1]} of customer {key[0]}: {field} differs")


def _spell(instrument: Instrument) -> dict[str, object]:
    """What the listing must say of an instrument that the box keeps."""
    common: dict[str, object] = {"type": instrument.kind.value, "is_default": instrument.is_default}
    if instrument.kind is not Kind.CARD:
        return common
    names = ("brand", "last_4", "expiry_month", "expiry_year", "iin")
    return common | {name: getattr(instrument, name) for name in names}
