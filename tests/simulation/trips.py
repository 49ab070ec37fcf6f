"""A request's way to the box and back, with what chance has in store for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from bigcharge.adapters.bigcommerce.transport import Request
from sandbox.bigcommerce import faults
from sandbox.bigcommerce.faults import Endpoint

if TYPE_CHECKING:
    from tests.simulation.chance import Draw

_STATUSES: Final = (500, 502, 503, 504, 408)
_BODIES: Final = ("truncated", "garbage", "empty")
_DOCUMENTS: Final = ('{"data": null}', "[]", '{"data": {"id": 5, "status": "success"}}', "null", '"ok"')
# What the gateway may say of itself, whatever the card: transient, final, ambiguous, and the store's own troubles.
_WORDS: Final = (10000, 30004, 30104, 30105, 30106, 30101, 30003, 30100, 30050)


@dataclass(frozen=True, slots=True)
class Trip:
    """A request with what chance has in store for it."""

    request: Request
    endpoint: Endpoint
    order_id: int | None
    kind: str | None
    draw: "Draw"

    @property
    def key(self) -> tuple[str, int]:
        """The store and the order."""
        return self.request.path.split("/")[2], self.order_id or 0


def plan_fault(trip: Trip) -> faults.Answer | None:
    """The box's word for a fault; None where the fault is the wire's own, or there is none."""
    make = _PLANS.get(trip.kind or "")
    return make(trip.draw) if make else None


def _garbage(draw: "Draw") -> faults.Answer:
    """More often the true answer spoilt than another one in its place."""
    if draw.numbers[6] < 0.6:
        return faults.Answer(spoil=cast("Any", draw.pick(5, _BODIES)))
    return faults.Answer(status=draw.pick(7, (200, 201)), body=draw.pick(5, _DOCUMENTS), acted=True)


_PLANS: Final[Mapping[str, Callable[["Draw"], faults.Answer]]] = {
    "http 429": lambda draw: faults.too_many_requests(draw.between(5, 1, 40)),
    "http 429 without header": lambda _: faults.Answer(status=429),
    "http 5xx": lambda draw: faults.Answer(status=draw.pick(5, _STATUSES)),
    "http 5xx after acting": lambda draw: faults.Answer(status=draw.pick(5, _STATUSES), acted=True),
    "http garbage": _garbage,
    "gateway slow": lambda draw: faults.Answer(gateway_delay=draw.between(5, 1, 60)),
    "gateway unrecorded": lambda _: faults.Answer(unrecorded=True),
    "gateway error": lambda draw: faults.Answer(code=draw.pick(5, (10000, 30105, 30050)), acted=True),
    "gateway word": lambda draw: faults.Answer(code=draw.pick(5, _WORDS)),
}
