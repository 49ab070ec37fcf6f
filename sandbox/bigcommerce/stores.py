"""The file of stores: a JSON list of `{store_hash, access_token, client_id, client_secret, hook_header?, scopes?}`.

`scopes` are the OAuth scopes of the access token ("store_v2_orders", ...); without them it may do everything.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from sandbox.bigcommerce.records import Store

_HASH: Final = re.compile(r"[a-z0-9]{1,64}", re.ASCII)
_REQUIRED: Final = ("store_hash", "access_token", "client_id", "client_secret")
_FIRST_STORE_ID: Final = 1025646  # as the document's example


class StoresFileError(Exception):
    """The file of stores cannot be used; the message says what is wrong with it, without its values."""


def load_stores(path: Path) -> list[Store]:
    """Read a file of stores.

    Raises:
        StoresFileError: it cannot be read, or is not such a list.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StoresFileError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise StoresFileError(f"{path}: is not JSON") from None
    if not isinstance(rows, list) or not rows:
        raise StoresFileError(f"{path}: is not a list of stores")
    return read_stores(rows)


def read_stores(rows: Iterable[object]) -> list[Store]:
    """Turn decoded JSON into stores; other keys (a policy) are passed over.

    Raises:
        StoresFileError: a store lacks something, or comes twice.
    """
    stores = [_read_store(number, row) for number, row in enumerate(rows)]
    if len({store.store_hash for store in stores}) < len(stores):
        raise StoresFileError("a store_hash comes twice")
    return stores


def _read_store(number: int, row: object) -> Store:
    if not isinstance(row, dict):
        raise StoresFileError(f"store {number + 1}: is not an object")
    missing = [name for name in _REQUIRED if not isinstance(row.get(name), str) or not row[name]]
    if missing:
        raise StoresFileError(f"store {number + 1}: needs {', '.join(missing)}")
    if not _HASH.fullmatch(row["store_hash"]):
        raise StoresFileError(f"store {number + 1}: store_hash is not lower-case letters and digits")
    scopes = row.get("scopes", row.get("oauth_scopes"))
    if not (scopes is None or (isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes))):
        raise StoresFileError(f"store {number + 1}: scopes is not a list of OAuth scopes")
    return Store(
        store_hash=row["store_hash"],
        store_id=_FIRST_STORE_ID + number,
        access_token=row["access_token"],
        client_id=row["client_id"],
        client_secret=row["client_secret"],
        hook_headers=_read_header(number, row.get("hook_header")),
        oauth_scopes=None if scopes is None else frozenset(scopes),
    )


def _read_header(number: int, header: object) -> Mapping[str, str]:
    """`"Name: value"`, `{"Name": "value"}` or `{"name": "Name", "value": "value"}`."""
    match header:
        case None:
            return {}
        case str() if ":" in header:
            name, _, value = header.partition(":")
        case {"name": str(name), "value": str(value)}:
            pass
        case dict() if len(header) == 1 and isinstance(next(iter(header.values())), str):
            [(name, value)] = header.items()
        case _:
            raise StoresFileError(f'store {number + 1}: hook_header is not "Name: value" or {{"Name": "value"}}')
    return {name.strip(): value.strip()}
