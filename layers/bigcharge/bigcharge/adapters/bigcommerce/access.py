"""The access token that a store's calls carry, and another one in its place while it is being rotated."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from bigcharge.adapters.bigcommerce.transport import Answer
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.stores import Credentials

_VISIBLE: Final = re.compile(r"[!-~]{1,8192}")
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

type FindOthers = Callable[[Credentials], Iterator[Credentials]]
"""Finds other credentials that may hold where some were refused."""


def check_header_token(value: object) -> str:
    """The value, if it can stand in a header: visible ASCII without spaces.

    Raises:
        InvalidInputError: else.
    """
    if not isinstance(value, str) or not _VISIBLE.fullmatch(value):
        raise InvalidInputError("a token is visible ASCII without spaces")
    return value


def find_none(_: Credentials) -> Iterator[Credentials]:
    """For who has no other credentials than those that it was given."""
    return iter(())


@dataclass(slots=True)
class Access:
    """What a store's calls show to be let in.

    Attributes:
        credentials: those that were accepted last, or are yet to be tried.
        find_others: what else may hold.
    """

    credentials: Credentials
    find_others: FindOthers = field(default=find_none, repr=False)

    def exchange(self, send: Callable[[str], Answer]) -> Answer:
        """Send with the token; where BigCommerce refuses it, and so did nothing, with the others that may hold.

        Args:
            send: sends with the token that it is given.

        Raises:
            InvalidInputError: a token that cannot stand in a header.
            BigchargeError: what `send` and `find_others` raise.
        """
        refused = self.credentials
        answer = send(check_header_token(refused.access_token))
        if answer.status not in _REFUSED:
            return answer
        tried = {refused.access_token}
        for other in self.find_others(refused):
            if other.access_token in tried:
                continue
            tried.add(other.access_token)
            again = send(check_header_token(other.access_token))
            if again.status not in _REFUSED:
                self.credentials = other
                return again
        return answer
