"""What `template.yaml` deploys: a function that is added there is simulated, with its queues and its schedule."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
STAGE: Final = "dev"
QUEUES_URL: Final = "https://sqs.us-east-1.amazonaws.com/123456789012/"
API_URL: Final = "https://bigcharge.example"
_API: Final = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86400}
_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_DAILY: Final = re.compile(r"cron\((\d+) (\d+|\*) .*\)")

type Json = Mapping[str, Any]


class _Loader(yaml.SafeLoader):
    """Reads the template; `!Ref X` and `!GetAtt X.Arn` become "@X" and "@X.Arn"."""


def _read_tag(loader: yaml.SafeLoader, suffix: str, node: Any) -> object:
    if not isinstance(node, yaml.ScalarNode):
        return None  # what a function of CloudFormation makes of a list matters to nobody here
    text = str(loader.construct_scalar(node))
    if suffix != "Sub":
        return f"@{text}"
    return text.replace("${Stage}", STAGE).replace(_API, API_URL)


_Loader.add_multi_constructor("!", _read_tag)


@dataclass(frozen=True, slots=True)
class QueueSource:
    """A queue that feeds a function."""

    queue: str
    batch_size: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class StreamSource:
    """A table's stream that feeds a function.

    Attributes:
        retries: how often a batch that fails is given again.
        undelivered: the queue that is told of a batch that was given up.
    """

    table: str
    batch_size: int
    retries: int
    bisects: bool
    undelivered: str | None


@dataclass(frozen=True, slots=True)
class ScheduleSource:
    """A schedule that starts a function.

    Attributes:
        every: seconds.
        undelivered: the queue that is told of a run that failed.
    """

    every: int
    undelivered: str | None


@dataclass(frozen=True, slots=True)
class FunctionPlan:
    """A function as deployed.

    Attributes:
        name: "charge_order".
        handler: its module.
        timeout: seconds.
        variables: its environment.
    """

    name: str
    handler: Path
    timeout: int
    variables: Mapping[str, str]
    sources: tuple[QueueSource | StreamSource | ScheduleSource, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything that the template makes, as far as the simulation has it."""

    functions: Mapping[str, FunctionPlan]
    queues: Mapping[str, Json]
    queue_names: Mapping[str, str]
    tables: Mapping[str, Json]
    bus: str


@cache
def read_deployment() -> Deployment:
    """Read `template.yaml`."""
    document = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    resources, parameters = document["Resources"], document["Parameters"]
    names = {logical: _name(logical, resource) for logical, resource in resources.items()}
    names |= {name: str(declared.get("Default", "")) for name, declared in parameters.items()}
    common = document["Globals"]["Function"].get("Environment", {}).get("Variables", {})
    functions = [
        _read_function(resource["Properties"], names, common)
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    return Deployment(
        {function.name: function for function in functions},
        _of_type(resources, names, "AWS::SQS::Queue"),
        {logical: names[logical] for logical, one in resources.items() if one["Type"] == "AWS::SQS::Queue"},
        _of_type(resources, names, "AWS::DynamoDB::Table"),
        next(iter(_of_type(resources, names, "AWS::Events::EventBus"))),
    )


def _of_type(resources: Json, names: Mapping[str, str], wanted: str) -> dict[str, Json]:
    found = ((logical, one) for logical, one in resources.items() if one["Type"] == wanted)
    return {names[logical]: one.get("Properties", {}) for logical, one in found}


def _name(logical: str, resource: Json) -> str:
    properties = resource.get("Properties", {})
    if resource["Type"] == "AWS::SQS::Queue":
        return QUEUES_URL + str(properties["QueueName"])
    return str(properties.get("TableName") or properties.get("Name") or logical)


def _read_function(properties: Json, names: Mapping[str, str], common: Json) -> FunctionPlan:
    folder = str(properties["CodeUri"])
    variables = {**common, **properties.get("Environment", {}).get("Variables", {})}
    sources = [_read_source(event, properties, names) for event in properties.get("Events", {}).values()]
    return FunctionPlan(
        name=folder.strip("/").rpartition("/")[2],
        handler=ROOT / folder / "handler.py",
        timeout=int(properties["Timeout"]),
        variables={name: resolve(value, names) for name, value in variables.items()},
        sources=tuple(source for source in sources if source is not None),
    )


def resolve(value: object, names: Mapping[str, str]) -> str:
    """What a value of the template stands for; nothing for `AWS::NoValue`."""
    text = str(value)
    return names.get(text[1:].partition(".")[0], "") if text.startswith("@") else text


def _read_source(
    event: Json, function: Json, names: Mapping[str, str]
) -> QueueSource | StreamSource | ScheduleSource | None:
    properties = event["Properties"]
    match event["Type"]:
        case "SQS":
            most = properties.get("ScalingConfig", {}).get("MaximumConcurrency", 10)
            return QueueSource(resolve(properties["Queue"], names), properties.get("BatchSize", 10), most)
        case "DynamoDB":
            undelivered = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            return StreamSource(
                resolve(properties["Stream"], names),
                properties.get("BatchSize", 100),
                properties.get("MaximumRetryAttempts", 10_000),
                bool(properties.get("BisectBatchOnFunctionError")),
                resolve(undelivered, names) if undelivered else None,
            )
        case "ScheduleV2" | "Schedule":
            config = function.get("EventInvokeConfig", {}).get("DestinationConfig", {})
            undelivered = config.get("OnFailure", {}).get("Destination")
            every = _read_rate(str(properties.get("ScheduleExpression") or properties.get("Schedule")))
            return ScheduleSource(every, resolve(undelivered, names) if undelivered else None)
        case "HttpApi":
            return None  # the front door knows its function
    raise ValueError(f"the simulation has no event source {event['Type']}")


def _read_rate(expression: str) -> int:
    """Seconds between runs; a time of day counts as once a day (or an hour), whichever."""
    if found := _RATE.fullmatch(expression):
        return int(found[1]) * _SECONDS[found[2]]
    if found := _DAILY.fullmatch(expression):
        return _SECONDS["hour"] if found[2] == "*" else _SECONDS["day"]
    raise ValueError(f"the simulation cannot read the schedule {expression}")
