"""The end: long after the last fault every order is paid, waits for a named reason, or is before a person."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from sandbox.bigcommerce.book import CHARGES
from sandbox.bigcommerce.records import Order
from sandbox.bigcommerce.statuses import INCOMPLETE
from tests.simulation.judge import OrderKey, standing
from tests.simulation.policies import exclusion

if TYPE_CHECKING:
    from tests.simulation.world import World

_MONEY: Final = frozenset({"paid", "authorized", "pending", "paid_elsewhere", "refunded", "canceled"})
_ENDED: Final = frozenset({"refunded", "canceled", "paid_elsewhere", "failed"})
# What may be left open for ever, if it says why: waits of the shopper, of the store's owner, of an operator.
_NAMED: Final = frozenset({"declined", "failed", "unknown", "claimed", "skipped", "pending"})


def find_faults(world: "World") -> Iterator[str]:
    """Whatever does not hold at the end."""
    charges, dead = world.charges(), _dead_letters(world)
    for key in world.totals:
        order = world.box.state.shops[key[0]].orders[key[1]]
        yield from (f"order {key}: {fault}" for fault in _judge(world, key, order, charges.get(key), dead))
    yield from _unannounced(world)
    yield from _secrets(world)


def _judge(world: "World", key: OrderKey, order: Order, charge: Mapping[str, Any] | None, dead: str) -> Iterator[str]:
    state = charge["state"]["S"] if charge else None
    reason = charge.get("reason", {}).get("S") if charge else None
    charged = [entry for entry in standing(world.box.state.book, key) if entry.kind in CHARGES and entry.by == "api"]
    before_person = f'"id": {key[1]},' in dead
    if charged and state not in _MONEY and not (state == "unknown" and reason == "needs_a_person"):
        yield f"was charged, and the ledger says {state} ({reason})"
    if state in {"paid", "authorized"} and not standing(world.box.state.book, key) and not _was_undone(world, key):
        yield f"was never charged, and the ledger says {state}"
    if state == "submitting":
        yield "is left in the middle of a payment"
    if state in _NAMED and not reason and not before_person:
        yield f"is left as {state} without a reason"
    excluded = exclusion(world.policies[key[0]], order, order.total)
    if excluded or order.status_id != INCOMPLETE or order.is_deleted or order.total <= 0 or before_person:
        return
    if charge is None:
        yield from ("is eligible, and the ledger does not know it" for _ in range(world.was_told(key)))
        return
    yield from _judge_open(world, key, order, charge)


def _judge_open(world: "World", key: OrderKey, order: Order, charge: Mapping[str, Any]) -> Iterator[str]:
    """An order that could be charged, and was not: there must be a reason that a person understands."""
    state, reason = charge["state"]["S"], charge.get("reason", {}).get("S")
    if state == "skipped" and reason not in _FAIR_SKIPS:
        yield f"is eligible, and was skipped ({reason})"
    if state == "claimed" and reason != "store_paused":
        yield f"is eligible, and still claimed ({reason})"
    if state == "declined" and not charge["attempts"]["L"] and _has_good_card(world, key, order):
        yield f"is eligible and its card is good, and nothing was tried ({reason})"


# The gateway says so of this order each time it is asked (a test card), or never showed it.
_FAIR_SKIPS: Final = frozenset({"order_not_chargeable", "order_not_found"})


def _was_undone(world: "World", key: OrderKey) -> bool:
    kinds = {entry.kind for entry in world.box.state.book if (entry.store_hash, entry.order_id) == key}
    return bool(kinds & {"void", "refund"})


def _has_good_card(world: "World", key: OrderKey, order: Order) -> bool:
    cards = world.box.instruments(order.customer_id, store_hash=key[0])
    return any(card.is_default and card.behaviour == 0 for card in cards)


def _dead_letters(world: "World") -> str:
    queues = (queue for url, queue in world.sqs.queues.items() if url.endswith(("-dead", "-quarantine")))
    return "\n".join(message.body for queue in queues for message in queue.messages)


def _unannounced(world: "World") -> Iterator[str]:
    told = {json.loads(event["Detail"])["event_id"] for event in world.bus.events} | set(world.undelivered)
    for table in world.dynamo.tables.values():
        for record in table.records:
            old, new = record["dynamodb"].get("OldImage", {}), record["dynamodb"].get("NewImage", {})
            changed = {name for name in ("state", "reason", "transaction_id") if old.get(name) != new.get(name)}
            is_told = new and "state" in new and changed
            if is_told and record["eventID"] not in told:
                yield f"the change {record['eventID']} to {new['state']['S']} was never announced"


def _secrets(world: "World") -> Iterator[str]:
    """Nothing that leaves as an event or a message holds a credential or a token."""
    said = "\n".join([event["Detail"] for event in world.bus.events] + [line for _, _, line in world.history])
    said += _dead_letters(world)
    for store_hash, shop in world.box.state.shops.items():
        hidden = [shop.store.access_token, shop.store.client_secret, *shop.instruments]
        if any(secret in said for secret in hidden):
            yield f"a secret of {store_hash} was said"
    if ".eyJ" in said or "eyJ0" in said:
        yield "a payment access token was said"
