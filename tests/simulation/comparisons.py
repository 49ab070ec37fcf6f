"""How DynamoDB compares the values of attributes."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(sign: str, left: Mapping[str, Any] | None, right: Mapping[str, Any] | None) -> bool:
    """As DynamoDB: a missing attribute differs from all, and only values of one type have an order."""
    one, other = _value(left), _value(right)
    if one is None or other is None:
        return sign == "<>" and one != other
    if sign in {"=", "<>"}:
        return COMPARE[sign](one, other)
    return one[0] == other[0] and COMPARE[sign](one[1], other[1])


def begins(attribute: Mapping[str, Any] | None, head: Mapping[str, Any]) -> bool:
    """Whether a text begins with another."""
    return attribute is not None and "S" in attribute and attribute["S"].startswith(head["S"])


def _value(attribute: Mapping[str, Any] | None) -> tuple[str, Any] | None:
    """The type and the value of an attribute; numbers as numbers."""
    if attribute is None:
        return None
    [(kind, value)] = attribute.items()
    return kind, (int(value) if kind == "N" and "." not in value else float(value) if kind == "N" else value)
