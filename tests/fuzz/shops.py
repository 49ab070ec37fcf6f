"""The stores that the fuzzed requests are about, as AWS keeps them: what is valid of which, and since when."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

EPOCH: Final = datetime(2026, 11, 20, 10, tzinfo=UTC)
PER_SECOND: Final = 250  # requests: what the API lets through (template.yaml, ThrottlingRateLimit)
ROTATES_EVERY: Final = 600  # seconds
OVER_A_ROTATION: Final = (ROTATES_EVERY - 20) * PER_SECOND  # number of a request after which one comes soon
# What docs/decisions.md promises of a rotation: a new secret holds after so long at most, whatever strangers do, and
# one that is neither of the last two does not hold for longer.
LEARNED_AFTER: Final = 10
FORGOTTEN_AFTER: Final = 300
# And how many stores that it has not met a receiver looks up: so many at once, and then at a rate.
STORES_AT_ONCE: Final = 100
STORES_PER_SECOND: Final = 10


@dataclass(frozen=True, slots=True)
class Shop:
    """A store.

    Attributes:
        store_hash: its name.
        tolerance: seconds.
        policy: as the Parameter Store holds it; None: it has none.
        header: that its hooks carry, as name and value.
        rotates: whether its client secret is another one every ten minutes.
    """

    store_hash: str
    tolerance: int = 300
    policy: str | None = None
    header: tuple[str, str] | None = None
    rotates: bool = False

    def version(self, at: float) -> int:
        """Which version of the secret is AWSCURRENT; the one before it is AWSPREVIOUS."""
        return int(at // ROTATES_EVERY) if self.rotates else 0

    def secret(self, version: int) -> str:
        """The client secret of a version."""
        return f"invented-client-secret-of-{self.store_hash}-{version}"

    def document(self, version: int) -> str:
        """The secret, as Secrets Manager holds it."""
        header = dict([self.header]) if self.header else None
        names = {"access_token": "invented-token", "client_id": "invented-id", "hook_header": header}
        return json.dumps({**names, "client_secret": self.secret(version)})

    def certain_secrets(self, at: float) -> set[str]:
        """What a signature may be made with, and has to be taken."""
        newest, age = self.version(at), at % ROTATES_EVERY
        return {self.secret(newest - 1)} | ({self.secret(newest)} if not self.rotates or age > LEARNED_AFTER else set())

    def possible_secrets(self, at: float) -> set[str]:
        """What a signature may be made with, and may be taken."""
        newest, age = self.version(at), at % ROTATES_EVERY
        return {self.secret(newest - older) for older in ((0, 1, 2) if age <= FORGOTTEN_AFTER else (0, 1))}


SHOPS: Final = {
    shop.store_hash: shop
    for shop in (
        Shop("plain1"),
        Shop("headed2", 172_800, '{"webhook_tolerance": "P2D"}', ("X-Invented-Hook", "invented-header")),
        Shop("turning3", rotates=True),
        Shop("broken4", policy='{"webhook_tolerance": "five minutes"}'),
    )
}
