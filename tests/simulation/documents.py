"""The policies that the stores of a world may have."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

type Document = Mapping[str, Any]

SOURCE: Final = "subscriptions"
CONSENTING: Final = {"external_sources": [SOURCE]}
HASTY: Final = {"evidence_window": "PT1H", "check_unknown_after": ["PT30S", "PT2M"]}
CREDIT_FIRST: Final = {
    **CONSENTING,
    "store_credit": "first",
    "retry_after": ["PT3H", "P1D"],
    "instrument": "most_recent",
}
CAPTURES: Final[Sequence[Document]] = (
    {**CONSENTING, "capture": "at_once", "when_failed": "decline", "retry_after": ["PT1H"]},
    {**CONSENTING, "capture": "at_once", **HASTY},
    {**CONSENTING, "capture": "when_shipped", "when_failed": "cancel", "retry_after": ["PT1H"]},
    {**CONSENTING, "store_credit": "first", "capture": "when_shipped"},
    CONSENTING,
)
CLOSES: Final[Sequence[Document]] = (
    {**CONSENTING, "when_failed": "decline", "retry_after": ["PT1H"]},
    {**CONSENTING, "when_failed": "cancel", "retry_after": []},
    {**CONSENTING, "when_failed": "cancel", "store_credit": "first", "retry_after": ["PT2H"], "instrument": "any"},
    {**CONSENTING, "when_failed": "decline", "retry_after": [], **HASTY},
)
HOURLY: Final[Sequence[Document]] = (
    {**CONSENTING, "retry_hour": 9, "time_zone": "America/New_York", "retry_after": ["PT20H", "P1D"]},
    {
        **CONSENTING,
        "retry_hour": 23,
        "time_zone": "Europe/Berlin",
        "instrument": "any",
        "retry_after": ["PT1H", "PT1H"],
    },
)
EVERY_KIND: Final[Sequence[Document | None]] = (
    CONSENTING,
    {**CONSENTING, **HASTY},
    {**CONSENTING, "retry_after": ["PT1H", "PT6H", "P1D"], "instrument": "any"},
    {"external_sources": ["*"], "currencies": ["USD", "JPY"], "amount_range": [500, 50000], "instrument": "any"},
    {
        "external_sources": [SOURCE, "b2b"],
        "evidence_window": "PT3H",
        "check_unknown_after": ["PT30S", "PT2M", "PT10M", "PT1H", "P1D"],
        "retry_after": ["PT2H", "PT6H", "P1D"],
    },
    {**CONSENTING, "evidence_window": 0, "verification_value": "never"},
    CREDIT_FIRST,
    *CAPTURES[:3],
    *HOURLY,
    {**CONSENTING, "channel_ids": [2, 3], "retry_after": ["PT2H"]},
    {**CONSENTING, "channel_ids": [1], "currencies": ["EUR", "USD"], "store_credit": "first"},
    None,
    {},
)
