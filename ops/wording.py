"""The reasons of the ledger in plain words, for people who read a listing."""

from typing import Final

from bigcharge.domain.books import Difference
from bigcharge.domain.charges import Charge
from bigcharge.domain.declines import DECLINES
from bigcharge.domain.states import State

_MEANINGS: Final = {decline.reason: decline.meaning for decline in DECLINES.values()} | {
    "no_policy": "The store has no policy, so nothing of it is charged.",
    "policy_invalid": "The store's policy cannot be read: correct it.",
    "external_source_not_in_policy": "The policy does not name the order's external_source.",
    "order_source_not_in_policy": "The policy does not name the order's order_source.",
    "channel_not_in_policy": "The policy does not name the order's channel.",
    "currency_not_in_policy": "The policy does not name the order's currency.",
    "amount_not_in_policy": "The amount is outside the policy's range.",
    "amount_unreadable": "BigCommerce's amount is not exact in its currency.",
    "guest": "A guest has no stored instrument.",
    "order_archived": "The order was archived or deleted.",
    "nothing_owed": "Nothing is owed.",
    "no_usable_instrument": "No instrument that may be charged: waits for another default.",
    "store_credit_used": "Store credit has paid a part: the rest is charged next.",
    "no_store_credit": "The customer has no store credit: an instrument is charged next.",
    "paid_with_store_credit": "Store credit has paid all of it.",
    "operator_retry": "An operator had it tried again.",
    "resolved_by_operator": "An operator said what became of it.",
    "store_credit_not_shown": "BigCommerce does not show yet that store credit has paid a part.",
    "payment_shown": "The order shows a payment: look at it before anything more is charged.",
    "no_reliable_answer": "BigCommerce gave no answer to rely on: the order is being looked at.",
    "no_trace_of_payment": "The payment left no trace: it is made again.",
    "needs_a_person": "Checked as often as planned, still not known: look in BigCommerce.",
    "awaiting_settlement": "The bank has not settled it yet.",
    "payment_failed": "The bank did not settle it.",
    "paid_by_order_status": "Only its status says that it is paid: no transaction shows. Look at the gateway.",
    "attempt_limit": "20 attempts in 30 days: the card networks allow no more.",
    "amount_changed": "The total changed on the way: read again, then charged.",
    "out_of_time": "The function ran out of time before it sent anything.",
    "rate_limited": "BigCommerce asks to wait.",
    "store_unknown": "The store's credentials are gone: add them again.",
    "paused_by_operator": "An operator paused the store.",
    "store_removed": "The store was removed: add it again to open it.",
    "store_paused": "The store is paused: see bigcharge stores resume.",
    "credentials_refused": "BigCommerce refuses the store's credentials.",
    "customer_forgotten": "The customer was forgotten: nothing more is charged.",
    "app_uninstalled": "The store's app was uninstalled: install it again, and store its new credentials.",
    "payment_configuration": "BigCommerce refuses the store's payment configuration.",
    "refused_by_bigcommerce": "BigCommerce refused a call before any payment.",
    "bigcommerce_unreachable": "BigCommerce could not be reached; nothing was sent.",
    "bigcommerce_unavailable": "BigCommerce did not answer before any payment.",
}
_STATES: Final = {
    State.PAID_ELSEWHERE: "The order was paid before we came.",
    State.PENDING: _MEANINGS["awaiting_settlement"],
    State.AUTHORIZED: "Held on the instrument, not captured yet.",
    State.CLAIMED: "Being charged now.",
    State.SUBMITTING: "A payment request is on its way.",
}
_DIFFERENCES: Final = {
    Difference.PAID_TWICE: "The books differ: BigCommerce shows more than one payment. Refund what is too much.",
    Difference.PAID_BUT_INCOMPLETE: "The books differ: paid, but still Incomplete. See bigcharge charges repair.",
    Difference.PAID_ONLY_IN_LEDGER: "The books differ: BigCommerce shows the order unpaid. Look at the gateway.",
    Difference.PAID_ONLY_IN_BIGCOMMERCE: "The books differ: BigCommerce shows a payment that the ledger does not have.",
    Difference.AMOUNTS_DIFFER: "The books differ: the order, its payment and the charge have not the same amount.",
}


def explain_reason(reason: str) -> str:
    """A reason of the ledger in plain words; one without a sentence of its own is spelled out."""
    return _MEANINGS.get(reason) or f"{reason.replace('_', ' ').capitalize()}."


def explain_difference(difference: str) -> str:
    """How the books of an order differ, in plain words."""
    known = difference in Difference
    return _DIFFERENCES[Difference(difference)] if known else f"The books differ: {difference.replace('_', ' ')}."


def explain_charge(charge: Charge) -> str:
    """Why a charge stands where it does, in plain words; empty where its state says all. A difference comes first."""
    why = explain_reason(charge.reason) if charge.reason else _STATES.get(charge.state, "")
    return f"{explain_difference(charge.difference)} {why}".strip() if charge.difference else why
