"""The alarms of template.yaml, read from its translation: whatever can go wrong calls somebody, and says what to do."""

import re
from typing import Any, Final

import pytest

from tests.contract.seeing_world import say_everything
from tests.contract.test_template import (
    DAY,
    FROM_QUEUES,
    FROM_STREAMS,
    FUNCTIONS,
    QUEUES,
    RESOURCES,
    TEMPLATE,
    of_type,
    target,
)

ALARMS, TOPICS = of_type("CloudWatch::Alarm"), of_type("SNS::Topic")
_MINUTES: Final = {"minute": 1, "hour": 60, "day": 1440}
LONGEST_WAITS: Final = {"WalksQueue": 6 * 3600}  # at night the stores wait for one another
FEEDING: Final = {target(mapping["EventSourceArn"]) for mapping in FROM_QUEUES.values()}


def read_every(expression: str) -> int:
    """Seconds between two runs of a schedule."""
    if found := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return 60 * int(found[1]) * _MINUTES[found[2]]
    assert re.fullmatch(r"cron\(\d+ \d+ .*\)", expression), expression
    return DAY


SCHEDULED = {
    target(one["Target"]["Arn"]): read_every(one["ScheduleExpression"])
    for one in of_type("Scheduler::Schedule").values()
}


def read_metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics that an alarm watches: the one that it names, or those of its calculation."""
    if "Metrics" not in alarm:
        return [alarm]
    return [one["MetricStat"]["Metric"] for one in alarm["Metrics"] if "MetricStat" in one]


def read_dimensions(metric: dict[str, Any]) -> dict[str, str]:
    """A metric's dimensions, with what the references stand for in the stage dev."""
    values: dict[str, str] = {}
    for one in metric["Dimensions"]:
        match one["Value"]:
            case {"Fn::Sub": text}:
                values[one["Name"]] = text.replace("${Stage}", "dev")
            case {"Ref": name} | {"Fn::GetAtt": [name, "QueueName"]}:
                values[one["Name"]] = name
            case text:
                values[one["Name"]] = text
    return values


def of_metric(namespace: str, metric: str) -> dict[str, dict[str, Any]]:
    """The alarms on a metric of AWS, by the resource that they watch."""
    return {
        next(iter(read_dimensions(watched).values())): alarm
        for alarm in ALARMS.values()
        for watched in read_metrics(alarm)
        if (watched["Namespace"], watched["MetricName"]) == (namespace, metric)
    }


def is_of_moments(alarm: dict[str, Any]) -> bool:
    """Whether it tells that something happened: then it is over a minute later, whatever came of that."""
    [first, *_] = read_metrics(alarm)
    happened = first["MetricName"] == "Alarms" or alarm.get("TreatMissingData") == "notBreaching"
    return happened and alarm.get("Statistic") == "Sum" and "DatapointsToAlarm" not in alarm


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_calls_somebody(name: str) -> None:
    assert [target(action) for action in ALARMS[name]["AlarmActions"]] == ["AlarmTopic"]
    assert ALARMS[name].get("ActionsEnabled", True) is True


@pytest.mark.parametrize("name", ALARMS)
def test_the_end_of_a_state_is_told_and_the_minute_after_an_event_is_not(name: str) -> None:
    """ "OK" a minute after "the books differ" would close a call that nobody has answered."""
    ended = [target(action) for action in ALARMS[name].get("OKActions", [])]
    assert ended == ([] if is_of_moments(ALARMS[name]) else ["AlarmTopic"])


def test_whoever_is_called_subscribes_to_a_topic_under_the_key_that_cloudwatch_may_use() -> None:
    [topic] = TOPICS.values()
    assert target(topic["KmsMasterKeyId"]) == "Key"
    statements_of_key = RESOURCES["Key"]["Properties"]["KeyPolicy"]["Statement"]
    [allowed] = [one for one in statements_of_key if one["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert allowed["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert target(TEMPLATE["Outputs"]["AlarmTopicArn"]["Value"]) == "AlarmTopic"


def test_our_own_metrics_are_emitted_as_their_alarms_want_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alarm on other dimensions than those of the metric is silent for ever, and nothing says so."""
    given = {str(one["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]) for one in FUNCTIONS.values()}
    assert given == {"{'Fn::Sub': 'bigcharge-${Stage}'}"}
    said = say_everything(monkeypatch, capsys)
    emitted = {(metric.name, metric.dimensions) for metric in said.metrics}
    watched = {
        (metric["MetricName"], frozenset(read_dimensions(metric).items()))
        for alarm in ALARMS.values()
        for metric in read_metrics(alarm)
        if metric["Namespace"] == "bigcharge"
    }
    assert watched <= emitted
    assert {one for one in emitted if one[0] == "Alarms"} <= watched
    assert {name for name, _ in watched} >= {"OldestUnknownSeconds", "StoresNotReconciled"}


def test_a_single_message_that_nobody_could_process_alarms() -> None:
    watched = of_metric("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert set(watched) == set(QUEUES) - FEEDING
    for alarm in watched.values():
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
        assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Maximum", "notBreaching")


def test_a_hint_that_waits_too_long_alarms() -> None:
    watched = of_metric("AWS/SQS", "ApproximateAgeOfOldestMessage")
    assert set(watched) == FEEDING
    for queue, alarm in watched.items():
        longest = LONGEST_WAITS.get(queue, 15 * 60)
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", longest)
        assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Maximum", "notBreaching")


def test_changes_that_are_announced_late_alarm_long_before_the_stream_forgets_them() -> None:
    watched = of_metric("AWS/Lambda", "IteratorAge")
    assert set(watched) == {target(mapping["FunctionName"]) for mapping in FROM_STREAMS.values()}
    for alarm in watched.values():
        assert alarm["Statistic"] == "Maximum"
        assert alarm["Threshold"] <= 3600 * 1000


def test_an_outcome_that_a_day_of_looking_did_not_settle_alarms() -> None:
    """A request that never arrived is settled a day after its token died; what stays unknown for longer is news."""
    alarm = ALARMS["UnknownForLongAlarm"]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("OldestUnknownSeconds", "Maximum")
    assert 25 * 3600 < alarm["Threshold"] <= 27 * 3600
    assert alarm["TreatMissingData"] == "ignore"


def calculate(alarm: dict[str, Any], refused: int, of_all: int) -> bool:
    """Whether an alarm on a rate takes so many requests for a fault."""
    [rate] = [one["Expression"] for one in alarm["Metrics"] if "Expression" in one]
    found = re.fullmatch(r"IF\(refused >= (\d+), 100 \* refused / all, 0\)", rate)
    assert found
    percent = 100 * refused / of_all if refused >= int(found[1]) else 0
    return bool(percent > alarm["Threshold"])


@pytest.mark.parametrize(
    ("name", "refused", "of_all", "alarms"),
    [
        ("WebhooksFailingAlarm", 1, 5, False),
        ("WebhooksFailingAlarm", 3, 100, False),
        ("WebhooksFailingAlarm", 9, 100, True),
        ("WebhooksRefusedAlarm", 19, 19, False),
        ("WebhooksRefusedAlarm", 200, 1000, False),
        ("WebhooksRefusedAlarm", 200, 300, True),
    ],
)
def test_the_front_door_alarms_for_a_rate_and_not_for_a_request(
    name: str, refused: int, of_all: int, *, alarms: bool
) -> None:
    """And before BigCommerce stops sending: that is below 90 % of success in two minutes, from 100 requests on."""
    assert calculate(ALARMS[name], refused, of_all) is alarms


def test_the_front_door_is_watched_for_both_kinds_of_refusal() -> None:
    for metric in ("4xx", "5xx", "Count"):
        assert set(of_metric("AWS/ApiGateway", metric)) == {"Api"}


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_that_fails_or_is_held_back_alarms(function: str, metric: str) -> None:
    """Once is enough where nothing repeats it; a message, a change and a webhook come again by themselves."""
    alarm = of_metric("AWS/Lambda", metric)[function]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Sum", "notBreaching")
    assert alarm["EvaluationPeriods"] == (1 if function in SCHEDULED else 5)


@pytest.mark.parametrize("function", SCHEDULED)
def test_a_schedule_that_falls_silent_alarms(function: str) -> None:
    """Lambda emits nothing for a function that is not invoked: there, what is missing is the fault."""
    silent = of_metric("AWS/Lambda", "Invocations")[function]
    assert (silent["ComparisonOperator"], silent["Threshold"]) == ("LessThanThreshold", 1)
    assert (silent["Statistic"], silent["TreatMissingData"]) == ("Sum", "breaching")
    watched_for = silent["Period"] * silent["EvaluationPeriods"]
    assert watched_for >= min(2 * SCHEDULED[function], SCHEDULED[function] + 3600)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_is_one_that_cloudwatch_takes(name: str) -> None:
    """A period of whole minutes, and no more than a day to look at; a week for periods of an hour and more."""
    alarm = ALARMS[name]
    periods = [one["MetricStat"]["Period"] for one in alarm.get("Metrics", []) if "MetricStat" in one]
    for period in periods or [alarm["Period"]]:
        assert period % 60 == 0
        assert period * alarm["EvaluationPeriods"] <= (7 * DAY if period >= 3600 else DAY)


def test_alarms_have_names_of_their_own() -> None:
    names = [alarm["AlarmName"]["Fn::Sub"] for alarm in ALARMS.values()]
    assert len(set(names)) == len(names)
    for logical, name in zip(ALARMS, names, strict=True):
        said = "".join(word.capitalize() for word in name.removeprefix("bigcharge-${Stage}-").split("-"))
        assert logical == f"{said}Alarm"
