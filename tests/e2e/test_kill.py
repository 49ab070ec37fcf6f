"""Killing the functions at any moment loses no order and charges none twice; the gateway's book is the judge."""

import random
import signal
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.bigcommerce import tokens
from tests.e2e.house import open_house, wait_until

ORDERS = 24
KILLS = 4


@pytest.mark.slow
def test_killed_functions_lose_no_order_and_charge_none_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill between the durable attempt and the request leaves nobody knowing: its token must die first (law 3)."""
    monkeypatch.setattr(tokens, "LIFETIME", timedelta(seconds=15))
    chance = random.Random(20261120)  # noqa: S311 - the moments of the kills, not a secret
    with open_house(tmp_path) as house:
        house.start_aws()
        functions = house.start_functions()
        customer = house.box.create_customer().customer_id
        house.box.store_instrument(customer)
        orders: list[int] = []
        for kill in range(KILLS + 1):
            for number in range(ORDERS // (KILLS + 1)):
                order = house.box.create_order(customer_id=customer, amount=1000 + number, external_source="e2e")
                orders.append(order.order_id)
            time.sleep(chance.uniform(0.02, 0.8))
            if kill < KILLS:
                functions.send_signal(signal.SIGKILL)
                functions.wait()
                functions = house.start_functions()
        assert wait_until(lambda: len({entry.order_id for entry in house.box.book}) == len(orders), 120)
        assert wait_until(lambda: {charge["state"] for charge in house.charges().values()} == {"paid"}, 60)
        charged = Counter(entry.order_id for entry in house.box.book)
        assert charged == Counter(orders), "each order once"
        ledger = house.charges()
        assert {number: house.box.order(number).total for number in orders} == {
            number: ledger[number]["amount"] for number in orders
        }
        assert not house.box.violations
