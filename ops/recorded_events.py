"""The files of events/: what each function is given, what it should answer, and a world in which that is so."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.server import serve
from sandbox.bigcommerce.stores import load_stores
from sandbox.cloud.clients import Clients
from sandbox.cloud.deploy import deploy
from sandbox.cloud.deployment import Deployment
from sandbox.cloud.local import emulated_aws
from sandbox.cloud.stores import read_stores
from sandbox.cloud.template import read_template, translate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CHECKOUT: Final = Path(__file__).parents[1]
FOLDER: Final = CHECKOUT / "events"
_API_URL: Final = "https://webhooks.invalid"  # nobody: the box posts its webhooks there, and none arrives
_STORE: Final = "abc123"
_SOURCE: Final = "example-app"


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One file: the function's logical id in the template, what it is given, and what should come of it.

    Attributes:
        name: the file, from events/.
        function: as the template calls it.
        answer: what the handler should return.
        charges: the state that each order's charge should be in afterwards.
        instruments: how many instruments of each customer should be in the table afterwards.
    """

    name: str
    function: str
    answer: Any
    charges: Mapping[str, str]
    instruments: Mapping[str, int]

    @property
    def path(self) -> Path:
        """The file."""
        return FOLDER / self.name

    def read(self) -> Any:  # noqa: ANN401 - JSON
        """The event."""
        return json.loads(self.path.read_text(encoding="utf-8"))


def list_events() -> tuple[RecordedEvent, ...]:
    """All of them, in the order of events/expected.json."""
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    return tuple(
        RecordedEvent(name, _function(name), what["answer"], what.get("charges", {}), what.get("instruments", {}))
        for name, what in expected.items()
    )


def _function(name: str) -> str:
    return "".join(word.capitalize() for word in name.partition("/")[0].split("_")) + "Function"


@dataclass(frozen=True, slots=True)
class World:
    """An emulated AWS with everything deployed, and a BigCommerce with the orders that the events name."""

    clients: Clients
    deployment: Deployment
    box: Box
    dynamodb: "DynamoDBClient"

    def find_fault(self, event: RecordedEvent, answer: object) -> str | None:
        """Compare what came of an event with what should: None, or what is wrong in a few words."""
        if answer != event.answer:
            return f"should answer {json.dumps(event.answer)}"
        for order_id, state in event.charges.items():
            if (found := self._charge_state(order_id)) != state:
                return f"order {order_id} should be {state}, not {found}"
        for customer_id, number in event.instruments.items():
            if (count := self._count_instruments(customer_id)) != number:
                return f"customer {customer_id} should have {number} instruments, not {count}"
        return f"charged twice: {sorted(twice)}" if (twice := self.box.charged_twice()) else None

    def _charge_state(self, order_id: str) -> str | None:
        key = {"order_key": {"S": f"{_STORE}#{order_id}"}}
        item = self.dynamodb.get_item(TableName="bigcharge-dev-ledger", Key=key).get("Item")
        return item["state"]["S"] if item else None

    def _count_instruments(self, customer_id: str) -> int:
        rows = self.dynamodb.query(
            TableName="bigcharge-dev-instruments",
            KeyConditionExpression="customer_key = :customer",
            ExpressionAttributeValues={":customer": {"S": f"{_STORE}#{customer_id}"}},
        )["Items"]
        return sum("token" in row and "removed_at" not in row for row in rows)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the world listens, on loopback."""

    aws: int
    api: int
    payments: int


@contextmanager
def make_world(ports: Ports) -> Iterator[World]:
    """Make the world in which events/expected.json holds.

    Raises:
        CannotStart: the emulated AWS cannot be started.
        OSError: a port is taken.
    """
    import boto3  # noqa: PLC0415 - it takes half a second, and meanwhile the emulated AWS starts

    box = Box(load_stores(FOLDER / "stores.json"))
    _fill(box)
    with ExitStack() as stack:
        server = stack.enter_context(serve(box, ports.api, ports.payments))
        clients = stack.enter_context(emulated_aws(ports.aws))
        parameters = {"BigCommerceApiUrl": server.api_url, "BigCommercePaymentsUrl": server.payments_url}
        translated = translate(read_template(CHECKOUT / "template.yaml"), parameters)
        deployment = deploy(clients, translated, CHECKOUT, parameters, read_stores(FOLDER / "stores.json"), _API_URL)
        session = boto3.Session("local", "local", region_name="us-east-1")
        yield World(clients, deployment, box, session.client("dynamodb", endpoint_url=clients.endpoint))


def _fill(box: Box) -> None:
    """Make the customers and the orders that the events name; a box counts orders from 100, customers from 1."""
    for _ in range(3):
        box.create_customer()
    box.store_instrument(1, default=True)
    box.store_instrument(1, brand="mastercard")
    box.store_instrument(2, behaviour=30106)  # insufficient funds
    box.store_instrument(3)
    box.delete_customer(3)
    for customer_id in (1, 1, 2):
        box.create_order(customer_id=customer_id, external_source=_SOURCE)
    box.create_order(customer_id=1, order_source="www")
    for _ in range(3):
        box.create_order(customer_id=1, external_source=_SOURCE)
