"""Credentials are rotated while webhooks and charges flow: no webhook is rejected, no charge fails, no store paused."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest

from ops.aws import connect
from tests.e2e.house import STORE, House, open_house, wait_until

SECONDS = 5.0  # of each phase
PAUSE = 0.4  # seconds between orders


class Merchant:
    """Rotates the credentials of the store: here, and at BigCommerce."""

    def __init__(self, house: House) -> None:
        self.house = house
        endpoint = f"http://127.0.0.1:{house.aws_port}"
        self.secrets, self.ledger = connect("secretsmanager", endpoint), connect("dynamodb", endpoint)

    def write_secret(self, number: int) -> None:
        """Make the credentials of a number AWSCURRENT, and those before them AWSPREVIOUS."""
        names = ("access_token", "client_id", "client_secret")
        document = json.dumps({name: f"invented-{name}-{number}" for name in names})
        self.secrets.put_secret_value(SecretId=f"bigcharge/dev/stores/{STORE}", SecretString=document)

    def switch_bigcommerce(self, number: int) -> None:
        """Let BigCommerce take and sign with the credentials of a number, and with no others."""
        self.house.box.rotate_credentials(
            access_token=f"invented-access_token-{number}", client_secret=f"invented-client_secret-{number}"
        )

    @contextmanager
    def selling(self, orders: list[int]) -> Iterator[None]:
        """Orders come in all the while."""
        customer, over = self.house.box.create_customer().customer_id, threading.Event()
        self.house.box.store_instrument(customer)

        def sell() -> None:
            while not over.wait(PAUSE):
                order = self.house.box.create_order(customer_id=customer, amount=1000, external_source="e2e")
                orders.append(order.order_id)

        seller = threading.Thread(target=sell)
        seller.start()
        try:
            yield
        finally:
            over.set()
            seller.join()


@pytest.mark.slow
def test_credentials_are_rotated_without_one_rejected_webhook_or_failed_call(tmp_path: Path) -> None:
    orders: list[int] = []
    with open_house(tmp_path) as house:
        house.start_aws()
        house.start_functions()
        merchant = Merchant(house)
        merchant.write_secret(1)  # before any process has read it: they know the new ones, BigCommerce the old ones
        with merchant.selling(orders):
            time.sleep(SECONDS)
            merchant.switch_bigcommerce(1)
            time.sleep(SECONDS)
        # What was signed with the first secret has to be delivered before that is neither of the last two.
        assert wait_until(lambda: house.box.waiting_webhooks == 0, 120)
        with merchant.selling(orders):
            time.sleep(1)
            merchant.write_secret(2)  # known here as the old ones for five minutes, and BigCommerce goes over at once
            merchant.switch_bigcommerce(2)
            time.sleep(SECONDS)
        assert wait_until(lambda: len({entry.order_id for entry in house.box.book}) == len(orders), 120)
        wait_until(lambda: house.box.waiting_webhooks == 0, 30)
        assert len(orders) > 3 * SECONDS / PAUSE / 2
        # On a busy machine the emulated AWS may answer too late: 503, or nothing, and the webhook comes again.
        answers = Counter(delivery.status for delivery in house.box.deliveries)
        assert answers.keys() <= {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE, None}, answers
        assert Counter(entry.order_id for entry in house.box.book) == Counter(orders), "each order once"
        wait_until(lambda: {charge["state"] for charge in house.charges().values()} == {"paid"}, 60)
        states = Counter((charge["state"], charge["reason"], charge["code"]) for charge in house.charges().values())
        assert states == {("paid", None, None): len(orders)}, states
        assert {charge["attempts"] for charge in house.charges().values()} == {1}
        refused = [call for call in house.box.served if call.status == HTTPStatus.UNAUTHORIZED]
        assert refused, "what was refused was asked again with other credentials"
        pauses = merchant.ledger.scan(TableName="bigcharge-dev-ledger", FilterExpression="attribute_exists(paused_at)")
        assert pauses["Items"] == []
        assert {violation.rule.partition(" - ")[0] for violation in house.box.violations} == {"Unauthorized"}
