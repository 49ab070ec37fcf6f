"""The dashboard of template.yaml: everything that it shows is there, and money comes first."""

import json
import re
from collections.abc import Iterator
from itertools import batched
from typing import Any, Final

import pytest

from tests.contract.seeing_world import say_everything
from tests.contract.test_alarms import ALARMS, FEEDING
from tests.contract.test_template import FUNCTIONS, QUEUES, of_type

[DASHBOARD] = of_type("CloudWatch::Dashboard").values()
BODY: Final[str] = DASHBOARD["DashboardBody"]["Fn::Sub"]
_REFERENCE: Final = re.compile(r"\$\{(\w+)(?:\.\w+)?\}")
# The dimension and the resources of each namespace of AWS, and which of its metrics are looked at.
_OF_AWS: Final = {
    "AWS/Lambda": ("FunctionName", set(FUNCTIONS)),
    "AWS/SQS": ("QueueName", set(QUEUES)),
    "AWS/ApiGateway": ("ApiId", {"Api"}),
}
_METRICS_OF_AWS: Final = {
    "AWS/Lambda": {"Errors", "Throttles", "Duration", "Invocations", "IteratorAge"},
    "AWS/SQS": {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
    "AWS/ApiGateway": {"Count", "4xx", "5xx"},
}


def read_widgets() -> list[dict[str, Any]]:
    """The widgets, with the names of the template's resources in place of references, of the stage dev."""
    text = BODY.replace("${Stage}", "dev").replace("${AWS::Region}", "eu-central-1")
    widgets: list[dict[str, Any]] = json.loads(_REFERENCE.sub(r"\1", text))["widgets"]
    return widgets


WIDGETS: Final = read_widgets()


def list_metrics() -> Iterator[tuple[str, str, frozenset[tuple[str, str]]]]:
    """Every metric that is shown: namespace, name, dimensions."""
    for widget in WIDGETS:
        for one in widget["properties"].get("metrics", []):
            words = [word for word in one if isinstance(word, str)]
            if words:
                namespace, name, *dimensions = words
                yield namespace, name, frozenset((key, value) for key, value in batched(dimensions, 2, strict=True))


def list_searches() -> Iterator[tuple[str, frozenset[str], dict[str, str]]]:
    """Every search: namespace, names of the dimensions, what is asked of the metric."""
    for widget in WIDGETS:
        for one in widget["properties"].get("metrics", []):
            if "expression" in one[0]:
                found = re.fullmatch(r"SEARCH\('\{(.+?)\} (.+)', 'Sum'\)", one[0]["expression"])
                assert found
                namespace, *names = found[1].split(",")
                yield namespace, frozenset(names), dict(re.findall(r'(\w+)="([^"]+)"', found[2]))


def test_every_metric_of_ours_is_emitted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = say_everything(monkeypatch, capsys)
    emitted = {(metric.name, metric.dimensions) for metric in said.metrics}
    shown = {(name, dimensions) for namespace, name, dimensions in list_metrics() if namespace == "bigcharge"}
    assert shown <= emitted
    assert {name for name, _ in emitted} - {name for name, _ in shown} == {"Changes"}
    for namespace, names, asked in list_searches():
        assert namespace == "bigcharge"
        name = asked.pop("MetricName")
        assert [
            one
            for one, dimensions in emitted
            if one == name and {key for key, _ in dimensions} == names and asked.items() <= dict(dimensions).items()
        ]


def test_every_metric_of_aws_is_of_a_resource_of_the_template() -> None:
    for namespace, name, dimensions in list_metrics():
        if namespace != "bigcharge":
            assert name in _METRICS_OF_AWS[namespace]
            [(dimension, resource)] = dimensions
            assert dimension == _OF_AWS[namespace][0]
            assert resource in _OF_AWS[namespace][1]


@pytest.mark.parametrize("name", ["Errors", "Throttles", "Duration"])
def test_every_function_is_shown(name: str) -> None:
    shown = {dict(dimensions)["FunctionName"] for _, metric, dimensions in list_metrics() if metric == name}
    assert shown == set(FUNCTIONS)


def test_every_queue_is_shown() -> None:
    sqs = [one for one in list_metrics() if one[0] == "AWS/SQS"]
    assert {dict(dimensions)["QueueName"] for _, _, dimensions in sqs} == set(QUEUES)
    late = {dict(dimensions)["QueueName"] for _, name, dimensions in sqs if name == "ApproximateAgeOfOldestMessage"}
    assert late == FEEDING


def test_every_alarm_is_shown() -> None:
    [widget] = [one for one in WIDGETS if one["type"] == "alarm"]
    assert set(widget["properties"]["alarms"]) == set(ALARMS)


def test_money_comes_first_then_the_front_door_the_queues_and_the_functions() -> None:
    first_rows: dict[str, int] = {}
    for widget in WIDGETS:
        for one in widget["properties"].get("metrics", []):
            if isinstance(one[0], str):
                key = one[0] if one[0] != "bigcharge" else one[1]
                first_rows[key] = min(first_rows.get(key, widget["y"]), widget["y"])
    order = ("Charges", "AWS/ApiGateway", "AWS/SQS", "AWS/Lambda")
    assert [first_rows[key] for key in order] == sorted({first_rows[key] for key in order})
    top = {(name, *(value for key, value in sorted(dimensions) if key != "service")) for _, name, dimensions in FIRST}
    assert top >= {("Charges", "paid"), ("Charges", "declined"), ("Charges", "unknown"), ("OldestUnknownSeconds",)}
    assert ("Alarms", "books.differ") in top


FIRST: Final = list(list_metrics())[:9]


def test_no_widget_lies_on_another_and_none_leaves_the_grid() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in WIDGETS:
        x, y, width, height = (widget[key] for key in ("x", "y", "width", "height"))
        assert x + width <= 24
        cells = {(column, row) for column in range(x, x + width) for row in range(y, y + height)}
        assert not cells & taken
        taken |= cells
    assert len(taken) == 24 * max(row + 1 for _, row in taken), "no holes either"
