"""What a policy can ask for, on the local cloud: store credit, capture at once, an order closed when it has failed."""

from pathlib import Path

import pytest

from sandbox.bigcommerce.records import PaymentMethod
from tests.e2e.house import QUICK_POLICY, House, open_house, wait_until

AUTHORIZE_ONLY = PaymentMethod("authorizenet.card", "Authorize.net", authorize_only=True)
POLICY = QUICK_POLICY | {"store_credit": "first", "capture": "at_once", "when_failed": "decline"}


def order_of(house: House, store_credit: int = 0, behaviour: int = 0, method_id: str | None = None) -> int:
    customer = house.box.create_customer(store_credit=store_credit).customer_id
    house.box.store_instrument(customer, behaviour=behaviour, method_id=method_id)
    return house.box.create_order(customer_id=customer, amount=5000, external_source="e2e").order_id


@pytest.mark.slow
def test_each_order_ends_as_its_policy_says(tmp_path: Path) -> None:
    with open_house(tmp_path, POLICY) as house:
        house.box.offer_method(AUTHORIZE_ONLY)
        house.start_aws()
        house.start_functions()
        plain, part, whole = order_of(house), order_of(house, 2000), order_of(house, 9000)
        held = order_of(house, method_id=AUTHORIZE_ONLY.method_id)
        refused = order_of(house, behaviour=30106)

        def has_settled() -> bool:
            states = {order_id: row["state"] for order_id, row in house.charges().items()}
            ends = dict.fromkeys((plain, part, whole, held), "paid") | {refused: "failed"}
            return states == ends and house.box.order(refused).status_id == 6

        assert wait_until(has_settled, 60), house.charges()
        book = [(entry.order_id, entry.kind, entry.amount) for entry in house.box.book]
        assert sorted(book) == sorted(
            [
                (plain, "purchase", 5000),
                (part, "store_credit", 2000),
                (part, "purchase", 3000),
                (whole, "store_credit", 5000),
                (held, "authorization", 5000),
                (held, "capture", 5000),
            ]
        )
        assert house.charges()[refused]["attempts"] == 4, "one with store credit, three with the card"
        assert not house.box.violations
