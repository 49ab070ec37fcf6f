"""Cards that expire are told of: once for each number of days, while somebody has a reason to know."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.expiring import Notice, find_notice
from bigcharge.domain.instrument_rows import InstrumentRow
from bigcharge.domain.instruments import Instrument, InstrumentType
from bigcharge.domain.money import Money
from bigcharge.domain.policy import InstrumentChoice, Policy
from bigcharge.domain.states import State
from bigcharge.services.noticing import Cards, Noticing, OutOfTimeError
from tests.fakes import MASTERCARD, NOON, STORE, VISA, FakeInstruments, FakeLedger, FakeStores, Time, hold

CARD = replace(VISA, expiry_month=12, expiry_year=2026)
OTHER = replace(MASTERCARD, expiry_month=12, expiry_year=2026)
DAYS = (45, 15, 1)


@pytest.mark.parametrize(
    ("today", "days"),
    [
        (date(2026, 11, 15), None),
        (date(2026, 11, 16), 45),
        (date(2026, 12, 15), 45),
        (date(2026, 12, 16), 15),
        (date(2026, 12, 29), 15),
        (date(2026, 12, 30), 1),
        (date(2026, 12, 31), 1),
        (date(2027, 1, 1), None),
    ],
)
def test_the_days_are_counted_back_from_the_last_day_of_the_last_month(today: date, days: int | None) -> None:
    assert find_notice(CARD, DAYS, today) == days


def test_the_last_day_of_february_and_no_days_at_all() -> None:
    assert find_notice(replace(CARD, expiry_month=2, expiry_year=2028), (1,), date(2028, 2, 28)) == 1
    assert find_notice(replace(CARD, expiry_month=2, expiry_year=2028), (0,), date(2028, 2, 28)) is None
    assert find_notice(CARD, (), date(2026, 12, 31)) is None


@pytest.mark.parametrize(("year", "month"), [(None, 12), (2026, None), (2026, 13), (0, 1), (10**6, 1)])
def test_what_names_no_month_does_not_expire(year: int | None, month: int | None) -> None:
    assert find_notice(replace(CARD, expiry_year=year, expiry_month=month), DAYS, date(2026, 12, 31)) is None


@dataclass
class World:
    """All cards are those of customer 11; `told` is what is remembered, as the table does."""

    clock: Time = field(default_factory=lambda: Time(datetime(2026, 11, 15, 6, tzinfo=UTC)))
    instruments: FakeInstruments = field(default_factory=FakeInstruments)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    stores: FakeStores = field(default_factory=FakeStores)
    told: list[Notice] = field(default_factory=list)

    def walk_cards(self, now: datetime) -> Iterator[tuple[InstrumentRow, int | None]]:
        for rows in self.instruments.rows.values():
            yield from ((row, None) for row in rows.values() if row.removed_at is None)

    def tell(self, notice: Notice) -> bool:
        if any(one.row.instrument == notice.row.instrument and one.days <= notice.days for one in self.told):
            return False
        self.told.append(notice)
        return True

    def run(self, days: int = 1) -> list[tuple[str | None, int]]:
        """Run each day; what was told, by brand and days."""
        shape: Cards = self
        before = len(self.told)
        for _ in range(days):
            Noticing(shape, self.instruments, self.ledger, self.ledger, self.stores, self.clock).tell_expiring(
                lambda: 900.0
            )
            self.clock.pass_by(days=1)
        return [(one.row.instrument.brand, one.days) for one in self.told[before:]]

    def wait_for(self, *refused: Instrument) -> None:
        """An order of the customer waits; these it does not try again."""
        attempts = tuple(
            Attempt(
                number,
                "sweep",
                "stripe.card",
                one.fingerprint,
                Money(1, "USD"),
                "jti",
                NOON,
                NOON,
                outcome=State.DECLINED,
                code=30103,
            )
            for number, one in enumerate(refused, 1)
        )
        self.ledger.save(Charge(STORE, 215, State.DECLINED, NOON, 11, attempts=attempts))

    def choose(self, choice: InstrumentChoice) -> None:
        self.stores.policies = Policy(external_sources=("subscriptions",), instrument=choice)


@pytest.fixture
def world() -> World:
    world = World()
    hold(world.instruments, CARD, OTHER)
    return world


def test_a_default_card_is_told_of_once_for_each_number_of_days(world: World) -> None:
    assert world.run(days=60) == [("visa", 45), ("visa", 15), ("visa", 1)]


def test_a_card_that_is_first_seen_late_is_told_of_once(world: World) -> None:
    world.clock.now = datetime(2026, 12, 20, 6, tzinfo=UTC)
    assert world.run(days=5) == [("visa", 15)]


def test_a_day_that_was_missed_is_told_of_the_next(world: World) -> None:
    world.clock.now = datetime(2026, 11, 18, 6, tzinfo=UTC)
    assert world.run() == [("visa", 45)]


def test_an_instrument_that_was_removed_or_replaced_is_not_told_of(world: World) -> None:
    hold(world.instruments, CARD, at=NOON, leaves_at=NOON + timedelta(days=30))
    assert world.run(days=60) == []


def test_a_renewed_card_starts_anew(world: World) -> None:
    assert world.run(days=35) == [("visa", 45), ("visa", 15)]
    hold(world.instruments, replace(CARD, expiry_month=3, expiry_year=2027))
    assert world.run(days=120) == [("visa", 45), ("visa", 15), ("visa", 1)]


@pytest.mark.parametrize("policy", [None, InvalidInputError("unreadable"), Policy(expiring_notice_days=())])
def test_a_store_that_charges_nothing_or_wants_no_notices_has_none(
    world: World, policy: Policy | InvalidInputError | None
) -> None:
    world.stores.policies = policy
    assert world.run(days=60) == []


def test_another_card_is_told_of_while_an_order_waits_that_would_be_charged_to_it(world: World) -> None:
    world.choose(InstrumentChoice.ANY)
    world.clock.now = datetime(2026, 12, 16, 6, tzinfo=UTC)
    assert world.run() == [("visa", 15)]
    world.wait_for(CARD)
    assert world.run() == [("mastercard", 15)]


@pytest.mark.parametrize("choice", [InstrumentChoice.ANY, InstrumentChoice.MOST_RECENT])
def test_another_card_is_not_told_of_while_the_order_would_be_charged_to_the_default(
    world: World, choice: InstrumentChoice
) -> None:
    world.choose(choice)
    world.wait_for()
    assert world.run(days=60) == [("visa", 45), ("visa", 15), ("visa", 1)]


def test_under_a_policy_of_the_default_alone_no_other_card_is_told_of(world: World) -> None:
    world.wait_for(CARD)
    assert world.run(days=60) == [("visa", 45), ("visa", 15), ("visa", 1)]


def test_of_several_others_the_newest_is_told_of_where_it_would_be_charged(world: World) -> None:
    newest = Instrument(
        "d" * 64, InstrumentType.CARD, brand="amex", last_4="0005", expiry_month=12, expiry_year=2026, added_at=NOON
    )
    hold(world.instruments, replace(OTHER, added_at=NOON - timedelta(days=9)), newest)
    world.choose(InstrumentChoice.MOST_RECENT)
    world.wait_for(CARD)
    world.clock.now = datetime(2026, 12, 16, 6, tzinfo=UTC)
    assert sorted(world.run(), key=str) == [("amex", 15), ("visa", 15)]


def test_a_run_that_time_does_not_suffice_for_fails(world: World) -> None:
    with pytest.raises(OutOfTimeError):
        Noticing(world, world.instruments, world.ledger, world.ledger, world.stores, world.clock).tell_expiring(
            lambda: 1.0
        )
