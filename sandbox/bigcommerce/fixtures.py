"""Fixtures: a JSON file of what is in the stores from the start.

One object, or a list of them (one a store):

    {"store_hash": "abc123",
     "products": [{"name": "Poster", "price": 1250}],
     "customers": [{"email": "jane@example.com",
                    "cards": [{"behaviour": 30106}, {"kind": "paypal_account", "default": true}],
                    "orders": [{"amount": 4999, "external_source": "my-app"}]}],
     "orders": [{"amount": 100}]}

`store_hash` is the first store's unless named. Entries are the keywords of `Box.create_product`, `create_customer`,
`store_instrument` and `create_order`; a customer's cards and orders are its own, the others are a guest's.
Hooks hear nothing of fixtures: they were there before.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, get_type_hints

from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.packing import unpack
from sandbox.bigcommerce.records import Instrument, Order

_PARTS: Final = frozenset({"store_hash", "products", "customers", "orders"})


class FixturesError(Exception):
    """The fixtures cannot be used; the message says which of them, and why."""


def load_fixtures(box: Box, path: Path) -> None:
    """Put what a file names into a box.

    Raises:
        FixturesError: it cannot be read, or an entry is wrong.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FixturesError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise FixturesError(f"{path}: is not JSON") from None
    for number, store in enumerate(document if isinstance(document, list) else [document], 1):
        try:
            _fill(box, store)
        except FixturesError as error:
            raise FixturesError(f"{path}: object {number}: {error}") from None


def _fill(box: Box, store: object) -> None:
    if not isinstance(store, dict) or not store.keys() <= _PARTS:
        raise FixturesError(f"is not an object with some of {', '.join(sorted(_PARTS))}")
    store_hash = store.get("store_hash")
    if store_hash is not None and store_hash not in box.state.shops:
        raise FixturesError("store_hash is not one of the stores")
    for place, entry in _entries(store, "products"):
        _make(place, box.create_product, entry, store_hash=store_hash)
    for place, entry in _entries(store, "customers"):
        _add_customer(box, place, entry, store_hash)
    for place, entry in _entries(store, "orders"):
        _make(place, box.create_order, entry, store_hash=store_hash)


def _add_customer(box: Box, place: str, entry: Mapping[str, Any], store_hash: str | None) -> None:
    own = {key: value for key, value in entry.items() if key not in {"cards", "orders"}}
    customer = _make(place, box.create_customer, own, store_hash=store_hash)
    owner = {"customer_id": customer.customer_id, "store_hash": store_hash}
    for inner, card in _entries(entry, "cards", place):
        _make(inner, box.store_instrument, card, **owner)
    for inner, order in _entries(entry, "orders", place):
        _make(inner, box.create_order, order, **owner)


def _entries(holder: Mapping[str, Any], name: str, within: str = "") -> list[tuple[str, Mapping[str, Any]]]:
    """The entries of a part, each with its place in words."""
    entries = holder.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise FixturesError(f"{within}{name} is not a list of objects")
    return [(f"{within}{name}[{index}].", entry) for index, entry in enumerate(entries)]


def _make(place: str, act: Callable[..., Any], entry: Mapping[str, Any], **given: object) -> Any:  # noqa: ANN401 - what the act gives
    try:
        return act(**{**_read(act, entry), **given})
    except (TypeError, ValueError) as error:
        raise FixturesError(f"{place.rstrip('.')}: {error}") from None


_RECORDS: Final[Mapping[str, type]] = {"create_order": Order, "store_instrument": Instrument}  # of their loose keywords


def _read(act: Callable[..., Any], entry: Mapping[str, Any]) -> dict[str, object]:
    """The entry as the act's keywords, each of its type."""
    name = getattr(act, "__name__", "")
    hints = {**get_type_hints(_RECORDS.get(name, object)), **get_type_hints(act)}
    if strange := sorted(set(entry) - set(hints)):
        raise TypeError(f"there is no {', '.join(strange)}")
    return {key: unpack(value, hints[key]) for key, value in entry.items()}
