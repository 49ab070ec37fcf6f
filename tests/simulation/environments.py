"""Execution environments: processes that run the real handlers, each with a memory and a clock of its own."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

from greenlet import getcurrent

import bigcharge
from bigcharge import bootstrap as real_bootstrap
from bigcharge import config as real_config
from tests.simulation.answers import OrderRead
from tests.simulation.chance import Draw
from tests.simulation.clients import Client
from tests.simulation.deployment import FunctionPlan
from tests.simulation.faults import CRASHES
from tests.simulation.loading import load_module
from tests.simulation.timeline import Killed, Task

if TYPE_CHECKING:
    from tests.simulation.world import World

# Calls that change nothing, and one that the bus shows: not worth a line of the history.
_READS: Final = frozenset(
    {"batch_get_item", "query", "scan", "get_secret_value", "get_parameter", "get_parameters_by_path", "put_events"},
)
_POLICY_LIFE: Final = 60.0  # seconds for which a policy is believed, as documented
_BOOTSTRAP: Final = "bigcharge.bootstrap"


@dataclass(slots=True, eq=False)
class Environment:
    """One process.

    Attributes:
        world: everything outside.
        function: what it runs.
        number: its place among all processes.
        skew: seconds that its clock is ahead.
        deadline: when the present invocation is stopped.
        subject: what the present invocation is about.
        is_dead: whether it was killed.
        order: the order that this process read last, as its answer showed it.
        shown_money: of which order it read the transactions last, and whether they showed money.
        learned: payments whose answers this invocation alone knows, until it writes them down.
        failed: messages that this invocation said it could not process.
    """

    world: "World"
    function: FunctionPlan
    number: int
    skew: float
    deadline: float = 0.0
    subject: str = ""
    is_dead: bool = False
    order: OrderRead | None = None
    shown_money: tuple[tuple[str, int], bool] | None = None
    learned: list[Any] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    handler: Any = None
    _uuids: int = 0

    @property
    def name(self) -> str:
        """What the history calls it."""
        return f"{self.function.name}[{self.number}]"

    def load(self) -> None:
        """Load the handler with modules of its own, so that nothing is shared with another process."""
        config = load_module("bigcharge.config", Path(real_config.__file__))
        config.__dict__["os"] = SimpleNamespace(environ=dict(self.function.variables))
        bootstrap = load_module(_BOOTSTRAP, Path(real_bootstrap.__file__))
        replaced: dict[str, Any] = {
            "config": config,
            "_aws": cache(partial(Client, environment=self)),
            "now": self.present,
            "time": SimpleNamespace(sleep=self.pause, monotonic=self.monotonic, time=self._time),
            "uuid": SimpleNamespace(uuid4=self._uuid4),
        }
        bootstrap.__dict__.update(replaced)
        bigcharge.__dict__["bootstrap"] = sys.modules[_BOOTSTRAP] = bootstrap
        try:
            self.handler = load_module("handler", self.function.handler).__dict__["handler"]
        finally:
            bigcharge.__dict__["bootstrap"] = sys.modules[_BOOTSTRAP] = real_bootstrap

    def invoke(self, event: Mapping[str, Any], subject: str) -> Any:
        """Run the handler in the task that calls this.

        Raises:
            Killed: the process was killed, by a crash or by its time-out.
            Exception: whatever the handler raised.
        """
        task = cast("Task", getcurrent())
        self.learned.clear()
        self.failed.clear()
        self.subject, self.deadline = subject, self.world.timeline.now + self.function.timeout
        task.environment = self
        try:
            return self.handler(event, self)
        finally:
            task.environment = None

    @property
    def believes_since(self) -> float:
        """Since when a policy may have held that this invocation goes by (seconds on the timeline)."""
        return self.began_at - _POLICY_LIFE

    @property
    def began_at(self) -> float:
        """When the present invocation began (seconds on the timeline)."""
        return self.deadline - self.function.timeout

    @property
    def aws_request_id(self) -> str:
        """As Lambda's context."""
        return self.name

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda's context."""
        return max(0, int((self.deadline - self.world.timeline.now) * 1000))

    def present(self) -> datetime:
        """The time by this process's clock."""
        return self.world.timeline.present(self.skew)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self.world.timeline.now

    def pause(self, seconds: float) -> None:
        """Wait, or be killed: Lambda stops a function whose time is over, wherever it is."""
        timeline = self.world.timeline
        if self.is_dead:
            raise Killed
        if timeline.now + seconds < self.deadline:
            timeline.sleep(seconds)
        else:
            timeline.sleep(max(0.0, self.deadline - timeline.now))
            self.die("timed out")
        if self.is_dead:
            raise Killed

    def die(self, how: str) -> None:
        """Lose everything.

        Raises:
            Killed: always.
        """
        self.is_dead = True
        self.learned.clear()
        self.world.note(self.name, f"KILLED: {how}")
        raise Killed

    def arrive(self, call: str) -> Draw:
        """Come to a call that leaves this process: the moment of it, unless the process is killed before it.

        Raises:
            Killed: it was.
        """
        if self.is_dead:
            raise Killed
        draw = self.world.chance.draw(f"{self.function.name}:{self.subject}:{call}")
        if self.world.crashes.strikes(self, draw, CRASHES[0]):
            self.die(f"before {call}")
        return draw

    def leave(self, draw: Draw) -> None:
        """Have made the call, unless the process is killed before it hears of that.

        Raises:
            Killed: it was.
        """
        if self.world.crashes.strikes(self, draw, CRASHES[1]):
            self.die("after the call")

    def note_call(self, operation: str, request: Mapping[str, Any]) -> None:
        """Write a call to AWS down in the history."""
        if operation == "put_item" and request["Item"].get("state"):
            item = request["Item"]
            reason = item.get("reason", {}).get("S", "")
            self.world.note(
                self.name, f"ledger {item['order_key']['S']} v{item['version']['N']}: {item['state']['S']} {reason}"
            )
            key = item["store_hash"]["S"], int(item["order_id"]["N"])
            self.world.judge.posts.saved(key, item.get("attempts", {}).get("L", []))
            for known in self.learned:
                known.is_known = True
            self.learned.clear()
        elif operation not in _READS:
            self.world.note(self.name, operation)

    def _time(self) -> float:
        return self.present().timestamp()

    def _uuid4(self) -> SimpleNamespace:
        self._uuids += 1
        return SimpleNamespace(hex=f"{self.number:08x}{self._uuids:024x}")
