"""Lists of numbered pages, as iterators that hold one page at a time."""

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlencode

from bigcharge.adapters.bigcommerce.fields import ShapeError, read_list
from bigcharge.adapters.bigcommerce.rest import Rest
from bigcharge.domain.errors import InvalidInputError, OutcomeUnknownError

LARGEST_PAGE = 250  # entries: "default 50 a page, at most 250"


def check_limit(limit: object) -> int:
    """The value, if it can be the number of entries of a page.

    Raises:
        InvalidInputError: else.
    """
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= LARGEST_PAGE:
        raise InvalidInputError(f"a page has 1 to {LARGEST_PAGE} entries")
    return limit


def write_query(values: Mapping[str, object]) -> str:
    """The values that are not None as a query ("?page=2&limit=250"); booleans in lower case."""
    named = {name: value for name, value in values.items() if value is not None}
    return "?" + urlencode(
        {name: str(value).lower() if isinstance(value, bool) else value for name, value in named.items()}
    )


def list_pages[Value](
    rest: Rest, path: str, query: Mapping[str, object], limit: int, parse: Callable[[object], Value]
) -> Iterator[Value]:
    """Every entry, page by page; a list that changes meanwhile can show an entry twice or miss one.

    The end is an empty page: a short one may also come from a host that gives less than it was asked for.

    Args:
        rest: the REST host.
        path: below the store.
        query: filters; those that are None do not matter.
        limit: entries of a page.
        parse: maps an entry; raises `ShapeError` for one of another form.

    Raises:
        RefusedError: as `Rest.get` does, for any of the pages.
        OutcomeUnknownError: likewise, and where the host gives the same page again and again.
    """
    last: list[object] = []
    page = 0
    while True:
        page += 1
        entries = rest.get(path + write_query({**query, "page": page, "limit": limit}), read_list)
        if not entries:
            return
        if entries == last:
            raise OutcomeUnknownError("BigCommerce gives the same page again")
        last = entries
        yield from _parse_all(entries, parse)


def _parse_all[Value](entries: list[object], parse: Callable[[object], Value]) -> list[Value]:
    try:
        return [parse(entry) for entry in entries]
    except ShapeError:
        raise OutcomeUnknownError("a page with an entry of another form") from None
