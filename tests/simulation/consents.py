"""The judge's rules of consent: which instrument may be charged, whose store credit, and nothing of a paused store."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from tests.simulation.books import OrderKey
from tests.simulation.faults import DAY

if TYPE_CHECKING:
    from tests.simulation.environments import Environment
    from tests.simulation.policies import Document
    from tests.simulation.world import World

STORE_CREDIT: Final = "store_credit"
_UNDER_WAY: Final = 120.0  # seconds for which a look that began before a pause may go on without knowing of it
_UNTIL_RESUMED: Final = "paused_by_operator"  # other pauses end as well when the credentials change


def name_token(text: str) -> str:
    """What the ledger calls a secret: an instrument's token, or a store's."""
    return sha256(text.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Consents:
    """Watches what is charged, and for which stores.

    Attributes:
        violate: says what does not hold, and ends the run.
    """

    world: "World"
    violate: Callable[[str], None]
    _defaults: dict[OrderKey, list[tuple[float, frozenset[str]]]] = field(default_factory=lambda: defaultdict(list))
    _pauses: dict[str, tuple[float, str, str]] = field(default_factory=dict)
    _resumed: dict[str, float] = field(default_factory=dict)

    def showed_methods(self, key: OrderKey) -> None:
        """BigCommerce shows an order's payment methods: these are its customer's default instruments now."""
        box = self.world.box
        cards = box.instruments(box.order(key[1], store_hash=key[0]).customer_id, store_hash=key[0])
        defaults = frozenset(name_token(card.token) for card in cards if card.is_default)
        self._defaults[key].append((self.world.timeline.now, defaults))

    def pause_changed(self, record: Mapping[str, Any]) -> None:
        """The ledger's item of a pause was written, or is gone."""
        store_hash = record["Keys"]["order_key"]["S"].partition("#")[0]
        self._pauses.pop(store_hash, None)
        self._resumed[store_hash] = self.world.timeline.now
        if item := record.get("NewImage"):
            self._pauses[store_hash] = self.world.timeline.now, item["reason"]["S"], item["credentials"]["S"]

    def is_free(self, store_hash: str) -> bool:
        """Whether a store has not been paused for a day: what its pause held up must have gone on."""
        return store_hash not in self._pauses and self.world.timeline.now - self._resumed.get(store_hash, -DAY) > DAY

    def check(
        self, environment: "Environment", key: OrderKey, name: str, policies: "tuple[Document | None, ...]"
    ) -> None:
        """Whatever a policy and a pause say of a payment request that leaves.

        Args:
            environment: the process that sends it.
            key: the order.
            name: of what is charged (see `Post.instrument`).
            policies: those by which it may be sent: one that lets it is enough.
        """
        documents = [document or {} for document in policies]
        if name == STORE_CREDIT:
            if all(document.get("store_credit", "never") == "never" for document in documents):
                self.violate(f"store credit was used for order {key} though its policy says never")
        elif all(document.get("instrument", "default") == "default" for document in documents):
            self._check_default(environment, key, name)
        self._check_pause(environment, key[0])

    def _check_default(self, environment: "Environment", key: OrderKey, name: str) -> None:
        """It was the default when BigCommerce was asked last, which is in the look that charges it."""
        shown = [names for at, names in self._defaults[key] if at >= environment.began_at]
        if not any(name in names for names in shown):
            self.violate(f"order {key} was charged with another instrument than the default")

    def _check_pause(self, environment: "Environment", store_hash: str) -> None:
        since, reason, credentials = self._pauses.get(store_hash, (float("inf"), "", ""))
        token = self.world.box.state.shops[store_hash].store.access_token
        holds = reason == _UNTIL_RESUMED or credentials == name_token(token)
        if holds and since < max(environment.began_at, self.world.timeline.now - _UNDER_WAY):
            self.violate(f"a payment was sent for {store_hash}, which is paused ({reason})")
