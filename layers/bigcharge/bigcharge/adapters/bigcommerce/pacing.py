"""How long a call may take and how it waits before it tries again."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pacing:
    """Time-outs and waits, in seconds, with the clock, the sleep and the chance behind them.

    Attributes:
        connect: for a connection to come about, TLS included. Hosts that are there answer in milliseconds.
        read: for the whole answer of one request to the REST host.
        call: for everything a call to the REST host does, its repetitions included; longer than one `read`, so that a
            request that was lost can be made again, and short beside a function's time-out.
        write: for the whole answer to a request of the REST host that changes something: making an order takes seconds,
            and giving up means not knowing.
        payment: for the whole answer to a payment: gateways take seconds, and giving up means not knowing.
        first_wait: before the second request of a call; it doubles from request to request.
        monotonic: a clock that never goes back, in seconds.
        sleep: waits.
        random: a number from 0 up to 1; spreads the waits of many workers between a half and the whole.
    """

    connect: float = 3.0
    read: float = 10.0
    call: float = 12.0
    write: float = 20.0
    payment: float = 30.0
    first_wait: float = 0.2
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random

    def wait_after(self, requests: int) -> float:
        """Seconds to wait after that many requests of one call failed."""
        return self.first_wait * 2.0 ** (requests - 1) * (1 + self.random()) / 2


DEFAULT_PACING = Pacing()
