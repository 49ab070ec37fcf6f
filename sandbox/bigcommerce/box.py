"""The box: stores in memory, and the Python API over them. Everything that varies is injected."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from random import Random, SystemRandom

from sandbox.bigcommerce.catalog_acts import CatalogActs
from sandbox.bigcommerce.limits import Limits
from sandbox.bigcommerce.payment_acts import PaymentActs
from sandbox.bigcommerce.records import Store
from sandbox.bigcommerce.shop_acts import ShopActs
from sandbox.bigcommerce.state import Clock, State
from sandbox.bigcommerce.trouble_acts import TroubleActs


def _now() -> datetime:
    return datetime.now(UTC)


class Box(ShopActs, CatalogActs, PaymentActs, TroubleActs):
    """A BigCommerce in a box.

    Args:
        stores: at least one (`stores.read_stores` reads them from a file).
        clock: the present moment, aware UTC.
        random: the only source of randomness; a seeded one makes the box repeat itself, none is the
            system's.
        sleep: how planned delays pass, in seconds.
        limits: the rate limits.
        retry_scale: factor on the documented retry intervals of webhooks.
    """

    def __init__(
        self,
        stores: Iterable[Store],
        clock: Clock = _now,
        random: Random | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        limits: Limits | None = None,
        retry_scale: float = 1.0,
    ) -> None:
        self.state = State(stores, clock, random or SystemRandom(), sleep=sleep, limits=limits or Limits())
        self.state.outbox.retry_scale = retry_scale
