"""The judge's rules for what is asked of BigCommerce after a payment: captures, voids, orders closed or completed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.bigcommerce.transport import Answer, Request
from bigcharge.domain.acts import ActKind
from sandbox.bigcommerce.faults import Endpoint
from sandbox.bigcommerce.statuses import AWAITING_FULFILLMENT, CANCELLED, DECLINED
from tests.simulation.answers import TOO_MANY
from tests.simulation.books import OrderKey, standing
from tests.simulation.faults import LONGEST_STALE

if TYPE_CHECKING:
    from tests.simulation.environments import Environment
    from tests.simulation.world import World

_CLOSES: Final = {DECLINED: "decline", CANCELLED: "cancel"}
SHIPPED: Final = frozenset({2, 10})
_WORDS: Final = frozenset({ActKind.CAPTURE, ActKind.VOID})
_NOT_DONE: Final = frozenset({401, TOO_MANY})
_UNDER_WAY: Final = 60.0  # seconds for which a function that was asked for one thing may not know of another


@dataclass(slots=True)
class OrderRequests:
    """Watches the requests that change an order or what became of its payment.

    Attributes:
        violate: says what does not hold, and ends the run.
    """

    world: "World"
    violate: Callable[[str], None]
    _asked: dict[tuple[OrderKey, Endpoint], float] = field(default_factory=dict)

    def asked(self, environment: "Environment", endpoint: Endpoint, key: OrderKey, request: Request) -> None:
        """Whatever is to be true when such a request leaves."""
        match endpoint:
            case Endpoint.CAPTURE | Endpoint.VOID:
                self._check_repeated(key, endpoint)
                self._check_wanted(environment, key, endpoint)
                self._asked[key, endpoint] = self.world.timeline.now
            case Endpoint.UPDATE_ORDER:
                self._check_status(environment, key, json.loads(request.body or b"{}").get("status_id"))

    def answered(self, endpoint: Endpoint, key: OrderKey, answer: Answer) -> None:
        """What was certainly not done may be asked for again."""
        if answer.status in _NOT_DONE:
            self._asked.pop((key, endpoint), None)

    def _words(self, key: OrderKey) -> tuple[list[ActKind], list[ActKind]]:
        """What operators said of the present payment: so long ago that all know it, and since."""
        posts = self.world.judge.posts.of[key]
        acts = [(at, kind) for at, kind in self.world.operators.acts[key] if posts and at >= posts[-1].sent_at]
        until = self.world.timeline.now - _UNDER_WAY
        return [kind for at, kind in acts if at < until], [kind for at, kind in acts if at >= until]

    def _check_repeated(self, key: OrderKey, endpoint: Endpoint) -> None:
        """Nobody says that a second one does nothing, and the first may not show yet; an operator may insist."""
        before, now = self._asked.get((key, endpoint)), self.world.timeline.now
        if before is None or now - before > LONGEST_STALE:
            return
        if not any(before - _UNDER_WAY < at for at, kind in self.world.operators.acts[key] if kind in _WORDS):
            self.violate(f"a {endpoint} of order {key} was asked for again, before the first could show")

    def _check_wanted(self, environment: "Environment", key: OrderKey, endpoint: Endpoint) -> None:
        """By an operator, whose last word counts; where there was none, a capture may be wanted by the policy."""
        known, new = ([kind for kind in words if kind in _WORDS] for words in self._words(key))
        if ActKind(endpoint) in {*known[-1:], *new}:
            return
        if known or not self._is_in_policy(environment, key, endpoint):
            self.violate(f"a {endpoint} of order {key} was asked for that neither policy nor operator wants")

    def _is_in_policy(self, environment: "Environment", key: OrderKey, endpoint: Endpoint) -> bool:
        """Whether the store's policy wants a capture of this order, as the function has read both."""
        order = environment.order
        if endpoint is not Endpoint.CAPTURE or order is None or order.order_id != key[1]:
            return False
        held = [one for one in standing(self.world.box.state.book, key) if one.kind == "authorization"]
        if held and (held[-1].amount, held[-1].currency) != order.owed:
            return False
        wanted = {"at_once", "when_shipped"} if order.status in SHIPPED else {"at_once"}
        return any(policy.get("capture") in wanted for policy in self._policies(environment, key))

    def _policies(self, environment: "Environment", key: OrderKey) -> list[Any]:
        """Those by which the function may act."""
        held = self.world.policies.between(key[0], environment.believes_since, self.world.timeline.now)
        return [policy for policy in held if policy is not None]

    def _check_status(self, environment: "Environment", key: OrderKey, status: int | None) -> None:
        if status == AWAITING_FULFILLMENT:
            if all(kind is not ActKind.REPAIR for _, kind in self.world.operators.acts[key]):
                self.violate(f"order {key} was set to Awaiting Fulfillment, and no operator wanted it")
        elif status in _CLOSES:
            self._check_close(environment, key, _CLOSES[status])
        else:
            self.violate(f"order {key} was set to status {status}")

    def _check_close(self, environment: "Environment", key: OrderKey, how: str) -> None:
        if not any(policy.get("when_failed") == how for policy in self._policies(environment, key)):
            self.violate(f"order {key} was closed ({how}) though its policy leaves it")
        if any(one.by == "api" for one in standing(self.world.box.state.book, key)):
            self.violate(f"order {key} was closed ({how}) though we charged it")
        if environment.shown_money == (key, True):
            self.violate(f"order {key} was closed ({how}) though its transactions showed money")
