"""An order whose webhook never came is found and charged all the same; an abandoned checkout is not."""

from collections import Counter
from pathlib import Path

import pytest

from sandbox.bigcommerce.shaping import Shape
from tests.e2e.house import STORE, open_house, wait_until

LOST = 12


@pytest.mark.slow
def test_orders_whose_webhooks_were_lost_are_found_and_charged_once(tmp_path: Path) -> None:
    """Every schedule runs at each tick of a second, in place of ten minutes."""
    with open_house(tmp_path) as house:
        house.start_aws()
        house.box.shape_webhooks(Shape(lose=True), times=None)
        customer = house.box.create_customer().customer_id
        house.box.store_instrument(customer)
        before = [house.box.create_order(customer_id=customer, external_source="e2e").order_id for _ in range(LOST)]
        house.start_functions()
        after = [house.box.create_order(customer_id=customer, external_source="e2e").order_id for _ in range(LOST)]
        abandoned = house.box.create_order(customer_id=customer, order_source="www").order_id
        lost = [*before, *after]
        assert wait_until(lambda: len({entry.order_id for entry in house.box.book}) == len(lost), 60)
        assert wait_until(lambda: len(house.charges()) == len(lost) + 1, 30)
        assert Counter(entry.order_id for entry in house.box.book) == Counter(lost), "each once"
        charges = house.charges()
        assert {charges[order_id]["state"] for order_id in lost} == {"paid"}
        assert (charges[abandoned]["state"], charges[abandoned]["store_hash"]) == ("skipped", STORE)
        assert {delivery.error for delivery in house.box.deliveries} == {"lost"}
        assert not house.box.violations
