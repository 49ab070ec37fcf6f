"""Records as JSON and back, led by the type hints of their fields."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

_LISTS = (list, tuple, set)


def pack(value: object) -> object:
    """Turn a record, or any nest of records, into what JSON can carry."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: pack(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): pack(entry) for key, entry in value.items()}
    return [pack(entry) for entry in value] if isinstance(value, _LISTS) else value


def unpack(value: Any, hint: Any) -> Any:  # noqa: ANN401 - what comes out is of the hinted type
    """Turn what `pack` gave back into a value of the hinted type.

    Raises:
        TypeError: it is not of that type.
        ValueError: the same.
        KeyError: the same.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {types.UnionType, Union}:
        [inner] = (argument for argument in arguments if argument is not types.NoneType)
        return None if value is None else unpack(value, inner)
    if origin in {dict, Mapping}:
        return {unpack_key(key, arguments[0]): unpack(entry, arguments[1]) for key, entry in value.items()}
    if origin in _LISTS:
        return origin(unpack(entry, arguments[0]) for entry in value)
    if is_dataclass(hint):
        return unpack_fields(value, hint)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hint is not object and not isinstance(value, hint):
        raise TypeError(f"{value!r} is not of the type {getattr(hint, '__name__', hint)}")
    return value


def unpack_fields(value: Mapping[str, Any], record: Any, **given: object) -> Any:  # noqa: ANN401 - an instance of the record
    """Make a record of what `pack` gave; fields that are `given` are not looked for, others may be missing."""
    hints = get_type_hints(record)
    return record(**{name: unpack(value[name], hints[name]) for name in hints if name in value}, **given)


def unpack_key(key: str, hint: type) -> object:
    """A key of a mapping: JSON has only texts."""
    return int(key) if hint is int else key
