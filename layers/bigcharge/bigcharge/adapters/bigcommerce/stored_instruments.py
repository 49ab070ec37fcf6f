"""The stored instruments of a whole store: `/v3/payments/stored-instruments`."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bigcharge.adapters.bigcommerce.fields import write_fields
from bigcharge.adapters.bigcommerce.instrument_documents import read_changed, read_import, read_page, write_import
from bigcharge.adapters.bigcommerce.paging import LARGEST_PAGE, check_limit, write_query
from bigcharge.adapters.bigcommerce.rest import Rest, ignore
from bigcharge.domain.errors import InvalidInputError, OutcomeUnknownError
from bigcharge.domain.stored_instruments import (
    ImportOutcome,
    InstrumentChanges,
    InstrumentPage,
    NewInstrument,
    OwnedInstrument,
)
from bigcharge.domain.stores import check_id

_PATH: Final = "/v3/payments/stored-instruments"
_TOKEN: Final = re.compile(r"[0-9A-Za-z_-]{1,512}", re.ASCII)  # nothing that means something in a URL
_LONGEST_QUERY: Final = 1800  # characters of tokens: with the rest below the 2,000 that every proxy lets through


class _WithoutTokens(logging.Filter):
    """Drops urllib3's line of a request whose path names tokens: no log holds one (design, law 9)."""

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        return f"{_PATH}/" not in line and f"{_PATH}?token:in=" not in line


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutTokens())


def check_url_token(value: object) -> str:
    """The value, if it can stand in a URL: the tokens that BigCommerce documents are 64 hexadecimal digits.

    Raises:
        InvalidInputError: else; the error does not show it.
    """
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise InvalidInputError("an instrument's token is 1 to 512 letters, digits, - or _")
    return value


@dataclass(frozen=True, slots=True)
class StoredInstruments:
    """The stored instruments of one store."""

    rest: Rest = field(repr=False)

    def list_instruments(self, *, limit: int = LARGEST_PAGE) -> Iterator[OwnedInstrument]:
        """Every instrument of the store, a page at a time; raises as `Rest.get` does, for any of the pages."""
        for page in self.list_pages(limit=limit):
            yield from page.instruments

    def list_pages(
        self, *, after: str | None = None, before: str | None = None, limit: int = LARGEST_PAGE
    ) -> Iterator[InstrumentPage]:
        """Walk along the cursors: to the end, or from `before` back to the start.

        What was seen of a walk that broke off is not lost: `after` the last page's `end_cursor` the rest begins.

        Args:
            after: the `end_cursor` of the page before the first that is wanted.
            before: the `start_cursor` of the page after the first that is wanted; then the walk goes backwards.
            limit: entries of a page, 1 to 250.

        Raises:
            InvalidInputError: both cursors, or a limit that is none.
            BigCommerceError: as `Rest.get` does, and where the cursors lead in a circle or, for a walk from the start,
                break off before its end.
        """
        page, cursor = self.get_page(after=after, before=before, limit=limit), after or before
        is_whole, seen = cursor is None, 0
        while page.entries:
            following = page.start_cursor if before else page.end_cursor
            seen += page.entries
            yield page
            if following is None:
                # Page numbers would lead on, but past what moves from one page to another while they are read.
                if is_whole and seen < (page.total or 0):
                    raise OutcomeUnknownError("BigCommerce's list breaks off before its end")
                return
            if following == cursor:
                raise OutcomeUnknownError("BigCommerce gives the same page again")
            cursor = following
            page = self.get_page(after=None if before else cursor, before=cursor if before else None, limit=limit)

    def get_page(
        self,
        *,
        page: int | None = None,
        after: str | None = None,
        before: str | None = None,
        limit: int = LARGEST_PAGE,
    ) -> InstrumentPage:
        """One page (`GET`), by number or by cursor; the first where none is named.

        BigCommerce names cursors only on the first page and where one was sent, so numbers do not lead to cursors.

        Raises:
            InvalidInputError: more than one of them, or a limit that is none.
            BigCommerceError: as `Rest.get` does.
        """
        query = {"page": None if page is None else check_id(page), "after": after, "before": before}
        if sum(value is not None for value in query.values()) > 1:
            raise InvalidInputError("a page is named by its number or by one cursor")
        return self.rest.get(_PATH + write_query({**query, "limit": check_limit(limit)}), read_page)

    def import_instruments(self, instruments: Sequence[NewInstrument]) -> ImportOutcome:
        """Import what another vault holds (`POST`); a part of it can fail. Raises as `Rest.write` does."""
        return self.rest.write("POST", _PATH, [write_import(row) for row in instruments], read_import)

    def update_instrument(self, token: str, changes: InstrumentChanges) -> OwnedInstrument:
        """Change an instrument (`PUT`).

        Raises:
            InvalidInputError: nothing to change, or a token that is none.
            BigCommerceError: as `Rest.write` does.
        """
        body = write_fields(changes)
        if not body:
            raise InvalidInputError("there is nothing to change")
        return self.rest.write("PUT", _PATH, {"token": check_url_token(token)} | body, read_changed)

    def delete_instruments(self, tokens: Iterable[str]) -> None:
        """Delete instruments from the store and leave them in the gateway's vault (`DELETE ?token:in=`).

        Many tokens take several requests, one after the other. Tokens that the store does not have are passed over, so
        that the whole can be asked for again where one of them failed.

        Raises:
            InvalidInputError: a token that is none; nothing was sent.
            BigCommerceError: as `Rest.write` does; what came before it was done.
        """
        for chunk in list(_split([check_url_token(token) for token in tokens])):
            self.rest.write("DELETE", f"{_PATH}?token:in={','.join(chunk)}", None, ignore)

    def delete_instrument(self, token: str) -> None:
        """Delete an instrument from the store and the gateway's vault (`DELETE /{token}`); as `Rest.write` does."""
        self.rest.write("DELETE", f"{_PATH}/{check_url_token(token)}", None, ignore)


def _split(tokens: list[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for token in tokens:
        if chunk and sum(len(one) + 1 for one in chunk) + len(token) > _LONGEST_QUERY:
            yield chunk
            chunk = []
        chunk.append(token)
    if chunk:
        yield chunk
