"""The stores: in the box, and as AWS keeps their credentials."""

import json
from collections.abc import Callable
from copy import copy
from datetime import datetime
from functools import cache
from random import Random

from sandbox.bigcommerce.app import Application
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.control import Control
from sandbox.bigcommerce.records import PaymentMethod, Store
from tests.simulation.deployment import STAGE
from tests.simulation.scenario import Scenario, StorePlan


def make_box(scenario: Scenario, clock: Callable[[], datetime], random: Random, sleep: Callable[[float], None]) -> Box:
    """A box with the stores of a scenario, each with what it offers."""
    stores = [make_store(store.store_hash, 1000 + number) for number, store in enumerate(scenario.stores)]
    box = Box(stores, clock, random, sleep=sleep)
    for store in scenario.stores:
        _offer(box, store)
    return box


def make_store(store_hash: str, store_id: int, number: int = 0) -> Store:
    """A store; its access token tells how often it was rotated."""
    return Store(store_hash, store_id, f"access-{store_hash}-{number}", f"client-{store_hash}", f"secret-{store_hash}")


def rotate(box: Box, store_hash: str) -> Store:
    """The merchant rotates the access token; returns the store as it is now."""
    shop = box.state.shops[store_hash]
    number = int(shop.store.access_token.rpartition("-")[2]) + 1
    shop.store = make_store(store_hash, shop.store.store_id, number)
    return shop.store


def name_secret(store_hash: str) -> str:
    """The name of a store's secret."""
    return f"bigcharge/{STAGE}/stores/{store_hash}"


def name_policy(store_hash: str) -> str:
    """The name of a store's policy."""
    return f"/bigcharge/{STAGE}/stores/{store_hash}/policy"


def spell_secret(store: Store) -> str:
    """What a store's secret holds."""
    names = ("access_token", "client_id", "client_secret")
    return json.dumps({name: getattr(store, name) for name in names})


def serve(box: Box) -> Application:
    """The application of a box: a copy of one, whose table of routes takes longer to make than a short run."""
    application = copy(_application())
    application._state, application._control = box.state, Control(box)
    return application


@cache
def _application() -> Application:
    box = Box([make_store("any", 1)])
    return Application(box.state, Control(box))


def _offer(box: Box, store: StorePlan) -> None:
    needs_none = store.policy is not None and store.policy.get("verification_value") == "never"
    method = PaymentMethod("stripe.card", "Stripe", authorize_only=store.authorizes)
    if needs_none:
        method = PaymentMethod("stripe.card", "Stripe", authorize_only=store.authorizes, verification="none")
    box.offer_method(method, store_hash=store.store_hash)
