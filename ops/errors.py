"""What a command says when it cannot do what it was asked."""

FAILED = 1  # the command ran, and the answer is no
MISUSED = 2  # the command could not run as it was asked


class CommandError(Exception):
    """A command's end without success.

    Attributes:
        status: the exit status.

    Args:
        message: one line that says what is wrong and what to do.
        status: the exit status.
    """

    def __init__(self, message: str, status: int = MISUSED) -> None:
        super().__init__(message)
        self.status = status
