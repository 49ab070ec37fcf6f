"""What a seed's world has more of than chance alone would give it: what seldom meets is brought together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from tests.simulation.documents import (
    CAPTURES,
    CLOSES,
    CONSENTING,
    CREDIT_FIRST,
    EVERY_KIND,
    HASTY,
    HOURLY,
    Document,
)
from tests.simulation.faults import ACTS, OPERATORS, POLICIES, RACES
from tests.simulation.timeline import START

_CODES: Final = (10000, 30101, 30102, 30103, 30105, 30051, 30107, 30004, 10001, 30050, 30000, 30002)
_BEHAVIOURS: Final = (*(0,) * 14, *(30106,) * 3, *(30104,) * 2, *_CODES)
_PAUSES: Final = ("operator pauses",) * 3
_DECLINES: Final = (30106, 30106, 30104, 30102, 0)
# A day before they do: in Berlin and in New York, to winter time and to summer time.
_BEFORE_CLOCKS_CHANGE: Final = (
    datetime(2026, 10, 24, 6, tzinfo=UTC),
    datetime(2026, 10, 31, 6, tzinfo=UTC),
    datetime(2026, 3, 28, 6, tzinfo=UTC),
    datetime(2026, 3, 7, 6, tzinfo=UTC),
)


@dataclass(frozen=True, slots=True)
class Theme:
    """What a seed is about.

    Attributes:
        policies: of which each store has one; None: it has none.
        acts: what people do.
        waiting_acts: the share of acts that begin when the ledger says something of their order.
        waits_for: what: the first of these states.
        liveliness: how many of them a busy order sees.
        orders: how many a busy world has.
        behaviours: how the gateway treats the shoppers' cards.
        authorizes: the share of stores whose gateway only authorizes.
        store_credit: what a customer may have of it, in minor units.
        rates: of the faults that are always among those that strike.
        starts: when a world may begin.
    """

    policies: Sequence[Document | None] = EVERY_KIND
    acts: Sequence[str] = ACTS
    waiting_acts: float = 0.0
    waits_for: Sequence[str] = ("paid", "authorized", "declined")
    liveliness: float = 4.0
    orders: int = 5
    behaviours: Sequence[int] = _BEHAVIOURS
    authorizes: float = 0.15
    store_credit: Sequence[int] = (0, 0, 500, 100_000)
    rates: Mapping[str, float] = field(default_factory=dict)
    starts: Sequence[datetime] = (START,)


ANYTHING: Final = Theme()
AUTHORIZATIONS: Final = Theme(
    policies=(*CAPTURES, *CAPTURES[2:], *CAPTURES[2:]),
    acts=(
        *("merchant ships", "merchant ships", "merchant ships", "total changes", "total changes"),
        *("operator captures", "operator voids", "merchant captures", "merchant voids"),
        *(*POLICIES, "operator repairs", "operator retries"),
    ),
    behaviours=(0, 0, 0, 0, 30106),
    waiting_acts=0.85,
    liveliness=8.0,
    authorizes=1.0,
    rates={"transactions hidden": 0.1, "http reset after": 0.1, "webhook late": 0.1},
)
SHIPPING: Final = Theme(
    policies=CAPTURES[2:4],
    acts=("merchant ships", "merchant ships", "merchant ships", "total changes"),
    behaviours=(0, 0, 0, 0, 30106),
    waiting_acts=0.7,
    liveliness=8.0,
    authorizes=1.0,
    rates={"transactions hidden": 0.1, "webhook late": 0.1},
)
STORE_CREDIT: Final = Theme(
    policies=(CREDIT_FIRST, {**CONSENTING, **HASTY, "store_credit": "first", "retry_after": ["PT1H", "PT1H"]}),
    behaviours=(0, 0, 30106, 30104, 30102),
    store_credit=(0, 500, 500, 100_000),
    acts=(*ACTS, *("merchant refunds",) * 4),
    rates={"http reset after": 0.1, "order read stale": 0.1, "http 5xx after acting": 0.1},
)
CLOSING: Final = Theme(
    policies=CLOSES,
    acts=("shopper pays", "shopper pays unseen", "shopper pays unseen", "operator retries", "card changed"),
    behaviours=_DECLINES,
    rates={"race: shopper pays unseen": 0.1, "order read stale": 0.1, "gateway error": 0.1, "http 5xx": 0.1},
)
DOUBT: Final = Theme(
    policies=(*EVERY_KIND[:2], *EVERY_KIND[4:6], *CLOSES[3:]),
    acts=(*OPERATORS[:3], "operator resolves and retries", "shopper pays", "merchant cancels"),
    behaviours=(0, 0, 0, 0, 10000, 30106),
    waiting_acts=0.5,
    waits_for=("unknown",),
    liveliness=8.0,
    rates={"http slow before": 0.1, "gateway unrecorded": 0.1, "http reset after": 0.1, "http reset before": 0.1},
)
RETRIES: Final = Theme(
    policies=(EVERY_KIND[2], *HOURLY, CONSENTING, CREDIT_FIRST),
    acts=("shopper pays unseen", "shopper pays unseen", "card changed", "card mended", "operator retries"),
    behaviours=_DECLINES[:4],
    liveliness=8.0,
    rates={"race: shopper pays unseen": 0.05, "message doubled": 0.1, "webhook doubled": 0.2},
)
HOURS: Final = Theme(
    policies=HOURLY,
    acts=("card mended", "operator retries"),
    behaviours=_DECLINES[:3],
    liveliness=2.0,
    starts=_BEFORE_CLOCKS_CHANGE,
)
CONSENT: Final = Theme(
    acts=(*POLICIES, *POLICIES, *_PAUSES, "operator retries", "card changed", "merchant ships"),
    liveliness=8.0,
    policies=(*CLOSES, *CAPTURES, *EVERY_KIND[:4]),
    authorizes=0.4,
    rates={"message held back": 0.1},
)
LIMITS: Final = Theme(
    acts=("operator retries", "card changed", "merchant refunds", "merchant refunds"),
    rates={"http 429": 0.15, "http 429 without header": 0.1, "http not connected": 0.1, "gateway slow": 0.2},
)
OUTAGE: Final = Theme(rates={"http 429": 0.9, "message delivered again": 0.25, "crash after a call": 0.02})
DEAFNESS: Final = Theme(
    behaviours=(0, 0, 0, 30106),
    policies=EVERY_KIND[:5],
    orders=12,
    rates={"webhook lost": 0.97, "http 5xx": 0.35, "crash after a call": 0.1},
)
RACING: Final = Theme(
    rates={f"race: {race}": 0.05 for race in RACES} | {"webhook doubled": 0.3, "message doubled": 0.1}
)

THEMES: Final = (
    *(ANYTHING,) * 4,
    AUTHORIZATIONS,
    SHIPPING,
    STORE_CREDIT,
    CLOSING,
    CLOSING,
    DOUBT,
    DOUBT,
    RETRIES,
    HOURS,
    CONSENT,
    LIMITS,
    OUTAGE,
    DEAFNESS,
    RACING,
)
NAMED: Final[Mapping[str, Theme]] = {
    "authorizations": AUTHORIZATIONS,
    "doubt": DOUBT,
    "hours": HOURS,
    "retries": RETRIES,
    "shipping": SHIPPING,
    "store_credit": STORE_CREDIT,
}
"""Those to which a hunt can keep, by name."""
