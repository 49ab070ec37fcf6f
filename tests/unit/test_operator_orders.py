"""What an operator's act leads to, over the days that follow: who is charged, and what the books say."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import OutcomeUnknownError
from bigcharge.domain.money import Money
from bigcharge.domain.operating import NotAllowedError, record_act
from bigcharge.domain.orders import OrderStatus, Transaction
from bigcharge.domain.policy import WhenFailed
from bigcharge.domain.states import State
from tests.fakes import incomplete_order
from tests.unit.order_world import POLICY, World, declined

PURCHASE = Transaction("t-1", "purchase", ok=True, money=Money(9800, "USD"))
PAID_ORDER = incomplete_order(status=OrderStatus.AWAITING_FULFILLMENT)


@pytest.fixture
def world() -> World:
    return World()


def act(world: World, kind: ActKind, transaction_id: str | None = None) -> Charge:
    return world.ledger.save(record_act(world.charge, Act(kind, "jane", "asked for", world.clock()), transaction_id))


def difference(world: World) -> str | None:
    return world.charge.difference


def leave_unknown(world: World) -> None:
    world.stores.policies = replace(POLICY, evidence_window=timedelta())  # zero: only a person may say so
    world.bigcommerce.answers = [OutcomeUnknownError("reset")]
    assert world.look().state is State.UNKNOWN


def test_a_card_that_was_refused_for_good_is_tried_once_more_by_an_operator(world: World) -> None:
    world.bigcommerce.answers = [declined(30102), declined(30102)]
    world.look()
    world.sweep_until(world.clock() + timedelta(days=1))
    assert len(world.bigcommerce.paid) == 1
    act(world, ActKind.RETRY)
    world.sweep_until(world.clock() + timedelta(days=30))
    assert len(world.bigcommerce.paid) == 2, "once, and not again and again"
    act(world, ActKind.RETRY)
    world.bigcommerce.answers = []
    assert world.look("operator").state is State.PAID


def test_a_failed_order_is_tried_once_more_and_fails_again(world: World) -> None:
    world.stores.policies = replace(POLICY, retry_after=())
    world.bigcommerce.answers = [declined(30106), declined(30106)]
    assert world.look().state is State.FAILED
    world.clock.pass_by(seconds=1)
    act(world, ActKind.RETRY)
    assert world.look("operator").state is State.FAILED
    world.sweep_until(world.clock() + timedelta(days=2))
    assert len(world.bigcommerce.paid) == 2
    assert [attempt.cause for attempt in world.charge.attempts] == ["store/order/created", "operator"]


def test_an_operator_does_not_go_around_the_policy(world: World) -> None:
    world.bigcommerce.order = incomplete_order(external_source="somebody else")
    assert world.look().state is State.SKIPPED
    act(world, ActKind.RETRY)
    assert world.look("operator").reason == "external_source_not_in_policy"
    assert world.bigcommerce.paid == []


def test_an_unknown_payment_is_charged_again_only_after_it_was_resolved_as_failed(world: World) -> None:
    leave_unknown(world)
    first = world.charge.attempts[0]
    with pytest.raises(NotAllowedError):
        act(world, ActKind.RETRY)
    while world.charge.state is State.UNKNOWN:
        try:
            act(world, ActKind.RESOLVE_FAILED)
        except NotAllowedError:
            world.clock.pass_by(minutes=1)
    assert world.clock() >= first.open_until
    act(world, ActKind.RETRY)
    assert world.look("operator").state is State.PAID
    assert [token.token_id for token, _ in world.bigcommerce.paid] == ["jti-1", "jti-2"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ActKind.RESOLVE_FAILED, Difference.PAID_ONLY_IN_BIGCOMMERCE),
        (ActKind.RESOLVE_PAID, None),
    ],
)
def test_what_an_operator_said_is_held_against_what_bigcommerce_shows_later(
    world: World, kind: ActKind, expected: Difference | None
) -> None:
    leave_unknown(world)
    world.clock.pass_by(hours=2)
    act(world, kind)
    world.bigcommerce.order, world.bigcommerce.transactions = PAID_ORDER, (PURCHASE,)
    world.sweep_until(world.clock() + timedelta(minutes=59))
    assert difference(world) is None
    world.sweep_until(world.clock() + timedelta(minutes=5))
    assert difference(world) == expected


def test_paid_by_an_operators_word_alone_shows_as_a_difference(world: World) -> None:
    leave_unknown(world)
    act(world, ActKind.RESOLVE_PAID, "t-9")
    world.sweep_until(world.clock() + timedelta(hours=2))
    assert (world.charge.state, difference(world)) == (State.PAID, Difference.PAID_ONLY_IN_LEDGER)


def test_resolved_as_failed_an_order_can_be_retried_before_the_policy_closes_it(world: World) -> None:
    leave_unknown(world)
    world.stores.policies = replace(POLICY, when_failed=WhenFailed.CANCEL)
    world.clock.pass_by(hours=2)
    act(world, ActKind.RESOLVE_FAILED)
    world.sweep_until(world.clock() + timedelta(minutes=30))
    assert world.bigcommerce.asked == []
    act(world, ActKind.RETRY)
    assert world.look("operator").state is State.PAID


def test_resolved_as_failed_and_left_so_an_order_is_closed_as_the_policy_says(world: World) -> None:
    leave_unknown(world)
    world.stores.policies = replace(POLICY, when_failed=WhenFailed.CANCEL)
    world.clock.pass_by(hours=2)
    act(world, ActKind.RESOLVE_FAILED)
    world.sweep_until(world.clock() + timedelta(minutes=62))
    assert world.bigcommerce.asked[0] == f"update_order {OrderStatus.CANCELLED}"


def test_a_repair_asks_once_and_the_books_agree_after_it(world: World) -> None:
    world.look()
    world.bigcommerce.transactions = (PURCHASE,)
    world.sweep_until(world.clock() + timedelta(hours=2))
    assert difference(world) == Difference.PAID_BUT_INCOMPLETE
    assert world.bigcommerce.asked == [], "nothing is repaired unless a person says so"
    act(world, ActKind.REPAIR)
    world.look("operator")
    assert world.bigcommerce.asked == [f"update_order {OrderStatus.AWAITING_FULFILLMENT}"]
    world.bigcommerce.order = PAID_ORDER
    world.sweep_until(world.clock() + timedelta(minutes=3))
    assert difference(world) is None
    assert len(world.bigcommerce.asked) == len(world.bigcommerce.paid) == 1


def test_an_operator_whose_clock_is_ahead_has_it_tried_when_that_time_comes(world: World) -> None:
    """Before it, a decline of the new attempt would seem older than the retry, and be tried again and again."""
    world.bigcommerce.answers = [declined(30102), declined(30102)]
    world.look()
    ahead = Act(ActKind.RETRY, "jane", "asked for", world.clock() + timedelta(minutes=5))
    world.ledger.save(record_act(world.charge, ahead))
    world.look("operator")
    assert len(world.bigcommerce.paid) == 1
    world.sweep_until(world.clock() + timedelta(days=30))
    assert len(world.bigcommerce.paid) == 2
