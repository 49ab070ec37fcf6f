"""The demo's store: shoppers with their instruments, orders that become due, and what happens to them on the way."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

from bigcharge.domain.states import State
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.faults import Endpoint
from sandbox.bigcommerce.records import Instrument, Kind, PaymentMethod

SOURCE: Final = "demo-subscriptions"  # the app that makes the orders; the policy consents to it alone
AUTHORIZE_ONLY: Final = PaymentMethod("authorizenet.card", "Authorize.net", authorize_only=True)

type Looks = Mapping[str, object]
"""What a card is stored with: keywords of `Box.store_instrument`."""

VISA: Final[Looks] = {"brand": "visa", "iin": "424242", "last_4": "4242"}
MASTERCARD: Final[Looks] = {"brand": "mastercard", "iin": "555555", "last_4": "4444"}
EXPIRED: Final[Looks] = {**VISA, "expiry_month": 1, "expiry_year": 2020}
UNVERIFIED: Final[Looks] = {**VISA, "behaviour": 30102}
# Currencies of two, no and three decimal digits: an amount that is off by its exponent would show.
_PRICES: Final = ((4999, "USD"), (1250, "EUR"), (1980, "JPY"), (12_345, "KWD"), (100, "USD"), (250_000, "GBP"))

type States = Mapping[int, State]
"""The ledger's state of each order that it knows."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that happens once a moment has come.

    Attributes:
        story: what happens, for the screen.
        when: whether the moment has come.
        act: makes it happen.
    """

    story: str
    when: Callable[[States], bool]
    act: Callable[[], object]


@dataclass(slots=True)
class Shop:
    """A store of a box whose orders are to be charged.

    Attributes:
        box: what it stands in; its first store.
        cues: what is still to happen.
    """

    box: Box
    cues: list[Cue] = field(default_factory=list)
    _prices: Iterator[tuple[int, str]] = field(default_factory=lambda: cycle(_PRICES))

    def register(self) -> int:
        """A new shopper; returns the customer's id."""
        return self.box.create_customer().customer_id

    def store_card(self, customer_id: int, looks: Looks) -> Instrument:
        """Store a card for a shopper; the first one is the default."""
        return self.box.store_instrument(customer_id, Kind.CARD, **looks)  # type: ignore[arg-type]  # keywords by name

    def shopper_with_card(self, looks: Looks = VISA) -> int:
        """A new shopper with a card as the default."""
        customer_id = self.register()
        self.store_card(customer_id, looks)
        return customer_id

    def order(self, customer_id: int, **wanted: object) -> int:
        """An Incomplete order of the demo's app at the next price; `wanted` as of `Box.create_order`."""
        amount, currency = next(self._prices)
        usual = {"customer_id": customer_id, "amount": amount, "currency": currency, "external_source": SOURCE}
        return self.box.create_order(**{**usual, **wanted}).order_id  # type: ignore[arg-type]  # keywords by name

    def cue(self, story: str, when: Callable[[States], bool], act: Callable[[], object]) -> None:
        """Let something happen later."""
        self.cues.append(Cue(story, when, act))

    @contextmanager
    def quietly(self, *, reversed_order: bool = False) -> Iterator[None]:
        """Keep webhooks back while an order is prepared, then tell all of it at once."""
        self.box.hold_webhooks()
        try:
            yield
        finally:
            self.box.release_webhooks("reversed" if reversed_order else "kept")

    def was_asked(self, endpoint: Endpoint, order_id: int) -> bool:
        """Whether the box has answered a call about the order."""
        return any(call.endpoint == endpoint and call.order_id == order_id for call in self.box.served)
