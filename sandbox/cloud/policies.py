"""Policy documents, judged as "Policy evaluation logic" in AWS's documentation of IAM has it.

Only the elements and the condition operators that the template uses are known; any other is an error and not a guess.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloud.template import Json

KNOWN = frozenset({"Sid", "Effect", "Action", "Resource", "Condition"})


@dataclass(frozen=True, slots=True)
class Permission:
    """What a call needs: an action of IAM, the ARN that it works on ("*" where on none), and its circumstances."""

    action: str
    resource: str
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)


class UnknownElementError(Exception):
    """A policy holds something that is not understood here; nothing is allowed by it."""


def allows(documents: Iterable[Json], permission: Permission) -> bool:
    """Whether a permission is given: some statement allows it, and none denies it.

    Raises:
        UnknownElementError: as above.
    """
    effects = {
        statement["Effect"]
        for document in documents
        for statement in listed(document["Statement"])
        if _applies(statement, permission)
    }
    return effects == {"Allow"}


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Read what a policy may write as one value or as a list."""
    return value if isinstance(value, list) else [value]


def matches(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern of IAM (`*` and `?`) says."""
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _applies(statement: Json, permission: Permission) -> bool:
    if unknown := statement.keys() - KNOWN:
        raise UnknownElementError(f"a statement holds {', '.join(sorted(unknown))}")
    return (
        any(matches(action.lower(), permission.action.lower()) for action in listed(statement["Action"]))
        and any(matches(resource, permission.resource) for resource in listed(statement["Resource"]))
        and all(
            _holds(operator, listed(wanted), permission.context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _holds(operator: str, wanted: list[str], found: Sequence[str] | None) -> bool:
    """Judge one condition on one key of the context; `found` is None where the call has no such key."""
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (found is None) == (wanted == ["true"])
    if name not in _COMPARED:
        raise UnknownElementError(f"a condition with {operator}")
    compare = _COMPARED[name]
    satisfied = [any(compare(one, value) for one in wanted) for value in found or ()]
    match quantifier:
        case "ForAllValues":
            return all(satisfied)  # also where there is no value: it takes a Null beside it
        case "" | "ForAnyValue":
            return any(satisfied)
        case _:
            raise UnknownElementError(f"a condition with {operator}")


_COMPARED: Mapping[str, Callable[[str, str], bool]] = {
    "NumericGreaterThanEquals": lambda wanted, value: float(value) >= float(wanted),
    "StringEquals": str.__eq__,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
}
