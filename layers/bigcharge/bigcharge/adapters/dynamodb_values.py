"""DynamoDB's attribute values, as the low-level client and the streams write them: only the types that the tables use.

boto3 has a serialiser of its own; this one needs no boto3, so that whatever only reads stream images need not load it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

type Item = dict[str, Any]
"""A name to `{"S": ...}`, `{"N": ...}` and so on."""

_EPOCH: Final = datetime.fromtimestamp(0, UTC)


def to_item(values: Mapping[str, object]) -> Item:
    """The item of these values; None is left out.

    Raises:
        TypeError: a value of a type that the tables do not use.
    """
    return {name: _encode(value) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """The values of this item; numbers are whole numbers, times stay text (`read_time`).

    Raises:
        TypeError: an attribute of a type that the tables do not use.
    """
    return {name: _decode(attribute) for name, attribute in item.items()}


def write_time(time: datetime) -> str:
    """ISO 8601 in UTC with microseconds: of one width, so that the order of the texts is the order of the times."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: str | None) -> datetime | None:
    """The time that `write_time` wrote, aware UTC; None for none."""
    return None if text is None else datetime.fromisoformat(text)


def epoch_seconds(time: datetime) -> int:
    """Whole seconds since 1970, rounded up: what is listed by it is never early. Exact, unlike `datetime.timestamp`."""
    return -((_EPOCH - time) // timedelta(seconds=1))


def _encode(value: object) -> Item:
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(int(value))}
        case str():
            return {"S": str(value)}
        case bytes():
            return {"B": value}
        case datetime():
            return {"S": write_time(value)}
        case Mapping():
            return {"M": to_item(value)}
        case list() | tuple():
            return {"L": [_encode(element) for element in value]}
    raise TypeError(f"the tables hold no {type(value).__name__}")


def _decode(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever type the attribute names
    match attribute:
        case {"S": value} | {"BOOL": value} | {"B": value}:
            return value
        case {"N": value}:
            return int(value)
        case {"M": value}:
            return from_item(value)
        case {"L": value}:
            return [_decode(element) for element in value]
        case {"NULL": _}:
            return None
    raise TypeError(f"the tables hold no attribute of type {', '.join(attribute)}")
