"""The end: long after the last fault every order is paid, waits for a named reason, or is before a person."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sandbox.bigcommerce.book import CHARGES, BookEntry
from sandbox.bigcommerce.records import Order
from sandbox.bigcommerce.statuses import CANCELLED, DECLINED, INCOMPLETE, REFUNDED
from tests.simulation.answers import PROOFS, SCHEDULED
from tests.simulation.books import OrderKey, is_taken, lines_of, standing
from tests.simulation.consents import name_token
from tests.simulation.faults import DAY
from tests.simulation.hooks import find_hook_faults
from tests.simulation.order_requests import SHIPPED
from tests.simulation.policies import Policy, exclusion

if TYPE_CHECKING:
    from tests.simulation.world import World

_MONEY: Final = frozenset({"paid", "authorized", "pending", "paid_elsewhere", "refunded", "canceled"})
_ENDED: Final = frozenset({"refunded", "canceled", "paid_elsewhere", "failed"})
# What may be left open for ever, if it says why: waits of the shopper, of the store's owner, of an operator.
_NAMED: Final = frozenset({"declined", "failed", "unknown", "claimed", "skipped", "pending"})


def find_faults(world: "World") -> Iterator[str]:
    """Whatever does not hold at the end."""
    charges = world.charges()
    for key in world.totals:
        order = world.box.state.shops[key[0]].orders[key[1]]
        yield from (f"order {key}: {fault}" for fault in _judge(world, key, order, charges.get(key)))
    yield from find_hook_faults(world)
    yield from _unannounced(world)
    yield from _secrets(world)


def _judge(world: "World", key: OrderKey, order: Order, charge: Mapping[str, Any] | None) -> Iterator[str]:
    state, reason = _text(charge, "state"), _text(charge, "reason")
    charged = [entry for entry in standing(world.box.state.book, key) if entry.kind in CHARGES]
    before_person = _is_before_person(charge)
    if any(entry.by == "api" for entry in charged) and state not in _MONEY and not before_person:
        yield f"was charged, and the ledger says {state} ({reason})"
    if state in {"paid", "authorized"} and not standing(world.box.state.book, key) and not _was_undone(world, key):
        yield f"was never charged, and the ledger says {state}"
    if state == "submitting":
        yield "is left in the middle of a payment"
    if state in _NAMED and not reason and not before_person:
        yield f"is left as {state} without a reason"
    policy = world.policies.at_present(key[0])
    excluded = exclusion(policy, order, order.total - order.gift_certificate_amount)
    if excluded or order.is_deleted or (before_person and not _is_called_in_vain(world, key, order, charge)):
        return
    if charge is not None and state == "authorized":
        yield from _judge_held(world, key, order, charged)
    if order.status_id == INCOMPLETE and order.owed > 0:
        yield from _judge_open(world, key, order, charge)


def _judge_held(world: "World", key: OrderKey, order: Order, charged: list[BookEntry]) -> Iterator[str]:
    """What an authorization holds was taken where the policy wants it by now, or a person knows why not."""
    policy = world.policies.at_present(key[0]) or {}
    is_as_charged = [entry.amount for entry in charged] == [order.owed] and order.status_id not in _CLOSED
    wanted = {"at_once", "when_shipped"} if order.status_id in SHIPPED else {"at_once"}
    is_wanted = policy.get("capture") in wanted and not world.operators.acts[key]
    if is_wanted and is_as_charged and not is_taken(world.box.state.book, charged[0]):
        yield "is authorized, and was never captured"


def _judge_open(world: "World", key: OrderKey, order: Order, charge: Mapping[str, Any] | None) -> Iterator[str]:
    """An order that could be charged, and was not: there must be a reason that a person understands."""
    if charge is None:
        yield from ("is eligible, and the ledger does not know it" for _ in range(world.was_told(key)))
        return
    state, reason = _text(charge, "state"), _text(charge, "reason")
    fair = _FAIR_SKIPS | (_BY_POLICY if world.policies.has_changed(key[0]) else frozenset())
    if state == "skipped" and reason not in fair:
        yield f"is eligible, and was skipped ({reason})"
    if state == "claimed" and (reason != "store_paused" or world.judge.consents.is_free(key[0])):
        yield f"is eligible, and still claimed ({reason})"
    if state == "declined" and not charge["attempts"]["L"] and _has_good_card(world, key, order):
        yield f"is eligible and its card is good, and nothing was tried ({reason})"
    due = _find_retry(world, key, order)
    if state == "declined" and due and (world.timeline.present() - due).total_seconds() > DAY:
        yield f"is eligible, and its retry was due more than a day ago ({reason})"
    if state == "paid":
        yield "is paid and Incomplete, and nobody was told"
    if state == "failed" and due and reason != "attempt_limit" and not world.operators.acts[key]:
        yield "was given up before its last retry"
    if state == "failed":
        yield from _judge_failed(world, key)


def _find_retry(world: "World", key: OrderKey, order: Order) -> datetime | None:
    """When the policy's next retry was due, of the very card that was declined last; None where none was owed."""
    posts = [post for post in world.judge.posts.of[key] if not post.is_excused]
    cards = world.box.instruments(order.customer_id, store_hash=key[0])
    defaults = {name_token(card.token) for card in cards if card.is_default}
    if world.policies.has_changed(key[0]) or not world.judge.consents.is_free(key[0]) or not posts:
        return None
    policy, last = Policy.of(world.policies.planned[key[0]]), posts[-1]
    declined = [post for post in posts if post.instrument == last.instrument and post.code in SCHEDULED]
    if last.code not in SCHEDULED or last.instrument not in defaults or len(declined) > len(policy.retry_after):
        return None
    return policy.earliest_retry(last.sent_time, len(declined) - 1)


def _judge_failed(world: "World", key: OrderKey) -> Iterator[str]:
    """What came to nothing was refused, or a person said so; and the order is closed where the policy wants that."""
    kinds = {entry.kind for entry in lines_of(world.box.state.book, key)}
    was_refused = any(post.code in PROOFS for post in world.judge.posts.of[key]) or "failed" in kinds
    if not was_refused and not world.operators.acts[key]:
        yield "was given up, and nobody had refused it"
    policy, had_another = world.policies.at_present(key[0]) or {}, world.policies.has_changed(key[0])
    if policy.get("when_failed", "leave") != "leave" and not had_another and not kinds - {"failed", "void"}:
        yield "has failed, and its policy did not close it"


def _text(charge: Mapping[str, Any] | None, name: str) -> str | None:
    return charge.get(name, {}).get("S") if charge else None


def _is_before_person(charge: Mapping[str, Any] | None) -> bool:
    """Whether an alarm has called a person for it: the books differ, or only a person can mend it."""
    return _text(charge, "difference") is not None or _text(charge, "reason") in _CALLS


def _is_called_in_vain(world: "World", key: OrderKey, order: Order, charge: Mapping[str, Any] | None) -> bool:
    """Whether nothing stands in the way of an order for which a person was called: it goes on by itself."""
    is_held = (_text(charge, "state"), _text(charge, "reason")) == ("claimed", "needs_a_person")
    return is_held and world.judge.consents.is_free(key[0]) and _has_good_card(world, key, order)


# The gateway says so of this order each time it is asked (a test card), or never showed it.
_FAIR_SKIPS: Final = frozenset({"order_not_chargeable", "order_not_found"})
# True when it was looked at; what a policy that came back lets through is an operator's to retry.
_BY_POLICY: Final = frozenset({"no_policy", "external_source_not_in_policy"})
_CALLS: Final = frozenset({"needs_a_person", "payment_shown"})
_CLOSED: Final = frozenset({CANCELLED, DECLINED, REFUNDED})


def _was_undone(world: "World", key: OrderKey) -> bool:
    kinds = {entry.kind for entry in lines_of(world.box.state.book, key)}
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
