"""The sweep sends what is due, keeps it out of the next sweeps, and stops in time."""

from datetime import datetime, timedelta

import pytest

from bigcharge.domain.attempts import LONGEST_REQUEST, Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.money import Money
from bigcharge.domain.states import State
from bigcharge.services.sweeping import Sweeping
from tests.fakes import NOON, STORE, FakeLedger, FakeQueue, Time


class World:
    def __init__(self, count: int) -> None:
        self.clock = Time()
        self.queue = FakeQueue()
        self.ledger = FakeLedger()
        for order_id in range(1, count + 1):
            due_at = NOON + timedelta(seconds=order_id)
            charge = Charge(STORE, order_id, State.DECLINED, NOON, due_at=due_at, version=1)
            self.ledger.charges[STORE, order_id] = charge
        self.sweeping = Sweeping(self.ledger, self.queue, self.clock)

    def sweep(self, seconds_left: float = 60.0) -> int:
        return self.sweeping.sweep(lambda: seconds_left).sent

    def age_of_oldest_unknown(self) -> float:
        return self.sweeping.sweep(lambda: 60.0).oldest_unknown.total_seconds()

    def pay(self, order_id: int, state: State, sent_at: datetime) -> None:
        """A payment request that left, and what came of it."""
        attempt = Attempt(1, "sweep", "stripe.card", "f", Money(100, "USD"), "jti", sent_at, sent_at)
        charge = Charge(STORE, order_id, state, self.clock(), attempts=(attempt,), due_at=self.clock(), version=1)
        self.ledger.charges[STORE, order_id] = charge


def test_only_what_is_due_goes_to_the_queue_and_not_again_while_it_waits_there() -> None:
    world = World(count=30)
    world.clock.pass_by(seconds=25)
    assert world.sweep() == 25
    assert sorted(message.id for message, _ in world.queue.sent) == list(range(1, 26))
    assert {message.cause for message, _ in world.queue.sent} == {"sweep"}
    world.clock.pass_by(seconds=5)
    assert world.sweep() == 5


def test_a_charge_that_was_lost_on_its_way_comes_again() -> None:
    world = World(count=1)
    world.clock.pass_by(seconds=1)
    assert world.sweep() == 1
    world.clock.pass_by(minutes=15)
    assert world.sweep() == 1


def test_a_queue_that_fails_leaves_everything_due() -> None:
    world = World(count=1)
    world.clock.pass_by(seconds=1)
    world.queue.error = ConnectionError("the queue is away")
    with pytest.raises(ConnectionError):
        world.sweep()
    world.queue.error = None
    assert world.sweep() == 1


def test_a_sweep_stops_in_time() -> None:
    world = World(count=5)
    world.clock.pass_by(minutes=1)
    assert world.sweep(seconds_left=4.0) == 0


def test_without_an_unknown_outcome_its_age_is_nothing() -> None:
    world = World(count=3)
    for order_id, state in enumerate(set(State) - {State.SUBMITTING, State.UNKNOWN}, start=10):
        world.pay(order_id, state, NOON - timedelta(days=1))
    assert world.age_of_oldest_unknown() == 0


@pytest.mark.parametrize("state", [State.UNKNOWN, State.SUBMITTING])
def test_the_age_of_an_unknown_outcome_counts_from_when_its_request_left(state: State) -> None:
    """However often it was looked at since, and also where its sender died: then it is still `submitting`."""
    world = World(count=0)
    world.pay(1, state, NOON - timedelta(hours=3))
    world.pay(2, state, NOON - timedelta(hours=30))
    world.pay(3, State.PAID, NOON - timedelta(hours=90))
    assert world.age_of_oldest_unknown() == 30 * 3600


def test_a_request_that_may_still_be_on_its_way_is_no_unknown_outcome() -> None:
    world = World(count=0)
    world.pay(1, State.SUBMITTING, NOON - LONGEST_REQUEST)
    assert world.age_of_oldest_unknown() == 0
    world.clock.pass_by(seconds=1)
    assert world.age_of_oldest_unknown() == LONGEST_REQUEST.total_seconds() + 1
