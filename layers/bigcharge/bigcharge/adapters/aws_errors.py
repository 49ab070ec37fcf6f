"""AWS did not do what it was asked: one error of ours for it, so that callers need not know botocore."""

from collections.abc import Iterator
from contextlib import contextmanager

from bigcharge.domain.errors import BigchargeError


class AwsUnavailableError(BigchargeError):
    """A call to AWS failed, was refused or was left undone: try again later."""


@contextmanager
def translate_aws_errors(action: str) -> Iterator[None]:
    """Make botocore's errors ours.

    Args:
        action: what is being done, for the error's text.

    Raises:
        AwsUnavailableError: for any error of botocore that was not handled within.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - who has a client has it loaded

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise AwsUnavailableError(f"could not {action}: {type(error).__name__}") from error
