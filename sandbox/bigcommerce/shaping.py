"""What tests and demos do to events on their way: copies, delays, losses, forgeries."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.bigcommerce.records import Store


@dataclass(frozen=True, slots=True)
class Shape:
    """What happens to an event on its way.

    Attributes:
        copies: how often it is posted.
        delay: seconds that each posting comes late.
        lose: never posted.
        forge: signed with another key.
    """

    copies: int = 1
    delay: float = 0.0
    lose: bool = False
    forge: bool = False


@dataclass(slots=True)
class Rule:
    """A shape for the next events that fit; `left` None is for ever."""

    shape: Shape
    scope: str | None
    entity_id: int | None
    store_hash: str | None
    left: int | None

    def fits(self, store: Store, scope: str, data: Mapping[str, object]) -> bool:
        """Whether an event is meant."""
        ids = (data.get("id"), data.get("order_id"), data.get("orderId"))
        return (
            self.store_hash in {None, store.store_hash}
            and self.scope in {None, scope}
            and (self.entity_id is None or self.entity_id in ids)
        )
