"""What a seed's world has more of than chance alone would give it: what seldom meets is brought together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.simulation.faults import ACTS, OPERATORS, POLICIES, RACES

type Document = Mapping[str, Any]

SOURCE: Final = "subscriptions"
_CONSENT: Final = {"external_sources": [SOURCE]}
_HASTY: Final = {"evidence_window": "PT1H", "check_unknown_after": ["PT30S", "PT2M"]}
_CREDIT_FIRST: Final = {
    **_CONSENT,
    "store_credit": "first",
    "retry_after": ["PT3H", "P1D"],
    "instrument": "most_recent",
}
_CAPTURES: Final[Sequence[Document]] = (
    {**_CONSENT, "capture": "at_once", "when_failed": "decline", "retry_after": ["PT1H"]},
    {**_CONSENT, "capture": "at_once", **_HASTY},
    {**_CONSENT, "capture": "when_shipped", "when_failed": "cancel", "retry_after": ["PT1H"]},
    {**_CONSENT, "store_credit": "first", "capture": "when_shipped"},
    _CONSENT,
)
_CLOSES: Final[Sequence[Document]] = (
    {**_CONSENT, "when_failed": "decline", "retry_after": ["PT1H"]},
    {**_CONSENT, "when_failed": "cancel", "retry_after": []},
    {**_CONSENT, "when_failed": "cancel", "store_credit": "first", "retry_after": ["PT2H"], "instrument": "any"},
    {**_CONSENT, "when_failed": "decline", "retry_after": [], **_HASTY},
)
_POLICIES: Final[Sequence[Document | None]] = (
    _CONSENT,
    {**_CONSENT, **_HASTY},
    {**_CONSENT, "retry_after": ["PT1H", "PT6H", "P1D"], "instrument": "any"},
    {"external_sources": ["*"], "currencies": ["USD", "JPY"], "amount_range": [500, 50000], "instrument": "any"},
    {
        "external_sources": [SOURCE, "b2b"],
        "evidence_window": "PT3H",
        "check_unknown_after": ["PT30S", "PT2M", "PT10M", "PT1H", "P1D"],
        "retry_after": ["PT2H", "PT6H", "P1D"],
    },
    {**_CONSENT, "evidence_window": 0, "verification_value": "never"},
    _CREDIT_FIRST,
    *_CAPTURES[:3],
    {**_CONSENT, "retry_hour": 9, "time_zone": "America/New_York", "retry_after": ["PT20H", "P1D"]},
    {**_CONSENT, "retry_hour": 23, "time_zone": "Europe/Berlin", "instrument": "any", "retry_after": ["PT1H", "PT1H"]},
    {**_CONSENT, "channel_ids": [2, 3], "retry_after": ["PT2H"]},
    {**_CONSENT, "channel_ids": [1], "currencies": ["EUR", "USD"], "store_credit": "first"},
    None,
    {},
)
_CODES: Final = (10000, 30101, 30102, 30103, 30105, 30051, 30107, 30004, 10001, 30050, 30000, 30002)
_BEHAVIOURS: Final = (*(0,) * 14, *(30106,) * 3, *(30104,) * 2, *_CODES)
_PAUSES: Final = ("operator pauses",) * 3
_DECLINES: Final = (30106, 30106, 30104, 30102, 0)


@dataclass(frozen=True, slots=True)
class Theme:
    """What a seed is about.

    Attributes:
        policies: of which each store has one; None: it has none.
        acts: what people do.
        waiting_acts: the share of acts that begin when an order's payment was answered.
        liveliness: how many of them a busy order sees.
        orders: how many a busy world has.
        behaviours: how the gateway treats the shoppers' cards.
        authorizes: the share of stores whose gateway only authorizes.
        store_credit: what a customer may have of it, in minor units.
        rates: of the faults that are always among those that strike.
    """

    policies: Sequence[Document | None] = _POLICIES
    acts: Sequence[str] = ACTS
    waiting_acts: float = 0.0
    liveliness: float = 4.0
    orders: int = 5
    behaviours: Sequence[int] = _BEHAVIOURS
    authorizes: float = 0.15
    store_credit: Sequence[int] = (0, 0, 500, 100_000)
    rates: Mapping[str, float] = field(default_factory=dict)


ANYTHING: Final = Theme()
AUTHORIZATIONS: Final = Theme(
    policies=_CAPTURES,
    acts=(
        *("merchant ships", "merchant ships", "merchant ships", "total changes", "total changes"),
        *("operator captures", "operator voids", "merchant captures", "merchant voids"),
        *(*POLICIES, "operator repairs", "operator retries"),
    ),
    behaviours=(0, 0, 0, 0, 30106),
    waiting_acts=0.5,
    liveliness=8.0,
    authorizes=1.0,
    rates={"transactions hidden": 0.1, "http reset after": 0.1, "webhook late": 0.1},
)
SHIPPING: Final = Theme(
    policies=_CAPTURES[2:4],
    acts=("merchant ships", "merchant ships", "merchant ships", "total changes"),
    behaviours=(0, 0, 0, 0, 30106),
    waiting_acts=0.7,
    liveliness=8.0,
    authorizes=1.0,
    rates={"transactions hidden": 0.1, "webhook late": 0.1},
)
STORE_CREDIT: Final = Theme(
    policies=(_CREDIT_FIRST, {**_CONSENT, **_HASTY, "store_credit": "first", "retry_after": ["PT1H", "PT1H"]}),
    behaviours=(0, 0, 30106, 30104, 30102),
    store_credit=(0, 500, 500, 100_000),
    acts=(*ACTS, *("merchant refunds",) * 4),
    rates={"http reset after": 0.1, "order read stale": 0.1, "http 5xx after acting": 0.1},
)
CLOSING: Final = Theme(
    policies=_CLOSES,
    acts=("shopper pays", "shopper pays unseen", "shopper pays unseen", "operator retries", "card changed"),
    behaviours=_DECLINES,
    rates={"race: shopper pays unseen": 0.1, "order read stale": 0.1, "gateway error": 0.1, "http 5xx": 0.1},
)
DOUBT: Final = Theme(
    policies=(*_POLICIES[:2], *_POLICIES[4:6], *_CLOSES[3:]),
    acts=(*OPERATORS[:3], "operator resolves and retries", "shopper pays", "merchant cancels"),
    behaviours=(0, 0, 0, 0, 10000, 30106),
    liveliness=8.0,
    rates={"http slow before": 0.1, "gateway unrecorded": 0.1, "http reset after": 0.1, "http reset before": 0.1},
)
RETRIES: Final = Theme(
    policies=(_POLICIES[2], *_POLICIES[10:12], _CONSENT, _CREDIT_FIRST),
    acts=("shopper pays unseen", "shopper pays unseen", "card changed", "card mended", "operator retries"),
    behaviours=_DECLINES[:4],
    liveliness=8.0,
    rates={"race: shopper pays unseen": 0.05, "message doubled": 0.1, "webhook doubled": 0.2},
)
CONSENT: Final = Theme(
    acts=(*POLICIES, *POLICIES, *_PAUSES, "operator retries", "card changed", "merchant ships"),
    liveliness=8.0,
    policies=(*_CLOSES, *_CAPTURES, *_POLICIES[:4]),
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
    policies=_POLICIES[:5],
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
    RETRIES,
    CONSENT,
    LIMITS,
    OUTAGE,
    DEAFNESS,
    RACING,
)
NAMED: Final[Mapping[str, Theme]] = {
    "authorizations": AUTHORIZATIONS,
    "doubt": DOUBT,
    "retries": RETRIES,
    "store_credit": STORE_CREDIT,
}
"""Those to which a hunt can keep, by name."""
