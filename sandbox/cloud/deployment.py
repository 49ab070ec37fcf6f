"""What a deployed stack runs: functions, and what invokes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.cloud.template import ACCOUNT, REGION, Json

REPORTS_FAILURES = "ReportBatchItemFailures"


@dataclass(frozen=True, slots=True)
class Function:
    """A function, with the environment that its template gives it; the time-out is in seconds."""

    name: str
    arn: str
    code: Path
    layers: tuple[Path, ...]
    handler: str
    timeout: int
    memory: int
    environment: Mapping[str, str]
    role: str  # its ARN
    log_group: str
    failures_arn: str | None  # the queue for asynchronous events that it could not process


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the HTTP API, with its path as API Gateway writes it."""

    method: str
    path: str
    function: Function


@dataclass(frozen=True, slots=True)
class QueueMapping:
    """A queue whose messages go to a function."""

    function: Function
    queue_arn: str
    batch_size: int
    maximum_concurrency: int | None
    reports_failures: bool


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """A table's stream whose records go to a function."""

    function: Function
    stream_arn: str
    batch_size: int
    retries: int | None  # None: until the records expire
    bisects: bool
    reports_failures: bool
    failures_arn: str | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule that invokes a function."""

    function: Function
    arn: str
    payload: str | None
    role: str  # its ARN
    dead_letters_arn: str | None


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything that the runner runs."""

    functions: tuple[Function, ...]
    routes: tuple[Route, ...]
    queues: tuple[QueueMapping, ...]
    streams: tuple[StreamMapping, ...]
    schedules: tuple[Schedule, ...]


def read_deployment(resources: Json, checkout: Path) -> Deployment:
    """Read what runs from resources without references; folders of code are found from the checkout."""
    layers = {name: checkout / layer["Content"]["S3Key"] for name, layer in _of_type(resources, "Lambda::LayerVersion")}
    failures = {
        config["FunctionName"]: _failures_arn(config) for _, config in _of_type(resources, "Lambda::EventInvokeConfig")
    }
    functions = {
        function["FunctionName"]: _read_function(function, checkout, layers, failures.get(function["FunctionName"]))
        for _, function in _of_type(resources, "Lambda::Function")
    }
    mappings = [mapping for _, mapping in _of_type(resources, "Lambda::EventSourceMapping")]
    return Deployment(
        functions=tuple(functions.values()),
        routes=tuple(_read_routes(resources, functions)),
        queues=tuple(_read_queue(m, functions) for m in mappings if ":sqs:" in m["EventSourceArn"]),
        streams=tuple(_read_stream(m, functions) for m in mappings if ":dynamodb:" in m["EventSourceArn"]),
        schedules=tuple(_read_schedule(s, functions) for _, s in _of_type(resources, "Scheduler::Schedule")),
    )


def _of_type(resources: Json, kind: str) -> Iterator[tuple[str, Json]]:
    for name, resource in resources.items():
        if resource["Type"] == f"AWS::{kind}":
            yield name, resource["Properties"]


def _failures_arn(properties: Json) -> str | None:
    arn: str | None = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    return arn


def _read_function(properties: Json, checkout: Path, layers: Mapping[str, Path], failures_arn: str | None) -> Function:
    name = properties["FunctionName"]
    variables = properties.get("Environment", {}).get("Variables", {})
    return Function(
        name=name,
        arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        code=checkout / properties["Code"]["S3Key"],
        layers=tuple(layers[layer["Ref"]] for layer in properties.get("Layers", [])),
        handler=properties["Handler"],
        timeout=int(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        environment={key: str(value) for key, value in variables.items()},
        role=properties["Role"],
        log_group=properties.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}"),
        failures_arn=failures_arn,
    )


def _read_routes(resources: Json, functions: Mapping[str, Function]) -> Iterator[Route]:
    for _, api in _of_type(resources, "ApiGatewayV2::Api"):
        for path, operations in api["Body"]["paths"].items():
            for method, operation in operations.items():
                # arn:...:lambda:path/2015-03-31/functions/<function's ARN>/invocations
                target = operation["x-amazon-apigateway-integration"]["uri"].split("/functions/")[1].split("/")[0]
                yield Route(method.upper(), path, functions[_last(target)])


def _read_queue(properties: Json, functions: Mapping[str, Function]) -> QueueMapping:
    return QueueMapping(
        function=functions[_last(properties["FunctionName"])],
        queue_arn=properties["EventSourceArn"],
        batch_size=int(properties.get("BatchSize", 10)),
        maximum_concurrency=properties.get("ScalingConfig", {}).get("MaximumConcurrency"),
        reports_failures=REPORTS_FAILURES in properties.get("FunctionResponseTypes", []),
    )


def _read_stream(properties: Json, functions: Mapping[str, Function]) -> StreamMapping:
    retries = int(properties.get("MaximumRetryAttempts", -1))
    return StreamMapping(
        function=functions[_last(properties["FunctionName"])],
        stream_arn=properties["EventSourceArn"],
        batch_size=int(properties.get("BatchSize", 100)),
        retries=None if retries < 0 else retries,
        bisects=bool(properties.get("BisectBatchOnFunctionError", False)),
        reports_failures=REPORTS_FAILURES in properties.get("FunctionResponseTypes", []),
        failures_arn=_failures_arn(properties),
    )


def _read_schedule(properties: Json, functions: Mapping[str, Function]) -> Schedule:
    name = properties["Name"]
    return Schedule(
        function=functions[_last(properties["Target"]["Arn"])],
        arn=f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}",
        payload=properties["Target"].get("Input"),
        role=properties["Target"]["RoleArn"],
        dead_letters_arn=properties["Target"].get("DeadLetterConfig", {}).get("Arn"),
    )


def _last(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]
