"""When Lambda will stop the function."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext


def time_left(context: "LambdaContext") -> "Callable[[], float]":
    """A clock of the seconds that are left of this invocation."""
    return lambda: context.get_remaining_time_in_millis() / 1000
