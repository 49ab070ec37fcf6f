"""The front door: BigCommerce posts webhooks, API Gateway gives them to the function, and some are lost on the way."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox.bigcommerce.delivery import Outbox
from sandbox.bigcommerce.hooks import Trouble
from sandbox.bigcommerce.records import Store
from sandbox.bigcommerce.shaping import Shape
from tests.simulation.faults import WEBHOOKS
from tests.simulation.hooks import WEBHOOKS_URL, strike_hooks
from tests.simulation.lambda_events import http_event

if TYPE_CHECKING:
    from sandbox.bigcommerce.webhooks import Post
    from tests.simulation.world import World

_FUNCTION = "receive_webhook"


class FrontDoor:
    """Delivers what the box has to tell.

    Attributes:
        taken: the orders of which a webhook was accepted.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._planned = float("inf")
        self.taken: set[tuple[str, int]] = set()
        world.box.state.outbox = ShapedOutbox(world)
        world.box.state.outbox.wake = self._wake
        world.box.add_default_hooks(WEBHOOKS_URL)

    def _wake(self) -> None:
        """Deliver when the next one is due."""
        due = self._world.box.state.outbox.next_due()
        if due is None:
            return
        at = max(self._world.timeline.now, due.timestamp() - self._world.epoch)
        if at < self._planned:
            self._planned = at
            self._world.timeline.spawn(self._deliver, at - self._world.timeline.now)

    def _deliver(self) -> None:
        if self._world.timeline.now >= self._planned:
            self._planned = float("inf")
        self._world.box.send_due(self._post)
        self._wake()

    def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Post one, as the box's postman; another host than ours is nobody's here."""
        if not url.startswith(WEBHOOKS_URL):
            return HTTPStatus.NOT_FOUND
        event = http_event(headers, body, urlsplit(url).path)
        subject = headers["webhook-id"]
        self._world.sent_for.pop(subject, None)
        answer = self._world.functions[_FUNCTION].invoke(event, subject)
        status = answer.get("statusCode") if isinstance(answer, dict) else None
        if status is None:
            raise ConnectionError("the function was killed")
        if status == HTTPStatus.OK:
            self._note_taken(json.loads(body), is_queued=bool(self._world.sent_for[subject]))
        return int(status)

    def _note_taken(self, told: Mapping[str, Any], *, is_queued: bool) -> None:
        """A webhook was answered 200; only of a delivery that will be repeated nobody need look."""
        data, store_hash = told["data"], told["producer"].removeprefix("stores/")
        if not is_queued and data.get("error_code") != Trouble.WILL_RETRY:
            self._world.judge.violate("a webhook was answered 200, and no queue has it")
        if told["scope"].startswith(("store/order/", "store/cart/")):
            self.taken.add((store_hash, data.get("orderId") or data.get("order_id") or data["id"]))


class ShapedOutbox(Outbox):
    """An outbox whose events are lost, doubled and late by chance."""

    def __init__(self, world: "World") -> None:
        super().__init__(world.box.state.clock, world.chance.source("outbox"))
        self.world = world

    def report(self, post: "Post", status: int | None, error: str = "") -> Trouble | None:
        """As the box's; a hook that is switched off is news for what looks after hooks."""
        trouble = super().report(post, status, error)
        if trouble is Trouble.GIVEN_UP:
            self.world.touch("bigcommerce")
        return trouble

    def _shape(self, store: Store, scope: str, data: Mapping[str, Any]) -> Shape:
        subject = next((data[name] for name in ("orderId", "order_id", "id") if name in data), "")
        strike_hooks(self.world, store.store_hash)
        draw = self.world.chance.draw(f"webhook {scope} {store.store_hash}#{subject}")
        kind = self.world.chance.choose(draw, 0, WEBHOOKS)
        delay = draw.between(1, 0.05, 1.5)
        if kind is not None:
            self.world.note("bigcommerce", f"{kind}: {scope} {subject}")
        match kind:
            case "webhook lost":
                return Shape(lose=True)
            case "webhook doubled":
                return Shape(copies=2, delay=delay)
            case "webhook late":
                return Shape(delay=draw.between(2, 2, 600))
            case "webhook very late":
                return Shape(delay=draw.between(2, 600, 2 * 86400))
        return Shape(delay=delay)
