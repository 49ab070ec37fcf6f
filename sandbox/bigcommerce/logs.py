"""What the box writes down about its callers; no value of a request is in it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Violation:
    """A request that no honest client sends.

    Attributes:
        at: when.
        store_hash: of the URL.
        endpoint: which call.
        rule: what it broke, in words; no value of the request is in it.
    """

    at: datetime
    store_hash: str
    endpoint: str
    rule: str


@dataclass(frozen=True, slots=True)
class Served:
    """One line of the request log.

    Attributes:
        endpoint: which call.
        order_id: the order it was about, where it said so.
        status: what was answered; None where the connection was dropped.
    """

    at: datetime
    store_hash: str
    endpoint: str
    order_id: int | None
    status: int | None
