"""The judge's own reading of what BigCommerce was asked and answered."""

import base64
import json
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from bigcharge.adapters.bigcommerce.transport import Answer, Request

TOO_MANY: Final = 429
# BigCommerce's codes that prove that nothing was charged (design, law 7), told apart by what may follow.
SCHEDULED: Final = frozenset({30104, 30106})
FOR_GOOD: Final = frozenset({30051, 30102, 30103, 30107})
PROOFS: Final = SCHEDULED | FOR_GOOD | {3001, 10001, 30000, 30001, 30002, 30003, 30004, 30101}
_GIVEN_BACK: Final = frozenset({"void", "refund"})


@dataclass(frozen=True, slots=True)
class OrderRead:
    """An order, as an answer showed it.

    Attributes:
        order_id: BigCommerce's.
        status: its status id.
        owed: what it still owed, in minor units, and the currency.
    """

    order_id: int
    status: int
    owed: tuple[int, str]


def read_claims(request: Request) -> Any:
    """The claims of a payment's PAT."""
    payload = request.headers["Authorization"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=="))


def read_order(answer: Answer) -> OrderRead | None:
    """What an order that was read shows; None where the answer is none."""
    document = answer.document()
    if answer.status != HTTPStatus.OK or not isinstance(document, dict) or "total_inc_tax" not in document:
        return None
    covered = ("store_credit_amount", "gift_certificate_amount")
    owed = Decimal(document["total_inc_tax"]) - sum(Decimal(document[name]) for name in covered)
    currency = str(document["currency_code"])
    money = int(owed * (1 if currency == "JPY" else 100)), currency
    return OrderRead(int(document["id"]), int(document["status_id"]), money)


def shows_money(answer: Answer) -> bool:
    """Whether an order's transactions show money that nobody gave back; store credit is no money."""
    document = answer.document()
    entries = document.get("data") if answer.status == HTTPStatus.OK and isinstance(document, dict) else None
    if not isinstance(entries, list):
        return False
    done = [str(one["event"]) for one in entries if one.get("status") == "ok" and one.get("method") != "store_credit"]
    refused = sum(one["event"] == "settled" and one.get("status") == "error" for one in entries)
    came: int = sum(event in {"purchase", "authorization", "pending"} for event in done)
    return bool(came > refused + sum(event in _GIVEN_BACK for event in done))


def read_code(answer: Answer) -> int | None:
    """0: accepted; a code or 429: certainly not charged; None: nobody knows."""
    document = answer.document()
    if answer.status == TOO_MANY:
        return TOO_MANY
    if not isinstance(document, dict):
        return None
    data, code = document.get("data"), document.get("code")
    if 200 <= answer.status < 300:
        is_payment = isinstance(data, dict) and isinstance(data.get("id"), str) and "transaction_type" in data
        return 0 if is_payment else None
    return int(str(code)) if 400 <= answer.status < 500 and str(code).isdigit() and int(str(code)) in PROOFS else None
