"""What the page at `/` shows: the latest of everything, with no token, e-mail or credential in it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from heapq import nlargest
from itertools import islice
from operator import itemgetter
from typing import Final

from sandbox.bigcommerce.book import BookEntry
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.errors import PAYMENT_CODES
from sandbox.bigcommerce.money import to_major
from sandbox.bigcommerce.records import Instrument, Kind, Order, Transaction, fingerprint
from sandbox.bigcommerce.statuses import STATUS_NAMES
from sandbox.bigcommerce.testcards import APPROVED
from sandbox.bigcommerce.webhooks import Delivery

_SHOWN: Final = 50  # rows of a table

type Row = Mapping[str, object]


def show_activity(box: Box, store_hash: str | None) -> dict[str, object]:
    """The page's data for one store (the first unless named).

    Raises:
        KeyError: there is no such store.
    """
    state = box.state
    with state.lock:
        shop = state.shops[store_hash or next(iter(state.shops))]
        own = shop.store.store_hash
        book = [entry for entry in state.book if entry.store_hash == own]
        declined = [entry for entries in shop.transactions.values() for entry in entries if entry.code is not None]
        deliveries = [entry for entry in state.outbox.log if entry.store_hash == own]
        violations = [entry for entry in state.violations if entry.store_hash in {own, ""}]
        orders = nlargest(_SHOWN, shop.orders.values(), key=lambda order: (order.modified_at, order.order_id))
        return {
            "store_hash": own,
            "stores": list(state.shops),
            "totals": {
                "orders": len(shop.orders),
                "cards": len(shop.instruments),
                "charges": sum(len(entries) for key, entries in box.live_charges().items() if key[0] == own),
                "declines": len(declined),
                "deliveries": len(deliveries),
                "charged_twice": sum(key[0] == own for key in box.charged_twice()),
                "violations": len(violations),
            },
            "orders": [_show_order(order) for order in orders],
            "cards": [_show_instrument(one) for one in _latest(shop.instruments.values())],
            "payments": _show_payments(book, declined),
            "deliveries": [_show_delivery(entry) for entry in _latest(deliveries)],
            "violations": [asdict(entry) for entry in _latest(violations)],
        }


def _latest[T](entries: Iterable[T]) -> list[T]:
    """The last ones, newest first."""
    kept = entries if isinstance(entries, list) else list(entries)
    return list(islice(reversed(kept), _SHOWN))


def _show_order(order: Order) -> Row:
    return {
        "id": order.order_id,
        "status": STATUS_NAMES[order.status_id],
        "amount": _money(order.total, order.currency),
        "customer": order.customer_id or "guest",
        "source": order.external_source or order.order_source,
        "at": order.modified_at,
    }


def _show_instrument(one: Instrument) -> Row:
    looks = {
        Kind.CARD: f"{one.brand.upper()} ••••\N{NO-BREAK SPACE}{one.last_4}, {one.expiry_month:02}/{one.expiry_year}",
        Kind.PAYPAL_ACCOUNT: f"PayPal {one.email[:1]}•••@{one.email.rpartition('@')[2]}",
        Kind.BANK_ACCOUNT: f"Bank account ••••\N{NO-BREAK SPACE}{one.masked_account_number[-4:]}",
    }
    return {
        "customer": one.customer_id,
        "instrument": looks[one.kind],
        "default": one.is_default,
        "gateway": "approves" if one.behaviour == APPROVED else "declines",
        "word": _word(one.behaviour or None),
        "token": f"{fingerprint(one.token)[:8]}…",
    }


def _show_payments(book: Iterable[BookEntry], declined: Iterable[Transaction]) -> list[Row]:
    """The book's lines and the declines, newest first."""
    charged = [
        (entry.at, _payment(entry, entry.kind, entry.token_fingerprint, f"by {entry.by}")) for entry in _latest(book)
    ]
    refused = [
        (
            entry.created_at,
            _payment(
                entry, "declined", entry.instrument_token and fingerprint(entry.instrument_token), _word(entry.code)
            ),
        )
        for entry in _latest(declined)
    ]
    latest = sorted([*charged, *refused], key=itemgetter(0), reverse=True)[:_SHOWN]
    return [{**row, "at": at} for at, row in latest]


def _word(code: int | None) -> str:
    return "" if code is None else f"{code} {PAYMENT_CODES[code].title}"


def _payment(entry: BookEntry | Transaction, what: str, token: str, word: str) -> dict[str, object]:
    return {
        "order": entry.order_id,
        "what": what,
        "amount": _money(entry.amount, entry.currency),
        "token": f"{token[:8]}…" if token else "",
        "word": word,
    }


def _show_delivery(entry: Delivery) -> Row:
    about = next((entry.data[name] for name in ("orderId", "order_id", "id") if name in entry.data), "")
    return {
        "scope": entry.scope,
        "about": about,
        "destination": entry.destination,
        "attempt": entry.attempt,
        "answer": entry.status or entry.error,
        "accepted": entry.accepted,
        "signed": entry.signed,
        "at": entry.at,
    }


def _money(amount: int, currency: str) -> str:
    return f"{to_major(amount, currency):,f} {currency}"
