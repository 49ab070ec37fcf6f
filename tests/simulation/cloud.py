"""AWS as deployed: the tables, queues and buses of the template, and the secrets and policies of the stores."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.deployment import QUEUES_URL, STAGE, read_deployment
from tests.simulation.faults import QUEUES
from tests.simulation.queues import Message, Queue, Sqs
from tests.simulation.small_services import Events, Parameters, Secrets
from tests.simulation.tables import Dynamo, Index, Table

if TYPE_CHECKING:
    from tests.simulation.chance import Chance

type Json = dict[str, Any]

_LONGEST_QUEUE: Final = 12  # messages that are doubled
_LONGEST_LAG: Final = 3.0  # seconds that an index may be behind
_LONGEST_HOLD: Final = 120.0  # seconds that a queue may keep a message back
# What is in them is found again by those who look by themselves: the sweep, the reconciliation, the nightly walk. The
# others lose nothing here: a walk, a store's opening and its hooks go on by their messages alone, and begin anew only
# with the next night, the next installation, the next look at the hooks; and dead letters are there for a person.
_FOUND_AGAIN: Final = frozenset({f"{QUEUES_URL}bigcharge-{STAGE}-{name}" for name in ("orders", "customers")})


class Cloud:
    """The services of one world.

    Args:
        chance: delays and doubles.
        clock: seconds since 1970.
        on_record: is told of each record of a table's stream.
        on_message: is told of each message that arrives in a queue.
    """

    def __init__(
        self,
        chance: "Chance",
        clock: Callable[[], float],
        on_record: Callable[[str, Json], object],
        on_message: Callable[[str, Message], object],
    ) -> None:
        self._chance, self._on_message = chance, on_message
        deployment = read_deployment()
        tables = {name: make_table(declared) for name, declared in deployment.tables.items()}
        queues = {url: _make_queue(declared) for url, declared in deployment.queues.items()}
        self.dynamo = Dynamo(tables, clock, self._lag, on_record=on_record)
        self.sqs = Sqs(queues, clock, self._hold_back, on_send=self._sent, pick=self._pick)
        self.secrets, self.parameters = Secrets(), Parameters()
        self.bus = Events(frozenset({deployment.bus}))
        self.services: Mapping[str, Any] = {
            "dynamodb": self.dynamo,
            "sqs": self.sqs,
            "events": self.bus,
            "secretsmanager": self.secrets,
            "ssm": self.parameters,
        }

    def _lag(self) -> float:
        draw = self._chance.draw("index")
        return draw.between(1, 0.0, _LONGEST_LAG) if self._chance.choose(draw, 0, ("index lags",)) else 0.0

    def _hold_back(self) -> float:
        draw = self._chance.draw("queue")
        return draw.between(1, 0.0, _LONGEST_HOLD) if self._chance.choose(draw, 0, (QUEUES[1],)) else 0.0

    def _pick(self, messages: Any) -> Message:
        draw = self._chance.draw("receive") if len(messages) > 1 else None
        is_any = draw is not None and self._chance.choose(draw, 0, (QUEUES[2],))
        chosen: Message = draw.pick(1, messages) if draw is not None and is_any else messages[0]
        return chosen

    def _sent(self, url: str, message: Message) -> None:
        draw = self._chance.draw("send")
        if url in _FOUND_AGAIN and self._chance.choose(draw, 1, (QUEUES[4],)):
            self.sqs.queues[url].messages.remove(message)
            return
        is_short = len(self.sqs.queues[url].messages) < _LONGEST_QUEUE  # or what sends itself again would never end
        if is_short and self._chance.choose(draw, 0, (QUEUES[3],)):
            copies = [replace(message, message_id=f"{message.message_id}-{number}") for number in range(1, 4)]
            self.sqs.queues[url].messages += copies
        self._on_message(url, message)


def make_table(declared: Mapping[str, Any]) -> Table:
    """A table of the template, with its indexes."""
    keys = tuple(key["AttributeName"] for key in declared["KeySchema"])
    indexes = {
        index["IndexName"]: Index(
            tuple(key["AttributeName"] for key in index["KeySchema"]),
            None
            if index["Projection"]["ProjectionType"] == "ALL"
            else frozenset(index["Projection"].get("NonKeyAttributes", ())),
        )
        for index in declared.get("GlobalSecondaryIndexes", ())
    }
    return Table(keys, indexes)


def _make_queue(declared: Mapping[str, Any]) -> Queue:
    redrive = declared.get("RedrivePolicy", {})
    dead = str(redrive.get("deadLetterTargetArn", "")).lstrip("@").partition(".")[0]
    names = {logical: url.rpartition("/")[2] for logical, url in read_deployment().queue_names.items()}
    return Queue(float(declared.get("VisibilityTimeout", 30)), names.get(dead), int(redrive.get("maxReceiveCount", 0)))
