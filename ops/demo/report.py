"""What the demo says in the end: a table by outcome, one line, and a file with the details."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bigcharge.domain.states import State
from ops.demo.comparing import CHARGED, group_by_order
from ops.demo.evidence import Difference, Evidence, Expectation, Fault
from ops.printing import print_table
from sandbox.bigcommerce.book import live_charges

_LEFT_ALONE: Final = frozenset({State.SKIPPED, State.PAID_ELSEWHERE, State.CANCELED, State.REFUNDED})
UNSETTLED: Final = "unsettled"
_ALWAYS_NAMED: Final = ("paid", "authorized", "pending", "declined", "left alone")


def name_outcome(state: State | None, expected: State | None) -> str:
    """The word for what became of an order: not to know a forged one is to leave it alone."""
    if state in CHARGED | {State.DECLINED}:
        return str(state)
    return "left alone" if state in _LEFT_ALONE or state is expected is None else UNSETTLED


def count_outcomes(evidence: Evidence) -> dict[str, int]:
    """How many orders came to what, by the ledger, in the order in which it is told."""
    counted = Counter(name_outcome(_state_of(each, evidence), each.state) for each in evidence.expectations)
    return {word: counted[word] for word in (*_ALWAYS_NAMED, *sorted(counted.keys() - set(_ALWAYS_NAMED)))}


def make_line(evidence: Evidence, differences: Sequence[Difference]) -> str:
    """The demo's last line."""
    counted = ", ".join(f"{count} {outcome}" for outcome, count in count_outcomes(evidence).items())
    judged = "; ".join(
        f"{fault}: {count_faults(differences, fault)}" for fault in (Fault.CHARGED_TWICE, Fault.LOST, Fault.FORGED)
    )
    return f"demo: {len(evidence.expectations)} orders, {counted}; {judged}"


def count_faults(differences: Sequence[Difference], fault: Fault) -> int:
    """How many orders have this fault, or how many webhooks: a forgery can show as both, and is not counted twice."""
    found = [difference.order_id for difference in differences if difference.fault is fault]
    return max(len(set(found) - {None}), found.count(None))


def print_outcomes(evidence: Evidence) -> None:
    """The table by outcome: each kind of order, how many of them, and how many payment requests they took."""
    orders, requests = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for expectation in evidence.expectations:
        outcome = name_outcome(_state_of(expectation, evidence), expectation.state)
        orders[outcome, expectation.kind] += 1
        requests[outcome, expectation.kind] += _row_of(expectation, evidence).get("attempts", 0)
    cells = [
        (outcome if number == 0 else "", str(orders[outcome, kind]), str(requests[outcome, kind]), kind)
        for outcome in count_outcomes(evidence)
        for number, kind in enumerate(kind for found, kind in orders if found == outcome)
    ]
    print_table(("outcome", "orders", "requests", "kind of order"), cells)


def make_verdict(evidence: Evidence) -> str:
    """What was compared and found equal."""
    webhooks = _count_webhooks(evidence)
    charges = sum(len(standing) for standing in live_charges(evidence.book).values())
    return (
        "the ledger agrees with the gateway's book on every order, amount and state:\n"
        f"{charges} charges stand, {len(evidence.stored)} stored instruments are in the table,\n"
        f"{webhooks['accepted']} webhooks were accepted, {webhooks['refused']} refused, "
        f"{webhooks['lost on the way']} lost on the way"
    )


def write_report(path: Path, evidence: Evidence, differences: Sequence[Difference], line: str, seconds: float) -> None:
    """Write the details as JSON."""
    entries = group_by_order(evidence.book)
    document = {
        "line": line,
        "agrees": not differences,
        "seconds": round(seconds, 1),
        "outcomes": count_outcomes(evidence),
        "differences": [asdict(difference) for difference in differences],
        "orders": [
            _describe(expectation, evidence) | {"book": [asdict(entry) for entry in entries[expectation.order_id]]}
            for expectation in evidence.expectations
        ],
        "webhooks": _count_webhooks(evidence),
        "instruments": {"stored": len(evidence.stored), "in_table": len(evidence.listed)},
        "violations": [asdict(violation) for violation in evidence.violations],
    }
    path.write_text(json.dumps(document, indent=2, default=str) + "\n", encoding="utf-8")


def _describe(expectation: Expectation, evidence: Evidence) -> dict[str, Any]:
    row = _row_of(expectation, evidence)
    ledger = {name: row.get(name) for name in ("state", "reason", "code", "attempts", "transaction_id")}
    return {
        "order_id": expectation.order_id,
        "kind": expectation.kind,
        "expected": expectation.state,
        "owed": expectation.amount,
        "currency": expectation.currency,
        **ledger,
    }


def _count_webhooks(evidence: Evidence) -> dict[str, int]:
    posted = [delivery for delivery in evidence.deliveries if delivery.status is not None]
    return {
        "posted": len(posted),
        "accepted": sum(delivery.accepted for delivery in posted),
        "refused": sum(not delivery.accepted for delivery in posted),
        "lost on the way": sum(delivery.error == "lost" for delivery in evidence.deliveries),
    }


def _row_of(expectation: Expectation, evidence: Evidence) -> Mapping[str, Any]:
    return next((row for row in evidence.rows if row["order_id"] == expectation.order_id), {})


def _state_of(expectation: Expectation, evidence: Evidence) -> State | None:
    row = _row_of(expectation, evidence)
    return State(row["state"]) if row else None
