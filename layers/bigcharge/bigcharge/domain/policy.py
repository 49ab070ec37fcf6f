"""A store's charge policy: closed by default, one flat JSON object, every key checked (design, law 5)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from bigcharge.domain.money import Money
from bigcharge.domain.orders import Order

ANYTHING: Final = "*"


def _days(*numbers: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(days=number) for number in numbers)


class VerificationValue(StrEnum):
    """What is sent as `verification_value` of a stored card that asks for one."""

    LAST_4 = "last_4"
    NEVER = "never"


class InstrumentChoice(StrEnum):
    """Which of the customer's instruments may be charged; the default comes first in any case."""

    DEFAULT = "default"
    ANY = "any"
    MOST_RECENT = "most_recent"


class StoreCreditUse(StrEnum):
    """Whether the customer's store credit is used."""

    NEVER = "never"
    FIRST = "first"


class Capture(StrEnum):
    """When the money of an authorization is taken."""

    NEVER = "never"
    AT_ONCE = "at_once"
    WHEN_SHIPPED = "when_shipped"


class WhenFailed(StrEnum):
    """What becomes of BigCommerce's order when its charge has failed for good."""

    LEAVE = "leave"
    DECLINE = "decline"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a store lets us charge, and how.

    Attributes:
        external_sources: the consent: which makers of orders are charged; empty: none; ("*",): all.
        order_sources: which ways of making an order are charged.
        channel_ids: None for all.
        currencies: ISO 4217 codes, None for all.
        amount_range: smallest and largest amount in minor units before store credit, both included; None for all.
        recurring: tells the gateway that the merchant starts the payment.
        instrument: the default only; or, after the default, any other of the customer's, in BigCommerce's order or the
            one that was stored last first.
        verification_value: what is sent with a stored card that asks for one.
        store_credit: whether the customer's store credit is used, before an instrument pays the rest.
        capture: when an authorization is captured: never (but by an operator), at once, or when all has shipped.
        when_failed: what happens to the BigCommerce order of a failed charge.
        retry_after: waits between the attempts of a declined order.
        retry_hour: the hour of the day at which retries are made, 0 to 23; None: as soon as the wait is over.
        time_zone: of `retry_hour`, by its IANA name ("Europe/Berlin").
        check_unknown_after: waits between the checks of a payment whose outcome is not known.
        evidence_window: how long absence must last, past the token's `exp`, to count; zero: ask a person.
        instrument_retention: how long a removed instrument stays in the table.
        expiring_notice_days: days before a card's end on which it is announced.
        webhook_tolerance: how old, or how far in the future, a webhook's timestamp may be.
        raw_cards: whether card numbers may pass through ("false").
        keep_billing_address: whether billing addresses of instruments are kept.
    """

    external_sources: tuple[str, ...] = ()
    order_sources: tuple[str, ...] = ("external", "checkout_api")
    channel_ids: tuple[int, ...] | None = None
    currencies: tuple[str, ...] | None = None
    amount_range: tuple[int, int] | None = None
    recurring: bool = True
    instrument: InstrumentChoice = InstrumentChoice.DEFAULT
    verification_value: VerificationValue = VerificationValue.LAST_4
    store_credit: StoreCreditUse = StoreCreditUse.NEVER
    capture: Capture = Capture.NEVER
    when_failed: WhenFailed = WhenFailed.LEAVE
    retry_after: tuple[timedelta, ...] = _days(1, 3, 5, 7)
    retry_hour: int | None = None
    time_zone: str = "UTC"
    check_unknown_after: tuple[timedelta, ...] = (
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(hours=1),
        *_days(1, 1, 1, 1, 1),
    )
    evidence_window: timedelta = timedelta(days=1)
    instrument_retention: timedelta = timedelta(days=30)
    expiring_notice_days: tuple[int, ...] = (45, 15, 1)
    webhook_tolerance: timedelta = timedelta(minutes=5)
    raw_cards: bool = False
    keep_billing_address: bool = False

    def refusal(self, order: Order) -> str | None:
        """Why this policy does not let the order be charged; None where it does.

        The words are stable: the ledger and the events show them as a skipped order's reason.
        """
        excluded = (
            ("external_source_not_in_policy", not self._consents_to(order.external_source)),
            ("order_source_not_in_policy", order.order_source not in self.order_sources),
            ("channel_not_in_policy", self.channel_ids is not None and order.channel_id not in self.channel_ids),
            ("guest", order.customer_id == 0),
            ("amount_unreadable", order.owed is None),
            ("currency_not_in_policy", order.owed is not None and not self._takes_currency(order.owed)),
            ("amount_not_in_policy", order.owed is not None and not self._takes_amount(order.owed, order.store_credit)),
        )
        return next((reason for reason, applies in excluded if applies), None)

    def _consents_to(self, external_source: str) -> bool:
        return ANYTHING in self.external_sources or external_source in self.external_sources

    def _takes_currency(self, owed: Money) -> bool:
        return self.currencies is None or owed.currency in self.currencies

    def _takes_amount(self, owed: Money, store_credit: int) -> bool:
        """What store credit has paid counts as well, or the rest could fall out of the range."""
        return self.amount_range is None or self.amount_range[0] <= owed.amount + store_credit <= self.amount_range[1]

    def retry_time(self, earliest: datetime) -> datetime:
        """The first moment from `earliest` on at which a retry may be made, aware UTC."""
        if self.retry_hour is None:
            return earliest
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - 8 ms of a cold start, and few policies name an hour

        local = earliest.astimezone(ZoneInfo(self.time_zone))
        if local.hour == self.retry_hour:  # the last retry was made in this hour too, a little after it began
            return earliest
        at = local.replace(hour=self.retry_hour, minute=0, second=0, microsecond=0)
        return (at if at >= local else at + timedelta(days=1)).astimezone(UTC)
