"""What the judgement looks at, and what it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bigcharge.domain.states import State
from sandbox.bigcommerce.book import BookEntry
from sandbox.bigcommerce.logs import Violation
from sandbox.bigcommerce.records import Instrument
from sandbox.bigcommerce.webhooks import Delivery


class Fault(StrEnum):
    """The ways in which ledger and book can differ."""

    CHARGED_TWICE = "charged twice"
    LOST = "lost"
    CHARGED_WRONGLY = "charged wrongly"
    FORGED = "forged accepted"
    STATE = "state"
    AMOUNT = "amount"
    TRANSACTION = "transaction"
    ATTEMPTS = "attempts"
    INSTRUMENT = "instrument"
    VIOLATION = "violation"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement.

    Attributes:
        fault: of which kind.
        text: in plain words.
        order_id: the order that it is about, if one.
    """

    fault: Fault
    text: str
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must have become of an order.

    Attributes:
        kind: the kind's name.
        state: the ledger's; None: the ledger must not know it.
        amount: what it owes, in minor units.
        attempts: how many payment requests were needed.
    """

    order_id: int
    kind: str
    state: State | None
    amount: int
    currency: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the judgement looks at.

    Attributes:
        rows: of `bigcharge charges list --json`.
        book: the gateway's.
        deliveries: every webhook that was posted, and what the front door answered.
        violations: what the box was sent that no honest client sends.
        listed: of `bigcharge instruments list --json`.
        stored: what the box keeps.
        in_time: whether all had settled before time was up.
    """

    expectations: Sequence[Expectation]
    rows: Sequence[Mapping[str, Any]]
    book: Sequence[BookEntry]
    deliveries: Sequence[Delivery]
    violations: Sequence[Violation]
    listed: Sequence[Mapping[str, Any]]
    stored: Sequence[Instrument]
    in_time: bool = True
