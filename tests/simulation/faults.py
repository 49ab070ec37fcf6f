"""What can go wrong, and what people can do, by the names that the history and the report show."""

from typing import Final

DAY: Final = 86400.0
CRASHES: Final = ("crash before a call", "crash after a call")
AWS: Final = ("aws throttled", "aws failed", "aws unreachable", "aws reply lost")
LOST: Final = ("http not connected", "http reset before", "http reset after", "http slow before", "http slow after")
SPOILT: Final = ("http 429", "http 429 without header", "http 5xx", "http 5xx after acting", "http garbage")
AT_PAYMENT: Final = ("gateway slow", "gateway unrecorded", "gateway error", "gateway word", "order status lost")
AT_TOKEN: Final = ("total changes under the token",)
WEBHOOKS: Final = ("webhook lost", "webhook doubled", "webhook late", "webhook very late")
HOOKS: Final = ("hook deactivated", "hook deleted", "hook pointed elsewhere", "destination blocked")
QUEUES: Final = (
    "message delivered again",
    "message held back",
    "messages out of order",
    "message doubled",
    "message lost",
)
SLOW: Final = ("index lags", "process recycled", "clock skewed", "aws left a part undone")
VIEWS: Final = ("order read stale", "transactions hidden")
RACES: Final = (
    "shopper pays",
    "shopper pays unseen",
    "total changes",
    "card deleted",
    "card changed",
    "merchant cancels",
    "merchant ships",
)
FAULTS: Final = (
    *CRASHES,
    *AWS,
    *LOST,
    *SPOILT,
    *AT_PAYMENT,
    *AT_TOKEN,
    *WEBHOOKS,
    *HOOKS,
    *QUEUES,
    *SLOW,
    *VIEWS,
    *(f"race: {race}" for race in RACES),
)
SHOPPERS: Final = ("shopper pays", "shopper pays unseen", "card changed", "card deleted", "card mended")
MERCHANTS: Final = (
    "total changes",
    "merchant cancels",
    "merchant ships",
    "merchant refunds",
    "merchant captures",
    "merchant voids",
    "order archived",
    "token rotated",
)
POLICIES: Final = ("policy withdrawn", "policy invalid", "policy narrowed")
OPERATORS: Final = (
    "operator retries",
    "operator resolves",
    "operator resolves and retries",
    "operator captures",
    "operator voids",
    "operator repairs",
    "operator pauses",
)
ACTS: Final = (*SHOPPERS, *MERCHANTS, *POLICIES, *OPERATORS)

LONGEST_STALE: Final = 1800.0
"""Seconds that a read may lag: less than the shortest evidence window."""
