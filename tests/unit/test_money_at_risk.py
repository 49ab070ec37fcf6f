"""Money at risk: late, stale and odd evidence, policies that come and go, operators at the worst moment."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain import books
from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.books import Difference, compare
from bigcharge.domain.charges import Charge
from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import (
    InvalidInputError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
)
from bigcharge.domain.events import charge_event
from bigcharge.domain.money import Money
from bigcharge.domain.operating import record_act
from bigcharge.domain.orders import Order, Transaction
from bigcharge.domain.policy import Capture, StoreCreditUse, WhenFailed
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause
from tests.fakes import CREDENTIALS, STORE, VISA, incomplete_order
from tests.unit.order_world import POLICY, World, declined


def shown(event: str, amount: int = 9800, *, ok: bool = True, is_credit: bool = False) -> Transaction:
    return Transaction("t-1", event, ok=ok, money=Money(amount, "USD"), failed=not ok, is_credit=is_credit)


PURCHASE, AUTH, CAP = shown("purchase"), shown("authorization"), shown("capture")
PAID_ORDER = incomplete_order(status=11)


@pytest.fixture
def world() -> World:
    return World()


def act(world: World, kind: ActKind) -> None:
    world.ledger.save(record_act(world.charge, Act(kind, "jane", "asked", world.clock())))


def authorize(world: World, capture: Capture) -> None:
    world.stores.policies = replace(POLICY, capture=capture)
    world.bigcommerce.answers = [Payment("p1", Answer.AUTHORIZED)]
    world.look()
    world.bigcommerce.order = PAID_ORDER
    world.bigcommerce.transactions = (AUTH,)


def test_a_given_up_attempt_whose_transaction_shows_before_the_next_one_is_not_charged_again(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("timeout; the gateway charged")]
    world.look()
    while world.charge.state is not State.CLAIMED:  # 25 h without a trace
        world.clock.pass_by(minutes=1)
        if world.charge.is_due(world.clock()):
            world.look("sweep")
    assert world.charge.reason == "no_trace_of_payment"
    world.bigcommerce.transactions = (PURCHASE,)  # late, the status still at 0
    world.look("sweep")
    assert len(world.bigcommerce.paid) == 1


def test_the_same_with_a_pause_of_three_days_between(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("timeout; the gateway charged")]
    world.look()
    while world.charge.state is not State.CLAIMED:
        world.clock.pass_by(minutes=1)
        if world.charge.is_due(world.clock()):
            world.look("sweep")
    world.ledger.pause(Pause(STORE, "x", 30000, CREDENTIALS.fingerprint, world.clock()))
    world.sweep_until(world.clock() + timedelta(days=3))
    world.bigcommerce.transactions = (PURCHASE,)
    world.ledger.resume(STORE)
    world.sweep_until(world.clock() + timedelta(hours=1))
    assert len(world.bigcommerce.paid) == 1


def test_a_retry_does_not_charge_an_order_with_a_standing_payment_that_stayed_incomplete(world: World) -> None:
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.bigcommerce.transactions = (shown("purchase"),)  # the shopper paid; status hangs at 0
    world.sweep_until(world.clock() + timedelta(days=2))
    assert len(world.bigcommerce.paid) == 1


def test_after_resolve_failed_a_retry_does_not_charge_what_shows_meanwhile_as_paid(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("t")]
    world.look()
    world.clock.pass_by(hours=2)
    act(world, ActKind.RESOLVE_FAILED)
    world.bigcommerce.transactions = (PURCHASE,)
    act(world, ActKind.RETRY)
    world.look("operator")
    assert len(world.bigcommerce.paid) == 1


def test_an_invalid_policy_does_not_give_up_what_the_policy_says_a_person_must_settle(world: World) -> None:
    world.stores.policies = replace(POLICY, evidence_window=timedelta())
    world.bigcommerce.answers = [OutcomeUnknownError("t; charged, gateway writes no transaction yet")]
    world.look()
    world.stores.policies = InvalidInputError("a typo")
    world.sweep_until(world.clock() + timedelta(days=4))
    world.stores.policies = replace(POLICY, evidence_window=timedelta())
    world.sweep_until(world.clock() + timedelta(days=1))
    assert (len(world.bigcommerce.paid), world.charge.state) == (1, State.UNKNOWN)


def test_nor_does_a_policy_that_was_withdrawn_for_a_while(world: World) -> None:
    world.stores.policies = replace(POLICY, evidence_window=timedelta(days=5))
    world.bigcommerce.answers = [OutcomeUnknownError("t")]
    world.look()
    world.stores.policies = None
    world.sweep_until(world.clock() + timedelta(days=3))
    world.stores.policies = replace(POLICY, evidence_window=timedelta(days=5))
    world.sweep_until(world.clock() + timedelta(days=1, hours=1))
    assert len(world.bigcommerce.paid) == 1


def test_the_failed_settlement_of_an_earlier_bank_payment_says_nothing_of_the_present_one(world: World) -> None:
    world.bigcommerce.answers = [
        Payment("bank-1", Answer.PENDING),
        Payment("bank-2", Answer.PENDING),
        Payment("bank-3", Answer.PENDING),
    ]
    world.look()
    first = tuple(replace(one, created_at=world.clock()) for one in (shown("pending"), shown("settled", ok=False)))
    world.bigcommerce.transactions = first
    world.clock.pass_by(minutes=1)
    assert world.look("sweep").state is State.FAILED
    world.clock.pass_by(minutes=5)
    act(world, ActKind.RETRY)
    world.look("operator")
    assert world.charge.state is State.PENDING
    world.bigcommerce.transactions = (*first, shown("pending"))  # on its way
    world.clock.pass_by(minutes=1)
    assert world.look("sweep").state is State.PENDING


def test_nor_of_one_whose_outcome_is_unknown(world: World) -> None:
    world.bigcommerce.answers = [Payment("bank-1", Answer.PENDING), OutcomeUnknownError("t")]
    world.look()
    world.bigcommerce.transactions = tuple(
        replace(one, created_at=world.clock()) for one in (shown("pending"), shown("settled", ok=False))
    )
    world.clock.pass_by(minutes=1)
    world.look("sweep")
    world.clock.pass_by(minutes=5)
    act(world, ActKind.RETRY)
    world.look("operator")
    assert world.charge.state is State.UNKNOWN
    for _ in range(3):
        world.clock.pass_by(minutes=3)
        world.look("sweep")
    assert world.charge.state is State.UNKNOWN  # its token lives for an hour


def test_an_answer_is_not_written_to_another_attempt_of_the_same_number(world: World) -> None:
    """The reply to one worker's write is lost; another sends; the first repeats its write, and reads again."""
    lost: list[Charge] = []

    def overtake(charge: Charge) -> None:
        is_taken_back = bool(charge.attempts) and charge.attempts[-1].outcome is State.CLAIMED
        if is_taken_back and not lost:
            lost.append(charge)
            world.ledger.save(charge)
            world.clock.pass_by(seconds=5)
            world.look("sweep")

    world.ledger.before_save = overtake
    world.bigcommerce.answers = [NotSentError("refused"), OutcomeUnknownError("charged")]
    world.look()
    world.sweep_until(world.clock() + timedelta(minutes=5))
    assert (len(lost), len(world.bigcommerce.paid)) == (1, 2)


def test_part_paid_and_pending_by_the_shoppers_own_bank_payment_is_not_charged(world: World) -> None:
    world.stores.policies = replace(POLICY, store_credit=StoreCreditUse.FIRST)
    world.bigcommerce.answers = [Payment("c", Answer.PAID), declined(30106)]
    world.look()
    world.bigcommerce.order = incomplete_order(amount=6800, status=1, store_credit=3000)
    world.look()
    assert world.charge.state is State.DECLINED
    world.bigcommerce.transactions = (shown("purchase", amount=3000, is_credit=True), shown("pending", amount=6800))
    world.sweep_until(world.clock() + timedelta(days=2))
    assert len(world.bigcommerce.paid) == 2


@pytest.mark.parametrize("event", ["purchase", "pending", "authorization"])
def test_when_failed_closes_no_order_whose_transactions_show_money(world: World, event: str) -> None:
    world.stores.policies = replace(POLICY, retry_after=(), when_failed=WhenFailed.CANCEL)
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.bigcommerce.transactions = (shown(event),)  # the shopper paid; the order read is behind
    world.look("sweep")
    assert world.bigcommerce.asked == []


def test_resolved_failed_too_early_is_not_cancelled_when_the_payment_shows(world: World) -> None:
    world.stores.policies = replace(POLICY, when_failed=WhenFailed.CANCEL)
    world.bigcommerce.answers = [OutcomeUnknownError("t")]
    world.look()
    world.clock.pass_by(hours=2)
    act(world, ActKind.RESOLVE_FAILED)
    world.bigcommerce.transactions = (PURCHASE,)  # paid but Incomplete
    world.sweep_until(world.clock() + timedelta(hours=2))
    assert (world.bigcommerce.asked, world.charge.difference) == ([], Difference.PAID_ONLY_IN_BIGCOMMERCE)


def test_an_order_that_store_credit_paid_in_part_is_not_closed_in_silence(world: World) -> None:
    world.stores.policies = replace(
        POLICY, retry_after=(), store_credit=StoreCreditUse.FIRST, when_failed=WhenFailed.CANCEL
    )
    world.bigcommerce.answers = [Payment("c", Answer.PAID), declined(30104)]
    world.look()
    world.bigcommerce.order = incomplete_order(amount=6800, status=1, store_credit=3000)
    world.look()
    assert world.charge.state is State.FAILED
    world.sweep_until(world.clock() + timedelta(days=1))
    assert world.bigcommerce.asked == []


@pytest.mark.parametrize("status", [5, 6])
def test_nothing_is_captured_for_an_order_that_was_cancelled(world: World, status: int) -> None:
    authorize(world, Capture.AT_ONCE)
    world.bigcommerce.order = incomplete_order(status=status)
    world.sweep_until(world.clock() + timedelta(hours=2))
    assert "capture_payment" not in world.bigcommerce.asked


def test_another_amount_than_owed_is_not_captured(world: World) -> None:
    authorize(world, Capture.WHEN_SHIPPED)
    world.bigcommerce.order = incomplete_order(amount=5000, status=2)
    world.look("store/order/statusUpdated")
    assert world.bigcommerce.asked == []


def test_a_capture_that_was_never_sent_counts_as_no_request(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    world.bigcommerce.trouble["capture_payment"] = RateLimitedError(30)
    world.sweep_until(world.clock() + timedelta(minutes=15))
    world.bigcommerce.trouble.clear()
    world.bigcommerce.asked.clear()
    world.sweep_until(world.clock() + timedelta(days=5))
    assert world.bigcommerce.asked[:1] == ["capture_payment"]


def test_one_404_does_not_end_the_wish_to_capture(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    order, world.bigcommerce.order = world.bigcommerce.order, None
    world.look("sweep")
    world.bigcommerce.order = order
    world.queue.sent.clear()
    world.sweep_until(world.clock() + timedelta(days=2))
    assert "capture_payment" in world.bigcommerce.asked


def test_what_was_given_to_a_person_is_looked_at_daily_and_not_each_quarter_hour(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    world.bigcommerce.trouble["capture_payment"] = RefusedError(422)
    world.sweep_until(world.clock() + timedelta(days=6))
    assert world.sweep_until(world.clock() + timedelta(days=10)) <= 11


@pytest.mark.parametrize("kind", [ActKind.VOID, ActKind.CAPTURE])
def test_an_operators_act_on_one_authorization_is_none_on_the_next(world: World, kind: ActKind) -> None:
    authorize(world, Capture.NEVER)
    act(world, kind)
    world.look("operator")
    world.bigcommerce.transactions = (AUTH, shown("void"))
    assert world.look("store/order/transaction/created").state is State.CANCELED
    world.bigcommerce.order = incomplete_order()
    world.bigcommerce.asked.clear()
    world.bigcommerce.answers = [Payment("p2", Answer.AUTHORIZED)]
    world.clock.pass_by(minutes=5)
    act(world, ActKind.RETRY)
    world.look("operator")
    world.bigcommerce.order = PAID_ORDER
    world.bigcommerce.transactions = (AUTH, shown("void"), shown("authorization"))
    assert world.charge.state is State.AUTHORIZED
    world.look("store/order/transaction/created")
    assert world.bigcommerce.asked == []


@pytest.mark.parametrize("captures", [(9700,), (4000, 5800)])
def test_an_authorization_captured_by_hand_in_other_amounts_is_not_captured_again(
    world: World, captures: tuple[int, ...]
) -> None:
    authorize(world, Capture.WHEN_SHIPPED)
    world.bigcommerce.transactions = (AUTH, *(shown("capture", amount=a) for a in captures))
    world.bigcommerce.order = incomplete_order(status=2)
    world.look("store/order/statusUpdated")
    assert world.bigcommerce.asked == []


def test_an_authorization_without_a_capture_policy_is_looked_after_though_webhooks_are_lost(world: World) -> None:
    authorize(world, Capture.NEVER)
    world.bigcommerce.transactions = (AUTH, CAP)  # captured by hand, webhook lost
    world.sweep_until(world.clock() + timedelta(days=3))
    assert books.seem_different(world.charge, PAID_ORDER) or world.charge.state is State.PAID


def cover_whole(world: World) -> None:
    world.stores.policies = replace(POLICY, store_credit=StoreCreditUse.FIRST)
    world.look()
    world.bigcommerce.order = incomplete_order(amount=0, status=11, store_credit=9800)


def test_store_credit_that_paid_all_is_recorded_also_after_the_policy_was_away_for_a_moment(world: World) -> None:
    cover_whole(world)
    policy, world.stores.policies = world.stores.policies, None
    world.look()
    assert world.charge.state in {State.PAID, State.SKIPPED}
    world.stores.policies = policy
    world.clock.pass_by(days=1)
    assert world.look("sweep").state in {State.PAID, State.PAID_ELSEWHERE}


def test_a_declined_rest_that_more_store_credit_covers_is_no_fault(world: World) -> None:
    world.stores.policies = replace(POLICY, store_credit=StoreCreditUse.FIRST)
    world.bigcommerce.answers = [Payment("c", Answer.PAID), declined(30106)]
    world.look()
    world.bigcommerce.order = incomplete_order(amount=6800, status=1, store_credit=3000)
    world.look()
    world.bigcommerce.order = incomplete_order(amount=0, status=11, store_credit=9800)
    world.clock.pass_by(days=1)
    assert world.look("sweep").state in {State.PAID, State.PAID_ELSEWHERE}


@pytest.mark.parametrize(
    ("transactions", "order", "expected"),
    [
        pytest.param(
            (PURCHASE, shown("refund", amount=2000)),
            incomplete_order(amount=7800, status=11),
            None,
            id="refund in part, then the order edited to the rest",
        ),
        pytest.param((PURCHASE, shown("settled")), incomplete_order(status=11), None, id="purchase and its settlement"),
        pytest.param(
            (AUTH, shown("capture", amount=4000), shown("capture", amount=5800)),
            incomplete_order(status=11),
            None,
            id="captured in two parts",
        ),
        pytest.param(
            (PURCHASE, shown("purchase"), shown("refund", amount=5000), shown("refund", amount=4800)),
            incomplete_order(status=11),
            None,
            id="second payment returned in two refunds",
        ),
        pytest.param(
            (AUTH, shown("void"), PURCHASE, shown("purchase")),
            incomplete_order(status=11),
            Difference.PAID_TWICE,
            id="voided authorization, then two purchases",
        ),
    ],
)
def test_what_was_settled_captured_or_given_back_in_parts_is_no_difference(
    world: World, transactions: tuple[Transaction, ...], order: Order, expected: Difference | None
) -> None:
    assert compare(world.look(), order, transactions) == expected


@pytest.mark.parametrize("back", ["refund", "void"])
@pytest.mark.parametrize("status", [5, 11])
def test_money_that_was_given_back_whole_is_refunded_whatever_the_status(world: World, back: str, status: int) -> None:
    world.look()
    world.bigcommerce.order = incomplete_order(status=status)
    world.bigcommerce.transactions = (PURCHASE, shown(back))
    world.sweep_until(world.clock() + timedelta(hours=2))
    assert (world.charge.state, world.charge.difference) == (State.REFUNDED, None)


def test_a_shopper_who_paid_soon_after_the_failure_is_found(world: World) -> None:
    world.stores.policies = replace(POLICY, retry_after=())
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.clock.pass_by(minutes=30)
    world.bigcommerce.order = PAID_ORDER
    world.bigcommerce.transactions = (PURCHASE,)
    world.look(books.CAUSE)  # the hourly walk; its next one begins ten minutes before its newest order
    world.sweep_until(world.clock() + timedelta(days=3))
    assert world.charge.difference == Difference.PAID_ONLY_IN_BIGCOMMERCE


def test_a_bank_payment_that_settles_after_it_was_called_failed_is_found(world: World) -> None:
    world.bigcommerce.answers = [Payment("bank", Answer.PENDING)]
    world.look()
    world.bigcommerce.order = incomplete_order(status=6)  # a person set it to Declined
    world.clock.pass_by(minutes=1)
    assert world.look("sweep").state is State.FAILED
    world.clock.pass_by(days=2)
    world.bigcommerce.transactions = (shown("pending"), shown("settled"))
    world.look("store/order/transaction/created")
    seen = world.charge.difference or books.seem_different(world.charge, world.bigcommerce.order)
    assert seen


def test_store_credit_taken_for_a_failed_order_is_a_difference(world: World) -> None:
    world.stores.policies = replace(POLICY, retry_after=(), store_credit=StoreCreditUse.FIRST)
    world.bigcommerce.answers = [Payment("c", Answer.PAID), declined(30104)]
    world.look()
    world.bigcommerce.order = incomplete_order(amount=6800, status=1, store_credit=3000)
    world.look()
    world.bigcommerce.transactions = (shown("purchase", amount=3000, is_credit=True),)
    world.clock.pass_by(hours=2)
    assert world.look(books.CAUSE).difference is not None


def test_a_repair_is_not_announced_as_a_charge(world: World) -> None:
    world.look()
    world.bigcommerce.order = incomplete_order()
    world.bigcommerce.transactions = (PURCHASE,)
    world.sweep_until(world.clock() + timedelta(hours=2))
    old = world.charge
    act(world, ActKind.REPAIR)
    event = charge_event(old, world.charge)
    assert event is None or event.detail_type != "order.charged"


def test_books_that_agree_call_nobody(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    old = replace(world.charge, reason="needs_a_person", difference="paid_twice")
    event = charge_event(old, replace(old, difference=None))
    assert event is not None
    assert event.alarm is None


def test_a_look_that_fails_brings_no_capture_forward(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    world.look("sweep")
    world.bigcommerce.trouble["get_transactions"] = OutcomeUnknownError("away")
    world.look("store/order/statusUpdated")
    world.bigcommerce.trouble.clear()
    world.sweep_until(world.clock() + timedelta(minutes=55))
    assert world.bigcommerce.asked == ["capture_payment"]


def test_a_pause_brings_no_capture_forward(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    world.look("sweep")
    world.ledger.pause(Pause(STORE, "x", 30000, CREDENTIALS.fingerprint, world.clock()))
    world.look("store/order/statusUpdated")
    world.ledger.resume(STORE)
    world.sweep_until(world.clock() + timedelta(minutes=55))
    assert world.bigcommerce.asked == ["capture_payment"]


def test_an_operator_asks_for_no_second_capture_while_the_first_may_still_show(world: World) -> None:
    authorize(world, Capture.AT_ONCE)
    world.look("sweep")
    act(world, ActKind.CAPTURE)
    world.look("operator")
    assert world.bigcommerce.asked == ["capture_payment"]


def test_an_instrument_whose_news_was_lost_is_found_within_a_day(world: World) -> None:
    world.bigcommerce.instruments = ()
    world.look()
    world.sweep_until(world.clock() + timedelta(days=3))
    world.bigcommerce.instruments = (VISA,)
    world.sweep_until(world.clock() + timedelta(days=1, minutes=2))
    assert world.charge.state is State.PAID


def test_an_order_that_waits_for_an_instrument_is_not_looked_at_for_ever(world: World) -> None:
    world.bigcommerce.instruments = ()
    world.look()
    looks = world.sweep_until(world.clock() + timedelta(days=40))
    assert (looks <= 33, world.charge.due_at) == (True, None)
