"""DynamoDB's expressions: conditions, key conditions and updates, as far as any adapter could want them."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from tests.simulation.comparisons import COMPARE, begins, compare

type Item = dict[str, Any]
type Scope = tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, str]]
"""An item, the expression's values, its names."""
type Term = Callable[[Scope], Any]

_TOKEN: Final = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[:#]?[A-Za-z_][A-Za-z0-9_.-]*)")


class UnsupportedError(BaseException):
    """A call of a form that the stand-in does not know: teach it, and hold it to moto."""


class _Parser:
    """A recursive-descent parser; what it does not know, it refuses."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)
        if "".join(self._tokens) != re.sub(r"\s", "", text):
            raise UnsupportedError(text)

    def _peek(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _take(self, *expected: str) -> str:
        if not self._tokens or (expected and self._tokens[0].upper() not in expected):
            raise UnsupportedError(self._text)
        return str(self._tokens.pop(0))

    def condition(self) -> Term:
        term = self._any()
        if self._tokens:
            raise UnsupportedError(self._text)
        return term

    def _any(self) -> Term:
        terms = [self._all()]
        while self._peek().upper() == "OR":
            self._take()
            terms.append(self._all())
        return terms[0] if len(terms) == 1 else lambda scope: any(term(scope) for term in terms)

    def _all(self) -> Term:
        terms = [self._one()]
        while self._peek().upper() == "AND":
            self._take()
            terms.append(self._one())
        return terms[0] if len(terms) == 1 else lambda scope: all(term(scope) for term in terms)

    def _one(self) -> Term:
        word = self._peek().upper()
        if word == "NOT":
            self._take()
            inner = self._one()
            return lambda scope: not inner(scope)
        if word == "(":
            self._take()
            group = self._any()
            self._take(")")
            return group
        if word in {"ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS", "BEGINS_WITH"}:
            return self._function(word)
        return self._comparison()

    def _function(self, word: str) -> Term:
        self._take()
        self._take("(")
        attribute = self.operand()
        if word == "BEGINS_WITH":
            self._take(",")
            head = self.operand()
            self._take(")")
            return lambda scope: begins(attribute(scope), head(scope))
        self._take(")")
        wanted = word == "ATTRIBUTE_EXISTS"
        return lambda scope: (attribute(scope) is not None) is wanted

    def _comparison(self) -> Term:
        left, sign = self.operand(), self._take(*COMPARE, "BETWEEN")
        if sign.upper() == "BETWEEN":
            low = self.operand()
            self._take("AND")
            high = self.operand()
            return lambda scope: compare("<=", low(scope), left(scope)) and compare("<=", left(scope), high(scope))
        right = self.operand()
        return lambda scope: compare(sign, left(scope), right(scope))

    def operand(self) -> Term:
        name = self._take()
        if name.startswith(":"):
            return lambda scope: scope[1][name]
        if not re.match(r"[#A-Za-z_]", name) or "." in name:
            raise UnsupportedError(self._text)
        return lambda scope: scope[0].get(scope[2][name] if name.startswith("#") else name)

    def updates(self) -> list[tuple[str, str, Term | None]]:
        """(verb, name, value) of each assignment or removal."""
        found: list[tuple[str, str, Term | None]] = []
        while self._tokens:
            verb = self._take("SET", "REMOVE").upper()
            while True:
                name = self._take()
                value = None
                if verb == "SET":
                    self._take("=")
                    value = self._sum()
                found.append((verb, name, value))
                if self._peek() != ",":
                    break
                self._take()
        return found

    def _sum(self) -> Term:
        left = self._settable()
        if self._peek() not in {"+", "-"}:
            return left
        sign = 1 if self._take() == "+" else -1
        right = self._settable()
        return lambda scope: {"N": str(int(left(scope)["N"]) + sign * int(right(scope)["N"]))}

    def _settable(self) -> Term:
        if self._peek() != "if_not_exists":
            return self.operand()
        self._take()
        self._take("(")
        held = self.operand()
        self._take(",")
        other = self.operand()
        self._take(")")
        return lambda scope: held(scope) or other(scope)


@cache
def _condition(text: str) -> Term:
    return _Parser(text).condition()


@cache
def _updates(text: str) -> list[tuple[str, str, Term | None]]:
    return _Parser(text).updates()


def holds(text: str, item: Mapping[str, Any], values: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    """Whether a condition holds for an item.

    Raises:
        UnsupportedError: a form that is not known here.
    """
    return bool(_condition(text)((item, values, names)))


def update(text: str, item: Item, values: Mapping[str, Any], names: Mapping[str, str]) -> Item:
    """The item after an update expression; every value is computed from the item as it was.

    Raises:
        UnsupportedError: a form that is not known here.
    """
    changed = dict(item)
    for verb, name, value in _updates(text):
        attribute = names[name] if name.startswith("#") else name
        if verb == "REMOVE" or value is None:
            changed.pop(attribute, None)
        else:
            changed[attribute] = value((item, values, names))
    return changed
