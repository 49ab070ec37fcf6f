"""One call to the box and its reply, freed of HTTP."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from werkzeug import Request

from sandbox.bigcommerce.errors import Refusal
from sandbox.bigcommerce.faults import Answer
from sandbox.bigcommerce.state import Shop, State

MAXIMAL_LIMIT: Final = 250  # "default 50 a page, at most 250"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: a status, and a JSON body or none."""

    status: int = HTTPStatus.OK
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A request to one endpoint of one store.

    Attributes:
        ids: what the path names.
        planned: on Process Payment, the word that was planned for the gateway.
    """

    state: State
    shop: Shop
    request: Request
    ids: Mapping[str, str | int]
    planned: Answer | None = None

    def json(self) -> object:
        """The decoded body.

        Raises:
            Refusal: 400.
        """
        try:
            return json.loads(self.request.get_data())
        except (ValueError, RecursionError):
            raise Refusal(HTTPStatus.BAD_REQUEST, "The request body is not JSON.", violation=True) from None

    def number(self, name: str) -> int:
        """A number that the path names."""
        return int(self.ids[name])

    def page(self, default_limit: int = 50) -> tuple[int, int]:
        """The query's `page` and `limit`.

        Raises:
            Refusal: 422.
        """
        page, limit = self.query_number("page", 1), self.query_number("limit", default_limit)
        if page < 1 or not 1 <= limit <= MAXIMAL_LIMIT:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "The page or the limit is out of range.", violation=True)
        return page, limit

    def query_number(self, name: str, default: int) -> int:
        """A whole number of the query.

        Raises:
            Refusal: 422.
        """
        text = self.request.args.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()):
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"The parameter {name} is not a number.", violation=True)
        return int(text)


def pagination(total: int, count: int, page: int, limit: int) -> dict[str, object]:
    """What V3 lists say of themselves: `total` in all, `count` on this page."""
    pages = max(1, -(-total // limit))
    links = {
        "previous": f"?page={page - 1}&limit={limit}" if page > 1 else "",
        "current": f"?page={page}&limit={limit}",
        "next": f"?page={page + 1}&limit={limit}" if page < pages else "",
    }
    return {
        "total": total,
        "count": count,
        "per_page": limit,
        "current_page": page,
        "total_pages": pages,
        "links": links,
    }
