"""The judge: what must never happen, seen from the gateway's book and from what left on the wire."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sandbox.bigcommerce.book import CHARGES, BookEntry
from tests.simulation.books import OrderKey, standing
from tests.simulation.consents import Consents
from tests.simulation.faults import LONGEST_STALE
from tests.simulation.order_requests import OrderRequests
from tests.simulation.policies import exclusion
from tests.simulation.posts import CLOCKS, Posts

if TYPE_CHECKING:
    from tests.simulation.world import World

_LOOKED_AT: Final = CHARGES | {"store_credit", "capture", "void"}
# A payment that others made is seen by then, even where only lagging transactions show it.
_SEEN_AFTER: Final = CLOCKS + 2 * LONGEST_STALE


class Violation(BaseException):
    """An invariant does not hold; the run ends here."""


@dataclass(slots=True)
class Judge:
    """Watches one world.

    Attributes:
        posts: the payment requests.
        requests: the other requests that change an order.
        consents: what the payment requests charge, and for whom.
    """

    world: "World"
    posts: Posts = field(init=False)
    requests: OrderRequests = field(init=False)
    consents: Consents = field(init=False)
    _seen: int = 0
    _violations: int = 0

    def __post_init__(self) -> None:
        self.posts = Posts(self.world, self.violate)
        self.requests = OrderRequests(self.world, self.violate)
        self.consents = Consents(self.world, self.violate)

    def violate(self, rule: str) -> None:
        """Say what does not hold.

        Raises:
            Violation: always.
        """
        self.world.note("judge", f"VIOLATION: {rule}")
        raise Violation(rule)

    def handler_raised(self, who: str, error: BaseException) -> None:
        """Only what the world can do may go wrong; anything else is a fault of the code."""
        if type(error).__name__ not in _EXPECTED:
            self.violate(f"a fault of the code: {who} raised {type(error).__name__}: {error}")

    def look(self) -> None:
        """After each step: whatever the book has that it had not before."""
        book = self.world.box.state.book
        while self._seen < len(book):
            entry = book[self._seen]
            self._seen += 1
            if entry.kind in _LOOKED_AT:
                self._look_at(entry, book[: self._seen])
        for found in self.world.box.state.violations[self._violations :]:
            self._violations += 1
            if not found.rule.startswith("Unauthorized"):  # a merchant may rotate a token under a running function
                self.violate(f"BigCommerce was asked for nonsense: {found.endpoint}: {found.rule}")

    def _look_at(self, entry: BookEntry, book: list[BookEntry]) -> None:
        self.world.note(
            "gateway", f"{entry.kind.upper()} order {entry.order_id}: {entry.amount} {entry.currency} by {entry.by}"
        )
        if entry.kind in {"capture", "void"}:
            self._check_ended_once(entry, book)
        elif entry.by == "api":
            self._check_charge(entry, book)

    def _check_ended_once(self, entry: BookEntry, book: list[BookEntry]) -> None:
        ends = [one for one in book if one.charge == entry.charge and one.kind in {"capture", "void"}]
        if len(ends) > 1:
            self.violate(f"an authorization of order {entry.order_id} was ended twice: {ends[0].kind}, {entry.kind}")

    def _check_charge(self, entry: BookEntry, book: list[BookEntry]) -> None:
        key = (entry.store_hash, entry.order_id)
        refunded = {one.charge for one in book if one.kind == "refund"}
        posts, earlier = self.posts.of[key], [one for one in standing(book, key) if one is not entry]
        if not posts:
            self.violate(f"order {key} was charged by a request that nobody sent")
        if any(one.by == "api" and _is_again(one, entry) for one in earlier if one.number not in refunded):
            self.violate(f"order {key} was charged twice")
        seen_until = self.world.epoch + posts[-1].sent_at - _SEEN_AFTER
        if any(one.kind in CHARGES and one.by != "api" and one.at.timestamp() < seen_until for one in earlier):
            self.violate(f"order {key} was charged though it was paid")
        order = self.world.box.state.shops[key[0]].orders[key[1]]
        excluded = [exclusion(one, order, max(entry.amount, posts[-1].cost)) for one in posts[-1].policies]
        if all(excluded):
            self.violate(f"order {key} was charged though its policy excludes it: {excluded[0]}")
        self._check_amount(key, entry, earlier)

    def _check_amount(self, key: OrderKey, entry: BookEntry, earlier: list[BookEntry]) -> None:
        """No more than the order ever cost; the box refuses a PAT that is not for what is owed now."""
        covered = self.world.box.state.shops[key[0]].orders[key[1]].gift_certificate_amount
        taken = entry.amount + sum(one.amount for one in earlier if one.by == "api")
        if taken > max(self.world.totals[key]) - covered:
            self.violate(f"order {key} was charged {taken} where it cost {max(self.world.totals[key])} - {covered}")


def _is_again(one: BookEntry, other: BookEntry) -> bool:
    """Whether both take from the same purse: money of whatever kind is charged once; store credit may pay a part."""
    return (one.kind in CHARGES) == (other.kind in CHARGES)


# What a handler may raise or log: the world failed, and the message comes again.
_EXPECTED: Final = frozenset(
    {
        "AwsUnavailableError",
        "ClientError",
        "EndpointConnectionError",
        "ReadTimeoutError",
        "ConflictError",
        "TimeoutError",
    }
    | {"UnknownStoreError", "OutcomeUnknownError", "NotSentError", "RateLimitedError", "UnauthorizedError"}
    | {"RefusedError", "NotFoundError", "UnprocessableError", "DeclinedError", "InvalidInputError"},
)
