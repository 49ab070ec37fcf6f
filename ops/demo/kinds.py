"""Every kind of order that the demo makes, and what must become of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from bigcharge.domain.states import State
from ops.demo.shop import AUTHORIZE_ONLY, EXPIRED, MASTERCARD, UNVERIFIED, VISA, Looks, Shop
from sandbox.bigcommerce.delivery import Shape
from sandbox.bigcommerce.faults import Answer, Endpoint
from sandbox.bigcommerce.records import Kind as InstrumentKind
from sandbox.bigcommerce.statuses import PENDING

CREATED: Final = "store/order/created"
_LATE: Final = 3.0  # seconds
_SLOW: Final = 2.5  # seconds that a call takes, so that something can happen meanwhile
_TOO_OLD: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of order.

    Attributes:
        name: in a few words.
        state: what the ledger must say in the end; None: the ledger must never hear of it.
        count: how many orders of it.
        attempts: how many payment requests each takes; one that was refused for its rate counts as none.
        make: makes one; returns the order's id.
    """

    name: str
    state: State | None
    count: int
    attempts: int
    make: Callable[[Shop], int]

    @property
    def is_forged(self) -> bool:
        """Whether only forged webhooks tell of it."""
        return self.state is None


def _card(shop: Shop, looks: Looks = VISA) -> int:
    return shop.order(shop.shopper_with_card(looks))


def _account(shop: Shop, kind: InstrumentKind) -> int:
    customer_id = shop.register()
    shop.box.store_instrument(customer_id, kind)
    return shop.order(customer_id)


def _settled(shop: Shop) -> int:
    order_id = _account(shop, InstrumentKind.BANK_ACCOUNT)
    story = f"the bank settles order {order_id}"
    shop.cue(story, lambda states: states.get(order_id) == State.PENDING, lambda: shop.box.settle_pending(order_id))
    return order_id


def _answered(shop: Shop, answer: Answer) -> int:
    with shop.quietly():
        order_id = _card(shop)
        shop.box.next_answer(Endpoint.PAYMENTS, answer, order_id=order_id)
    return order_id


def _new_default(shop: Shop, looks: Looks) -> int:
    customer_id = shop.shopper_with_card(looks)
    other = shop.store_card(customer_id, MASTERCARD)
    order_id = shop.order(customer_id)
    story = f"the shopper of order {order_id} makes another card the default"
    declined = State.DECLINED
    shop.cue(story, lambda states: states.get(order_id) == declined, lambda: shop.box.change_default(other.token))
    return order_id


def _changed_total(shop: Shop, slow: Endpoint, asked_before: Endpoint) -> int:
    with shop.quietly():
        order_id = _card(shop)
        shop.box.next_answer(slow, Answer(delay_before=_SLOW), order_id=order_id)
    total = shop.box.order(order_id).total + 250
    story = f"the total of order {order_id} changes while it is being charged"
    shop.cue(story, lambda _: shop.was_asked(asked_before, order_id), lambda: shop.box.set_order(order_id, total=total))
    return order_id


def _shaped(shop: Shop, shape: Shape, **wanted: object) -> int:
    customer_id = shop.shopper_with_card()
    shop.box.shape_webhooks(shape, scope=CREATED)
    return shop.order(customer_id, **wanted)


def _out_of_order(shop: Shop) -> int:
    customer_id = shop.shopper_with_card()
    with shop.quietly(reversed_order=True):
        order_id = shop.order(customer_id)
        shop.box.set_order(order_id, total=shop.box.order(order_id).total + 100)
    return order_id


def _lost(shop: Shop) -> int:
    order_id = _shaped(shop, Shape(lose=True))
    note = {"staff_notes": "the webhook of its creation was lost"}
    due = shop.box.order(order_id).created_at + timedelta(seconds=_LATE)
    story = f"somebody edits order {order_id}, of which no webhook told yet"
    now = shop.box.state.clock
    shop.cue(story, lambda _: now() >= due, lambda: shop.box.set_order(order_id, details=note))
    return order_id


def _forged(shop: Shop) -> int:
    """An order that only forgers tell of: another key, and a true signature of an hour ago.

    It is Pending: an Incomplete one would be found and charged without any webhook, and show nothing.
    """
    order_id = _shaped(shop, Shape(lose=True), status_id=PENDING)
    shop.box.shape_webhooks(Shape(lose=True), entity_id=order_id, times=None)
    event = {"type": "order", "id": order_id}
    hour_ago = int((shop.box.state.clock() - _TOO_OLD).timestamp())
    shop.box.send_webhook(CREATED, event, signed=False, times=2)
    shop.box.send_webhook(CREATED, event, timestamp=hour_ago)
    return order_id


def _authorized(shop: Shop) -> int:
    shop.box.offer_method(AUTHORIZE_ONLY)
    return _card(shop, {**VISA, "method_id": AUTHORIZE_ONLY.method_id})


def _guest(shop: Shop) -> int:
    return shop.order(0)


def _abandoned(shop: Shop) -> int:
    return shop.order(shop.shopper_with_card(), order_source="www", external_source=None, cart_id="abandoned")


def _control_panel(shop: Shop) -> int:
    return shop.order(shop.shopper_with_card(), order_source="manual", external_source=None)


_METHODS, _TOKENS, _PAYMENTS = Endpoint.METHODS, Endpoint.ACCESS_TOKENS, Endpoint.PAYMENTS
_PAYPAL, _BANK = InstrumentKind.PAYPAL_ACCOUNT, InstrumentKind.BANK_ACCOUNT
_BUSY: Final = Answer(status=429, headers={"X-Rate-Limit-Time-Reset-Ms": "1500"})
_PAID, _AUTHORIZED, _PENDING = State.PAID, State.AUTHORIZED, State.PENDING
_DECLINED, _SKIPPED = State.DECLINED, State.SKIPPED

KINDS: Final = (
    Kind("visa", _PAID, 5, 1, _card),
    Kind("mastercard", _PAID, 3, 1, partial(_card, looks=MASTERCARD)),
    Kind("PayPal account", _PAID, 3, 1, partial(_account, kind=_PAYPAL)),
    Kind("bank account, settled by the bank", _PAID, 1, 1, _settled),
    Kind("insufficient funds, paid on retry", _PAID, 2, 2, partial(_answered, answer=Answer(code=30106))),
    Kind("declined, paid by a new default card", _PAID, 1, 2, partial(_new_default, looks=UNVERIFIED)),
    Kind("expired card, paid by a new default card", _PAID, 1, 1, partial(_new_default, looks=EXPIRED)),
    Kind("total changed before its token", _PAID, 1, 1, partial(_changed_total, slow=_TOKENS, asked_before=_METHODS)),
    Kind("total changed after its token", _PAID, 1, 2, partial(_changed_total, slow=_PAYMENTS, asked_before=_TOKENS)),
    Kind("charged, the reply lost", _PAID, 2, 1, partial(_answered, answer=Answer(drop="after"))),
    Kind("charged, the reply garbled", _PAID, 1, 1, partial(_answered, answer=Answer(spoil="garbage"))),
    Kind("charged, the reply an error", _PAID, 1, 1, partial(_answered, answer=Answer(code=10000, acted=True))),
    Kind("too many requests, then paid", _PAID, 1, 1, partial(_answered, answer=_BUSY)),
    Kind("webhook doubled", _PAID, 2, 1, partial(_shaped, shape=Shape(copies=3))),
    Kind("webhook late", _PAID, 2, 1, partial(_shaped, shape=Shape(delay=_LATE))),
    Kind("webhooks out of order", _PAID, 2, 1, _out_of_order),
    Kind("webhook lost", _PAID, 2, 1, _lost),
    Kind("gateway that only authorizes", _AUTHORIZED, 2, 1, _authorized),
    Kind("bank account", _PENDING, 1, 1, partial(_account, kind=_BANK)),
    Kind("expired card", _DECLINED, 1, 0, partial(_card, looks=EXPIRED)),
    Kind("details do not verify", _DECLINED, 1, 1, partial(_card, looks=UNVERIFIED)),
    Kind("guest", _SKIPPED, 1, 0, _guest),
    Kind("abandoned storefront checkout", _SKIPPED, 1, 0, _abandoned),
    Kind("control panel", _SKIPPED, 1, 0, _control_panel),
    Kind("webhooks forged and replayed", None, 1, 0, _forged),
)
