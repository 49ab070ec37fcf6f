"""The judge's own reading of a policy: apart from the code that is judged, from the same words of the design."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from sandbox.bigcommerce.records import Order

type Document = Mapping[str, Any]

_DURATION: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_DEFAULT_RETRIES: Final = ("P1D", "P3D", "P5D", "P7D")


def seconds(duration: str | int) -> float:
    """Seconds of an ISO 8601 duration of days, hours, minutes and seconds; 0 is a duration as well."""
    found = _DURATION.fullmatch(str(duration) if duration else "PT0S")
    if found is None:
        raise ValueError(duration)
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + rest)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the judge holds a store to.

    Attributes:
        evidence_window: seconds; 0: absence is never evidence.
        retry_after: seconds, one for each retry.
        retry_hour: the hour of the day of retries; None: any.
        zone: in which that hour is meant.
    """

    evidence_window: float
    retry_after: tuple[float, ...]
    retry_hour: int | None
    zone: str

    @classmethod
    def of(cls, document: Document | None) -> Self:
        """Read a store's document; a store without one has the defaults."""
        document = document or {}
        return cls(
            seconds(document.get("evidence_window", "P1D")),
            tuple(seconds(wait) for wait in document.get("retry_after", _DEFAULT_RETRIES)),
            document.get("retry_hour"),
            document.get("time_zone", "UTC"),
        )

    def earliest_retry(self, tried_at: datetime, number: int) -> datetime:
        """The first moment at which a retry may be made.

        Args:
            tried_at: when the last attempt was sent, aware.
            number: how many retries were made before.
        """
        earliest = tried_at + timedelta(seconds=self.retry_after[number])
        if self.retry_hour is None:
            return earliest
        local = earliest.astimezone(ZoneInfo(self.zone))
        while local.hour != self.retry_hour:
            local = (local + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        return local


@dataclass(slots=True)
class Policies:
    """The stores' policies, as they were at each time.

    Attributes:
        planned: each store's own: what holds unless somebody changes it for a while.
    """

    planned: Mapping[str, Document | None]
    _changes: dict[str, list[tuple[float, Document | None]]] = field(default_factory=dict)

    def change(self, store_hash: str, document: Document | None, now: float) -> None:
        """From now on it is another one; None: there is none, or none that can be read."""
        self._changes.setdefault(store_hash, []).append((now, document))

    def at_present(self, store_hash: str) -> Document | None:
        """The newest."""
        return self._all(store_hash)[-1][1]

    def has_changed(self, store_hash: str) -> bool:
        """Whether it ever was another one."""
        return store_hash in self._changes

    def between(self, store_hash: str, since: float, until: float) -> tuple[Document | None, ...]:
        """Those that held at any time from `since` to `until`."""
        all_of_it = self._all(store_hash)
        ends = [*(start for start, _ in all_of_it[1:]), float("inf")]
        return tuple(
            document for (start, document), end in zip(all_of_it, ends, strict=True) if start <= until and end >= since
        )

    def _all(self, store_hash: str) -> list[tuple[float, Document | None]]:
        return [(float("-inf"), self.planned[store_hash]), *self._changes.get(store_hash, ())]


def exclusion(document: Document | None, order: Order, amount: int) -> str | None:
    """Why a policy excludes an order; None where it does not (design, law 5).

    Args:
        document: the store's policy.
        order: as BigCommerce holds it.
        amount: in minor units, before store credit: what a gift certificate has paid is not owed.
    """
    if document is None:
        return "no policy"
    sources = document.get("external_sources", [])
    allowed, currencies, channels = (document.get(name) for name in ("amount_range", "currencies", "channel_ids"))
    rules = {
        "the maker of the order": "*" not in sources and order.external_source not in sources,
        "the way it was made": order.order_source not in document.get("order_sources", ("external", "checkout_api")),
        "the channel": channels is not None and order.channel_id not in channels,
        "a guest's": order.customer_id == 0,
        "the currency": currencies is not None and order.currency not in currencies,
        "the amount": allowed is not None and not allowed[0] <= amount <= allowed[1],
    }
    return next((rule for rule, excludes in rules.items() if excludes), None)
