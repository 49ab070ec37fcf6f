"""What BigCommerce's answer to a payment means: one total function, one table of codes (design, law 7).

Source: the table "Error Codes" of the Payments API document, and the platform's later codes 30004, 30050, 30100, 30107.
"""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final


class Decision(StrEnum):
    """What may be done after a payment was refused."""

    RETRY_ON_SCHEDULE = "retry_on_schedule"
    WAIT_FOR_INSTRUMENT = "wait_for_instrument"
    TRY_ONCE_MORE = "try_once_more"
    READ_AGAIN = "read_again"
    PAUSE_STORE = "pause_store"
    STOP = "stop"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class Decline:
    """One code of BigCommerce's payments.

    Attributes:
        code: BigCommerce's number.
        reason: our stable word for it, as the ledger and the events show it.
        meaning: one sentence for a person.
        decision: what may be done next; SETTLE means that the outcome is not known.
    """

    code: int
    reason: str
    meaning: str
    decision: Decision

    @property
    def next_step(self) -> str:
        """What a person may do next, in one sentence."""
        return _NEXT_STEPS[self.code]


_RETRY, _WAIT, _ONCE = Decision.RETRY_ON_SCHEDULE, Decision.WAIT_FOR_INSTRUMENT, Decision.TRY_ONCE_MORE
_READ, _PAUSE, _STOP, _SETTLE = Decision.READ_AGAIN, Decision.PAUSE_STORE, Decision.STOP, Decision.SETTLE

DECLINES: Final = {
    decline.code: decline
    for decline in (
        Decline(
            10000, "internal_error", "BigCommerce had an internal error; nobody knows whether it charged.", _SETTLE
        ),
        Decline(10001, "invalid_request", "Required fields were missing or wrong: a fault of bigcharge.", _STOP),
        Decline(30000, "no_payment_configuration", "The store has no payment provider configured.", _PAUSE),
        Decline(30001, "payment_configuration_rejected", "The gateway rejects the store's configuration.", _PAUSE),
        Decline(30002, "vaulting_not_enabled", "Stored instruments are not enabled on the store.", _PAUSE),
        Decline(30003, "order_not_found", "BigCommerce did not find the order.", _READ),
        Decline(30004, "totals_do_not_match", "The order's lines and its total do not match.", _ONCE),
        Decline(30050, "instrument_not_saved", "The instrument could not be saved; the payment may stand.", _SETTLE),
        Decline(30051, "instrument_not_found", "The stored instrument is not the shopper's any more.", _WAIT),
        Decline(30100, "token_not_created", "No payment access token could be made; unexpected here.", _SETTLE),
        Decline(30101, "order_not_chargeable", "The order is in the wrong status or was made elsewhere.", _READ),
        Decline(30102, "details_not_verified", "Declined: the shopper's details did not verify.", _WAIT),
        Decline(30103, "card_expired", "Declined: the card has expired.", _WAIT),
        Decline(30104, "declined_by_issuer", "Declined by the issuer, without a reason.", _RETRY),
        Decline(30105, "duplicate_payment", "The gateway takes it for a duplicate: an earlier one may stand.", _SETTLE),
        Decline(30106, "insufficient_funds", "Declined: insufficient funds.", _RETRY),
        Decline(30107, "authorization_revoked", "The shopper revoked the authorization (PayPal).", _WAIT),
    )
}
# After the document's column "Possible Solutions", where it has one; it says "try the request again" of 10000, which
# could charge twice, so we do not.
_NEXT_STEPS: Final = {
    10000: "Do not pay again: read the order and its transactions until they show what happened.",
    10001: "Report it as a fault of bigcharge; for a card, check that each of its fields is as printed on it.",
    30000: "Set up a payment provider in the store's payment settings, then resume the store.",
    30001: "Check the provider's settings in the store, ask the gateway whether they are right, then resume the store.",
    30002: "Ask the store's owner to enable stored instruments in the payment settings, then resume the store.",
    30003: "Look for the order in the store: it may have been deleted, or its number may be wrong.",
    30004: "Make a new payment access token; if it comes again, check taxes and discounts, or make the order anew.",
    30050: "Read the order's transactions first; then check the card's fields, a year of four digits among them.",
    30051: "Choose another of the instruments that Get Payment Methods shows for the order.",
    30100: "Check what the order still owes and that it is Incomplete, then ask for a token again.",
    30101: "Read the order: it may be paid; one that was made in the control panel can only be charged there.",
    30102: "Ask the shopper to check the instrument's details or to choose another one.",
    30103: "Ask the shopper for another card, or for the new date of this one.",
    30104: "Try again later by the schedule; the shopper may ask the issuer why.",
    30105: "Do not pay again: look for the earlier payment in the order's transactions and at the gateway.",
    30106: "Try again later by the schedule, or ask the shopper for another instrument.",
    30107: "Ask the shopper to connect the PayPal account again, or to choose another instrument.",
}
_LARGEST_CODE: Final = 99_999  # a longer number is none of BigCommerce's codes, and could be anything
_PRINTED_CODES: Final = {3001: 30001}  # the older document prints 3001; both are accepted


class Answer(StrEnum):
    """What an accepted payment came to."""

    PAID = "paid"
    AUTHORIZED = "authorized"
    PENDING = "pending"


_ACCEPTED: Final = {
    ("success", "purchase"): Answer.PAID,
    ("success", "authorization"): Answer.AUTHORIZED,
    ("pending", "purchase"): Answer.PENDING,
    ("pending", "authorization"): Answer.PENDING,
}


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that BigCommerce accepted.

    Attributes:
        payment_id: BigCommerce's id of it.
        answer: paid, authorized, or pending (bank accounts).
    """

    payment_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether the payment was made.

    Attributes:
        status: the HTTP status, if an answer came.
        code: BigCommerce's code, if the answer had one.
    """

    status: int | None = None
    code: int | None = None


def read_code(body: object) -> int | None:
    """BigCommerce's code in an error body, as a number of the table's spelling; None where there is none."""
    code = body.get("code") if isinstance(body, dict) else None
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) <= len(str(_LARGEST_CODE)):
        code = int(code)
    if not isinstance(code, int) or isinstance(code, bool) or not 0 < code <= _LARGEST_CODE:
        return None
    return _PRINTED_CODES.get(code, code)


def classify_payment(status: int, body: object) -> Payment | Decline | Unknown:
    """Say what an answer to "process payment" means, for every status and every body.

    Args:
        status: the HTTP status.
        body: the decoded JSON, or None where it could not be read.

    Returns:
        A payment only for a 2xx of the documented form; a decline only for a 4xx with a code that we know and that
        proves that nothing was charged; else unknown (law 3).
    """
    code = read_code(body)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _read_payment(body) or Unknown(status, code)
    decline = DECLINES.get(code) if code is not None else None
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if refused and decline is not None and decline.decision is not Decision.SETTLE:
        return decline
    return Unknown(status, code)


def _read_payment(body: object) -> Payment | None:
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        return None
    status, transaction_type, payment_id = data.get("status"), data.get("transaction_type"), data.get("id")
    if not isinstance(status, str) or not isinstance(transaction_type, str) or not isinstance(payment_id, str):
        return None
    answer = _ACCEPTED.get((status, transaction_type))
    return Payment(payment_id, answer) if answer and payment_id else None
