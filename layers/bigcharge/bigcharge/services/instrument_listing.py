"""A store's list of instruments, page after page."""

from dataclasses import dataclass
from typing import Protocol

from bigcharge.domain.errors import OutcomeUnknownError, RateLimitedError, RefusedError, UnauthorizedError
from bigcharge.domain.stored_instruments import InstrumentPage


class InstrumentLists(Protocol):
    """The stored instruments of a store, as lists. Every call raises the errors of `bigcharge.domain.errors`."""

    def get_page(self, *, after: str | None = None) -> InstrumentPage:
        """The page after a cursor; the first where none is named."""


@dataclass(slots=True)
class Listing:
    """The list, as one run reads it.

    Attributes:
        lists: of the store.
        has_begun_anew: whether BigCommerce did not take a cursor, and the list is read from its start once more.
    """

    lists: InstrumentLists
    has_begun_anew: bool = False

    def read(self, after: str | None, listed: int) -> InstrumentPage:
        """The next page; the first once more where BigCommerce does not take the cursor: what is equal costs no write.

        Args:
            after: the cursor; None: the first page.
            listed: how many instruments came before.

        Raises:
            BigCommerceError: no page, or the list breaks off or leads in a circle.
        """
        try:
            page = self.lists.get_page(after=after)
        except (RateLimitedError, UnauthorizedError):
            raise
        except RefusedError:
            if after is None or self.has_begun_anew:
                raise
            page, after, self.has_begun_anew = self.lists.get_page(), None, True
        if page.end_cursor is not None and page.end_cursor == after:
            raise OutcomeUnknownError("BigCommerce gives the same page again")
        if page.entries and page.end_cursor is None and listed + page.entries < (page.total or 0):
            raise OutcomeUnknownError("BigCommerce's list breaks off before its end")
        return page
