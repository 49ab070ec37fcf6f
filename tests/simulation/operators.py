"""Operators: they look at the gateway's book first, say the truth and wait as they are told, but choose bad moments.

They do what `bigcharge charges ...` does: the real rules, saved through the real ledger, and a hint in the queue.
"""

import json
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.ledger import LedgerTable
from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import ConflictError
from bigcharge.domain.operating import NotAllowedError, record_act
from bigcharge.domain.stores import PAUSED_BY_OPERATOR, Pause
from sandbox.bigcommerce.book import CHARGES
from tests.simulation.aws_errors import Exceptions
from tests.simulation.books import OrderKey, is_taken, standing
from tests.simulation.deployment import QUEUES_URL, STAGE
from tests.simulation.faults import DAY

if TYPE_CHECKING:
    from tests.simulation.world import World

LEDGER: Final = f"bigcharge-{STAGE}-ledger"
_TRIES: Final = 5  # as the command has
_WAIT: Final = 3700.0  # seconds until an operator who was told to wait tries again
_MOST_WAITS: Final = 3
_SHORTEST_PAUSE: Final = 600.0
_PLAIN: Final = {
    "operator retries": ActKind.RETRY,
    "operator captures": ActKind.CAPTURE,
    "operator voids": ActKind.VOID,
    "operator repairs": ActKind.REPAIR,
}


class Desk:
    """boto3's client of DynamoDB, as an operator's machine has it: nothing fails there."""

    exceptions = Exceptions

    def __init__(self, world: "World") -> None:
        self._world = world

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._world.dynamo, operation)


class Operators:
    """The stores' operators.

    Attributes:
        acts: what was recorded, by order: when, and what.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._writers = 0
        self._ledger = LedgerTable(Desk(world), LEDGER, self._new_writer, world.timeline.sleep)  # type: ignore[arg-type]
        self.acts: dict[OrderKey, list[tuple[float, ActKind]]] = defaultdict(list)

    def do(self, what: str, key: OrderKey) -> None:
        """Set out to do something with an order."""
        self._world.timeline.spawn(partial(self._do, what, key))

    def _do(self, what: str, key: OrderKey) -> None:
        if what == "operator pauses":
            self._pause(key[0])
            return
        done = self._act(_PLAIN[what], key) if what in _PLAIN else self._resolve(key)
        if not done:
            self._world.chance.refused[f"act: {what}"] += 1
        elif done is ActKind.RESOLVE_FAILED and what.endswith("retries"):
            self._act(ActKind.RETRY, key)

    def _pause(self, store_hash: str) -> None:
        """Charge nothing of a store for a while, as `bigcharge stores pause` and `resume` do."""
        world, who = self._world, ("an operator", "simulated")
        self._ledger.close(Pause(store_hash, PAUSED_BY_OPERATOR, None, "", world.timeline.present(), *who))
        world.note("operator", f"pauses {store_hash}")
        share = world.chance.draw(f"pause of {store_hash}").numbers[0] ** 3
        world.timeline.sleep(_SHORTEST_PAUSE + share * DAY)
        if world.resume(store_hash):
            world.note("operator", f"resumes {store_hash}")

    def _resolve(self, key: OrderKey) -> ActKind | None:
        """Say what became of a payment, as the book has it; come again later where it is too early."""
        for _ in range(_MOST_WAITS):
            kind = self._find_truth(key)
            if kind is not None and self._act(kind, key):
                return kind
            self._world.timeline.sleep(_WAIT)
        return None

    def _find_truth(self, key: OrderKey) -> ActKind | None:
        """What the gateway's book says; None while the money is held or on its way."""
        book = self._world.box.state.book
        charges = [entry for entry in standing(book, key) if entry.kind in CHARGES]
        if not charges:
            return ActKind.RESOLVE_FAILED
        return ActKind.RESOLVE_PAID if all(is_taken(book, charge) for charge in charges) else None

    def _act(self, kind: ActKind, key: OrderKey) -> bool:
        """Record an act, as `ops.recording` does; False where it is refused, or would not be right."""
        world = self._world
        for _ in range(_TRIES):
            if kind is ActKind.RETRY and self._find_truth(key) is not ActKind.RESOLVE_FAILED:
                return False
            charge, _ = self._ledger.read(*key)
            if charge is None:
                return False
            try:
                changed = record_act(charge, Act(kind, "an operator", "simulated", world.timeline.present()))
            except NotAllowedError as error:
                world.note("operator", f"{kind} of order {key} is refused: {error}")
                return False
            world.timeline.sleep(world.chance.draw(f"operator {key}").between(0, 0.01, 0.3))
            if self._save(kind, key, changed):
                return True
        return False

    def _save(self, kind: ActKind, key: OrderKey, changed: Charge) -> bool:
        world = self._world
        if kind is ActKind.RESOLVE_FAILED and self._find_truth(key) is not kind:
            return False
        try:
            saved = self._ledger.save(changed)
        except ConflictError:
            return False
        world.note("operator", f"{kind}: order {key} is {saved.state}, v{saved.version}")
        self.acts[key].append((world.timeline.now, kind))
        if kind is ActKind.RETRY:
            world.judge.posts.retried(key)
        elif kind in {ActKind.RESOLVE_PAID, ActKind.RESOLVE_FAILED}:
            world.judge.posts.resolved(key)
        if saved.is_due(saved.updated_at):
            self._hint(key)
        return True

    def _hint(self, key: OrderKey) -> None:
        hint = {"store_hash": key[0], "kind": "order", "id": key[1], "cause": "operator", "event_hash": None}
        body = json.dumps(hint | {"received_at": self._world.timeline.present().isoformat()})
        self._world.sqs.send_message(QueueUrl=f"{QUEUES_URL}bigcharge-{STAGE}-orders", MessageBody=body)

    def _new_writer(self) -> str:
        self._writers += 1
        return f"operator-{self._writers}"
