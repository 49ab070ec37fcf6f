"""The judge's own reading of a policy: apart from the code that is judged, from the same words of the design."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from sandbox.bigcommerce.records import Order

_DURATION: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_DEFAULT_RETRIES: Final = ("P1D", "P3D", "P5D", "P7D")


def seconds(duration: str) -> float:
    """Seconds of an ISO 8601 duration of days, hours, minutes and seconds."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(duration)
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + rest)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the judge holds a store to."""

    evidence_window: float
    retry_after: tuple[float, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> Self:
        """Read a store's document; a store without one has the defaults."""
        document = document or {}
        retries = tuple(seconds(wait) for wait in document.get("retry_after", _DEFAULT_RETRIES))
        return cls(seconds(document.get("evidence_window", "P1D")), retries)


def exclusion(document: Mapping[str, Any] | None, order: Order, amount: int) -> str | None:
    """Why a policy excludes an order; None where it does not (design, law 5).

    Args:
        document: the store's policy.
        order: as BigCommerce holds it.
        amount: in minor units.
    """
    if document is None:
        return "no policy"
    sources = document.get("external_sources", [])
    allowed, currencies = document.get("amount_range"), document.get("currencies")
    rules = {
        "the maker of the order": "*" not in sources and order.external_source not in sources,
        "the way it was made": order.order_source not in document.get("order_sources", ("external", "checkout_api")),
        "a guest's": order.customer_id == 0,
        "the currency": currencies is not None and order.currency not in currencies,
        "the amount": allowed is not None and not allowed[0] <= amount <= allowed[1],
    }
    return next((rule for rule, excludes in rules.items() if excludes), None)
