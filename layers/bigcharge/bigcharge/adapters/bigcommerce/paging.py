"""Lists of numbered pages, as iterators that hold one page at a time."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from urllib.parse import urlencode

from bigcharge.adapters.bigcommerce.fields import ShapeError, read_list, read_object, read_part, read_whole
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
    rest: Rest,
    path: str,
    query: Mapping[str, object],
    limit: int,
    parse: Callable[[object], Value],
    *,
    may_be_whole: bool = False,
) -> Iterator[Value]:
    """Every entry, page by page; a list that changes meanwhile can show an entry twice or miss one.

    The end is a page that BigCommerce says is the last, or an empty one: a short one may also come from a host that
    gives less than it was asked for.

    Args:
        rest: the REST host.
        path: below the store.
        query: filters; those that are None do not matter.
        limit: entries of a page.
        parse: maps an entry, which has an `id`; raises `ShapeError` for one of another form.
        may_be_whole: whether the host may give the whole list whatever the page: then the same again is the end, and
            null is a list without entries.

    Raises:
        RefusedError: as `Rest.get` does, for any of the pages.
        OutcomeUnknownError: likewise, and where the host gives the same page again and again.
    """
    last: set[int | None] = set()
    page = 0
    while True:
        page += 1
        asked = write_query({**query, "page": page, "limit": limit})
        entries, is_last = rest.get(path + asked, partial(_read_page, may_be_null=may_be_whole))
        if not entries:
            return
        values = _parse_all(entries, parse)
        # By their ids: a page that differs in the time of a change only would be taken for a new one for ever.
        ids = {read_whole(read_object(entry).get("id")) for entry in entries}
        if ids == last:
            # A host that knows no pages has given all there is, unless it stopped at just as many as it was asked for.
            # Where pages are documented, the same again is a fault: ending there would leave out what it did not show.
            if may_be_whole and len(entries) != limit:
                return
            raise OutcomeUnknownError("BigCommerce gives the same page again")
        yield from values
        if is_last:
            return
        last = ids


def _read_page(document: object, *, may_be_null: bool) -> tuple[list[object], bool]:
    """The entries of a page, and whether it says that it is the last; V2 and a bare array say nothing of it."""
    pagination = read_part(read_part(document, "meta"), "pagination")
    current, total = read_whole(pagination.get("current_page")), read_whole(pagination.get("total_pages"))
    is_null = may_be_null and isinstance(document, dict) and "data" in document and document["data"] is None
    entries = [] if is_null else read_list(document)
    return entries, current is not None and total is not None and current >= total > 0


def _parse_all[Value](entries: list[object], parse: Callable[[object], Value]) -> list[Value]:
    try:
        return [parse(entry) for entry in entries]
    except ShapeError:
        raise OutcomeUnknownError("a page with an entry of another form") from None
