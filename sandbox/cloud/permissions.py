"""Which permissions a call needs: "Actions, resources, and condition keys for AWS services" in AWS's documentation.

A call that is not known here is refused to every role: say here what it works on.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from sandbox.cloud.policies import Permission
from sandbox.cloud.template import ACCOUNT, REGION, Json


class UnknownCallError(Exception):
    """A call of which this module does not know what it needs."""


class Facts(Protocol):
    """What AWS knows of the resources that a call names."""

    def hash_key(self, table: str) -> str:
        """Give the name of a table's partition key."""

    def secret_arn(self, name_or_arn: str) -> str:
        """Give a secret's whole ARN."""

    def key_arn(self, service: str, resource: str) -> str | None:
        """Give the ARN of the key of the customer's own that a resource is under, if it is under one."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the service that signs it, its operation, its parameters, its path."""

    service: str
    operation: str
    parameters: Json
    path: str


def list_permissions(call: Call, facts: Facts) -> list[Permission]:
    """List what a call needs: its own permissions, and those for the key that its service uses in the caller's name.

    Raises:
        UnknownCallError: it is not known.
    """
    if call.service not in _OF_SERVICE:
        raise UnknownCallError(f"{call.service}:{call.operation}")
    own = list(_OF_SERVICE[call.service](call, facts))
    return own + [key for permission in own for key in _of_key(permission, facts)]


# "Key management" in the documentation of SQS, "DynamoDB encryption at rest", "Secret encryption and decryption".
_READS_KEY = ("kms:Decrypt",)
_WRITES_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
_USES_KEY: Mapping[str, tuple[str, ...]] = {
    "sqs:SendMessage": _WRITES_KEY,
    "sqs:ReceiveMessage": _READS_KEY,
    "secretsmanager:GetSecretValue": _READS_KEY,
    "secretsmanager:CreateSecret": _WRITES_KEY,
    "secretsmanager:PutSecretValue": _WRITES_KEY,
    "secretsmanager:UpdateSecret": _WRITES_KEY,
}
_KEYLESS_OF_DYNAMODB = frozenset(
    f"dynamodb:{action}"
    for action in ("DescribeTable", "DescribeStream", "GetShardIterator", "ListStreams", "ListTables")
)


def _of_key(permission: Permission, facts: Facts) -> Iterator[Permission]:
    service = permission.action.partition(":")[0]
    is_data = service == "dynamodb" and permission.action not in _KEYLESS_OF_DYNAMODB
    actions = _READS_KEY if is_data else _USES_KEY.get(permission.action, ())
    key = facts.key_arn(service, permission.resource) if actions else None
    if key:
        for action in actions:
            yield Permission(action, key, {"kms:ViaService": [f"{service}.{REGION}.amazonaws.com"]})


def arn(service: str, resource: str) -> str:
    """Give the ARN of a resource of this account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _of_dynamodb(call: Call, facts: Facts) -> Iterator[Permission]:
    action, given = f"dynamodb:{call.operation}", call.parameters
    match call.operation:
        case "ListTables" | "ListStreams":
            yield Permission(action, "*")
        case "DescribeStream" | "GetShardIterator":
            yield Permission(action, given["StreamArn"])
        case "GetRecords":
            yield Permission(action, given["ShardIterator"].split("|")[0])
        case "BatchGetItem" | "BatchWriteItem":
            for table, request in given["RequestItems"].items():
                keys = request["Keys"] if isinstance(request, dict) else [_written(one) for one in request]
                yield _on_items(action, table, keys, facts)
        case "TransactGetItems" | "TransactWriteItems":
            for kind, request in (pair for one in given["TransactItems"] for pair in one.items()):
                yield _on_items(f"dynamodb:{kind}Item", request["TableName"], [_written({kind: request})], facts)
        case "Query" | "Scan" | "DescribeTable":
            index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
            yield Permission(action, arn("dynamodb", f"table/{given['TableName']}{index}"))
        case "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem":
            yield _on_items(action, given["TableName"], [_written({call.operation: given})], facts)
        case _:
            raise UnknownCallError(action)


def _written(request: Json) -> Json:
    """Read the item or the key that a part of a call is about."""
    [part] = request.values()
    item: Json = part.get("Item") or part["Key"]
    return item


def _on_items(action: str, table: str, items: list[Json], facts: Facts) -> Permission:
    leading = facts.hash_key(table)
    keys = sorted({value for item in items if leading in item for value in item[leading].values()})
    return Permission(action, arn("dynamodb", f"table/{table}"), {"dynamodb:LeadingKeys": keys})


def _of_sqs(call: Call, facts: Facts) -> Iterator[Permission]:  # noqa: ARG001 - as every service's
    action = f"sqs:{call.operation.removesuffix('Batch')}"
    if call.operation == "ListQueues":
        yield Permission(action, "*")
    else:
        name: str = call.parameters.get("QueueUrl") or call.parameters["QueueName"]
        yield Permission(action, arn("sqs", name.rsplit("/", 1)[-1]))


def _of_secrets(call: Call, facts: Facts) -> Iterator[Permission]:
    action, given = f"secretsmanager:{call.operation}", call.parameters
    if call.operation == "ListSecrets":
        yield Permission(action, "*")
    elif call.operation == "CreateSecret":
        yield Permission(action, arn("secretsmanager", f"secret:{given['Name']}-??????"))
    else:
        window = given.get("RecoveryWindowInDays")
        context = {} if window is None else {"secretsmanager:RecoveryWindowInDays": [str(window)]}
        yield Permission(action, facts.secret_arn(given["SecretId"]), context)


def _of_parameters(call: Call, facts: Facts) -> Iterator[Permission]:  # noqa: ARG001 - as every service's
    action, given = f"ssm:{call.operation}", call.parameters
    if call.operation == "DescribeParameters":
        yield Permission(action, "*")
    for name in given.get("Names", [given[key] for key in ("Name", "Path") if key in given]):
        yield Permission(action, arn("ssm", f"parameter/{name.removeprefix('/')}"))


def _of_events(call: Call, facts: Facts) -> Iterator[Permission]:  # noqa: ARG001 - as every service's
    if call.operation != "PutEvents":
        raise UnknownCallError(f"events:{call.operation}")
    for bus in {entry.get("EventBusName", "default").rsplit("/", 1)[-1] for entry in call.parameters["Entries"]}:
        yield Permission("events:PutEvents", arn("events", f"event-bus/{bus}"))


def _of_logs(call: Call, facts: Facts) -> Iterator[Permission]:  # noqa: ARG001 - as every service's
    # AWS asks for the log stream's ARN, and its `!GetAtt Logs.Arn` ends with ":*". moto's does not: the group's here.
    yield Permission(f"logs:{call.operation}", arn("logs", f"log-group:{call.parameters['logGroupName']}"))


def _of_lambda(call: Call, facts: Facts) -> Iterator[Permission]:  # noqa: ARG001 - as every service's
    _, found, rest = call.path.partition("/functions/")
    name, _, operation = rest.partition("/")
    if not found or operation != "invocations":
        raise UnknownCallError(f"lambda:{call.path}")
    yield Permission("lambda:InvokeFunction", arn("lambda", f"function:{name.rsplit(':', 1)[-1]}"))


def _of_kms(call: Call, facts: Facts) -> Iterator[Permission]:  # noqa: ARG001 - as every service's
    yield Permission(f"kms:{call.operation}", call.parameters["KeyId"])


def _of_xray(call: Call, facts: Facts) -> Iterator[Permission]:  # noqa: ARG001 - as every service's
    yield Permission(f"xray:Put{call.path.rsplit('/', 1)[-1]}", "*")


_OF_SERVICE: Mapping[str, Callable[[Call, Facts], Iterator[Permission]]] = {
    "dynamodb": _of_dynamodb,
    "events": _of_events,
    "kms": _of_kms,
    "lambda": _of_lambda,
    "logs": _of_logs,
    "secretsmanager": _of_secrets,
    "sqs": _of_sqs,
    "ssm": _of_parameters,
    "xray": _of_xray,
}
