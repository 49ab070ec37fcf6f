"""One role a function, with what it uses and nothing else: seen by running each function under its role."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.recorded_events import CHECKOUT, Ports, make_world
from sandbox.cloud.clients import Credentials, assume, maker
from sandbox.cloud.template import read_template
from tests.integration.role_calls import CALLS, call
from tests.integration.role_duties import Duty, duties, start_function
from tests.integration.roles_world import Grant, Roles, list_grants

RESOURCES = read_template(CHECKOUT / "template.yaml")["Resources"]
FUNCTIONS = [
    resource["Properties"]["CodeUri"].split("/")[1]
    for resource in RESOURCES.values()
    if resource["Type"] == "AWS::Serverless::Function"
]
ROLES = [name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::IAM::Role"]
DENIED = "AccessDeniedException"


@pytest.fixture(scope="module")
def roles() -> Iterator[Roles]:
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        ports = Ports(*(probe.getsockname()[1] for probe in sockets))
    with ExitStack() as stack:
        made = Roles(stack.enter_context(make_world(ports)))
        stack.callback(made.close)
        yield made


def find_duties(roles: Roles, role: str) -> list[partial[None]]:
    """What a role is for, by its name in the template: those that serve no function and no schedule have nothing."""
    of_functions: list[tuple[Duty, Any]] = [
        (duty, function) for function in roles.functions.values() for duty in duties(function)
    ]
    of_schedules: list[tuple[Any, Any]] = [(start_function, one) for one in roles.world.deployment.schedules]
    return [partial(duty, roles, of) for duty, of in of_functions + of_schedules if is_role(of.role, role)]


def is_role(arn: str, name: str) -> bool:
    """Whether a role of the stack is the one that the template calls so."""
    return re.fullmatch(rf"bigcharge-dev-{name}-[A-Z0-9]+", arn.rsplit("/", 1)[-1]) is not None


def find_arn(roles: Roles, name: str) -> str:
    [arn] = [one["Arn"] for one in roles.iam.list_roles(MaxItems=1000)["Roles"] if is_role(one["Arn"], name)]
    return str(arn)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_its_duties(role: str, roles: Roles) -> None:
    """A function's: it answers its events, is fed, writes its log, keeps what failed. A schedule's: it starts it."""
    found = find_duties(roles, role)
    assert found, "no function and no schedule has this role"
    for duty in found:
        duty()


@pytest.mark.parametrize("role", ROLES)
def test_without_any_one_of_its_grants_a_role_fails_in_a_duty(role: str, roles: Roles) -> None:
    arn = find_arn(roles, role)
    _, document = roles.policy(arn)
    found = find_duties(roles, role)
    unneeded = [grant for grant in list_grants(document) if not is_needed(roles, arn, grant, found)]
    assert not unneeded, "\n".join(f"no duty needs {grant}" for grant in unneeded)


def is_needed(roles: Roles, arn: str, grant: Grant, found: list[partial[None]]) -> bool:
    with roles.lacking(arn, grant):
        return any(fails(duty) for duty in found)


def fails(duty: partial[None]) -> bool:
    try:
        duty()
    except (AssertionError, ClientError):
        return True
    return False


def list_allowed(roles: Roles, role: str) -> set[tuple[str, str]]:
    """Each action with each resource that a role may use it on."""
    _, document = roles.policy(find_arn(roles, role))
    return {(grant.action, grant.resource) for grant in list_grants(document) if grant.action}


@pytest.mark.parametrize("role", ROLES)
def test_what_another_role_may_do_and_this_one_not_is_denied_to_it(role: str, roles: Roles) -> None:
    everything = {pair for other in ROLES for pair in list_allowed(roles, other)}
    make = maker(roles.clients.endpoint, assume(roles.clients, find_arn(roles, role)))
    others = everything - list_allowed(roles, role)
    assert others
    assert {(call(make, *pair), *pair) for pair in others} == {(DENIED, *pair) for pair in others}


@pytest.mark.parametrize("role", ROLES)
def test_what_no_role_may_do_is_denied(role: str, roles: Roles) -> None:
    """All other calls of these services that the local cloud knows, on everything that there is."""
    everything = {pair for other in ROLES for pair in list_allowed(roles, other)}
    make = maker(roles.clients.endpoint, assume(roles.clients, find_arn(roles, role)))
    resources = {resource for _, resource in everything}
    services = {resource: resource.split(":")[2] for resource in resources if resource != "*"}
    never = {
        (action, resource)
        for action in CALLS
        for resource, service in services.items()
        if action.split(":")[0] == service and not any(action == allowed for allowed, _ in everything)
    }
    assert len(never) > 20
    assert {(call(make, *pair), *pair) for pair in never} == {(DENIED, *pair) for pair in never}


def test_no_function_uses_the_key_by_itself(roles: Roles) -> None:
    for role in ROLES:
        _, document = roles.policy(find_arn(roles, role))
        [key] = {grant.resource for grant in list_grants(document) if grant.action == "kms:Decrypt"}
        make = maker(roles.clients.endpoint, assume(roles.clients, find_arn(roles, role)))
        assert call(make, "kms:Decrypt", key) == DENIED


def test_reconciling_writes_its_cursors_and_no_charge(roles: Roles) -> None:
    make = maker(roles.clients.endpoint, assume(roles.clients, find_arn(roles, "ReconcileOrdersRole")))
    table: Any = make("dynamodb")
    table.put_item(TableName="bigcharge-dev-ledger", Item={"order_key": {"S": "abc123#reconciled"}})
    with pytest.raises(ClientError, match="PutItem"):
        table.put_item(TableName="bigcharge-dev-ledger", Item={"order_key": {"S": "abc123#100"}})


def test_another_program_reads_the_instruments_under_the_stacks_policy_and_writes_nothing(roles: Roles) -> None:
    """What docs/tables.md gives to programs of the user's own: the policy alone, on a role of theirs."""
    [policy] = [one["Arn"] for one in roles.iam.list_policies(Scope="Local")["Policies"]]
    roles.iam.create_role(RoleName="reader", AssumeRolePolicyDocument="{}")
    roles.iam.attach_role_policy(RoleName="reader", PolicyArn=policy)
    roles.put_instrument("abc123", 77)
    reader = roles.iam.get_role(RoleName="reader")["Role"]["Arn"]
    table: Any = maker(roles.clients.endpoint, assume(roles.clients, reader))("dynamodb")
    name = "bigcharge-dev-instruments"
    customer, key = {"S": "abc123#77"}, {"customer_key": {"S": "abc123#77"}, "instrument_key": {"S": "1"}}
    item = roles.read_instrument("abc123", 77)
    condition = "customer_key = :customer AND instrument_key < :last"
    values = {":customer": customer, ":last": {"S": "g"}}
    found = table.query(TableName=name, KeyConditionExpression=condition, ExpressionAttributeValues=values)["Items"]
    assert found == [item] == table.batch_get_item(RequestItems={name: {"Keys": [key]}})["Responses"][name]
    assert table.get_item(TableName=name, Key=key)["Item"] == item
    refused = [
        partial(table.put_item, TableName=name, Item=key),
        partial(table.delete_item, TableName=name, Key=key),
        partial(table.update_item, TableName=name, Key=key, UpdateExpression="SET brand = :customer"),
        partial(table.batch_write_item, RequestItems={name: [{"DeleteRequest": {"Key": key}}]}),
        partial(table.transact_write_items, TransactItems=[{"Delete": {"TableName": name, "Key": key}}]),
        partial(table.scan, TableName=name),
        partial(table.get_item, TableName="bigcharge-dev-ledger", Key={"order_key": {"S": "abc123#100"}}),
    ]
    for attempt in refused:
        with pytest.raises(ClientError) as error:
            attempt()
        assert error.value.response["Error"]["Code"] == DENIED
    assert roles.read_instrument("abc123", 77) == item
    decrypt: Any = maker(roles.clients.endpoint, assume(roles.clients, reader))("kms")
    [key_arn] = {one["Resource"] for one in _read_policy(roles, policy) if one["Action"] == "kms:Decrypt"}
    with pytest.raises(ClientError, match="kms:Decrypt"):
        decrypt.decrypt(KeyId=key_arn, CiphertextBlob=b"anything")


def _read_policy(roles: Roles, arn: str) -> Any:
    version = roles.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return roles.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]["Statement"]


def test_the_local_cloud_enforces_roles(roles: Roles) -> None:
    """Without this the others prove nothing: a role without policy, a made-up token, a wrong secret are refused."""
    queue = roles.clients.queues.get_queue_url(QueueName="bigcharge-dev-orders")["QueueUrl"]
    true = assume(roles.clients, find_arn(roles, "SweepRole"))
    roles.iam.create_role(RoleName="nobody", AssumeRolePolicyDocument="{}")
    nobody = assume(roles.clients, roles.iam.get_role(RoleName="nobody")["Role"]["Arn"])
    forged = {
        "InvalidClientTokenId": Credentials("ASIAINVENTEDINVENTED", "secret", "token"),
        "SignatureDoesNotMatch": Credentials(true.access_key, "another secret", true.token),
        DENIED: nobody,
    }
    for code, credentials in forged.items():
        sqs: Any = maker(roles.clients.endpoint, credentials)("sqs")
        with pytest.raises(ClientError) as refused:
            sqs.send_message(QueueUrl=queue, MessageBody="hello")
        assert refused.value.response["Error"]["Code"] == code
    maker(roles.clients.endpoint, true)("sqs").send_message(QueueUrl=queue, MessageBody="hello")
