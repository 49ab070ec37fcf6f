"""A store's secret: `{access_token, client_id, client_secret, hook_header?}`, checked; no error shows any of it."""

import json
import re
from contextlib import suppress
from typing import Final

from bigcharge.domain.errors import BigchargeError
from bigcharge.domain.redaction import redactor
from bigcharge.domain.stores import Credentials

_REQUIRED: Final = frozenset({"access_token", "client_id", "client_secret"})
_OPTIONAL: Final = frozenset({"hook_header"})
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2: token


class StoreSecretError(BigchargeError):
    """A store's secret is not of its documented form: a fault of whoever wrote it, not of who sent us something."""


def read_credentials(store_hash: str, text: str) -> Credentials:
    """Read a store's secret.

    Args:
        store_hash: the store.
        text: the secret, a JSON object of texts. `hook_header` is `{"name": "X-Hook", "value": "..."}`,
            `{"X-Hook": "..."}` or `"X-Hook: ..."`, or left out or null where the store's hooks carry none.

    Raises:
        StoreSecretError: with the key and the form it wants, never its value.
    """
    document: object = None
    # Nothing is raised while the decoder's error, which holds the whole text, is at hand.
    with suppress(ValueError, RecursionError):
        document = json.loads(text)
    if not isinstance(document, dict):
        raise StoreSecretError(f"the secret of store {store_hash} is one JSON object")
    if document.keys() - _OPTIONAL != _REQUIRED:
        keys = ", ".join(sorted(_REQUIRED))
        raise StoreSecretError(f"the secret of store {store_hash} has the keys {keys} and, if wanted, hook_header")
    for key in sorted(_REQUIRED):
        if not _is_plain(document[key]):
            raise StoreSecretError(f"{key} in the secret of store {store_hash} is a text of printable ASCII, not empty")
    header = document.get("hook_header")
    name_and_value = None if header is None else _read_header(store_hash, header)
    redactor.hide(*(document[key] for key in sorted(_REQUIRED)), *(name_and_value or ())[1:])
    return Credentials(
        store_hash=store_hash,
        access_token=document["access_token"],
        client_id=document["client_id"],
        client_secret=document["client_secret"],
        hook_header=name_and_value,
    )


def _read_header(store_hash: str, header: object) -> tuple[str, str]:
    match header:
        case {"name": name, "value": value, **others} if not others:
            pass
        case dict() if len(header) == 1:
            [(name, value)] = header.items()
        case str() if ":" in header:
            name, _, value = header.partition(":")
            value = value.strip(" \t")
        case _:
            name = value = None
    if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name) or not _is_plain(value):
        raise StoreSecretError(
            f'hook_header in the secret of store {store_hash} is {{"name": ..., "value": ...}}, '
            '{"<name>": "<value>"} or "<name>: <value>", as HTTP allows them',
        )
    return name, value


def _is_plain(value: object) -> bool:
    """Whether it can stand in a header, and was not pasted with blanks or a line end."""
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable() and value == value.strip()
