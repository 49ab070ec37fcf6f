"""What template.yaml promises, read from its translation: as AWS will make it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

from bigcharge import config
from bigcharge.adapters.cursors import cursor_key
from bigcharge.adapters.hook_items import hooks_key
from bigcharge.adapters.ledger_items import pause_key
from sandbox.cloud.template import read_template, translate

ROOT = Path(__file__).parents[2]
TEMPLATE = read_template(ROOT / "template.yaml")
RESOURCES: dict[str, Any] = translate(TEMPLATE, {"Stage": "dev"})["Resources"]
DAY = 86_400


def of_type(kind: str) -> dict[str, Any]:
    wanted = f"AWS::{kind}"
    return {name: one.get("Properties", {}) for name, one in RESOURCES.items() if one["Type"] == wanted}


def target(reference: Any) -> str:
    """The resource that a `!Ref` or a `!GetAtt` names."""
    [named] = reference.values()
    return named if isinstance(named, str) else named[0]


FUNCTIONS, QUEUES, TABLES = of_type("Lambda::Function"), of_type("SQS::Queue"), of_type("DynamoDB::Table")
MAPPINGS = of_type("Lambda::EventSourceMapping")
FROM_QUEUES = {name: one for name, one in MAPPINGS.items() if target(one["EventSourceArn"]) in QUEUES}
FROM_STREAMS = {name: one for name, one in MAPPINGS.items() if target(one["EventSourceArn"]) in TABLES}


def statements(role: str) -> Iterator[tuple[str, Any]]:
    """Each action that a role allows, with each of its resources."""
    for policy in RESOURCES[role]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            actions, resources = statement["Action"], statement["Resource"]
            for action in [actions] if isinstance(actions, str) else actions:
                for resource in resources if isinstance(resources, list) else [resources]:
                    yield action, resource


def test_the_template_has_the_functions_of_the_design() -> None:
    assert set(FUNCTIONS) == {
        "ReceiveWebhookFunction",
        "ChargeOrderFunction",
        "SyncInstrumentsFunction",
        "SweepFunction",
        "ReconcileOrdersFunction",
        "KeepHooksFunction",
        "ReconcileInstrumentsFunction",
        "AnnounceChangesFunction",
        "CloseStoreFunction",
        "NoticeExpiringFunction",
    }
    for function in FUNCTIONS.values():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == [{"Ref": "Architecture"}]
        assert (ROOT / function["Code"]["S3Key"] / "handler.py").is_file()


def test_webhooks_are_the_only_way_in() -> None:
    [api] = of_type("ApiGatewayV2::Api").values()
    paths = api["Body"]["paths"]
    assert {path: set(operations) for path, operations in paths.items()} == {
        "/webhooks": {"post"},
        "/webhooks/exceptions": {"post"},
    }
    taken_by = {json.dumps(one["post"]["x-amazon-apigateway-integration"]["uri"]) for one in paths.values()}
    assert len(taken_by) == 1, "both are verified by the same function"


@pytest.mark.parametrize("name", FROM_STREAMS)
def test_a_change_that_cannot_be_announced_is_isolated_and_kept(name: str) -> None:
    mapping = FROM_STREAMS[name]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] >= 3
    assert target(mapping["DestinationConfig"]["OnFailure"]["Destination"]) == "UndeliveredQueue"


def test_both_tables_are_announced() -> None:
    assert {target(mapping["EventSourceArn"]) for mapping in FROM_STREAMS.values()} == set(TABLES)


RATES = {
    "SweepFunction": "rate(1 minute)",
    "ReconcileOrdersFunction": "rate(10 minutes)",
    "KeepHooksFunction": "rate(15 minutes)",
    "ReconcileInstrumentsFunction": "cron(0 2 * * ? *)",
    "NoticeExpiringFunction": "cron(0 6 * * ? *)",
}


def seconds_between(expression: str) -> int:
    """The seconds from one run of a schedule to the next: of a rate in minutes, or of a time of each day."""
    rate = re.fullmatch(r"rate\((\d+) minutes?\)", expression)
    if rate is None:
        assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", expression)
    return 60 * int(rate[1]) if rate else DAY


def test_each_schedule_has_its_rate() -> None:
    found = {target(one["Target"]["Arn"]): one["ScheduleExpression"] for one in of_type("Scheduler::Schedule").values()}
    assert found == RATES


@pytest.mark.parametrize("name", of_type("Scheduler::Schedule"))
def test_a_scheduled_run_that_fails_is_kept_and_not_repeated(name: str) -> None:
    """The next run does what it left."""
    schedule = of_type("Scheduler::Schedule")[name]
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert target(schedule["Target"]["DeadLetterConfig"]["Arn"]) == "UndeliveredQueue"
    [failures] = [
        one
        for one in of_type("Lambda::EventInvokeConfig").values()
        if target(one["FunctionName"]) == target(schedule["Target"]["Arn"])
    ]
    assert failures["MaximumRetryAttempts"] == 0
    assert target(failures["DestinationConfig"]["OnFailure"]["Destination"]) == "UndeliveredQueue"


@pytest.mark.parametrize("name", RATES)
def test_a_scheduled_run_is_over_before_the_next_begins(name: str) -> None:
    assert FUNCTIONS[name]["Timeout"] <= seconds_between(RATES[name])


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_paid_by_request_and_tells_of_each_change(table: str) -> None:
    properties = TABLES[table]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_the_ledger_forgets_nothing_and_removed_instruments_leave() -> None:
    assert "TimeToLiveSpecification" not in TABLES["LedgerTable"]
    assert TABLES["InstrumentsTable"]["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_a_role_and_a_log_of_its_own(name: str) -> None:
    function = FUNCTIONS[name]
    assert target(function["Role"]) == name.removesuffix("Function") + "Role"
    log = target(function["LoggingConfig"]["LogGroup"])
    assert log == name.removesuffix("Function") + "Logs"


# What is allowed on everything, as there is no other way; cfn-lint's list of AWS's actions must say so too.
WITHOUT_RESOURCE = {
    "dynamodb:ListStreams": "Lambda asks for it of a role whose function reads a stream.",
    "xray:PutTelemetryRecords": "Lambda sends the function's traces under its role.",
    "xray:PutTraceSegments": "Lambda sends the function's traces under its role.",
}


@pytest.mark.parametrize("action", WITHOUT_RESOURCE)
def test_what_is_allowed_on_everything_works_on_nothing_that_could_be_named(action: str) -> None:
    service, _, name = action.partition(":")
    services = load_resource(AdditionalSpecs, "Policies.json")
    assert "Resources" not in services[service]["Actions"][name.lower()]
    assert services["dynamodb"]["Actions"]["describestream"]["Resources"] == ["stream"]


@pytest.mark.parametrize("role", of_type("IAM::Role"))
def test_a_role_allows_named_actions_on_named_resources(role: str) -> None:
    """A wildcard stands for a store's hash, as stores are added outside the stack, or where AWS knows no resource."""
    assert "ManagedPolicyArns" not in RESOURCES[role]["Properties"]
    for action, resource in statements(role):
        assert re.fullmatch(r"[a-z-]+:[A-Za-z]+", action)
        if resource == "*":
            assert action in WITHOUT_RESOURCE
        elif "*" in str(resource):
            assert resource["Fn::Sub"].endswith(":secret:bigcharge/${Stage}/stores/*") or resource["Fn::Sub"].endswith(
                ":parameter/bigcharge/${Stage}/stores/*"
            )
            known = {"secretsmanager:GetSecretValue", "ssm:GetParameter"}
            assert action in (known | {"secretsmanager:DeleteSecret"} if role == "CloseStoreRole" else known)


def only(key: str) -> dict[str, Any]:
    """The condition on a statement that allows items of these keys and no others."""
    named = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [key]}}
    return named | {"Null": {"dynamodb:LeadingKeys": "false"}}


def test_credentials_are_deleted_by_one_function_and_never_without_a_way_back() -> None:
    for role in of_type("IAM::Role"):
        for policy in RESOURCES[role]["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if "secretsmanager:DeleteSecret" in str(statement["Action"]):
                    assert role == "CloseStoreRole"
                    window = {"secretsmanager:RecoveryWindowInDays": "30"}
                    assert statement["Condition"] == {"NumericGreaterThanEquals": window}


def test_only_what_charges_writes_charges_and_nothing_deletes_them() -> None:
    allowed = {(role, action, str(resource)) for role in of_type("IAM::Role") for action, resource in statements(role)}
    assert {
        role for role, action, resource in allowed if action == "dynamodb:PutItem" and "LedgerTable" in resource
    } == {"ChargeOrderRole", "ReconcileOrdersRole", "CloseStoreRole", "KeepHooksRole", "SyncInstrumentsRole"}
    conditions = {
        role: [
            one.get("Condition")
            for one in policy["PolicyDocument"]["Statement"]
            if "PutItem" in str(one["Action"]) and "LedgerTable" in str(one["Resource"])
        ]
        for role in ("ChargeOrderRole", "ReconcileOrdersRole", "CloseStoreRole", "KeepHooksRole", "SyncInstrumentsRole")
        for policy in RESOURCES[role]["Properties"]["Policies"]
    }
    assert conditions == {
        "ChargeOrderRole": [None],
        "SyncInstrumentsRole": [None],  # it forgets customers, in their charges too
        "ReconcileOrdersRole": [only(cursor_key("*"))],
        "KeepHooksRole": [only(hooks_key("*"))],
        "CloseStoreRole": [only(pause_key("*"))],
    }
    deletions = {one for one in allowed if one[1].startswith("dynamodb:Delete")}
    assert {(role, action) for role, action, _ in deletions} == {("SyncInstrumentsRole", "dynamodb:DeleteItem")}
    assert not [resource for _, _, resource in deletions if "InstrumentsTable" not in resource]


def test_another_program_may_read_the_instruments_by_customer_and_do_nothing_else() -> None:
    [policy] = of_type("IAM::ManagedPolicy").values()
    rows, key = policy["PolicyDocument"]["Statement"]
    assert rows == {
        "Effect": "Allow",
        "Action": ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"],
        "Resource": {"Fn::GetAtt": ["InstrumentsTable", "Arn"]},
    }
    through = {"StringEquals": {"kms:ViaService": [{"Fn::Sub": "dynamodb.${AWS::Region}.${AWS::URLSuffix}"}]}}
    assert (key["Effect"], key["Action"], key["Condition"]) == ("Allow", "kms:Decrypt", through)
    assert target(key["Resource"]) == "Key"
    assert target(TEMPLATE["Outputs"]["ReadInstrumentsPolicyArn"]["Value"]) == "ReadInstrumentsPolicy"


def test_a_deployed_function_has_no_address_in_place_of_aws() -> None:
    for function in FUNCTIONS.values():
        assert function["Environment"]["Variables"]["AWS_ENDPOINT_URL"] == {"Ref": "AWS::NoValue"}


def test_every_setting_that_is_read_is_given_and_none_besides() -> None:
    read = set(re.findall(r'"([A-Z][A-Z_]+)"', Path(config.__file__).read_text())) - {"AWS_LAMBDA_INITIALIZATION_TYPE"}
    given = {name for function in FUNCTIONS.values() for name in function["Environment"]["Variables"]}
    assert {name for name in given if not name.startswith(("POWERTOOLS_", "AWS_"))} == read


def test_the_two_hosts_of_bigcommerce_are_https() -> None:
    for name in ("BigCommerceApiUrl", "BigCommercePaymentsUrl"):
        parameter = TEMPLATE["Parameters"][name]
        assert re.fullmatch(parameter["AllowedPattern"], parameter["Default"])
        assert not re.fullmatch(parameter["AllowedPattern"], "http://api.bigcommerce.com")
