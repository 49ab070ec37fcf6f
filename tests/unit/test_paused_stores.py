"""Orders of a store that is paused or closed: what is read of it, when each is looked at again, and what it goes by."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import UnknownStoreError
from bigcharge.domain.money import Money
from bigcharge.domain.orders import Transaction
from bigcharge.domain.states import State
from bigcharge.domain.stores import APP_UNINSTALLED, CREDENTIALS_REFUSED, PAUSED_BY_OPERATOR, STORE_REMOVED, Pause
from tests.fakes import CREDENTIALS, NOON, STORE, VISA
from tests.unit.order_world import World, declined

PRICE = Money(9800, "USD")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RECHECK = NOON + 15 * MINUTE
SENT = Attempt(1, "sweep", "stripe.card", VISA.fingerprint, PRICE, "jti-1", NOON + HOUR, NOON - HOUR)
KNOWN = Charge(STORE, 215, State.DECLINED, NOON - DAY, reason="known", money=PRICE, attempts=(SENT,), version=1)
PAUSE = Pause(STORE, "payment_configuration", 30001, CREDENTIALS.fingerprint, NOON)
CHANGED, MONEY = "store/order/updated", "store/order/refund/created"
ABOUT_MONEY = [
    MONEY,
    "store/order/statusUpdated",
    "store/order/transaction/created",
    "store/order/transaction/updated",
]
OPEN = [State.SKIPPED, State.DECLINED, State.AUTHORIZED]
PAID = [State.PAID, State.PAID_ELSEWHERE]
CLOSED = [State.FAILED, State.CANCELED]


@pytest.fixture
def world() -> World:
    world = World()
    world.ledger.pause(PAUSE)
    return world


def look(world: World, charge: Charge, cause: str = CHANGED) -> Charge:
    world.ledger.charges[STORE, 215] = charge
    return world.look(cause)


def test_a_new_order_waits_and_says_for_what(world: World) -> None:
    charge = world.look()
    assert (charge.state, charge.reason, charge.code) == (State.CLAIMED, "store_paused", 30001)
    assert (charge.due_at, world.queue.sent) == (RECHECK, [])


@pytest.mark.parametrize("due_at", [None, NOON + HOUR])
@pytest.mark.parametrize(
    ("states", "cause"), [(OPEN, CHANGED), (OPEN, MONEY), *((PAID, cause) for cause in ABOUT_MONEY)]
)
def test_what_a_hint_tells_of_is_looked_at_when_the_store_may_have_been_resumed(
    world: World, states: list[State], cause: str, due_at: datetime | None
) -> None:
    for state in states:
        charge = replace(KNOWN, state=state, due_at=due_at)
        assert look(world, charge, cause) == replace(charge, due_at=RECHECK, version=2)


@pytest.mark.parametrize("due_at", [NOON, NOON + 14 * MINUTE, RECHECK])
def test_what_is_due_by_then_stays_so(world: World, due_at: datetime) -> None:
    charge = replace(KNOWN, due_at=due_at)
    assert look(world, charge) is charge


@pytest.mark.parametrize("due_at", [None, NOON + MINUTE, NOON + 2 * DAY])
@pytest.mark.parametrize(("states", "cause"), [(PAID, CHANGED), (CLOSED, CHANGED), (CLOSED, MONEY)])
def test_what_is_over_is_left_as_it_is(world: World, states: list[State], cause: str, due_at: datetime | None) -> None:
    for state in states:
        charge = replace(KNOWN, state=state, due_at=due_at)
        assert look(world, charge, cause) is charge


@pytest.mark.parametrize("state", [*PAID, *CLOSED])
def test_what_is_over_and_due_is_looked_at_daily(world: World, state: State) -> None:
    charge = replace(KNOWN, state=state, due_at=NOON)
    assert look(world, charge, "sweep") == replace(charge, due_at=NOON + DAY, version=2)


@pytest.mark.parametrize(("code", "reason"), [(30000, "no_payment_configuration"), (30002, "vaulting_not_enabled")])
def test_a_payment_that_is_refused_for_the_stores_sake_pauses_it_for_that_reason(
    world: World, code: int, reason: str
) -> None:
    world.ledger.resume(STORE)
    world.bigcommerce.answers = [declined(code)]
    world.look()
    assert world.ledger.pauses[STORE] == Pause(STORE, reason, code, CREDENTIALS.fingerprint, NOON)


# ------------------------------------------------------------ what was sent before


def unknown(world: World, reason: str) -> Charge:
    """What becomes of an unknown payment that is shown, when it is due."""
    world.ledger.pause(replace(PAUSE, reason=reason))
    world.bigcommerce.transactions = (Transaction("8", "purchase", ok=True, money=PRICE),)
    return look(world, replace(KNOWN, state=State.UNKNOWN, due_at=NOON), "sweep")


@pytest.mark.parametrize("reason", ["payment_configuration", PAUSED_BY_OPERATOR])
def test_what_was_sent_is_settled_while_reads_are_answered(world: World, reason: str) -> None:
    assert unknown(world, reason).state is State.PAID


@pytest.mark.parametrize("reason", [CREDENTIALS_REFUSED, APP_UNINSTALLED, STORE_REMOVED])
def test_nothing_is_read_of_a_store_that_is_closed_or_refuses_its_credentials(world: World, reason: str) -> None:
    assert (unknown(world, reason).state, world.charge.reason) == (State.UNKNOWN, "known")


# ------------------------------------------------------------ a closed store


@pytest.mark.parametrize(("due_at", "looked_at"), [(None, None), (NOON + HOUR, NOON + HOUR), (NOON, NOON + DAY)])
def test_of_a_closed_store_what_is_due_is_looked_at_daily_and_hints_change_nothing(
    world: World, due_at: datetime | None, looked_at: datetime | None
) -> None:
    world.ledger.close(replace(PAUSE, reason=APP_UNINSTALLED))
    charge = look(world, replace(KNOWN, due_at=due_at), MONEY)
    assert (charge.state, charge.due_at, charge.version) == (State.DECLINED, looked_at, 2 if due_at == NOON else 1)


# ------------------------------------------------------------ credentials


def test_while_no_credentials_are_kept_a_pause_hides_it_from_nobody(world: World) -> None:
    world.stores.known = None
    with pytest.raises(UnknownStoreError):
        world.look()
    charge = look(world, replace(KNOWN, state=State.CLAIMED, due_at=NOON), "sweep")
    assert (charge.reason, charge.due_at) == ("store_unknown", RECHECK)
    charge = look(world, replace(charge, due_at=NOON, failed_looks=15), "sweep")
    assert (charge.reason, charge.due_at) == ("needs_a_person", NOON + DAY)


def test_the_pause_of_older_credentials_holds_nothing_and_has_none_read_anew(world: World) -> None:
    world.ledger.pause(replace(PAUSE, credentials="those before"))
    world.stores.kept = replace(CREDENTIALS, access_token="another-invented-token")
    assert world.look().state is State.PAID
    assert world.stores.known == CREDENTIALS
