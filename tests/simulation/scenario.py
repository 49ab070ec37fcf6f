"""What a seed's world is like: its stores, shoppers and orders, what people do, and what goes wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sandbox.bigcommerce.records import Kind
from tests.simulation.chance import Chance, Draw
from tests.simulation.documents import SOURCE, Document
from tests.simulation.faults import AWS, CRASHES, DAY, FAULTS, RACES
from tests.simulation.themes import NAMED, THEMES, Theme
from tests.simulation.timeline import START

_RATES: Final = (0.01, 0.03, 0.1, 0.25)
_SWARM: Final = 0.35  # of the kinds strike in one seed: fewer kinds find more (swarm testing, Groce et al., 2012)
# Where a higher rate would only keep everything from working: a sweep alone makes sixteen calls.
_MOST: Final = {
    "process recycled": 0.03,
    "message doubled": 0.1,
    **dict.fromkeys(CRASHES, 0.02),
    **dict.fromkeys(AWS, 0.03),
    **{f"race: {race}": 0.05 for race in RACES},
}
_LONGEST_TROUBLE: Final = 2 * DAY  # mostly far less
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
_COVERED: Final = (0.0,) * 7 + (0.3,)  # by a gift certificate, of the total
_CHANNELS: Final = (1,) * 5 + (2,)


@dataclass(frozen=True, slots=True)
class StorePlan:
    """A store of the world."""

    store_hash: str
    policy: Document | None
    authorizes: bool


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """An order, its shopper with it: each shopper has one.

    Attributes:
        gift_certificate: what one has paid of it already, in minor units.
    """

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
    gift_certificate: int = 0
    channel_id: int = 1


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does with an order.

    Attributes:
        waits_for: states; `at` counts from when the ledger first says one of them of the order, if there are any.
    """

    kind: str
    order: int
    at: float
    waits_for: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """The world of a seed."""

    stores: tuple[StorePlan, ...]
    orders: tuple[OrderPlan, ...]
    acts: tuple[Act, ...]
    rates: Mapping[str, float]
    trouble: float
    start: datetime = START


def find_theme(seed: int) -> Theme:
    """What the world of a seed is about."""
    return Chance(seed).draw_once("world").pick(3, THEMES)


def is_about(seed: int, name: str) -> bool:
    """Whether the world of a seed is about the theme of that name."""
    return find_theme(seed) is NAMED[name]


def make_scenario(seed: int) -> Scenario:
    """The world that a seed stands for."""
    chance, theme = Chance(seed), find_theme(seed)
    draw = chance.draw_once("world")
    numbers = range(1 + (draw.numbers[0] > 0.7))
    stores = tuple(_store(chance.draw_once(f"store {number}"), number, theme) for number in numbers)
    trouble = 600.0 + draw.numbers[2] ** 3 * _LONGEST_TROUBLE
    numbers = range(_count(draw, 1, theme.orders))
    draws = ((chance.draw_once(f"order {number}"), number) for number in numbers)
    orders = tuple(_order(one, number, stores, trouble, theme) for one, number in draws)
    acts = [act for order in orders for act in _acts(chance, order, theme)]
    rates = {**dict(_rates(chance)), **theme.rates}
    return Scenario(stores, orders, tuple(acts), rates, trouble, draw.pick(4, theme.starts))


def _count(draw: Draw, index: int, most: int) -> int:
    """At least one order, mostly few."""
    return 1 + int(draw.numbers[index] ** 2 * most)


def _store(draw: Draw, number: int, theme: Theme) -> StorePlan:
    return StorePlan(f"store{number}", draw.pick(0, theme.policies), authorizes=draw.numbers[1] < theme.authorizes)


def _order(draw: Draw, number: int, stores: Sequence[StorePlan], trouble: float, theme: Theme) -> OrderPlan:
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
        behaviour=draw.pick(6, theme.behaviours),
        other_behaviour=looks.pick(1, theme.behaviours) if has_other else None,
        is_guest=draw.numbers[7] < 0.04,
        store_credit=looks.pick(2, theme.store_credit),
        gift_certificate=int(draw.pick(3, _AMOUNTS) * looks.pick(3, _COVERED)),
        channel_id=looks.pick(4, _CHANNELS),
    )


def _acts(chance: Chance, order: OrderPlan, theme: Theme) -> Iterator[Act]:
    """Some at once, others in the next days: for an order of which nobody thinks, none."""
    for number in range(int(chance.draw_once(f"acts {order.number}").numbers[0] ** 2 * theme.liveliness)):
        draw = chance.draw_once(f"act {number} on {order.number}")
        longest = draw.pick(0, (8.0, 60.0, 1800.0, 7200.0, 6 * DAY))
        waits_for = theme.waits_for if draw.numbers[3] < theme.waiting_acts else ()
        begin = 0.0 if waits_for else order.at
        yield Act(draw.pick(1, theme.acts), order.number, begin + draw.between(2, 0, longest), waits_for)


def _rates(chance: Chance) -> Iterator[tuple[str, float]]:
    for kind in FAULTS:
        draw = chance.draw_once(f"rate of {kind}")
        if draw.numbers[0] < _SWARM:
            yield kind, min(draw.pick(1, _RATES), _MOST.get(kind, 1.0))
