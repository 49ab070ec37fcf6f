"""What holds for every resource of a kind, as AWS will make it: a rule gives what breaks it.

A resource that is new in the template is under its rules at once; test_template_rules.py plants what each is to find.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from bigcharge import bootstrap
from bigcharge.adapters.bigcommerce.pacing import DEFAULT_PACING

type Resources = dict[str, Any]
DAY: Final = 86_400
LONGEST_KEPT: Final = 14 * DAY  # as long as SQS can
# The Payments API: "50 payment requests per 4 seconds".
PAYMENTS, WINDOW = 50, 4
# Of reading the order and its methods, making a token and paying, one after the other; most of it is the gateway's.
SECONDS_OF_A_CHARGE: Final = 1


def of_type(resources: Resources, kind: str) -> Iterator[tuple[str, Any]]:
    for name, resource in resources.items():
        if resource["Type"] == f"AWS::{kind}":
            yield name, resource.get("Properties", {})


def target(reference: Any) -> str:
    """The resource that a `!Ref` or a `!GetAtt` names; "" where it names none."""
    match reference:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name
        case _:
            return ""


def is_kept_as_long_as_sqs_can(resources: Resources, reference: Any) -> bool:
    queue = resources.get(target(reference), {})
    return bool(
        queue.get("Type") == "AWS::SQS::Queue" and queue["Properties"].get("MessageRetentionPeriod") == LONGEST_KEPT
    )


def feeds(resources: Resources, kind: str) -> Iterator[tuple[str, Any, str, Any]]:
    """Each mapping whose source is a resource of a kind, with the source's name and properties."""
    for name, mapping in of_type(resources, "Lambda::EventSourceMapping"):
        source = target(mapping["EventSourceArn"])
        if resources[source]["Type"] == f"AWS::{kind}":
            yield name, mapping, source, resources[source]["Properties"]


def message_comes_again_while_its_function_may_run(resources: Resources) -> Iterator[str]:
    """AWS asks for six times the function's time-out, so that its retries fit in."""
    for _, mapping, source, queue in feeds(resources, "SQS::Queue"):
        timeout = resources[target(mapping["FunctionName"])]["Properties"].get("Timeout", 3)
        if queue.get("VisibilityTimeout", 30) < 6 * timeout:
            yield source


def function_ends_before_its_calls_do(resources: Resources) -> Iterator[str]:
    """A payment that is cut off has an outcome that nobody knows; so has a write to DynamoDB."""
    of_aws = bootstrap._CONNECT_SECONDS + bootstrap._READ_SECONDS
    of_bigcommerce = DEFAULT_PACING.connect + max(DEFAULT_PACING.payment, DEFAULT_PACING.write, DEFAULT_PACING.call)
    for name, function in of_type(resources, "Lambda::Function"):
        variables = function.get("Environment", {}).get("Variables", {})
        longest = of_bigcommerce if "BIGCOMMERCE_PAYMENTS_URL" in variables else of_aws
        if function.get("Timeout", 3) <= longest:
            yield name


def queue_without_dead_letters(resources: Resources) -> Iterator[str]:
    """What feeds a function has a queue behind it that keeps for longer; what feeds none keeps as long as SQS can."""
    fed = {source for _, _, source, _ in feeds(resources, "SQS::Queue")}
    for name, queue in of_type(resources, "SQS::Queue"):
        behind = queue.get("RedrivePolicy", {}).get("deadLetterTargetArn")
        is_shorter = queue.get("MessageRetentionPeriod", 4 * DAY) < LONGEST_KEPT
        is_kept = is_kept_as_long_as_sqs_can(resources, behind) and target(behind) not in fed and is_shorter
        if not (is_kept if name in fed else not is_shorter):
            yield name


def message_is_given_up_too_soon(resources: Resources) -> Iterator[str]:
    """AWS asks for five tries at least: a throttled function uses some up."""
    for _, _, source, queue in feeds(resources, "SQS::Queue"):
        if queue.get("RedrivePolicy", {}).get("maxReceiveCount", 0) < 5:
            yield source


def stream_without_dead_letters(resources: Resources) -> Iterator[str]:
    for name, mapping, _, _ in feeds(resources, "DynamoDB::Table"):
        failures = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if not is_kept_as_long_as_sqs_can(resources, failures) or mapping.get("MaximumRetryAttempts", -1) < 0:
            yield name  # without a number of tries nothing is given up: one change would hold up all that follow


def schedule_without_dead_letters(resources: Resources) -> Iterator[str]:
    """Where the event cannot be given to the function, and where the function fails with it."""
    caught = {
        target(config["FunctionName"])
        for _, config in of_type(resources, "Lambda::EventInvokeConfig")
        if is_kept_as_long_as_sqs_can(
            resources, config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        )
    }
    targets = [(name, schedule["Target"]) for name, schedule in of_type(resources, "Scheduler::Schedule")]
    targets += [(name, one) for name, rule in of_type(resources, "Events::Rule") for one in rule.get("Targets", [])]
    for name, one in targets:
        is_kept = is_kept_as_long_as_sqs_can(resources, one.get("DeadLetterConfig", {}).get("Arn"))
        if not is_kept or target(one["Arn"]) not in caught:
            yield name


def batch_that_fails_as_a_whole(resources: Resources) -> Iterator[str]:
    for name, mapping in of_type(resources, "Lambda::EventSourceMapping"):
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield name


def more_payments_than_the_payments_api_takes(resources: Resources) -> Iterator[str]:
    """A worker pays one order after the other, and in four seconds begins five at most: 9 workers, 45 payments."""
    for _, mapping, source, _ in feeds(resources, "SQS::Queue"):
        workers = mapping.get("ScalingConfig", {}).get("MaximumConcurrency", PAYMENTS + 1)
        pays = target(mapping["FunctionName"]) == "ChargeOrderFunction"
        if pays and (mapping["BatchSize"] != 1 or workers * (WINDOW // SECONDS_OF_A_CHARGE + 1) >= PAYMENTS):
            yield source


def table_that_can_be_lost(resources: Resources) -> Iterator[str]:
    for name, table in of_type(resources, "DynamoDB::Table"):
        is_retained = {resources[name].get(policy) for policy in ("DeletionPolicy", "UpdateReplacePolicy")} == {
            "Retain"
        }
        is_recovered = table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled") is True
        if not (is_retained and is_recovered and table.get("DeletionProtectionEnabled") is True):
            yield name


# Where each kind names its key. An event bus holds nothing: it passes on what has no secret in it.
KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "SQS::Queue": lambda one: one.get("KmsMasterKeyId"),
    "SNS::Topic": lambda one: one.get("KmsMasterKeyId"),
    "Logs::LogGroup": lambda one: one.get("KmsKeyId"),
    "SecretsManager::Secret": lambda one: one.get("KmsKeyId"),
    "DynamoDB::Table": lambda one: one.get("SSESpecification", {}).get("KMSMasterKeyId"),
}


def kept_under_another_key(resources: Resources) -> Iterator[str]:
    for kind, read in KEYS.items():
        for name, properties in of_type(resources, kind):
            if target(read(properties)) != "Key":
                yield name


def key_that_does_not_rotate_or_stay(resources: Resources) -> Iterator[str]:
    for name, key in of_type(resources, "KMS::Key"):
        stays = {resources[name].get(policy) for policy in ("DeletionPolicy", "UpdateReplacePolicy")} == {"Retain"}
        if key.get("EnableKeyRotation") is not True or not stays:
            yield name


def log_that_is_not_kept_for_400_days(resources: Resources) -> Iterator[str]:
    """A function whose log group is not in the template would get one from Lambda, for ever and under no key."""
    for name, log in of_type(resources, "Logs::LogGroup"):
        if log.get("RetentionInDays") != 400:
            yield name
    for name, function in of_type(resources, "Lambda::Function"):
        log_group = resources.get(target(function.get("LoggingConfig", {}).get("LogGroup")), {})
        if log_group.get("Type") != "AWS::Logs::LogGroup":
            yield name


def api_that_is_not_throttled_or_logged(resources: Resources) -> Iterator[str]:
    for name, stage in of_type(resources, "ApiGatewayV2::Stage"):
        limits = stage.get("DefaultRouteSettings", {})
        is_throttled = limits.get("ThrottlingBurstLimit", 0) > 0 and limits.get("ThrottlingRateLimit", 0) > 0
        log = resources.get(target(stage.get("AccessLogSettings", {}).get("DestinationArn")), {})
        if not is_throttled or log.get("Type") != "AWS::Logs::LogGroup":
            yield name


RULES: Final[tuple[Callable[[Resources], Iterator[str]], ...]] = (
    message_comes_again_while_its_function_may_run,
    function_ends_before_its_calls_do,
    queue_without_dead_letters,
    message_is_given_up_too_soon,
    stream_without_dead_letters,
    schedule_without_dead_letters,
    batch_that_fails_as_a_whole,
    more_payments_than_the_payments_api_takes,
    table_that_can_be_lost,
    kept_under_another_key,
    key_that_does_not_rotate_or_stay,
    log_that_is_not_kept_for_400_days,
    api_that_is_not_throttled_or_logged,
)
