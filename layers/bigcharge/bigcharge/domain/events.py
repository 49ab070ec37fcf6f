"""What a change of the ledger or of an instrument is announced as (docs/events.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import NEEDS_A_PERSON, NO_INSTRUMENT, PAID_BY_STATUS, PAYMENT_SHOWN, Charge
from bigcharge.domain.forgetting import ForgottenCustomer, scrub
from bigcharge.domain.instrument_rows import InstrumentRow
from bigcharge.domain.states import State
from bigcharge.domain.stores import PAUSED_BY_OPERATOR, Pause

SCHEMA_VERSION: Final = 1
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_NAMES: Final = {State.PAID: "charged"}
_OUR_FAULT: Final = "invalid_request"  # of the code 10001
_FOR_A_PERSON: Final = frozenset({NEEDS_A_PERSON, PAYMENT_SHOWN, PAID_BY_STATUS, _OUR_FAULT})
_IDS: Final = ("event_id", "store_hash", "order_id", "customer_id", "state", "reason", "code")
_UNPAID: Final = frozenset({State.SKIPPED, State.FAILED, State.CANCELED})
_MONEY: Final = frozenset({State.PAID, State.AUTHORIZED, State.PENDING, State.PAID_ELSEWHERE, State.REFUNDED})
_NO_MONEY: Final = frozenset({State.DECLINED, State.FAILED, State.CLAIMED})


class Alarm(StrEnum):
    """What a person is called for; each has its alarm in `template.yaml`."""

    BOOKS_DIFFER = "books.differ"
    NEEDS_A_PERSON = "needs_a_person"
    STORE_PAUSED = "store.paused"
    HOOK_BROKEN = "hook.broken"


@dataclass(frozen=True, slots=True)
class Event:
    """An event for the bus.

    Attributes:
        detail_type: "order.charged", "instrument.added", "store.paused", ...
        detail: JSON; no token, no e-mail, no address.
        time: when the change was made, aware UTC.
        alarm: the word under which a person is called for it; None where nobody need be. It is no part of what is told.
    """

    detail_type: str
    detail: dict[str, Any]
    time: datetime
    alarm: Alarm | None = None

    @property
    def ids(self) -> dict[str, object]:
        """What names it in the logs."""
        return {"event": self.detail_type, **{name: self.detail.get(name) for name in _IDS}}

    @property
    def new_state(self) -> str | None:
        """The state that a charge came to; None where no charge came to another."""
        state: str | None = self.detail.get("state")
        return state if state != self.detail.get("previous_state") else None

    def identified_by(self, event_id: str) -> "Event":
        """The same event with an id, which is the same however often it is announced."""
        return replace(self, detail={"event_id": event_id, **self.detail})


def charge_event(old: Charge | None, new: Charge) -> Event | None:
    """The event of a change in the ledger; None where only the time of the next look changed."""
    if old is not None and _without_looks(_without_customer(old, new)) == _without_looks(new):
        return None
    attempt = _find_attempt(new)
    detail = {
        "schema_version": SCHEMA_VERSION,
        "store_hash": new.store_hash,
        "order_id": new.order_id,
        "customer_id": new.customer_id,
        "state": new.state,
        "previous_state": old.state if old else None,
        "reason": new.reason,
        "code": new.code,
        "amount": new.money.amount if new.money else None,
        "currency": new.money.currency if new.money else None,
        "attempts": len(new.attempts),
        "difference": new.difference,
        "payment_method_id": attempt.method_id if attempt else None,
        "token_fingerprint": attempt.instrument if attempt else None,
        "brand": attempt.brand if attempt else None,
        "last_4": attempt.last_4 if attempt else None,
        "transaction_id": new.transaction_id,
        "retry_at": new.retry_at.isoformat() if new.retry_at and new.state is State.DECLINED else None,
        "version": new.version,
    }
    return Event(_name(old, new), detail, new.updated_at, _find_alarm(old, new))


def _find_alarm(old: Charge | None, new: Charge) -> Alarm | None:
    """A person is called when something comes to be what only a person can mend, and not again at each later change."""
    if new.difference and new.difference != (old.difference if old else None):
        return Alarm.BOOKS_DIFFER
    if new.reason in _FOR_A_PERSON and new.reason != (old.reason if old else None):
        return Alarm.NEEDS_A_PERSON
    is_new = old is None or old.state is not new.state or not _has_come_to_nothing(old)
    is_part_paid = new.has_used_store_credit and _has_come_to_nothing(new)
    return Alarm.NEEDS_A_PERSON if is_part_paid and is_new else None


def _has_come_to_nothing(charge: Charge) -> bool:
    """Whether nothing more is charged for it, or nothing is there that could be."""
    return charge.state in _UNPAID or (charge.state is State.DECLINED and charge.reason == NO_INSTRUMENT)


def _find_attempt(charge: Charge) -> Attempt | None:
    """The attempt that led to where it stands: what others paid is not to be named with a card that was refused."""
    attempt = charge.last_attempt
    is_anothers = attempt is not None and charge.state in _MONEY and attempt.outcome in _NO_MONEY
    return None if is_anothers else attempt


def _name(old: Charge | None, new: Charge) -> str:
    """What changes no state has a name of its own: a difference of the books, an operator's command."""
    if new.difference != (old.difference if old else None) and old is not None and old.state is new.state:
        return "books.differ" if new.difference else "books.agree"
    if old is not None and old.state is new.state and len(old.acts) != len(new.acts):
        return "order.acted_on"
    return f"order.{_NAMES.get(new.state, new.state)}"


def _without_customer(old: Charge, new: Charge) -> Charge:
    """That a charge's customer was forgotten is told once, of the customer: nothing became of the charge."""
    return old if new.forgotten_at is None else scrub(old, new.forgotten_at)


def _without_looks(charge: Charge) -> Charge:
    return replace(
        charge, due_at=None, checks=0, failed_looks=0, absent_since=None, asked_at=None, version=0, updated_at=_NEVER
    )


def instrument_event(old: InstrumentRow | None, new: InstrumentRow) -> Event | None:
    """The event of a change of an instrument; None where nothing of it changed."""
    if new.removed_at is not None:
        name = None if old is not None and old.removed_at is not None else "removed"
    elif old is None or old.removed_at is not None:
        name = "added"
    else:
        name = "changed" if old.instrument != new.instrument else None
    return Event(f"instrument.{name}", _describe(new), new.read_at) if name else None


_TOLD_OF_INSTRUMENT: Final = (
    *("store_hash", "customer_id", "token_fingerprint", "type", "brand", "last_4"),
    *("expiry_month", "expiry_year", "is_default"),
)


def _describe(row: InstrumentRow) -> dict[str, Any]:
    instrument = row.instrument
    return {
        "schema_version": SCHEMA_VERSION,
        "store_hash": row.store_hash,
        "customer_id": row.customer_id,
        "token_fingerprint": instrument.fingerprint,
        "type": instrument.type,
        "brand": instrument.brand,
        "last_4": instrument.last_4,
        "expiry_month": instrument.expiry_month,
        "expiry_year": instrument.expiry_year,
        "is_default": instrument.is_default,
    }


def expiring_event(card: Mapping[str, Any], time: datetime) -> Event:
    """The event of a card that expires so many days later; what is told of it is what was remembered of it."""
    told = {name: card.get(name) for name in (*_TOLD_OF_INSTRUMENT, "notice_days", "expires_on")}
    return Event("instrument.expiring", {"schema_version": SCHEMA_VERSION} | told, time)


def forgotten_event(customer: ForgottenCustomer) -> Event:
    """The event of a customer that was forgotten: whoever keeps something of what was told before forgets it too."""
    detail = {
        "schema_version": SCHEMA_VERSION,
        "store_hash": customer.store_hash,
        "customer_id": customer.customer_id,
    }
    return Event("customer.forgotten", detail, customer.at)


def pause_event(pause: Pause, time: datetime, *, is_paused: bool) -> Event:
    """The event of a store that was paused or resumed."""
    detail = {
        "schema_version": SCHEMA_VERSION,
        "store_hash": pause.store_hash,
        "reason": pause.reason,
        "code": pause.code,
    }
    if is_paused:
        # An operator who pauses a store knows of it.
        return Event("store.paused", detail, time, None if pause.reason == PAUSED_BY_OPERATOR else Alarm.STORE_PAUSED)
    return Event("store.resumed", detail, time)
