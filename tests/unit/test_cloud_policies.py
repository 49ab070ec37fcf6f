"""The local cloud judges a policy as AWS does, and refuses what it does not understand."""

from typing import Any

import pytest

from sandbox.cloud.permissions import Call, UnknownCallError, list_permissions
from sandbox.cloud.policies import Permission, UnknownElementError, allows

LEDGER = "arn:aws:dynamodb:us-east-1:123456789012:table/ledger"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


def policy(action: Any, resource: Any, *, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}]}


def put(*keys: str) -> Permission:
    return Permission("dynamodb:PutItem", LEDGER, {"dynamodb:LeadingKeys": keys})


@pytest.mark.parametrize(
    ("document", "allowed"),
    [
        (policy("dynamodb:PutItem", LEDGER), True),
        (policy(["dynamodb:GetItem", "dynamodb:putitem"], [LEDGER, "arn:other"]), True),
        (policy("dynamodb:Put*", "*"), True),
        (policy("dynamodb:PutItem", LEDGER[:-1] + "?"), True),
        (policy("dynamodb:GetItem", LEDGER), False),
        (policy("dynamodb:PutItem", LEDGER + "-other"), False),
        (policy("dynamodb:PutItem", LEDGER + "/index/due"), False),
        (policy("dynamodb:PutItem", LEDGER.replace("ledger", "l.dger")), False),
        ({"Statement": []}, False),
    ],
)
def test_an_action_and_a_resource_are_allowed_by_name_or_wildcard(document: dict[str, Any], *, allowed: bool) -> None:
    assert allows([document], put("a#1")) is allowed


def test_what_is_denied_stays_denied_whatever_allows_it() -> None:
    assert not allows([policy("*", "*"), policy("dynamodb:PutItem", LEDGER, effect="Deny")], put("a#1"))


WINDOW = {"NumericGreaterThanEquals": {"secretsmanager:RecoveryWindowInDays": "30"}}
CURSORS = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#reconciled"]}}
NOT_NONE = {"Null": {"dynamodb:LeadingKeys": "false"}}


@pytest.mark.parametrize(
    ("condition", "permission", "allowed"),
    [
        (CURSORS, put("a#reconciled"), True),
        (CURSORS, put("a#reconciled", "b#1"), False),
        (CURSORS, Permission("dynamodb:PutItem", LEDGER), True),  # why there is a Null beside it
        (CURSORS | NOT_NONE, Permission("dynamodb:PutItem", LEDGER), False),
        (CURSORS | NOT_NONE, put("a#reconciled"), True),
        ({"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["*#reconciled"]}}, put("a#reconciled", "b#1"), True),
        ({"StringEquals": {"kms:ViaService": ["sqs.us-east-1.amazonaws.com"]}}, put("a#1"), False),
        (WINDOW, Permission("dynamodb:PutItem", LEDGER, {"secretsmanager:RecoveryWindowInDays": ["30"]}), True),
        (WINDOW, Permission("dynamodb:PutItem", LEDGER, {"secretsmanager:RecoveryWindowInDays": ["7"]}), False),
        (WINDOW, Permission("dynamodb:PutItem", LEDGER), False),
    ],
)
def test_a_condition_holds_for_the_circumstances_of_the_call(
    condition: dict[str, Any], permission: Permission, *, allowed: bool
) -> None:
    assert allows([policy("dynamodb:PutItem", LEDGER, Condition=condition)], permission) is allowed


@pytest.mark.parametrize(
    "more",
    [
        {"Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}},
        {"Condition": {"ForEachValue:StringLike": {"dynamodb:LeadingKeys": "*"}}},
        {"NotAction": "dynamodb:DeleteItem"},
    ],
)
def test_what_is_not_understood_is_an_error_and_no_guess(more: dict[str, Any]) -> None:
    with pytest.raises(UnknownElementError):
        allows([policy("*", "*", **more)], put("a#1"))


class Facts:
    """Everything is under one key."""

    def hash_key(self, table: str) -> str:
        return "order_key"

    def secret_arn(self, name_or_arn: str) -> str:
        return f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name_or_arn}-abcdef"

    def key_arn(self, service: str, resource: str) -> str | None:
        return KEY


ITEM = {"order_key": {"S": "a#1"}}
QUEUE = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/orders"}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "needed"),
    [
        ("dynamodb", "PutItem", {"TableName": "ledger", "Item": ITEM}, {"dynamodb:PutItem table/ledger"}),
        ("dynamodb", "Query", {"TableName": "ledger", "IndexName": "due"}, {"dynamodb:Query table/ledger/index/due"}),
        (
            "dynamodb",
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "ledger", "Item": ITEM}},
                    {"Delete": {"TableName": "other", "Key": ITEM}},
                ]
            },
            {"dynamodb:PutItem table/ledger", "dynamodb:DeleteItem table/other"},
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"ledger": {"Keys": [ITEM]}, "other": {"Keys": [ITEM]}}},
            {"dynamodb:BatchGetItem table/ledger", "dynamodb:BatchGetItem table/other"},
        ),
        ("sqs", "SendMessageBatch", QUEUE, {"sqs:SendMessage orders"}),
        ("sqs", "DeleteMessage", QUEUE, {"sqs:DeleteMessage orders"}),
        ("secretsmanager", "GetSecretValue", {"SecretId": "s"}, {"secretsmanager:GetSecretValue secret:s-abcdef"}),
        ("ssm", "GetParameter", {"Name": "/a/b"}, {"ssm:GetParameter parameter/a/b"}),
    ],
)
def test_a_call_needs_its_own_permissions(
    service: str, operation: str, parameters: dict[str, Any], needed: set[str]
) -> None:
    found = list_permissions(Call(service, operation, parameters, "/"), Facts())
    own = {f"{one.action} {one.resource.split(':', 5)[5]}" for one in found if not one.action.startswith("kms:")}
    assert own == needed


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "actions"),
    [
        ("sqs", "SendMessage", QUEUE, {"kms:Decrypt", "kms:GenerateDataKey"}),
        ("sqs", "ReceiveMessage", QUEUE, {"kms:Decrypt"}),
        ("sqs", "DeleteMessage", QUEUE, set()),
        ("dynamodb", "PutItem", {"TableName": "ledger", "Item": ITEM}, {"kms:Decrypt"}),
        ("secretsmanager", "GetSecretValue", {"SecretId": "s"}, {"kms:Decrypt"}),
    ],
)
def test_a_call_needs_the_key_of_what_it_works_on_through_its_service(
    service: str, operation: str, parameters: dict[str, Any], actions: set[str]
) -> None:
    found = list_permissions(Call(service, operation, parameters, "/"), Facts())
    keys = [one for one in found if one.action.startswith("kms:")]
    assert {one.action for one in keys} == actions
    assert all(one.context == {"kms:ViaService": [f"{service}.us-east-1.amazonaws.com"]} for one in keys)


@pytest.mark.parametrize(("service", "operation"), [("dynamodb", "ExportTable"), ("s3", "GetObject")])
def test_a_call_that_is_not_known_is_an_error_and_no_guess(service: str, operation: str) -> None:
    with pytest.raises(UnknownCallError):
        list_permissions(Call(service, operation, {}, "/"), Facts())
