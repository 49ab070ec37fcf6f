"""boto3's clients, as a process of the simulation has them: each call takes time, and may fail or be lost."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError

from tests.simulation.aws_errors import Exceptions, refuse
from tests.simulation.expressions import UnsupportedError
from tests.simulation.faults import AWS

if TYPE_CHECKING:
    from tests.simulation.chance import Draw
    from tests.simulation.environments import Environment

# botocore's standard retry mode, as `bigcharge.bootstrap` sets it: a failed call is made twice more.
_TRIES: Final = 3
_PERSISTS: Final = 0.3  # of failures outlast the tries of one call
_READ_SECONDS: Final = 5.0
_PARTIAL: Final = {
    "batch_get_item": ("dynamodb", "undone", "aws left a part undone"),
    "send_message_batch": ("sqs", "refused", "aws left a part undone"),
    "put_events": ("events", "refused", "aws left a part undone"),
}


class Client:
    """A client of one service, for one process."""

    exceptions = Exceptions

    def __init__(self, service: str, environment: "Environment") -> None:
        self._service = service
        self._environment = environment
        self._target = environment.world.services[service]

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        if not hasattr(self._target, operation):
            raise UnsupportedError(f"{self._service}.{operation}")
        return partial(self._call, operation)

    def get_paginator(self, operation: str) -> "Paginator":
        """What asks for page after page."""
        return Paginator(getattr(self, operation))

    def _call(self, operation: str, **request: Any) -> Any:
        draw = self._environment.arrive(operation)
        kind = self._environment.world.chance.choose(draw, 4, AWS)
        persists = draw.numbers[5] < _PERSISTS
        for tries in range(1, _TRIES + 1):
            self._environment.pause(draw.between(1, 0.001, 0.02) * tries)
            try:
                return self._exchange(operation, request, kind if persists or tries == 1 else None, draw)
            except (BotoCoreError, ClientError) as error:
                if not _is_passing(error) or tries == _TRIES:
                    raise
        raise AssertionError

    def _exchange(self, operation: str, request: dict[str, Any], kind: str | None, draw: "Draw") -> Any:
        environment = self._environment
        if kind is not None:
            environment.world.note(environment.name, f"{operation}: {kind}")
        match kind:
            case "aws throttled":
                raise refuse(operation, "ThrottlingException", "Rate exceeded")
            case "aws failed":
                raise refuse(operation, "InternalServerError", "internal error")
            case "aws unreachable":
                raise EndpointConnectionError(endpoint_url=f"https://{self._service}.invalid")
        answer = self._act(operation, request, draw)
        if kind == "aws reply lost":
            environment.pause(_READ_SECONDS)
            raise ReadTimeoutError(endpoint_url=f"https://{self._service}.invalid")
        environment.leave(draw)
        return answer

    def _act(self, operation: str, request: dict[str, Any], draw: "Draw") -> Any:
        world = self._environment.world
        world.working = self._environment.function.name
        if operation in _PARTIAL and world.chance.choose(draw, 6, (_PARTIAL[operation][2],)):
            setattr(self._target, _PARTIAL[operation][1], 1)
        try:
            answer = getattr(self._target, operation)(**request)
        except ClientError as error:
            world.note(self._environment.name, f"{operation}: {type(error).__name__}")
            self._environment.leave(draw)
            raise
        finally:
            world.working = ""
        if operation.startswith("send_message"):
            world.sent_for[self._environment.subject] += 1
        self._environment.note_call(operation, request)
        return answer


def _is_passing(error: BotoCoreError | ClientError) -> bool:
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in {"ThrottlingException", "InternalServerError"}
    return True


_GOES_ON: Final = {"LastEvaluatedKey": "ExclusiveStartKey", "NextToken": "NextToken"}


class Paginator:
    """Asks for page after page."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def paginate(self, **request: Any) -> Iterator[Any]:
        """The pages."""
        while True:
            page = self._call(**request)
            yield page
            begun = next(((ask, page[told]) for told, ask in _GOES_ON.items() if told in page), None)
            if begun is None:
                return
            request[begun[0]] = begun[1]
