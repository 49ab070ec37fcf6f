"""Cards that expire: when that is told, and for which of them anybody wants to know."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime

from bigcharge.domain.charges import Charge
from bigcharge.domain.eligibility import refused_instruments
from bigcharge.domain.instrument_rows import InstrumentRow
from bigcharge.domain.instruments import Instrument, is_usable
from bigcharge.domain.policy import InstrumentChoice, Policy


@dataclass(frozen=True, slots=True)
class Notice:
    """That a card expires is told; once for each of the policy's numbers of days.

    Attributes:
        row: the card, as it was then.
        days: the number of days that was reached.
        at: when.
    """

    row: InstrumentRow
    days: int
    at: datetime


def find_last_day(instrument: Instrument) -> date | None:
    """The last day of a card's last month; None for what is no card, or names no month."""
    year, month = instrument.expiry_year, instrument.expiry_month
    if year is None or month is None:
        return None
    try:
        return date(year, month, monthrange(year, month)[1])
    except ValueError:
        return None


def find_notice(instrument: Instrument, days: tuple[int, ...], today: date) -> int | None:
    """The number of days that a card has reached: the smallest of those that are, so that none is told late.

    Args:
        instrument: of any kind.
        days: before the last day, of the policy.
        today: in UTC, as a card's end is.

    Returns:
        None where none is reached yet, or the card is over.
    """
    last = find_last_day(instrument)
    if last is None or today > last:
        return None
    return min((number for number in days if number >= (last - today).days), default=None)


def may_be_charged(
    instrument: Instrument, charge: Charge, held: tuple[Instrument, ...], policy: Policy, now: datetime
) -> bool:
    """Whether a waiting order would be charged to an instrument that is not the default, as far as can be foreseen.

    Args:
        instrument: of the order's customer.
        charge: that waits.
        held: all instruments of the customer.
        policy: the store's.
        now: aware UTC.
    """
    when = charge.next_retry(now) or now
    refused = refused_instruments(charge, when)
    usable = [one for one in held if is_usable(one, refused, when)]
    if any(one.is_default for one in usable) or policy.instrument is InstrumentChoice.DEFAULT:
        return False
    if policy.instrument is InstrumentChoice.MOST_RECENT:
        usable = sorted(usable, key=lambda one: one.added_at or when)[-1:]
    return any(one.fingerprint == instrument.fingerprint for one in usable)
