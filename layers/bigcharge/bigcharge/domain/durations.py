"""ISO 8601 durations, as policies and settings write them ("PT30S", "P1D", "P1W")."""

import re
from datetime import timedelta

from bigcharge.domain.errors import InvalidInputError

_PATTERN = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W|(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,6})?)S)?)?)",
    re.ASCII,
)


def parse_duration(text: object) -> timedelta:
    """Read a duration of weeks, or of days, hours, minutes and seconds.

    Years and months have no fixed length, so they are refused.

    Raises:
        InvalidInputError: anything else.
    """
    match = _PATTERN.fullmatch(text) if isinstance(text, str) else None
    parts = {unit: float(value) for unit, value in match.groupdict().items() if value is not None} if match else {}
    if not parts:
        raise InvalidInputError('a duration is written in ISO 8601, such as "PT30S", "PT2H" or "P1D"')
    return timedelta(**parts)
