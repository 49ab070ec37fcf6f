"""No resource of the template breaks a rule of its kind, and each rule finds what it is for."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract import template_rules as rules
from tests.contract.template_rules import RULES, Resources
from tests.contract.test_template import RESOURCES

type Rule = Callable[[Resources], Iterator[str]]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_resource_breaks_the_rule(rule: Rule) -> None:
    assert sorted(rule(RESOURCES)) == []


def drop(path: str) -> Callable[[Any], None]:
    """Take a property away; the path's parts are parted by dots."""
    *folders, last = path.split(".")

    def act(resource: Any) -> None:
        for folder in folders:
            resource = resource[folder]
        del resource[last]

    return act


def put(path: str, value: Any) -> Callable[[Any], None]:
    *folders, last = path.split(".")

    def act(resource: Any) -> None:
        for folder in folders:
            resource = resource[folder]
        resource[last] = value

    return act


PLANTED: list[tuple[Rule, str, Callable[[Any], None]]] = [
    (rules.message_comes_again_while_its_function_may_run, "OrdersQueue", put("Properties.VisibilityTimeout", 539)),
    (rules.message_comes_again_while_its_function_may_run, "OrdersQueue", drop("Properties.VisibilityTimeout")),
    (rules.message_comes_again_while_its_function_may_run, "ChargeOrderFunction", put("Properties.Timeout", 91)),
    (rules.function_ends_before_its_calls_do, "ChargeOrderFunction", put("Properties.Timeout", 33)),
    (rules.function_ends_before_its_calls_do, "ReceiveWebhookFunction", drop("Properties.Timeout")),
    (rules.queue_without_dead_letters, "OrdersQueue", drop("Properties.RedrivePolicy")),
    (rules.queue_without_dead_letters, "OrdersQueue", put("Properties.MessageRetentionPeriod", 14 * rules.DAY)),
    (rules.queue_without_dead_letters, "OrdersDeadQueue", put("Properties.MessageRetentionPeriod", 4 * rules.DAY)),
    (rules.queue_without_dead_letters, "QuarantineQueue", drop("Properties.MessageRetentionPeriod")),
    (rules.message_is_given_up_too_soon, "OrdersQueue", put("Properties.RedrivePolicy.maxReceiveCount", 4)),
    (
        rules.stream_without_dead_letters,
        "AnnounceChangesFunctionLedgerChanges",
        drop("Properties.DestinationConfig"),
    ),
    (
        rules.stream_without_dead_letters,
        "AnnounceChangesFunctionLedgerChanges",
        drop("Properties.MaximumRetryAttempts"),
    ),
    (rules.schedule_without_dead_letters, "SweepFunctionEveryMinute", drop("Properties.Target.DeadLetterConfig")),
    (rules.schedule_without_dead_letters, "SweepFunctionEventInvokeConfig", drop("Properties.DestinationConfig")),
    (rules.batch_that_fails_as_a_whole, "ChargeOrderFunctionOrders", drop("Properties.FunctionResponseTypes")),
    (
        rules.more_payments_than_the_payments_api_takes,
        "ChargeOrderFunctionOrders",
        put("Properties.ScalingConfig.MaximumConcurrency", 10),
    ),
    (rules.more_payments_than_the_payments_api_takes, "ChargeOrderFunctionOrders", drop("Properties.ScalingConfig")),
    (rules.table_that_can_be_lost, "LedgerTable", drop("DeletionPolicy")),
    (rules.table_that_can_be_lost, "LedgerTable", put("UpdateReplacePolicy", "Delete")),
    (rules.table_that_can_be_lost, "LedgerTable", drop("Properties.PointInTimeRecoverySpecification")),
    (rules.table_that_can_be_lost, "LedgerTable", put("Properties.DeletionProtectionEnabled", value=False)),
    (rules.kept_under_another_key, "OrdersQueue", drop("Properties.KmsMasterKeyId")),
    (rules.kept_under_another_key, "OrdersQueue", put("Properties.KmsMasterKeyId", "alias/aws/sqs")),
    (rules.kept_under_another_key, "LedgerTable", drop("Properties.SSESpecification.KMSMasterKeyId")),
    (rules.kept_under_another_key, "AccessLogs", drop("Properties.KmsKeyId")),
    (rules.kept_under_another_key, "AlarmTopic", drop("Properties.KmsMasterKeyId")),
    (rules.key_that_does_not_rotate_or_stay, "Key", put("Properties.EnableKeyRotation", value=False)),
    (rules.key_that_does_not_rotate_or_stay, "Key", drop("DeletionPolicy")),
    (rules.log_that_is_not_kept_for_400_days, "AccessLogs", put("Properties.RetentionInDays", 30)),
    (rules.log_that_is_not_kept_for_400_days, "SweepFunction", drop("Properties.LoggingConfig")),
    (rules.api_that_is_not_throttled_or_logged, "ApiApiGatewayDefaultStage", drop("Properties.DefaultRouteSettings")),
    (rules.api_that_is_not_throttled_or_logged, "ApiApiGatewayDefaultStage", drop("Properties.AccessLogSettings")),
]


@pytest.mark.parametrize(("rule", "name", "plant"), PLANTED)
def test_the_rule_finds_what_breaks_it(rule: Rule, name: str, plant: Callable[[Any], None]) -> None:
    resources = copy.deepcopy(RESOURCES)
    plant(resources[name])
    assert list(rule(resources))


def test_each_rule_has_something_planted() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(RULES)


NEW: list[tuple[Rule, Any]] = [
    (rules.queue_without_dead_letters, {"Type": "AWS::SQS::Queue", "Properties": {}}),
    (rules.kept_under_another_key, {"Type": "AWS::SQS::Queue", "Properties": {}}),
    (rules.kept_under_another_key, {"Type": "AWS::SecretsManager::Secret"}),
    (rules.table_that_can_be_lost, {"Type": "AWS::DynamoDB::Table", "Properties": {}}),
    (rules.log_that_is_not_kept_for_400_days, {"Type": "AWS::Logs::LogGroup"}),
    (
        rules.schedule_without_dead_letters,
        {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Arn": {"Fn::GetAtt": ["SweepFunction", "Arn"]}}]}},
    ),
]


@pytest.mark.parametrize(("rule", "resource"), NEW)
def test_a_new_resource_is_under_the_rules_of_its_kind(rule: Rule, resource: Any) -> None:
    assert list(rule({**RESOURCES, "New": resource})) == ["New"]
