"""What people do: shoppers, merchants, banks and operators. They never ask whether it is a good moment."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sandbox.bigcommerce.errors import Refusal
from sandbox.bigcommerce.records import Kind
from sandbox.bigcommerce.statuses import AWAITING_FULFILLMENT, CANCELLED, INCOMPLETE
from tests.simulation.faults import DAY, LONGEST_STALE, OPERATORS, RACES, VIEWS
from tests.simulation.scenario import Act, OrderPlan

if TYPE_CHECKING:
    from tests.simulation.chance import Draw
    from tests.simulation.world import World

type OrderKey = tuple[str, int]

_SHIPPED: Final = 2
_BANK_DAYS: Final = 4


class Actors:
    """Acts on the box as people would.

    Attributes:
        acted_at: when anybody did anything last.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._box = world.box
        self.orders: dict[int, OrderKey] = {}
        self.acted_at = 0.0
        self._does: Mapping[str, Callable[[OrderKey], object]] = {
            "shopper pays": self._pay,
            "card changed": self._change_card,
            "card deleted": self._delete_card,
            "card mended": self._mend_card,
            "total changes": self._change_total,
            "merchant cancels": partial(self._set_status, CANCELLED, INCOMPLETE),
            "merchant ships": partial(self._set_status, _SHIPPED, AWAITING_FULFILLMENT),
            "merchant refunds": self._refund,
            "merchant captures": lambda key: self._box.capture(key[1], store_hash=key[0]),
            "merchant voids": lambda key: self._box.void(key[1], store_hash=key[0]),
            "order archived": lambda key: self._box.set_order(key[1], store_hash=key[0], is_deleted=True),
            "token rotated": self._rotate,
            "shopper pays unseen": self._pay_unseen,
            "policy withdrawn": world.owners.withdraw,
            "policy invalid": world.owners.spoil,
            "policy narrowed": world.owners.narrow,
            **{what: partial(world.operators.do, what) for what in OPERATORS},
        }

    def create(self, plan: OrderPlan) -> None:
        """A shopper and an order come to be."""
        store = plan.store_hash
        customer_id = 0
        if not plan.is_guest:
            customer_id = self._box.create_customer(store_hash=store, store_credit=plan.store_credit).customer_id
            self._box.store_instrument(customer_id, plan.kind, behaviour=plan.behaviour, default=True, store_hash=store)
            if plan.other_behaviour is not None:
                self._box.store_instrument(customer_id, behaviour=plan.other_behaviour, store_hash=store)
        order = self._box.create_order(
            customer_id=customer_id,
            amount=plan.amount,
            currency=plan.currency,
            order_source=plan.order_source,
            external_source=plan.external_source,
            gift_certificate_amount=plan.gift_certificate,
            channel_id=plan.channel_id,
            store_hash=store,
        )
        key = (store, order.order_id)
        self.orders[plan.number] = key
        self._world.totals[key] = [plan.amount]
        self._world.note(
            "merchant",
            f"order {key} by {plan.order_source}/{plan.external_source}: {plan.amount} {plan.currency}, "
            f"card {plan.behaviour}",
        )
        self._world.touch("merchant")

    def act(self, act: Act) -> None:
        """Do what was planned, if there is such an order and BigCommerce takes it."""
        key = self.orders.get(act.order)
        if key is not None and self._world.chance.allow(f"act: {act.kind}", f"{act.order}@{act.at:.0f}"):
            self.do(act.kind, key, f"act: {act.kind}")

    def race(self, key: OrderKey, draw: "Draw") -> None:
        """Perhaps do something at this very moment, while a request about the order is on its way."""
        chance = self._world.chance
        kind = chance.choose(draw, 2, [f"race: {race}" for race in RACES])
        if kind is not None and key in self._world.totals:
            self.do(kind.removeprefix("race: "), key, kind)
        view = chance.choose(draw, 3, VIEWS)
        if view is not None and key in self._world.totals:
            self._blur(view, key, draw)

    def after_payment(self, key: OrderKey, kind: str | None, draw: "Draw") -> None:
        """What banks and BigCommerce do later, by themselves."""
        timeline = self._world.timeline
        if kind == "gateway unrecorded":
            later = timeline.now + draw.between(6, 1, LONGEST_STALE)
            timeline.call_at(later, lambda: self._quietly("charge recorded", key, partial(self._record, key)))
        if kind == "order status lost":
            self._quietly(kind, key, partial(self._set_status, INCOMPLETE, AWAITING_FULFILLMENT, key))
        failed = draw.numbers[7] < 0.5
        later = timeline.now + draw.between(6, 60, _BANK_DAYS * DAY)
        timeline.call_at(later, lambda: self._settle(key, failed=failed))

    def do(self, kind: str, key: OrderKey, counted: str = "") -> None:
        """Do it, if BigCommerce takes it.

        Args:
            kind: what.
            key: with which order.
            counted: as what kind of happening, where it is one.
        """
        if not self._quietly(kind, key, lambda: self._does[kind](key)):
            self._world.chance.refused[counted] += 1

    def _quietly(self, what: str, key: OrderKey, action: Callable[[], object]) -> bool:
        """Do it; False where BigCommerce refuses it, or where there is nothing to do it with."""
        with suppress(Refusal, KeyError, StopIteration):
            action()
            self._world.note("people", f"{what}: order {key}")
            self._world.touch("people")
            self.acted_at = self._world.timeline.now
            return True
        return False

    def _settle(self, key: OrderKey, *, failed: bool) -> None:
        def settle() -> None:
            self._box.settle_pending(key[1], failed=failed, store_hash=key[0])

        self._quietly("bank refuses" if failed else "bank settles", key, settle)

    def _record(self, key: OrderKey) -> None:
        if not self._box.record_charges(key[1], store_hash=key[0]):
            raise KeyError(key)

    def _pay(self, key: OrderKey) -> None:
        if not self._box.pay_as_shopper(key[1], store_hash=key[0]):
            raise KeyError(key)

    def _pay_unseen(self, key: OrderKey) -> None:
        """The shopper pays an order that waits after an attempt of ours; only its transactions will ever show it."""
        charge = self._world.charges().get(key, {})
        if charge.get("state") not in ({"S": "declined"}, {"S": "failed"}) or not charge["attempts"]["L"]:
            raise KeyError(key)
        self._pay(key)
        self._set_status(INCOMPLETE, AWAITING_FULFILLMENT, key)

    def _customer(self, key: OrderKey) -> int:
        return self._box.order(key[1], store_hash=key[0]).customer_id

    def _default(self, key: OrderKey) -> Any:
        return next(one for one in self._box.instruments(self._customer(key), store_hash=key[0]) if one.is_default)

    def _change_card(self, key: OrderKey) -> None:
        card = self._box.store_instrument(self._customer(key), Kind.CARD, store_hash=key[0], default=False)
        self._box.change_default(card.token, store_hash=key[0])

    def _delete_card(self, key: OrderKey) -> None:
        self._box.remove_instrument(self._default(key).token, store_hash=key[0])

    def _mend_card(self, key: OrderKey) -> None:
        self._box.set_behaviour(self._default(key).token, 0, store_hash=key[0])

    def _change_total(self, key: OrderKey) -> None:
        order = self._box.order(key[1], store_hash=key[0])
        if order.status_id not in {INCOMPLETE, AWAITING_FULFILLMENT}:
            raise KeyError(key)
        known = self._world.totals[key]
        total = known[0] if order.total != known[0] else known[0] * 3 + 1
        known.append(total)
        self._box.set_order(key[1], store_hash=key[0], total=total)

    def _set_status(self, status: int, before: int, key: OrderKey) -> None:
        if self._box.order(key[1], store_hash=key[0]).status_id != before:
            raise KeyError(key)
        self._box.set_order(key[1], store_hash=key[0], status_id=status)

    def _refund(self, key: OrderKey) -> None:
        self._box.refund(key[1], self._box.order(key[1], store_hash=key[0]).total, store_hash=key[0])

    def _rotate(self, key: OrderKey) -> None:
        self._world.rotate(key[0])

    def _blur(self, view: str, key: OrderKey, draw: "Draw") -> None:
        lasts = draw.between(5, 1, LONGEST_STALE)
        self._world.note("bigcommerce", f"{view} for {lasts:.0f} s after the next change: order {key}")
        if view == "order read stale":
            self._box.stale_order(key[1], seconds=lasts, store_hash=key[0])
        else:
            status = draw.pick(6, (204, 404, 503))
            self._box.lag_transactions(key[1], status=status, seconds=lasts, store_hash=key[0])
