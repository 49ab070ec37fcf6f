"""What a seed's world is like: its stores, shoppers and orders, what people do, and what goes wrong."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.policy_document import parse_policy
from sandbox.bigcommerce.records import Kind
from tests.simulation.chance import Chance, Draw
from tests.simulation.clients import FAULTS as AWS_FAULTS
from tests.simulation.environments import CRASHES
from tests.simulation.wire import AT_PAYMENT, AT_TOKEN, LOST, SPOILT

type Document = Mapping[str, Any]

DAY: Final = 86400.0
SOURCE: Final = "subscriptions"
WEBHOOKS: Final = ("webhook lost", "webhook doubled", "webhook late", "webhook very late")
QUEUES: Final = ("message delivered again", "message held back", "messages out of order", "message doubled")
SLOW: Final = ("index lags", "process recycled", "clock skewed", "aws left a part undone")
VIEWS: Final = ("order read stale", "transactions hidden")
RACES: Final = ("shopper pays", "total changes", "card deleted", "card changed", "merchant cancels", "merchant ships")
FAULTS: Final = (
    *CRASHES,
    *AWS_FAULTS,
    *LOST,
    *SPOILT,
    *AT_PAYMENT,
    *AT_TOKEN,
    *WEBHOOKS,
    *QUEUES,
    *SLOW,
    *VIEWS,
    *(f"race: {race}" for race in RACES),
)
ACTS: Final = (
    "shopper pays",
    "card changed",
    "card deleted",
    "card mended",
    "total changes",
    "merchant cancels",
    "merchant ships",
    "merchant refunds",
    "merchant captures",
    "merchant voids",
    "order archived",
    "token rotated",
    "operator retries",
)
_RATES: Final = (0.01, 0.03, 0.1, 0.25)
_SWARM: Final = 0.35  # of the kinds strike in one seed: fewer kinds find more (swarm testing, Groce et al., 2012)
# Where a higher rate would only keep everything from working: a sweep alone makes sixteen calls.
_MOST: Final = {
    "process recycled": 0.03,
    "message doubled": 0.1,
    **dict.fromkeys(CRASHES, 0.02),
    **dict.fromkeys(AWS_FAULTS, 0.03),
    **{f"race: {race}": 0.05 for race in RACES},
}
_LONGEST_TROUBLE: Final = 2 * DAY  # mostly far less

# Each with a way of its own; keys that this version does not know are left out.
_POLICIES: Final[Sequence[Document | None]] = (
    {"external_sources": [SOURCE]},
    {"external_sources": [SOURCE], "evidence_window": "PT1H", "check_unknown_after": ["PT30S", "PT2M"]},
    {"external_sources": [SOURCE], "retry_after": ["PT1H", "PT6H", "P1D"], "instrument": "any"},
    {"external_sources": ["*"], "currencies": ["USD", "JPY"], "amount_range": [500, 50000], "instrument": "any"},
    {
        "external_sources": [SOURCE, "b2b"],
        "evidence_window": "PT3H",
        "check_unknown_after": ["PT30S", "PT2M", "PT10M", "PT1H", "P1D"],
        "retry_after": ["PT2H", "PT6H", "P1D"],
    },
    {"external_sources": [SOURCE], "evidence_window": "PT0S", "verification_value": "never"},
    {
        "external_sources": [SOURCE],
        "store_credit": "first",
        "retry_after": ["PT3H", "P1D"],
        "instrument": "most_recent",
    },
    {"external_sources": [SOURCE], "capture": "at_once", "when_failed": "decline", "retry_after": ["PT1H"]},
    {"external_sources": [SOURCE], "capture": "when_shipped", "when_failed": "cancel", "retry_after": ["PT1H"]},
    {"external_sources": [SOURCE], "retry_hour": 9, "time_zone": "America/New_York"},
    None,
    {},
)
_BEHAVIOURS: Final = (
    *(0,) * 14,
    *(30106,) * 3,
    *(30104,) * 2,
    *(10000, 30101, 30102, 30103, 30105, 30051, 30107, 30004, 10001, 30050, 30000, 30002),
)
_KINDS: Final = (Kind.CARD,) * 5 + (Kind.PAYPAL_ACCOUNT, Kind.BANK_ACCOUNT)
_SOURCES: Final = (
    *(("external", SOURCE),) * 8,
    ("checkout_api", SOURCE),
    ("www", None),
    ("external", "b2b"),
    ("manual", SOURCE),
)
_AMOUNTS: Final = (1000, 2599, 4900, 49_999, 100, 250_000)
_CURRENCIES: Final = ("USD",) * 5 + ("EUR", "JPY")


@dataclass(frozen=True, slots=True)
class StorePlan:
    """A store of the world."""

    store_hash: str
    policy: Document | None
    authorizes: bool


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """An order, its shopper with it: each shopper has one."""

    number: int
    store_hash: str
    at: float
    amount: int
    currency: str
    order_source: str
    external_source: str | None
    kind: Kind
    behaviour: int
    other_behaviour: int | None
    is_guest: bool
    store_credit: int


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does with an order."""

    kind: str
    order: int
    at: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """The world of a seed."""

    stores: tuple[StorePlan, ...]
    orders: tuple[OrderPlan, ...]
    acts: tuple[Act, ...]
    rates: Mapping[str, float]
    trouble: float


@cache
def _supported(text: str) -> bool:
    try:
        parse_policy(json.loads(text))
    except InvalidInputError:
        return False
    return True


def _fit(policy: Document | None) -> Document | None:
    """The policy without what this version does not know."""
    if policy is None:
        return None
    return {key: value for key, value in policy.items() if _supported(json.dumps({key: value}))}


def make_scenario(seed: int) -> Scenario:
    """The world that a seed stands for."""
    chance = Chance(seed)
    draw = chance.draw_once("world")
    stores = tuple(_store(chance.draw_once(f"store {number}"), number) for number in range(1 + (draw.numbers[0] > 0.7)))
    trouble = 600.0 + draw.numbers[2] ** 3 * _LONGEST_TROUBLE
    numbers = range(_count(draw, 1))
    orders = tuple(_order(chance.draw_once(f"order {number}"), number, stores, trouble) for number in numbers)
    acts = [act for order in orders for act in _acts(chance.draw_once(f"acts {order.number}"), order)]
    return Scenario(stores, orders, tuple(acts), dict(_rates(chance)), trouble)


def _count(draw: Draw, index: int) -> int:
    """One to five orders, mostly few."""
    return 1 + int(draw.numbers[index] ** 2 * 5)


def _store(draw: Draw, number: int) -> StorePlan:
    return StorePlan(f"store{number}", _fit(draw.pick(0, _POLICIES)), authorizes=draw.numbers[1] < 0.15)


def _order(draw: Draw, number: int, stores: Sequence[StorePlan], trouble: float) -> OrderPlan:
    order_source, external_source = draw.pick(1, _SOURCES)
    looks = Draw("", tuple(value * 97 % 1 for value in draw.numbers))
    has_other = looks.numbers[0] < 0.3
    return OrderPlan(
        number=number,
        store_hash=draw.pick(0, stores).store_hash,
        at=draw.numbers[2] ** 3 * trouble / 2 + 5,
        amount=draw.pick(3, _AMOUNTS),
        currency=draw.pick(4, _CURRENCIES),
        order_source=order_source,
        external_source=external_source,
        kind=draw.pick(5, _KINDS),
        behaviour=draw.pick(6, _BEHAVIOURS),
        other_behaviour=looks.pick(1, _BEHAVIOURS) if has_other else None,
        is_guest=draw.numbers[7] < 0.04,
        store_credit=looks.pick(2, (0, 0, 500, 100_000)),
    )


def _acts(draw: Draw, order: OrderPlan) -> Iterator[Act]:
    for number in range(int(draw.numbers[0] ** 2 * 4)):
        soon = draw.numbers[2 * number + 2] < 0.5
        later = draw.between((2 * number + 3) % 8, 0, 8.0 if soon else 6 * DAY)
        yield Act(draw.pick(2 * number + 1, ACTS), order.number, order.at + later)


def _rates(chance: Chance) -> Iterator[tuple[str, float]]:
    for kind in FAULTS:
        draw = chance.draw_once(f"rate of {kind}")
        if draw.numbers[0] < _SWARM:
            yield kind, min(draw.pick(1, _RATES), _MOST.get(kind, 1.0))
