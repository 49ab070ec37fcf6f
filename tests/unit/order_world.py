"""A world in memory around `Orders`: one store, one order, and the time that passes."""

from datetime import datetime

from bigcharge.domain.charges import Charge
from bigcharge.domain.declines import DECLINES
from bigcharge.domain.errors import (
    DeclinedError,
)
from bigcharge.domain.policy import Policy
from bigcharge.services.charging import Case
from bigcharge.services.orders import Orders
from bigcharge.services.sweeping import Sweeping
from tests.fakes import (
    CREDENTIALS,
    STORE,
    FakeBigCommerce,
    FakeInstruments,
    FakeLedger,
    FakeQueue,
    FakeStores,
    Time,
    order_message,
    run_in_turn,
)

POLICY = Policy(external_sources=("subscriptions",))


class World:
    def __init__(self) -> None:
        self.clock = Time()
        self.ledger = FakeLedger()
        self.queue = FakeQueue()
        self.stores = FakeStores()
        self.bigcommerce = FakeBigCommerce(self.clock)
        self.instruments = FakeInstruments()
        self.orders = Orders(
            self.ledger, self.queue, self.stores, self.bigcommerce, lambda: self.instruments, run_in_turn, self.clock
        )

    def look(self, cause: str = "store/order/created", seconds_left: float = 90.0) -> Charge:
        self.orders.look(order_message(cause=cause), lambda: seconds_left)
        return self.charge

    def case(self, charge: Charge, policy: Policy = POLICY, seconds_left: float = 90.0) -> Case:
        return Case(order_message(), charge, policy, CREDENTIALS, self.bigcommerce, lambda: seconds_left)

    def sweep_until(self, end: datetime) -> int:
        """Live on, with the sweep each minute and the messages that come back; returns how many looks there were."""
        sweeping, looks = Sweeping(self.ledger, self.queue, self.clock), 0
        while self.clock() < end:
            sweeping.sweep(lambda: 60.0)
            arrived = [message for message, delay in self.queue.sent if delay == 0]
            self.queue.sent = [(message, max(0, delay - 60)) for message, delay in self.queue.sent if delay > 0]
            for message in arrived:
                self.orders.look(message, lambda: 90.0)
            looks += len(arrived)
            self.clock.pass_by(minutes=1)
        return looks

    @property
    def charge(self) -> Charge:
        return self.ledger.charges[STORE, 215]


def declined(code: int) -> DeclinedError:
    return DeclinedError(422, DECLINES[code])
