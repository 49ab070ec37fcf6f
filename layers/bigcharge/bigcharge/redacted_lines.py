"""Where all that is said passes the redactor: our lines, those of libraries, and what Lambda prints of an error."""

import json
import logging
import traceback
from copy import copy
from typing import Any

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from bigcharge.domain.errors import BigchargeError
from bigcharge.domain.redaction import redactor

_UNREADABLE = "log.unreadable"


class RedactedError(BigchargeError):
    """Stands for an error that held what must not be shown: its kind, and its text as it may be shown."""


class RedactingFormatter(LambdaPowertoolsFormatter):
    """Formats our lines. What cannot be formatted is a line of its own: `logging` would print it as it is."""

    def format(self, record: logging.LogRecord) -> str:
        """The line as JSON."""
        try:
            return super().format(record)
        except Exception:  # noqa: BLE001 - a line that cannot be said is no reason to fail, nor to say it as it is
            return json.dumps({"level": record.levelname, "message": _UNREADABLE})

    def serialize(self, log: Any) -> str:  # noqa: ANN401 - the library's type says less than it takes
        """JSON of a line, redacted."""
        return super().serialize(redactor.redact(log))  # type: ignore[arg-type]  # a mapping comes back as a dict


class _RedactingFilter(logging.Filter):
    """Redacts the lines that libraries log."""

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        """The same line, as text that may be shown."""
        try:
            said = record.getMessage()
            if record.exc_info and record.exc_info[1] is not None:
                said += "\n" + _tell(record.exc_info[1])
        except Exception:  # noqa: BLE001 - as above
            said = _UNREADABLE
        shown = copy(record)
        shown.msg, shown.args, shown.exc_info, shown.exc_text = redactor.redact_text(said), None, None, None
        return shown


def redact_libraries() -> None:
    """Redact what libraries log, wherever it is printed."""
    # urllib3 warns of header lines that it cannot parse, and quotes them: what a server sends is not for a log.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    for handler in (*logging.root.handlers, logging.lastResort):
        if handler is not None and not any(isinstance(known, _RedactingFilter) for known in handler.filters):
            handler.addFilter(_RedactingFilter())


def redact_error(error: Exception) -> Exception:
    """The error to leave a function with: Lambda prints its text, and keeps it with what failed.

    Returns:
        The same one, unless it, or one that led to it, holds what must not be shown.
    """
    told = _tell(error)
    if redactor.redact_text(told) == told:
        return error
    return RedactedError(f"{type(error).__name__}: {redactor.redact(error)}")


def _tell(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
