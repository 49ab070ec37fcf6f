"""Lambda: functions with warm and cold processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.deployment import FunctionPlan
from tests.simulation.environments import Environment
from tests.simulation.lambda_events import failed_items
from tests.simulation.timeline import Killed

if TYPE_CHECKING:
    from tests.simulation.world import World

FAILED: Final = object()
"""The answer of an invocation that failed."""
_LONGEST_SKEW: Final = 5.0  # seconds: machines of AWS keep far better time


@dataclass(slots=True)
class Function:
    """A deployed function.

    Attributes:
        idle: processes that are warm and wait.
    """

    world: "World"
    plan: FunctionPlan
    idle: list[Environment] = field(default_factory=list)

    def invoke(self, event: Mapping[str, Any], subject: str) -> Any:
        """Run it once, in the task that calls this; `FAILED` where it did not answer."""
        environment = self.idle.pop() if self.idle else self._start(subject)
        try:
            answer = environment.invoke(event, subject)
            self._check_failures(environment, answer)
        except Killed:
            return FAILED
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failed invocation
            self.world.note(environment.name, f"FAILED: {type(error).__name__}: {error}")
            self.world.judge.handler_raised(environment.name, error)
            answer = FAILED
        draw = self.world.chance.draw(f"{self.plan.name}:{subject}:retire")
        if not self.world.chance.choose(draw, 0, ("process recycled",)):
            self.idle.append(environment)
        return answer

    def _check_failures(self, environment: Environment, answer: Any) -> None:
        """A message that could not be processed is named, or it would be taken for done (design, law 8)."""
        if set(environment.failed) - failed_items(answer):
            self.world.judge.violate(f"{environment.name} could not process a message, and it counts as processed")

    def _start(self, subject: str) -> Environment:
        world = self.world
        world.processes += 1
        draw = world.chance.draw(f"{self.plan.name}:{subject}:start")
        is_skewed = world.chance.choose(draw, 0, ("clock skewed",))
        skew = draw.between(1, -_LONGEST_SKEW, _LONGEST_SKEW) if is_skewed else 0.0
        environment = Environment(world, self.plan, world.processes, skew)
        environment.load()
        world.timeline.sleep(draw.between(2, 0.2, 0.9))
        return environment
