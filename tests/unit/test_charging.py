"""Charging a claimed order: the claim, the limit, the token, the attempt as written, and answers that come late."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge, move, with_last_attempt
from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import BigCommerceError, OutcomeUnknownError
from bigcharge.domain.money import Money
from bigcharge.domain.payment_instruments import StoredCard
from bigcharge.domain.policy import Policy, WhenFailed
from bigcharge.domain.states import State
from bigcharge.domain.tenders import Tender
from bigcharge.services.charging import Charging, HoldError
from tests.fakes import NOON, STORE, VISA, incomplete_order
from tests.unit.order_world import POLICY, World, declined

PRICE = Money(9800, "USD")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
CARD = Tender("stripe.card", VISA.fingerprint, StoredCard(VISA.token, "1111"), "visa", "1111", "2030-12")
EARLIER = Attempt(
    1, "sweep", "stripe.card", "other", PRICE, "jti-0", NOON - DAY, NOON - DAY, outcome=State.DECLINED, code=30106
)
CLAIM = Charge(STORE, 215, State.CLAIMED, NOON, customer_id=11, money=PRICE, due_at=NOON, version=1)


@pytest.fixture
def world() -> World:
    return World()


def keep(world: World, **changes: Any) -> Charge:
    """A claim of ours, in the ledger."""
    world.ledger.charges[STORE, 215] = replace(CLAIM, **changes)
    return world.charge


def charge(world: World, claim: Charge, policy: Policy = POLICY, seconds_left: float = 90.0) -> Charge:
    return Charging(world.ledger, world.clock).charge(world.case(claim, policy, seconds_left), incomplete_order(), CARD)


# ------------------------------------------------------------ the claim


def test_a_claim_keeps_others_away_for_half_a_minute(world: World) -> None:
    claim = Charging(world.ledger, world.clock).claim(replace(CLAIM, version=0))
    assert (claim.state, claim.reason, claim.due_at) == (State.CLAIMED, None, NOON + 30 * SECOND)
    assert claim == world.charge


@pytest.mark.parametrize(
    ("state", "reason", "kept"),
    [
        (State.CLAIMED, "rate_limited", "rate_limited"),
        (State.DECLINED, "insufficient_funds", None),
        (State.SKIPPED, "no_policy", None),
    ],
)
def test_what_a_claim_waits_for_goes_on_and_why_it_was_left_or_declined_is_over(
    world: World, state: State, reason: str, kept: str | None
) -> None:
    claim = Charging(world.ledger, world.clock).claim(keep(world, state=state, reason=reason, failed_looks=7))
    assert (claim.state, claim.reason, claim.failed_looks) == (State.CLAIMED, kept, 7)


# ------------------------------------------------------------ before the request


@pytest.mark.parametrize(
    ("policy", "looked_at"),
    [(POLICY, NOON + timedelta(hours=1)), (replace(POLICY, when_failed=WhenFailed.CANCEL), NOON)],
)
def test_past_the_limit_the_charge_has_failed_and_the_policy_says_what_becomes_of_the_order(
    world: World, policy: Policy, looked_at: object
) -> None:
    failed = charge(world, keep(world, attempts=(EARLIER,) * 20), policy)
    assert (failed.state, failed.reason, failed.due_at) == (State.FAILED, "attempt_limit", looked_at)
    assert (world.charge, world.bigcommerce.tokens) == (failed, [])


@pytest.mark.parametrize(
    "attempts",
    [
        (EARLIER,) * 19,
        (replace(EARLIER, sent_at=NOON - 30 * DAY - SECOND), *(EARLIER,) * 19),
        (*(EARLIER,) * 19, replace(EARLIER, outcome=State.CLAIMED)),
    ],
)
def test_the_limit_is_of_thirty_days_and_of_what_may_have_been_processed(
    world: World, attempts: tuple[Attempt, ...]
) -> None:
    assert charge(world, keep(world, attempts=attempts)).state is State.PAID


def test_what_was_sent_thirty_days_ago_to_the_second_counts_still(world: World) -> None:
    first = replace(EARLIER, sent_at=NOON - 30 * DAY)
    assert charge(world, keep(world, attempts=(first, *(EARLIER,) * 19))).state is State.FAILED


@pytest.mark.parametrize(("field", "value"), [("order_id", 216), ("money", Money(9801, "USD"))])
def test_law_4_a_token_that_pays_another_order_or_amount_is_not_sent(
    world: World, field: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = world.bigcommerce.create_access_token
    other: dict[str, Any] = {field: value}
    monkeypatch.setattr(world.bigcommerce, "create_access_token", lambda *of, **how: replace(make(*of, **how), **other))
    claim = keep(world)
    with pytest.raises(HoldError) as caught:
        charge(world, claim)
    assert caught.value.reason == "amount_changed"
    assert (world.charge, world.bigcommerce.paid) == (claim, [])


def test_a_payment_that_has_just_enough_time_is_made(world: World) -> None:
    claim = keep(world)
    with pytest.raises(HoldError) as caught:
        charge(world, claim, seconds_left=44.9)
    assert (caught.value.reason, world.charge) == ("out_of_time", claim)
    assert charge(world, claim, seconds_left=45.0).state is State.PAID


# ------------------------------------------------------------ the attempt


def test_law_1_everything_that_is_sent_is_written_before(world: World) -> None:
    seen: list[Charge] = []
    world.bigcommerce.before_pay = lambda: seen.append(world.charge)
    charge(world, keep(world, attempts=(EARLIER,), reason="rate_limited", failed_looks=3))
    attempt = Attempt(
        number=2,
        cause="store/order/created",
        method_id="stripe.card",
        instrument=VISA.fingerprint,
        money=PRICE,
        token_id="jti-1",
        token_expires_at=NOON + timedelta(hours=1),
        sent_at=NOON,
        brand="visa",
        last_4="1111",
        expiry="2030-12",
    )
    [submitted] = seen
    assert submitted.attempts == (EARLIER, attempt)
    assert (submitted.state, submitted.reason, submitted.failed_looks) == (State.SUBMITTING, None, 3)
    assert submitted.due_at == NOON + 30 * SECOND, "a lost sender is looked for within a minute"


@pytest.mark.parametrize("earlier", [(), (EARLIER,)])
def test_an_attempt_that_was_never_processed_gives_its_place_to_the_next(
    world: World, earlier: tuple[Attempt, ...]
) -> None:
    not_processed = replace(EARLIER, token_id="jti-9", outcome=State.CLAIMED)
    paid = charge(world, keep(world, attempts=(*earlier, not_processed)))
    assert paid.attempts[:-1] == earlier
    assert (paid.attempts[-1].token_id, paid.attempts[-1].number) == ("jti-1", len(earlier) + 1)


# ------------------------------------------------------------ answers that come late


@pytest.mark.parametrize("answer", [Payment("late", Answer.PAID), declined(30106), OutcomeUnknownError("no answer")])
@pytest.mark.parametrize(
    "state",
    [
        State.PAID,
        State.AUTHORIZED,
        State.PENDING,
        State.DECLINED,
        State.CLAIMED,
        State.FAILED,
        State.CANCELED,
        State.REFUNDED,
    ],
)
def test_an_answer_after_somebody_else_settled_the_attempt_is_not_written_over_it(
    world: World, state: State, answer: Payment | BigCommerceError
) -> None:
    def settle() -> None:
        sent = with_last_attempt(world.charge, outcome=state)
        world.ledger.save(move(sent, state, NOON, transaction_id="seen", due_at=NOON + DAY))

    world.bigcommerce.before_pay = settle
    world.bigcommerce.answers = [answer]
    settled = charge(world, keep(world))
    assert (settled.state, settled.transaction_id, settled.version) == (state, "seen", 3)
    assert settled == world.charge


def test_an_answer_is_written_however_often_others_look_for_it_meanwhile(world: World) -> None:
    looks = iter(range(3))

    def look_in_vain(saved: Charge) -> None:
        if saved.state is State.PAID and next(looks, None) is not None:
            sent = with_last_attempt(world.charge, outcome=State.UNKNOWN)
            world.ledger.save(move(sent, State.UNKNOWN, NOON, due_at=NOON + DAY))

    world.ledger.before_save = look_in_vain
    paid = charge(world, keep(world))
    assert (paid.state, paid.transaction_id, paid.attempts[-1].outcome) == (State.PAID, "payment-1", State.PAID)
    assert next(looks, None) is None


def test_an_answer_is_not_written_to_the_attempt_of_another(world: World) -> None:
    def overtake() -> None:
        others = replace(world.charge.attempts[-1], token_id="jti-2")
        world.ledger.save(replace(world.charge, attempts=(others,)))

    world.bigcommerce.before_pay = overtake
    stored = charge(world, keep(world))
    assert (stored.state, stored.attempts[-1].outcome) == (State.SUBMITTING, None)
    assert stored == world.charge
