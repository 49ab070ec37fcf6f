"""The errors that boto3's clients raise, by the names that `client.exceptions` has for them."""

from typing import Any, Final

from botocore.exceptions import ClientError


class ConditionalCheckFailedException(ClientError):  # noqa: N818 - AWS's name
    """A condition did not hold."""


class TransactionCanceledException(ClientError):  # noqa: N818 - AWS's name
    """A condition of a transaction did not hold: nothing of it was done."""


class ResourceNotFoundException(ClientError):  # noqa: N818 - AWS's name
    """There is no such secret or table."""


class InvalidRequestException(ClientError):  # noqa: N818 - AWS's name
    """A secret that waits for its deletion."""


class ParameterNotFound(ClientError):  # noqa: N818 - AWS's name
    """There is no such parameter."""


class Exceptions:
    """What `client.exceptions` holds."""

    ClientError = ClientError
    ConditionalCheckFailedException = ConditionalCheckFailedException
    TransactionCanceledException = TransactionCanceledException
    ResourceNotFoundException = ResourceNotFoundException
    InvalidRequestException = InvalidRequestException
    ParameterNotFound = ParameterNotFound


_STATUSES: Final = {"InternalServerError": 500, "InternalFailure": 500, "InternalException": 500}


def refuse(
    operation: str,
    code: str,
    message: str,
    kind: type[ClientError] = ClientError,
    **more: Any,
) -> ClientError:
    """The error with which AWS refuses a call."""
    status = {"HTTPStatusCode": _STATUSES.get(code, 400)}
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": status, **more}
    return kind(response, operation)
