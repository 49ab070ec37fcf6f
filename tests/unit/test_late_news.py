"""News of money that comes late, or twice, or beside what is known: each is seen, and none is charged again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain import books
from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.books import Difference, compare, seem_different
from bigcharge.domain.charges import NEEDS_A_PERSON, Charge
from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import OutcomeUnknownError
from bigcharge.domain.events import charge_event
from bigcharge.domain.money import Money
from bigcharge.domain.operating import NotAllowedError, record_act
from bigcharge.domain.orders import Transaction
from bigcharge.domain.policy import Capture, StoreCreditUse
from bigcharge.domain.shown_money import add_up
from bigcharge.domain.states import State
from bigcharge.domain.stores import PAUSED_BY_OPERATOR, Pause
from tests.fakes import NOON, STORE, incomplete_order
from tests.unit.order_world import POLICY, World, declined

PAID_ORDER = incomplete_order(status=11)


def shown(event: str, number: str = "t-1", **changes: object) -> Transaction:
    transaction = Transaction(number, event, ok=True, money=Money(9800, "USD"), failed=False)
    return replace(transaction, **changes)  # type: ignore[arg-type]  # fields by name


OURS, SHOPPERS, REFUND = shown("purchase", "ours"), shown("purchase", "shopper's"), shown("refund", "back")


@pytest.fixture
def world() -> World:
    return World()


def live(world: World, **time: float) -> None:
    world.sweep_until(world.clock() + timedelta(**time))


def pay_and_settle(world: World) -> None:
    """Paid, and its books compared: nothing is due any more."""
    world.look()
    world.bigcommerce.order, world.bigcommerce.transactions = PAID_ORDER, (OURS,)
    live(world, hours=2)
    assert (world.charge.state, world.charge.difference, world.charge.due_at) == (State.PAID, None, None)


@pytest.mark.parametrize("lag", [0, 30])
@pytest.mark.parametrize("cause", ["store/order/refund/created", "store/order/transaction/created"])
def test_a_refund_that_changes_no_status_is_seen_by_its_webhook(world: World, cause: str, lag: int) -> None:
    pay_and_settle(world)
    world.bigcommerce.transactions = (OURS,) if lag else (OURS, REFUND)
    world.look(cause)
    world.clock.pass_by(minutes=lag)
    world.bigcommerce.transactions = (OURS, REFUND)
    live(world, hours=2)
    assert world.charge.state is State.REFUNDED


def test_a_refund_whose_webhooks_were_lost_is_seen_when_the_books_are_compared(world: World) -> None:
    pay_and_settle(world)
    assert seem_different(world.charge, incomplete_order(status=4))


def test_the_news_of_a_refund_outlives_another_worker_that_saves_what_was_before(world: World) -> None:
    pay_and_settle(world)

    def overtake(charge: Charge) -> None:
        if charge.state is State.REFUNDED:
            world.ledger.before_save = lambda _: None
            world.ledger.save(replace(world.charge, checks=1))

    world.ledger.before_save = overtake
    world.bigcommerce.order, world.bigcommerce.transactions = incomplete_order(status=4), (OURS, REFUND)
    assert world.look("store/order/statusUpdated").state is State.REFUNDED


def test_a_second_payment_that_shows_hours_later_is_found(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("it timed out, and was charged")]
    world.look()
    world.clock.pass_by(minutes=20)
    world.bigcommerce.order, world.bigcommerce.transactions = PAID_ORDER, (SHOPPERS,)
    assert world.look("store/order/statusUpdated").state is State.PAID
    live(world, hours=3)
    world.bigcommerce.transactions = (SHOPPERS, OURS)
    assert world.look("store/order/transaction/created").difference == Difference.PAID_TWICE


def test_what_the_shopper_paid_after_attempts_of_ours_is_compared_an_hour_later(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("it timed out"), declined(30102)]
    world.look()
    live(world, days=2)
    world.bigcommerce.order, world.bigcommerce.transactions = PAID_ORDER, (SHOPPERS,)
    assert world.look("store/order/statusUpdated").state is State.PAID_ELSEWHERE
    world.bigcommerce.transactions = (SHOPPERS, OURS)
    live(world, hours=2)
    assert world.charge.difference == Difference.PAID_TWICE


def test_a_purchase_beside_our_authorization_is_paid_twice(world: World) -> None:
    world.bigcommerce.answers = [Payment("p", Answer.AUTHORIZED)]
    world.look()
    world.bigcommerce.order = PAID_ORDER
    world.bigcommerce.transactions = (shown("authorization"), SHOPPERS)
    live(world, days=2)
    assert world.charge.difference == Difference.PAID_TWICE


def test_each_settlement_is_that_of_one_purchase() -> None:
    both = (shown("purchase", "1"), shown("purchase", "2"), shown("settled", "3"))
    assert add_up(both).payments == 2
    assert add_up(both[1:]).payments == 1


def lose_answer(world: World, status: int = 11) -> None:
    """A payment timed out; its order moves on, and its transactions lag."""
    world.bigcommerce.answers = [OutcomeUnknownError("it timed out")]
    world.look()
    world.bigcommerce.order = incomplete_order(status=status)


def test_an_authorization_whose_transaction_lags_is_captured_all_the_same(world: World) -> None:
    world.stores.policies = replace(POLICY, capture=Capture.AT_ONCE)
    lose_answer(world)
    live(world, hours=3)
    assert world.charge.state is State.UNKNOWN
    world.bigcommerce.transactions = (shown("authorization"),)
    live(world, days=1)
    assert (world.charge.state, world.bigcommerce.asked[:1]) == (State.AUTHORIZED, ["capture_payment"])


def test_a_bank_payment_whose_transaction_lags_is_pending_and_fails_when_the_bank_says_so(world: World) -> None:
    lose_answer(world)
    live(world, minutes=25)
    world.bigcommerce.transactions = (shown("pending"),)
    live(world, hours=2)
    assert world.charge.state is State.PENDING
    world.bigcommerce.transactions = (shown("pending"), shown("settled", ok=False, failed=True))
    assert world.look("store/order/transaction/updated").state is State.FAILED


def test_an_order_that_was_moved_by_hand_is_not_paid_by_a_payment_that_failed(world: World) -> None:
    lose_answer(world)
    world.bigcommerce.transactions = (shown("purchase", ok=False, failed=True),)
    live(world, days=8)
    assert (world.charge.state, world.charge.reason) == (State.UNKNOWN, NEEDS_A_PERSON)


@pytest.mark.parametrize("event", ["authorization", "purchase"])
def test_what_is_paid_by_its_status_and_shows_as_held_or_failed_later_is_before_a_person(
    world: World, event: str
) -> None:
    lose_answer(world)
    live(world, days=2)
    assert world.charge.reason == "paid_by_order_status"
    is_held = event == "authorization"
    world.bigcommerce.transactions = (shown(event, ok=is_held, failed=not is_held),)
    world.look(books.CAUSE)
    live(world, hours=2)
    assert world.charge.difference == Difference.PAID_ONLY_IN_LEDGER


def test_what_was_resolved_as_failed_and_is_only_held_is_authorized_when_it_is_retried(world: World) -> None:
    lose_answer(world)
    world.clock.pass_by(hours=2)
    for kind in (ActKind.RESOLVE_FAILED, ActKind.RETRY):
        world.ledger.save(record_act(world.charge, Act(kind, "jane", "asked for", world.clock())))
    world.bigcommerce.transactions = (shown("authorization"),)
    charge = world.look("operator")
    assert (charge.state, charge.transaction_id) == (State.AUTHORIZED, "t-1")
    assert len(world.bigcommerce.paid) == 1


def test_a_hint_is_not_the_third_look(world: World) -> None:
    lose_answer(world)
    live(world, minutes=4)
    world.bigcommerce.transactions = (replace(SHOPPERS, money=Money(5000, "USD")),)
    assert world.look("store/order/updated").state is State.UNKNOWN
    live(world, hours=2)
    assert (world.charge.state, world.charge.money) == (State.PAID, Money(5000, "USD"))


@pytest.mark.parametrize(
    "told",
    [
        (OURS, SHOPPERS),
        (OURS, shown("authorization", "shopper's")),
        (OURS, REFUND),
        (shown("purchase", ok=False, failed=True),),
    ],
)
def test_what_happens_to_a_paid_order_without_a_webhook_is_seen_by_its_change(
    world: World, told: tuple[Transaction, ...]
) -> None:
    """Its status and its amount stay what they were."""
    pay_and_settle(world)
    world.bigcommerce.transactions = told
    changed = incomplete_order(status=11, modified_at=world.clock())
    assert seem_different(world.charge, changed)
    assert not seem_different(world.charge, replace(changed, modified_at=NOON - timedelta(days=1)))
    charge = world.look(books.CAUSE)
    assert charge.difference is not None or charge.state is State.REFUNDED


def test_a_rest_that_the_shopper_pays_by_bank_is_followed_to_its_end(world: World) -> None:
    """Store credit paid a part; the order shows it at each look, and it is not used a second time."""
    world.stores.policies = replace(POLICY, store_credit=StoreCreditUse.FIRST)
    world.look()
    rest = Money(6800, "USD")
    world.bigcommerce.instruments = ()
    world.bigcommerce.order = incomplete_order(amount=6800, status=1, store_credit=3000)
    world.look()
    world.bigcommerce.transactions = (shown("pending", money=rest),)
    live(world, days=2)
    assert world.charge.state is State.PENDING
    world.bigcommerce.order = incomplete_order(amount=6800, status=11, store_credit=3000)
    world.bigcommerce.transactions = (shown("pending", money=rest), shown("settled", money=rest))
    assert world.look("store/order/transaction/updated").state is State.PAID
    assert [one.outcome for one in world.charge.attempts] == [State.PAID]


def test_what_the_shopper_pays_is_not_written_to_the_card_that_was_refused(world: World) -> None:
    world.bigcommerce.answers = [declined(30102)]
    before = world.look().attempts
    world.bigcommerce.transactions = (shown("pending"),)
    live(world, hours=1)
    assert world.charge.state is State.PENDING
    event = charge_event(None, world.charge)
    assert event is not None
    assert [event.detail[name] for name in ("brand", "last_4", "token_fingerprint")] == [None] * 3
    world.bigcommerce.transactions = (shown("pending"), shown("settled"))
    assert world.look("store/order/transaction/updated").state is State.PAID
    assert world.charge.attempts == before


def test_an_authorization_that_is_gone_while_its_order_waits_can_be_resolved_and_charged_again(world: World) -> None:
    world.bigcommerce.answers = [Payment("p", Answer.AUTHORIZED)]
    world.look()
    with pytest.raises(NotAllowedError, match="its money is held"):
        record_act(world.charge, Act(ActKind.RESOLVE_FAILED, "jane", "it was voided", world.clock()))
    world.bigcommerce.transactions = (shown("authorization"), shown("void", "t-2"))
    live(world, days=2)
    assert world.charge.difference == Difference.PAID_ONLY_IN_LEDGER
    for kind in (ActKind.RESOLVE_FAILED, ActKind.RETRY):
        world.ledger.save(record_act(world.charge, Act(kind, "jane", "it was voided", world.clock())))
        world.clock.pass_by(seconds=1)
    world.bigcommerce.transactions = ()
    assert world.look("operator").state is State.PAID


def test_an_order_that_was_marked_as_paid_by_mistake_is_charged_when_an_operator_says_so(world: World) -> None:
    world.bigcommerce.order = PAID_ORDER
    assert world.look().state is State.PAID_ELSEWHERE
    world.bigcommerce.order = incomplete_order()
    world.ledger.save(record_act(world.charge, Act(ActKind.RETRY, "jane", "set by mistake", world.clock())))
    assert world.look("operator").state is State.PAID


def test_but_not_where_its_payment_is_shown(world: World) -> None:
    world.bigcommerce.order = PAID_ORDER
    world.look()
    world.bigcommerce.order, world.bigcommerce.transactions = incomplete_order(), (SHOPPERS,)
    world.ledger.save(record_act(world.charge, Act(ActKind.RETRY, "jane", "set by mistake", world.clock())))
    assert world.look("operator").reason == "payment_shown"
    assert world.bigcommerce.paid == []


@pytest.mark.parametrize("event", ["purchase", "authorization", "pending", "a word of tomorrow"])
def test_a_transaction_of_an_unknown_status_is_no_absence(world: World, event: str) -> None:
    """Design, law 3: anything unrecognised is unknown."""
    world.bigcommerce.answers = [OutcomeUnknownError("it timed out")]
    world.look()
    world.bigcommerce.transactions = (shown(event, ok=False),)
    live(world, days=12)
    assert (world.charge.state, world.charge.reason) == (State.UNKNOWN, "needs_a_person")
    assert len(world.bigcommerce.paid) == 1


def test_nor_is_it_charged_past_at_a_retry(world: World) -> None:
    world.bigcommerce.answers = [declined(30104)]
    world.look()
    world.bigcommerce.transactions = (shown("purchase", ok=False),)
    live(world, days=5)
    assert (world.charge.reason, len(world.bigcommerce.paid)) == ("payment_shown", 1)


def test_a_gateway_that_spoke_of_a_duplicate_is_never_asked_again_by_itself(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("HTTP 400 with code 30105", 30105)]
    world.look()
    live(world, days=30)
    assert (world.charge.state, world.charge.reason) == (State.UNKNOWN, "needs_a_person")
    assert len(world.bigcommerce.paid) == 1


def test_what_was_paid_and_given_back_before_our_attempt_does_not_settle_it(world: World) -> None:
    before = {"created_at": NOON - timedelta(days=1)}
    world.bigcommerce.transactions = (shown("purchase", "old", **before), shown("refund", "back", **before))
    world.bigcommerce.answers = [OutcomeUnknownError("it timed out")]
    world.look()
    live(world, hours=3)
    assert world.charge.state is State.UNKNOWN


def test_another_payments_refund_does_not_end_ours_while_it_may_still_be_made(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("it timed out")]
    world.look()
    world.bigcommerce.order, world.bigcommerce.transactions = incomplete_order(status=4), (SHOPPERS, REFUND)
    world.clock.pass_by(minutes=5)
    assert world.look("store/order/statusUpdated").state is State.UNKNOWN
    live(world, hours=30)
    assert world.charge.state is State.REFUNDED


@pytest.mark.parametrize("pause", [PAUSED_BY_OPERATOR, "payment_configuration"])
def test_what_was_sent_before_a_pause_is_settled_in_it(world: World, pause: str) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("it timed out")]
    world.look()
    world.ledger.pause(Pause(STORE, pause, None, "", world.clock(), "jane", "the gateway moves"))
    world.bigcommerce.order, world.bigcommerce.transactions = PAID_ORDER, (OURS,)
    live(world, hours=1)
    assert world.charge.state is State.PAID


@pytest.mark.parametrize("cause", [books.CAUSE, "store/order/statusUpdated"])
def test_a_payment_of_the_orders_amount_is_no_difference(world: World, cause: str) -> None:
    pay_and_settle(world)
    assert compare(world.look(cause), PAID_ORDER, (OURS,)) is None
