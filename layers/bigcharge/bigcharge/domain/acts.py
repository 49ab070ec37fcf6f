"""What an operator does with a charge: the record of who, when and why (design, law 6)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ActKind(StrEnum):
    """What an operator can do with a charge."""

    RETRY = "retry"
    CAPTURE = "capture"
    VOID = "void"
    RESOLVE_PAID = "resolve_paid"
    RESOLVE_FAILED = "resolve_failed"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Act:
    """One command of an operator.

    Attributes:
        kind: what was done.
        who: the operator's name, as given.
        why: in the operator's words.
        at: when.
    """

    kind: ActKind
    who: str
    why: str
    at: datetime
