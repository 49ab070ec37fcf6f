"""Who is killed, and when."""

from typing import TYPE_CHECKING, Protocol

from tests.simulation.chance import Draw
from tests.simulation.faults import CRASHES

if TYPE_CHECKING:
    from tests.simulation.environments import Environment


class Killer(Protocol):
    """Decides over the processes."""

    def strikes(self, environment: "Environment", draw: Draw, kind: str) -> bool:
        """Whether a process is killed at this moment: before or after a call."""


class Crashes:
    """Kills by chance."""

    def strikes(self, environment: "Environment", draw: Draw, kind: str) -> bool:
        """Whether a process is killed before or after its call."""
        if kind not in environment.world.chance.rates:
            return False
        index = 2 if kind == CRASHES[0] else 3
        where = Draw(f"{draw.where} {kind}", draw.numbers)
        return environment.world.chance.choose(where, index, (kind,)) is not None
