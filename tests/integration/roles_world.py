"""What each function and its role have to do, whole or without one of the role's grants."""

import ast
import copy
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bigcharge.adapters.instrument_items import row_to_item
from bigcharge.adapters.ledger_items import charge_to_item
from bigcharge.domain.charges import Charge
from bigcharge.domain.instrument_rows import InstrumentRow
from bigcharge.domain.instruments import Instrument, InstrumentType
from bigcharge.domain.states import State
from ops.recorded_events import FOLDER, World
from sandbox.cloud.clients import OWNER, maker
from sandbox.cloud.deployment import Function
from sandbox.cloud.environments import Answer, Environment
from sandbox.cloud.pool import FunctionPool
from sandbox.cloud.stores import put_stores, read_stores


@dataclass(frozen=True)
class Grant:
    """One thing that a policy allows: an action on a resource, or the key through a service."""

    statement: int
    action: str = ""
    resource: str = ""
    service: str = ""

    def __str__(self) -> str:
        return f"the key through {self.service}" if self.service else f"{self.action} on {self.resource}"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def list_grants(document: Mapping[str, Any]) -> Iterator[Grant]:
    """Take a policy apart."""
    for number, statement in enumerate(document["Statement"]):
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                yield Grant(number, action, resource)
        for service in listed(statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService", [])):
            yield Grant(number, service=service)


def without(document: Mapping[str, Any], grant: Grant) -> dict[str, Any]:
    """A policy that lacks one grant and nothing else."""
    statements = copy.deepcopy(document["Statement"])
    statement = statements.pop(grant.statement)
    if grant.service:
        services = [
            one for one in listed(statement["Condition"]["StringEquals"]["kms:ViaService"]) if one != grant.service
        ]
        rest = [statement | {"Condition": {"StringEquals": {"kms:ViaService": services or ["none"]}}}]
    else:
        actions = [one for one in listed(statement["Action"]) if one != grant.action]
        resources = [one for one in listed(statement["Resource"]) if one != grant.resource]
        rest = [statement | {"Action": actions}, statement | {"Action": grant.action, "Resource": resources}]
    return {**document, "Statement": statements + [one for one in rest if one["Action"] and one["Resource"]]}


class Roles:
    """The world of the recorded events, made new as often as it is asked for, and the roles in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clients = world.clients
        make = maker(world.clients.endpoint, OWNER)
        self.iam = make("iam")
        self.functions = {function.code.name: function for function in world.deployment.functions}
        self._shops = copy.deepcopy(world.box.state.shops)
        self._stores = read_stores(FOLDER / "stores.json")
        self._next = Environment()

    def policy(self, role: str) -> tuple[str, dict[str, Any]]:
        """The name and the document of a role's one policy."""
        role = role.rsplit("/", 1)[-1]
        [name] = self.iam.list_role_policies(RoleName=role)["PolicyNames"]
        document = self.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        # moto shows what came from CloudFormation as Python writes it.
        return name, ast.literal_eval(document) if isinstance(document, str) else document

    @contextmanager
    def lacking(self, role: str, grant: Grant) -> Iterator[None]:
        """Take a grant away from a role for a while."""
        name, document = self.policy(role)
        of = {"RoleName": role.rsplit("/", 1)[-1], "PolicyName": name}
        self.iam.put_role_policy(PolicyDocument=json.dumps(without(document, grant)), **of)
        try:
            yield
        finally:
            self.iam.put_role_policy(PolicyDocument=json.dumps(document), **of)

    def begin(self) -> None:
        """Make everything as it was when the world was made."""
        box = self.world.box
        box.clear_faults()
        with box.state.lock:
            box.state.shops.update(copy.deepcopy(self._shops))
            box.state.book.clear()
        for table in self.world.dynamodb.list_tables()["TableNames"]:
            names = [
                one["AttributeName"]
                for one in self.world.dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
            ]
            for item in self.world.dynamodb.scan(TableName=table)["Items"]:
                self.world.dynamodb.delete_item(TableName=table, Key={name: item[name] for name in names})
        for secret in self.clients.secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]:
            self.clients.secrets.restore_secret(SecretId=secret["ARN"])
        put_stores(self._stores, "dev", self.clients.secrets, self.clients.parameters)

    @contextmanager
    def running(self, function: Function) -> Iterator[Callable[[Any], Answer]]:
        """Run a function in a process of its own, which knows nothing of what was before, and give what invokes it."""
        environment, self._next = self._next, Environment()  # the next one starts meanwhile
        with closing(FunctionPool(function, self.clients, None)) as pool:
            pool.load(environment)
            pool.warm(environment)
            yield pool.invoke

    def close(self) -> None:
        self._next.close()

    def change_policy(self, **changes: Any) -> None:
        """Change the policy of the first store."""
        store = self._stores[0]
        changed = replace(store, policy=(store.policy or {}) | changes)
        put_stores([changed], "dev", self.clients.secrets, self.clients.parameters)

    def put_charge(self, order_id: int, state: State, customer_id: int = 1, **fields: Any) -> None:
        """Put a charge into the ledger."""
        now = datetime.now(UTC)
        charge = Charge("abc123", order_id, state, now, customer_id, version=1, **fields)
        self.world.dynamodb.put_item(TableName="bigcharge-dev-ledger", Item=charge_to_item(charge))

    def put_instrument(self, store_hash: str, customer_id: int) -> None:
        """Put an instrument into the table."""
        row = {
            "customer_key": f"{store_hash}#{customer_id}",
            "instrument_key": "1",
            "store_hash": store_hash,
            "token": "t",
        }
        item: Any = {name: {"S": value} for name, value in row.items()}
        self.world.dynamodb.put_item(TableName="bigcharge-dev-instruments", Item=item)

    def put_card(self, store_hash: str, customer_id: int) -> None:
        """Put a card into the table that is over at the end of this month, and is not the default."""
        now = datetime.now(UTC)
        card = Instrument("c" * 64, InstrumentType.CARD, expiry_month=now.month, expiry_year=now.year)
        item = row_to_item(InstrumentRow(store_hash, customer_id, card, now))
        self.world.dynamodb.put_item(TableName="bigcharge-dev-instruments", Item=item)

    def is_leaving(self, store_hash: str, customer_id: int) -> bool:
        """Whether the instrument is marked as one that leaves."""
        return "expires_at" in self.read_instrument(store_hash, customer_id)

    def read_instrument(self, store_hash: str, customer_id: int) -> Any:
        """The instrument's item; nothing where there is none."""
        key: Any = {"customer_key": {"S": f"{store_hash}#{customer_id}"}, "instrument_key": {"S": "1"}}
        return self.world.dynamodb.get_item(TableName="bigcharge-dev-instruments", Key=key).get("Item", {})

    def read_state(self, order_id: int) -> str | None:
        """The state of an order's charge."""
        item = self._read_charge(order_id)
        return item["state"]["S"] if item else None

    def is_of_a_customer(self, order_id: int) -> bool:
        """Whether the ledger knows whose order it is."""
        return "customer_id" in (self._read_charge(order_id) or {})

    def _read_charge(self, order_id: int) -> Any:
        key = {"order_key": {"S": f"abc123#{order_id}"}}
        return self.world.dynamodb.get_item(TableName="bigcharge-dev-ledger", Key=key).get("Item")

    @contextmanager
    def sending_one(self, queue: str) -> Iterator[None]:
        """See that what is done meanwhile sends one message to a queue."""
        before = self.count_messages(queue)
        yield
        assert self.count_messages(queue) == before + 1, f"no message came to {queue}"

    def count_messages(self, queue: str) -> int:
        """How many messages a queue holds, visible or not."""
        url = self.clients.queues.get_queue_url(QueueName=queue)["QueueUrl"]
        found = self.clients.queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(number) for name, number in found.items() if name.startswith("ApproximateNumberOfMessages"))
