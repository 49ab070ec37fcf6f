"""The same delivery after a second, six minutes and 47 hours has one effect: the real handlers, a clock that moves.

BigCommerce does not say whether a retry is signed anew. The Standard Webhooks document has it so; where it is not, a
late retry is refused by the default tolerance of five minutes, and taken with a wider one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from sandbox.bigcommerce.webhooks import sign
from tests.simulation.chance import Chance
from tests.simulation.scenario import Scenario, StorePlan
from tests.simulation.small_world import KEY, ORDER, POLICY, STORE
from tests.simulation.world import World

LATER = (1.0, 360.0, 47 * 3600.0)  # seconds after the first delivery
END = 48 * 3600.0
ANEW, KEPT = True, False


@dataclass
class Replays:
    """A world whose first delivery of the order is made again.

    Attributes:
        is_signed_anew: whether it is signed again each time, or keeps its timestamp and its signature.
        later: when it is made again, in seconds after the first.
        is_lost: whether nothing arrives but what is made again.
        statuses: the answers to the deliveries that were made again.
        paid_before: whether the order was paid when each of them came.
    """

    tolerance: str | None
    is_signed_anew: bool
    later: tuple[float, ...] = LATER
    is_lost: bool = False
    statuses: list[int] = field(default_factory=list)
    paid_before: list[bool] = field(default_factory=list)

    def run(self) -> World:
        policy = POLICY | ({"webhook_tolerance": self.tolerance} if self.tolerance else {})
        scenario = Scenario((StorePlan(STORE, policy, authorizes=False),), (ORDER,), (), {}, 0.0)
        self.world = World(scenario, Chance(1))
        self.post, self.is_planned = self.world.front_door._post, False
        self.world.front_door._post = self._deliver  # type: ignore[method-assign]
        self.world.begin()
        self.world.run(END)
        return self.world

    def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        if not self.is_planned and b"store/order/created" in body:
            self.is_planned = True
            for seconds in self.later:
                again = partial(self._deliver_again, url, headers, body)
                self.world.timeline.call_at(self.world.timeline.now + seconds, again)
        if self.is_lost:
            raise ConnectionError("it never arrives")
        return self.post(url, headers, body)

    def _deliver_again(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        if self.is_signed_anew:
            timestamp = int(self.world.timeline.present().timestamp())
            secret = self.world.box.state.shops[STORE].store.client_secret.encode()
            signature = sign(secret, headers["webhook-id"], timestamp, body)
            headers = {**headers, "webhook-timestamp": str(timestamp), "webhook-signature": signature}
        self.paid_before.append(self.item.get("state") == {"S": "paid"})
        self.statuses.append(self.post(url, headers, body))

    @property
    def item(self) -> Mapping[str, Any]:
        """The order's, in the ledger."""
        return self.world.charges().get(KEY, {})

    @property
    def too_old(self) -> int:
        """How many were counted as too old."""
        return sum("outcome=too_old" in line for _, _, line in self.world.history)


@pytest.mark.parametrize(
    ("tolerance", "is_signed_anew", "statuses"),
    [
        (None, KEPT, [200, 401, 401]),
        ("P2D", KEPT, [200, 200, 200]),
        (None, ANEW, [200, 200, 200]),
        ("P2D", ANEW, [200, 200, 200]),
    ],
)
def test_the_same_delivery_has_one_effect(
    tolerance: str | None,
    is_signed_anew: bool,  # noqa: FBT001 - pytest gives it by name
    statuses: list[int],
) -> None:
    replays, alone = Replays(tolerance, is_signed_anew), Replays(tolerance, is_signed_anew, later=())
    world = replays.run()
    alone.run()
    assert replays.statuses == statuses
    assert replays.too_old == statuses.count(401)
    assert (len(world.box.book), len(world.judge.posts.of[KEY])) == (1, 1), "one charge, by one payment request"
    assert replays.item["state"] == {"S": "paid"}
    assert replays.item["version"] == alone.item["version"], "and nothing was written that is not written without them"


@pytest.mark.parametrize(("tolerance", "status"), [(None, 401), ("P2D", 200)])
def test_an_order_whose_late_retry_is_refused_was_found_before(tolerance: str | None, status: int) -> None:
    """All deliveries are lost but one of 47 hours later, as it was first signed: the reconciliation did not wait."""
    replays = Replays(tolerance, KEPT, later=LATER[-1:], is_lost=True)
    world = replays.run()
    assert (replays.statuses, replays.paid_before) == ([status], [True])
    assert (len(world.box.book), len(world.judge.posts.of[KEY])) == (1, 1)
