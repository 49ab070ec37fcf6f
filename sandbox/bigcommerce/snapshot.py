"""A box's memory in a file. Credentials stay in the file of stores; the snapshot has none.

What is planned to go wrong, the request log and the blocks of destinations are of one run and not kept.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from sandbox.bigcommerce.book import BookEntry
from sandbox.bigcommerce.hooks import Hook
from sandbox.bigcommerce.logs import Violation
from sandbox.bigcommerce.packing import pack, unpack, unpack_fields
from sandbox.bigcommerce.records import PaymentMethod, Store, Transaction
from sandbox.bigcommerce.state import Shop, State
from sandbox.bigcommerce.webhooks import Delivery, Post

_FORMAT: Final = 1
_LOGS: Final = {"book": BookEntry, "violations": Violation}


class SnapshotError(Exception):
    """The snapshot cannot be read or written; the message says why."""


def save_snapshot(state: State, path: Path) -> None:
    """Write down what the box knows, all of it or nothing.

    Raises:
        SnapshotError: the file cannot be written.
    """
    with state.lock:
        text = json.dumps(_describe(state))
    draft = path.with_name(f"{path.name}.new")
    try:
        draft.touch(mode=0o600)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be written: {error.strerror}") from None


def load_snapshot(state: State, path: Path) -> bool:
    """Take up what an earlier box wrote down.

    Returns:
        Whether there was such a file.

    Raises:
        SnapshotError: it cannot be read, or is of other stores.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise SnapshotError(f"{path}: is not JSON") from None
    try:
        with state.lock:
            _restore(state, document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SnapshotError(f"{path}: is not a snapshot of these stores ({error})") from None
    return True


def _describe(state: State) -> dict[str, object]:
    return {
        "format": _FORMAT,
        "stores": {store_hash: _describe_shop(shop) for store_hash, shop in state.shops.items()},
        **{name: pack(getattr(state, name)) for name in _LOGS},
        "deliveries": pack(state.outbox.log),
        "unrecorded": pack(state.unrecorded),
        "queue": [[due.isoformat(), _describe_post(post)] for due, post in state.outbox.queued()],
    }


def _describe_shop(shop: Shop) -> dict[str, object]:
    kept = {field.name: pack(getattr(shop, field.name)) for field in fields(shop) if field.name != "store"}
    hooks = {str(number): pack(_without_secret(hook, shop.store)) for number, hook in shop.hooks.items()}
    return {**kept, "hooks": hooks}


def _describe_post(post: Post) -> dict[str, object]:
    kept = {name: pack(getattr(post, name)) for name in _POST_FIELDS}
    return {**kept, "store_hash": post.store.store_hash, "body": post.body.decode()}


_POST_FIELDS: Final = ("scope", "data", "message_id", "destination", "hook_id", "signed", "timestamp", "attempt")


def _without_secret(hook: Hook, store: Store) -> Hook:
    """A store's own header is one of its credentials: only its name is written down."""
    names = hook.headers or {}
    return replace(hook, headers={name: "" if name in store.hook_headers else names[name] for name in names} or None)


def _with_secret(hook: Hook, store: Store) -> Hook:
    names = hook.headers or {}
    return replace(hook, headers={name: store.hook_headers.get(name, names[name]) for name in names} or None)


def _restore(state: State, document: Mapping[str, Any]) -> None:
    if document["format"] != _FORMAT:
        raise ValueError("of another format")
    shops = {
        store_hash: _restore_shop(kept, state.shops[store_hash].store)
        for store_hash, kept in document["stores"].items()
    }
    logs = {name: unpack(document[name], list[record]) for name, record in _LOGS.items()}  # type: ignore[valid-type]  # a class by name
    state.outbox.log.extend(unpack(document["deliveries"], list[Delivery]))
    state.shops.update(shops)
    state.book.extend(logs["book"])
    state.violations.extend(logs["violations"])
    for store_hash, transaction, method, number in document["unrecorded"]:
        charge = unpack(transaction, Transaction), unpack(method, PaymentMethod)
        state.unrecorded.append((store_hash, *charge, number))
    for due, kept in document["queue"]:
        state.outbox.queue_again(unpack(due, type(state.clock())), _restore_post(state, kept))


def _restore_shop(kept: Mapping[str, Any], store: Store) -> Shop:
    shop: Shop = unpack_fields(kept, Shop, store=store)
    shop.hooks.update({number: _with_secret(hook, store) for number, hook in shop.hooks.items()})
    return shop


def _restore_post(state: State, kept: Mapping[str, Any]) -> Post:
    shop = state.shops[kept["store_hash"]]
    hook = shop.hooks.get(kept["hook_id"])
    headers = (hook.headers if hook else None) or {}
    plain = {name: kept[name] for name in _POST_FIELDS}
    return Post(store=shop.store, body=kept["body"].encode(), headers=headers, **plain)
