"""The judge: what must never happen, seen from the gateway's book and from what left on the wire."""

import base64
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.bigcommerce.transport import Answer, Request
from sandbox.bigcommerce.book import CHARGES, BookEntry
from tests.simulation.policies import Policy, exclusion

if TYPE_CHECKING:
    from tests.simulation.environments import Environment
    from tests.simulation.world import World

type OrderKey = tuple[str, int]

# BigCommerce's codes that prove that nothing was charged (design, law 7), told apart by what may follow.
_SCHEDULED: Final = frozenset({30104, 30106})
_FOR_GOOD: Final = frozenset({30051, 30102, 30103, 30107})
_PROOFS: Final = _SCHEDULED | _FOR_GOOD | {3001, 10001, 30000, 30001, 30002, 30003, 30004, 30101}
_CLOCKS: Final = 12.0  # seconds by which two processes' clocks may differ, with room
_MOST_ATTEMPTS: Final = 20
_WINDOW: Final = 30 * 86400.0
_TOO_MANY: Final = 429


@dataclass(slots=True, eq=False)
class Post:
    """One payment request that left.

    Attributes:
        token_id: the PAT's `jti`.
        expires: the PAT's `exp`, in seconds since 1970.
        instrument: the fingerprint of what it charges; "store_credit" and the like for what is none.
        sent_at: on the timeline.
        code: of an answer that proves that nothing was charged; 0: accepted; None: nobody knows.
        is_known: whether its outcome is written down, or nobody needs to know it any more.
    """

    token_id: str
    expires: float
    instrument: str
    sent_at: float
    code: int | None = None
    is_known: bool = False


class Violation(BaseException):
    """An invariant does not hold; the run ends here."""


@dataclass(slots=True)
class Judge:
    """Watches one world.

    Attributes:
        posts: every payment request that left, by order.
    """

    world: "World"
    posts: dict[OrderKey, list[Post]] = field(default_factory=lambda: defaultdict(list))
    _seen: int = 0
    _violations: int = 0

    def violate(self, rule: str) -> None:
        """Say what does not hold.

        Raises:
            Violation: always.
        """
        self.world.note("judge", f"VIOLATION: {rule}")
        raise Violation(rule)

    def read_token(self, request: Request) -> Any:
        """The claims of a payment's PAT."""
        payload = request.headers["Authorization"].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=="))

    def token_asked(self, environment: "Environment", order_id: int | None) -> None:
        """No second PAT is made while one that was sent has no known outcome (law 2)."""
        store_hash = environment.subject.split(" ")[-1].partition("#")[0]
        self._check_fence((store_hash, order_id or 0), "a PAT was made")

    def payment_sent(self, environment: "Environment", request: Request) -> None:
        """Whatever is to be true when a payment request leaves."""
        claims = self.read_token(request)
        key = (request.path.split("/")[2], int(claims["data"]["order_id"]))
        instrument = json.loads(request.body or b"{}")["payment"]["instrument"]
        token = instrument.get("token")
        name = sha256(token.encode()).hexdigest()[:16] if token else str(instrument["type"])
        self.world.note(
            environment.name,
            f"PAYS order {key[1]}: {claims['data']['amount']} {claims['data']['currency']} with {name}",
        )
        self._check_fence(key, "a payment was sent")
        self._check_durable(key, claims)
        owed = claims["data"]["amount"], claims["data"]["currency"]
        if environment.owed not in {None, owed}:
            self.violate(f"order {key} read as owing {environment.owed}, and its PAT charges {owed}")
        self._check_pace(key, name)
        post = Post(claims["jti"], float(claims["exp"]), name, self.world.timeline.now)
        self.posts[key].append(post)

    def payment_answered(self, environment: "Environment", request: Request, answer: Answer) -> None:
        """An answer that proves something came; it is known when its process has written something down."""
        token_id = self.read_token(request)["jti"]
        post = next(post for posts in self.posts.values() for post in posts if post.token_id == token_id)
        post.code = _read_code(answer)
        if post.code is not None:
            environment.learned.append(post)

    def excuse(self, key: OrderKey) -> None:
        """A person has taken the order in hand: what went before is known."""
        for post in self.posts[key]:
            post.is_known, post.code, post.instrument = True, _TOO_MANY, ""

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
            if entry.kind in CHARGES or entry.kind == "store_credit":
                self._look_at(entry, book[: self._seen])
        for found in self.world.box.state.violations[self._violations :]:
            self._violations += 1
            if not found.rule.startswith("Unauthorized"):  # a merchant may rotate a token under a running function
                self.violate(f"BigCommerce was asked for nonsense: {found.endpoint}: {found.rule}")

    def _look_at(self, entry: BookEntry, book: list[BookEntry]) -> None:
        key = (entry.store_hash, entry.order_id)
        self.world.note(
            "gateway", f"{entry.kind.upper()} order {entry.order_id}: {entry.amount} {entry.currency} by {entry.by}"
        )
        if entry.by != "api":
            return
        earlier = [one for one in standing(book, key) if one is not entry]
        if not self.posts[key]:
            self.violate(f"order {key} was charged by a request that nobody sent")
        if any(one.by == "api" and one.kind == entry.kind for one in earlier):
            self.violate(f"order {key} was charged twice")
        sent_at = self.world.epoch + self.posts[key][-1].sent_at
        if any(one.kind in CHARGES and one.by != "api" and one.at.timestamp() < sent_at - _CLOCKS for one in earlier):
            self.violate(f"order {key} was charged though it was paid")
        order = self.world.box.state.shops[key[0]].orders[key[1]]
        excluded = exclusion(self.world.policies[key[0]], order, max(entry.amount, order.total))
        if excluded:
            self.violate(f"order {key} was charged though its policy excludes it: {excluded}")
        self._check_amount(key, entry, earlier)

    def _check_amount(self, key: OrderKey, entry: BookEntry, earlier: list[BookEntry]) -> None:
        """No more than the order ever cost; the box refuses a PAT that is not for what is owed now."""
        taken = entry.amount + sum(one.amount for one in earlier if one.by == "api")
        if taken > max(self.world.totals[key]):
            self.violate(f"order {key} was charged {taken} where it cost {max(self.world.totals[key])}")

    def _check_fence(self, key: OrderKey, what: str) -> None:
        window = Policy.of(self.world.policies[key[0]]).evidence_window
        now = self.world.epoch + self.world.timeline.now
        for post in self.posts[key]:
            has_evidence = window > 0 and now >= post.expires + window - _CLOCKS
            if not post.is_known and not has_evidence and not self._shows_credit(key, post):
                self.violate(f"{what} for order {key} while the outcome of an earlier payment is not known")
            if post.code == 0 and post.instrument != "store_credit" and not has_evidence:
                self.violate(f"{what} for order {key} after a payment that was accepted")

    def _shows_credit(self, key: OrderKey, post: Post) -> bool:
        """Whether the order shows that this store credit was used: then its rest may be charged."""
        entries = (one for one in self.world.box.state.book if (one.store_hash, one.order_id) == key)
        return post.instrument == "store_credit" and any(one.kind == "store_credit" for one in entries)

    def _check_durable(self, key: OrderKey, claims: Mapping[str, Any]) -> None:
        """An attempt with this PAT, its amount and its expiry stands in the ledger (law 1)."""
        item = self.world.ledger.items.get((f"{key[0]}#{key[1]}", ""), {})
        attempts = [attempt["M"] for attempt in item.get("attempts", {}).get("L", ())]
        attempt = next((one for one in attempts if one["token_id"]["S"] == claims["jti"]), None)
        if attempt is None:
            self.violate(f"a payment for order {key} left before its attempt was durable")
            return
        money = int(attempt["amount"]["N"]), attempt["currency"]["S"]
        if money != (claims["data"]["amount"], claims["data"]["currency"]):
            self.violate(f"the attempt for order {key} has another amount than its PAT")

    def _check_pace(self, key: OrderKey, instrument: str) -> None:
        """Retries are never earlier than the policy has it, and never more than the networks allow."""
        posts, now = self.posts[key], self.world.timeline.now
        counted = [post for post in posts if now - post.sent_at < _WINDOW and post.code != _TOO_MANY]
        if len(counted) >= _MOST_ATTEMPTS:
            self.violate(f"order {key} was tried more than {_MOST_ATTEMPTS} times in 30 days")
        refused = [post for post in posts if post.is_known and post.code in _FOR_GOOD and post.instrument == instrument]
        if refused:
            self.violate(
                f"order {key} was tried again with an instrument that was refused for good ({refused[0].code})"
            )
        waits = Policy.of(self.world.policies[key[0]]).retry_after
        known = [post for post in posts if post.is_known and post.instrument == instrument != "store_credit"]
        scheduled = [post for post in known if post.code in _SCHEDULED]
        if len(scheduled) > len(waits):
            self.violate(f"order {key} was tried again after the last retry")
        elif scheduled and now < scheduled[-1].sent_at + waits[len(scheduled) - 1] - _CLOCKS:
            self.violate(f"order {key} was tried again earlier than its policy has it")


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


def standing(book: list[BookEntry], key: OrderKey) -> list[BookEntry]:
    """The charges of an order that stand, store credit with them."""
    of_order = [entry for entry in book if (entry.store_hash, entry.order_id) == key]
    undone = {entry.charge for entry in of_order if entry.kind in {"void", "failed"}}
    kinds = CHARGES | {"store_credit", "gift_certificate"}
    return [entry for entry in of_order if entry.kind in kinds and entry.number not in undone]


def read_owed(answer: Answer) -> tuple[int, str] | None:
    """What an order that was read still owed, in minor units; None where the answer does not say."""
    document = answer.document()
    if answer.status != HTTPStatus.OK or not isinstance(document, dict) or "total_inc_tax" not in document:
        return None
    covered = ("store_credit_amount", "gift_certificate_amount")
    owed = Decimal(document["total_inc_tax"]) - sum(Decimal(document[name]) for name in covered)
    currency = str(document["currency_code"])
    return int(owed * (1 if currency == "JPY" else 100)), currency


def _read_code(answer: Answer) -> int | None:
    """0: accepted; a code or 429: certainly not charged; None: nobody knows."""
    document = answer.document()
    if answer.status == _TOO_MANY:
        return _TOO_MANY
    if not isinstance(document, dict):
        return None
    data, code = document.get("data"), document.get("code")
    if 200 <= answer.status < 300:
        is_payment = isinstance(data, dict) and isinstance(data.get("id"), str) and "transaction_type" in data
        return 0 if is_payment else None
    return int(str(code)) if 400 <= answer.status < 500 and str(code).isdigit() and int(str(code)) in _PROOFS else None
