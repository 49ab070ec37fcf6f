"""Trouble of every kind for minutes on end: shoppers, merchants, a bad network, and processes that are killed."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sandbox.bigcommerce.book import live_charges
from sandbox.bigcommerce.faults import Answer, Endpoint, too_many_requests
from sandbox.bigcommerce.records import Instrument, Kind, Order, PaymentMethod
from sandbox.bigcommerce.shaping import Shape
from tests.e2e.house import House, wait_until

SOURCE: Final = "e2e"
POLICY: Final = {
    "external_sources": [SOURCE],
    "instrument": "any",
    "store_credit": "first",
    "capture": "at_once",
    "retry_after": ["PT2S", "PT3S", "PT5S"],
    "check_unknown_after": ["PT1S", "PT2S", "PT5S"],
    "evidence_window": "PT5S",
}
_AUTHORIZE_ONLY: Final = PaymentMethod("authorizenet.card", "Authorize.net", authorize_only=True)
_LAG: Final = 2.0  # seconds; below the evidence window, as the policy's must be above any lag that BigCommerce has
_READS: Final = (Endpoint.GET_ORDER, Endpoint.TRANSACTIONS, Endpoint.METHODS, Endpoint.CUSTOMER_INSTRUMENTS)
_CALLS: Final = (*_READS, Endpoint.ACCESS_TOKENS, Endpoint.PAYMENTS, Endpoint.PAYMENTS, Endpoint.LIST_ORDERS)
_ANSWERS: Final = (
    Answer(drop="before"),
    Answer(drop="after"),
    Answer(status=500),
    Answer(status=503),
    Answer(status=502, acted=True),
    Answer(delay_before=0.7),
    Answer(delay_after=0.7),
    Answer(spoil="garbage"),
    Answer(spoil="truncated"),
    Answer(spoil="empty"),
    too_many_requests(1.0),
)
_OF_PAYMENTS: Final = (
    Answer(code=10000),
    Answer(code=10000, acted=True),
    Answer(code=30105, acted=True),
    Answer(code=30106),
    Answer(gateway_delay=1.0),
)
_SETTLED: Final = frozenset({"skipped", "paid", "authorized", "declined", "failed", "paid_elsewhere", "canceled"})
_CHARGED: Final = frozenset({"paid", "authorized"})


@dataclass
class Chaos:
    """One run.

    Attributes:
        house: bigcharge and its BigCommerce.
        chance: of everything.
        counts: how often each thing was done.
    """

    house: House
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    orders: list[int] = field(default_factory=list)
    instruments: list[Instrument] = field(default_factory=list)
    functions: subprocess.Popen[str] | None = None

    def run(self, seconds: float) -> None:
        """Make trouble for so long, then let things settle."""
        box = self.house.box
        box.offer_method(_AUTHORIZE_ONLY)
        self.house.start_aws()
        self.functions = self.house.start_functions()
        acts = [
            (self._make_order, 10),
            (self._plan_fault, 12),
            (self._lag, 3),
            (self._shape_webhooks, 4),
            (self._shopper_acts, 4),
            (self._merchant_acts, 2),
        ]
        until, next_kill = time.monotonic() + seconds, time.monotonic() + 4
        while time.monotonic() < until:
            act = self.chance.choices([act for act, _ in acts], [weight for _, weight in acts])[0]
            with suppress(KeyError, IndexError, ValueError):  # there was nothing to do it with
                act()
            time.sleep(self.chance.uniform(0.02, 0.3))
            if time.monotonic() > next_kill:
                self._kill()
                next_kill = time.monotonic() + self.chance.uniform(4, 9)
        box.clear_faults()

    def _make_order(self) -> None:
        box, chance = self.house.box, self.chance
        customer = box.create_customer(store_credit=chance.choice([0, 0, 0, 700, 99_999])).customer_id
        bad = chance.choices([0, 30102, 30104, 30106], [8, 1, 1, 1])[0]
        kind = chance.choices([Kind.CARD, Kind.PAYPAL_ACCOUNT], [5, 1])[0]
        method = _AUTHORIZE_ONLY.method_id if kind is Kind.CARD and chance.random() < 0.15 else None
        self.instruments.append(box.store_instrument(customer, kind, behaviour=bad, method_id=method))
        source = chance.choices([SOURCE, "another", ""], [8, 1, 1])[0]
        amount, currency = chance.choice([(1000, "USD"), (1234, "JPY"), (55_555, "KWD"), (99, "EUR")])
        order = box.create_order(customer_id=customer, amount=amount, currency=currency, external_source=source)
        self.orders.append(order.order_id)
        self.counts["orders"] += 1

    def _plan_fault(self) -> None:
        endpoint = self.chance.choice(_CALLS)
        answers = _ANSWERS + _OF_PAYMENTS if endpoint is Endpoint.PAYMENTS else _ANSWERS
        self.house.box.next_answer(endpoint, self.chance.choice(answers))
        self.counts["faults of BigCommerce"] += 1

    def _lag(self) -> None:
        order_id = self.chance.choice(self.orders[-5:])
        if self.chance.random() < 0.5:
            self.house.box.stale_order(order_id, seconds=_LAG)
        else:
            status = self.chance.choice([204, 404, 503])
            self.house.box.lag_transactions(order_id, status=status, seconds=_LAG)
        self.counts["lags"] += 1

    def _shape_webhooks(self) -> None:
        shape = self.chance.choice([Shape(copies=3), Shape(delay=2.0), Shape(lose=True), Shape(copies=2, delay=1.0)])
        self.house.box.shape_webhooks(shape)
        self.counts["webhooks doubled, late or lost"] += 1

    def _shopper_acts(self) -> None:
        box, instrument = self.house.box, self.chance.choice(self.instruments[-10:])
        match self.chance.randrange(3):
            case 0:
                box.pay_as_shopper(self.chance.choice(self.orders[-5:]))
            case 1:
                box.store_instrument(instrument.customer_id, default=True)
            case 2:
                box.remove_instrument(instrument.token)
        self.counts["acts of shoppers"] += 1

    def _merchant_acts(self) -> None:
        box, order = self.house.box, self.house.box.order(self.chance.choice(self.orders[-5:]))
        if order.status_id == 0 and not order.store_credit_amount:
            changes = {"total": order.total + 1} if self.chance.random() < 0.8 else {"status_id": 5}
            box.set_order(order.order_id, store_hash=None, **changes)
            self.counts["acts of merchants"] += 1

    def _kill(self) -> None:
        """End one process of the functions, or all of them, without a word."""
        assert self.functions
        children = Path(f"/proc/{self.functions.pid}/task/{self.functions.pid}/children").read_text().split()
        self.counts["kills"] += 1
        if children and self.chance.random() < 0.7:
            with suppress(ProcessLookupError):
                os.kill(int(self.chance.choice(children)), signal.SIGKILL)
            return
        self.functions.send_signal(signal.SIGKILL)
        self.functions.wait()
        self.functions = self.house.start_functions()

    def has_settled(self) -> bool:
        """Whether the ledger knows every order that it must, and nothing is on its way."""
        ledger = self.house.charges()
        ours = {order.order_id for order in self.house.box.orders() if order.external_source == SOURCE}
        return ours <= ledger.keys() and all(charge["state"] in _SETTLED for charge in ledger.values())

    def differences(self) -> list[str]:
        """Where the ledger and the gateway's book disagree, or what the policy excludes was charged."""
        ledger = self.house.charges()
        charged = {order_id: charges for (_, order_id), charges in live_charges(self.house.box.book).items()}
        found = []
        for order in self.house.box.orders():
            row, charges = ledger.get(order.order_id), charged.get(order.order_id, [])
            state = row["state"] if row else None
            by_us = [charge for charge in charges if charge.by == "api"]
            whole = row is not None and row["reason"] == "paid_with_store_credit"
            wrongs = {
                "charged twice": len(charges) > 1,
                "charged, and the policy excludes it": bool(by_us) and order.external_source != SOURCE,
                "charged, and the ledger does not know": bool(by_us) and state not in _CHARGED,
                "not charged, and the ledger says it is": not charges and state in _CHARGED and not whole,
                "another amount": bool(by_us) and row is not None and by_us[0].amount != row["amount"],
                "left behind": self._is_left(order, state),
            }
            found += [f"order {order.order_id} ({state}): {wrong}" for wrong, is_so in wrongs.items() if is_so]
        return found

    def _is_left(self, order: Order, state: str | None) -> bool:
        """An order of ours that still waits for its payment, and not for a named reason."""
        return order.external_source == SOURCE and order.status_id == 0 and state not in {"declined", "failed"}


def settle(chaos: Chaos, seconds: float) -> bool:
    """Wait until everything has settled; says whether it did."""
    return wait_until(chaos.has_settled, seconds)
