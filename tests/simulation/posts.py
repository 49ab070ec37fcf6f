"""The judge's rules for payment requests: durable first, one at a time, at the policy's pace, of the order's amount."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.bigcommerce.transport import Answer, Request
from bigcharge.domain.acts import ActKind
from tests.simulation.answers import FOR_GOOD, PROOFS, SCHEDULED, TOO_MANY, read_claims, read_code
from tests.simulation.books import OrderKey, lines_of, standing
from tests.simulation.consents import STORE_CREDIT, name_token
from tests.simulation.policies import Policy

if TYPE_CHECKING:
    from tests.simulation.environments import Environment
    from tests.simulation.policies import Document
    from tests.simulation.world import World

# Store credit is asked for again after what says nothing of it: the order or the store was refused, or the rate.
_OF_ANOTHER: Final = frozenset({None, TOO_MANY, 30000, 30001, 30002, 30003, 30004, 30101})
CLOCKS: Final = 12.0  # seconds by which two processes' clocks may differ, with room
_MOST_ATTEMPTS: Final = 20
_WINDOW: Final = 30 * 86400.0


@dataclass(slots=True, eq=False)
class Post:
    """One payment request that left.

    Attributes:
        token_id: the PAT's `jti`.
        expires: the PAT's `exp`, in seconds since 1970.
        instrument: the fingerprint of what it charges; "store_credit" and the like for what is none.
        sent_at: on the timeline.
        sent_time: the same moment, aware UTC.
        policies: by which it may have been sent.
        cost: what its order cost then beside a gift certificate, in minor units.
        code: of an answer that proves that nothing was charged; 0: accepted; None: nobody knows.
        is_known: whether its outcome is written down, or nobody needs to know it any more.
        is_excused: whether an operator had the order tried again since: it holds nothing up any more.
    """

    token_id: str
    expires: float
    instrument: str
    sent_at: float
    sent_time: datetime
    policies: "tuple[Document | None, ...]"
    cost: int
    code: int | None = None
    is_known: bool = False
    is_excused: bool = False


@dataclass(slots=True)
class Posts:
    """Watches the payment requests of one world.

    Attributes:
        violate: says what does not hold, and ends the run.
        of: every payment request that left, by order.
    """

    world: "World"
    violate: Callable[[str], None]
    of: dict[OrderKey, list[Post]] = field(default_factory=lambda: defaultdict(list))

    def token_asked(self, environment: "Environment", key: OrderKey) -> None:
        """No second PAT is made while one that was sent has no known outcome (law 2).

        Except by a look whose claim an operator's retry cut short: it cannot know, and what it writes next fails.
        """
        acts = self.world.operators.acts[key]
        if not any(kind is ActKind.RETRY and at >= environment.began_at for at, kind in acts):
            self._check_fence(key, "a PAT was made")

    def sent(self, environment: "Environment", request: Request) -> None:
        """Whatever is to be true when a payment request leaves."""
        claims = read_claims(request)
        key = (request.path.split("/")[2], int(claims["data"]["order_id"]))
        owed = claims["data"]["amount"], claims["data"]["currency"]
        name = _name(json.loads(request.body or b"{}")["payment"]["instrument"])
        self.world.note(environment.name, f"PAYS order {key[1]}: {owed[0]} {owed[1]} with {name}")
        self._check_fence(key, "a payment was sent")
        self._check_durable(key, claims)
        if environment.order is not None and environment.order.owed != owed:
            self.violate(f"order {key} read as owing {environment.order.owed}, and its PAT charges {owed}")
        self._check_pace(key, name)
        policies = self.world.policies.between(key[0], environment.believes_since, self.world.timeline.now)
        self.world.judge.consents.check(environment, key, name, policies)
        order = self.world.box.state.shops[key[0]].orders[key[1]]
        cost = order.total - order.gift_certificate_amount
        sent = self.world.timeline.now, self.world.timeline.present()
        self.of[key].append(Post(claims["jti"], float(claims["exp"]), name, *sent, policies, cost))

    def answered(self, environment: "Environment", request: Request, answer: Answer) -> None:
        """An answer that proves something came; it is known when its process has written something down."""
        token_id = read_claims(request)["jti"]
        post = next(post for posts in self.of.values() for post in posts if post.token_id == token_id)
        post.code = read_code(answer)
        if post.code is not None:
            environment.learned.append(post)

    def saved(self, key: OrderKey, attempts: list[Any]) -> None:
        """What the ledger says of a payment is what BigCommerce answered."""
        declined = {one["M"]["token_id"]["S"] for one in attempts if one["M"].get("outcome", {}).get("S") == "declined"}
        for post in self.of[key] if declined else ():
            if post.token_id in declined and post.code not in PROOFS:
                self.violate(f"a payment for order {key} counts as declined, and BigCommerce did not decline it")

    def retried(self, key: OrderKey) -> None:
        """An operator has an order tried again: waits and refusals of before do not count, nor does what was undone."""
        has_money = any(entry.by == "api" for entry in standing(self.world.box.state.book, key))
        for post in self.of[key]:
            post.is_excused = post.is_excused or not has_money or post.code != 0

    def resolved(self, key: OrderKey) -> None:
        """An operator says what became of a payment: it is known, if it can no more be made."""
        for post in self.of[key]:
            post.is_known = post.is_known or self._now() >= post.expires

    def _now(self) -> float:
        return self.world.epoch + self.world.timeline.now

    def _policy(self, key: OrderKey) -> Policy:
        return Policy.of(self.world.policies.planned[key[0]])

    def _check_fence(self, key: OrderKey, what: str) -> None:
        window = self._policy(key).evidence_window
        for post in self.of[key]:
            has_evidence = window > 0 and self._now() >= post.expires + window - CLOCKS
            if not post.is_known and not has_evidence and not self._shows_credit(key, post):
                self.violate(f"{what} for order {key} while the outcome of an earlier payment is not known")
            is_accepted = post.code == 0 and post.instrument != STORE_CREDIT and not post.is_excused
            if is_accepted and not has_evidence:
                self.violate(f"{what} for order {key} after a payment that was accepted")

    def _shows_credit(self, key: OrderKey, post: Post) -> bool:
        """Whether the order shows that this store credit was used: then its rest may be charged."""
        is_credit = post.instrument == STORE_CREDIT
        return is_credit and any(one.kind == STORE_CREDIT for one in lines_of(self.world.box.state.book, key))

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
        posts, now = self.of[key], self.world.timeline.now
        counted = [post for post in posts if now - post.sent_at < _WINDOW and post.code != TOO_MANY]
        if len(counted) >= _MOST_ATTEMPTS:
            self.violate(f"order {key} was tried more than {_MOST_ATTEMPTS} times in 30 days")
        known = [post for post in posts if post.is_known and post.instrument == instrument]
        if instrument == STORE_CREDIT:
            if any(post.code not in _OF_ANOTHER and not post.is_excused for post in known):
                self.violate(f"order {key} was tried with store credit again, after a clear answer")
            return
        holding = [post for post in known if not post.is_excused]
        refused = [post for post in holding if post.code in FOR_GOOD]
        if refused:
            self.violate(f"order {key} was tried again with an instrument that was refused for good")
        self._check_schedule(key, [post for post in holding if post.code in SCHEDULED])

    def _check_schedule(self, key: OrderKey, declined: list[Post]) -> None:
        policy = self._policy(key)
        if len(declined) > len(policy.retry_after):
            self.violate(f"order {key} was tried again after the last retry")
        elif declined:
            earliest = policy.earliest_retry(declined[-1].sent_time, len(declined) - 1)
            if (earliest - self.world.timeline.present()).total_seconds() > CLOCKS:
                self.violate(f"order {key} was tried again earlier than its policy has it")


def _name(instrument: Mapping[str, Any]) -> str:
    """What a request charges, as the ledger names it."""
    token = instrument.get("token")
    return name_token(token) if token else str(instrument["type"])
