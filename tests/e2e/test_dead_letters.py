"""A function that always fails leaves dead letters; once it is mended they are put through again, and pay once."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e import evidence
from tests.e2e.house import STORE, House, open_house, wait_until


def send_hint(house: House, order_id: int) -> None:
    sqs = evidence.client(house, "sqs")
    hint = {"store_hash": STORE, "kind": "order", "id": order_id, "cause": "sweep"}
    body = json.dumps(hint | {"received_at": "2026-11-26T10:00:00+00:00"})
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="bigcharge-dev-orders")["QueueUrl"], MessageBody=body)


def dead_letters(house: House) -> Counter[str]:
    listed = json.loads(house.bigcharge("dead-letters", "list", "--queue", "orders-dead", "--json").stdout or "[]")
    return Counter({group["cause"]: group["messages"] for group in listed})


@pytest.mark.slow
def test_what_a_broken_function_left_is_put_through_again_and_each_order_is_paid_once(tmp_path: Path) -> None:
    """No schedule runs meanwhile, and no webhook comes: nothing but the replay can have the orders paid."""
    with open_house(tmp_path) as house:
        house.start_aws()
        house.box.hold_webhooks()
        house.start_functions("--tick", 3600, "--visibility", 1)
        vault, name = evidence.client(house, "secretsmanager"), f"bigcharge/dev/stores/{STORE}"
        secret = vault.get_secret_value(SecretId=name)["SecretString"]
        vault.put_secret_value(SecretId=name, SecretString="invented, and pasted wrong")
        customer = house.box.create_customer().customer_id
        house.box.store_instrument(customer)
        orders = [house.box.create_order(customer_id=customer, external_source="e2e").order_id for _ in range(3)]
        for order_id in orders:
            send_hint(house, order_id)
        assert wait_until(lambda: dead_letters(house) == {"sweep": 3}, 90)
        shown = house.bigcharge("dead-letters", "show", "--cause", "sweep").stdout
        assert f"sends a hint to look at order {orders[0]} of store {STORE} to the orders queue" in shown
        assert house.charges() == {}
        vault.put_secret_value(SecretId=name, SecretString=secret)
        replayed = house.bigcharge("dead-letters", "replay", "--cause", "sweep")
        assert (replayed.returncode, replayed.stdout) == (0, "3 messages put through again\n")
        assert wait_until(lambda: [charge["state"] for charge in house.charges().values()] == ["paid"] * 3, 60)
        # As after a crash between the sending and the deleting: the same hints once more.
        for order_id in orders:
            send_hint(house, order_id)
        assert not wait_until(lambda: len(house.box.book) > len(orders), 5)
        assert Counter(entry.order_id for entry in house.box.book) == Counter(orders), "each once"
        assert dead_letters(house) == {}
        assert not house.box.violations
