"""What an order and its transactions make of a payment whose outcome is open: every answer, by itself."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bigcharge.domain.attempts import STORE_CREDIT, Attempt
from bigcharge.domain.charges import NEEDS_A_PERSON, PAID_BY_STATUS, PAYMENT_SHOWN, Charge
from bigcharge.domain.money import Money
from bigcharge.domain.orders import Order, Transaction
from bigcharge.domain.policy import Capture, Policy, WhenFailed
from bigcharge.domain.settling import follow, recognize, settle
from bigcharge.domain.states import State
from tests.fakes import NOON, STORE, VISA, incomplete_order

PRICE = Money(9800, "USD")
EXPIRES = NOON + timedelta(hours=1)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
POLICY = Policy(external_sources=("subscriptions",))
WAITS = POLICY.check_unknown_after
ATTEMPT = Attempt(1, "sweep", "stripe.card", VISA.fingerprint, PRICE, "jti-1", EXPIRES, NOON, outcome=State.UNKNOWN)
CREDIT = replace(ATTEMPT, instrument=STORE_CREDIT, method_id="bigcommerce.store_credit")
INCOMPLETE, PENDING_ORDER, REFUNDED, CANCELLED, DECLINED, PAID = (
    incomplete_order(status=n) for n in (0, 1, 4, 5, 6, 11)
)
LATER = NOON + 2 * DAY


def make(state: State = State.UNKNOWN, attempts: tuple[Attempt, ...] = (ATTEMPT,), **changes: object) -> Charge:
    """A charge that is due, with its one attempt."""
    charge = Charge(STORE, 215, state, NOON, money=PRICE, attempts=attempts, due_at=NOON, version=1)
    return replace(charge, **changes)  # type: ignore[arg-type]  # fields by name


def shown(event: str, at: datetime | None = None, **changes: object) -> Transaction:
    return replace(Transaction(event, event, ok=True, money=PRICE, created_at=at), **changes)  # type: ignore[arg-type]


def failed(event: str) -> Transaction:
    return shown(event, ok=False, failed=True)


def unclear(event: str = "purchase") -> Transaction:
    return shown(event, ok=False)


def settled(charge: Charge, order: Order | None, *transactions: Transaction, at: datetime = LATER) -> Charge:
    return settle(charge, order, transactions, POLICY, at)


# ------------------------------------------------------------ what is shown


@pytest.mark.parametrize("state", [State.SUBMITTING, State.UNKNOWN, State.PENDING])
@pytest.mark.parametrize(
    ("event", "comes_to", "looked_at"),
    [
        ("purchase", State.PAID, HOUR),
        ("capture", State.PAID, HOUR),
        ("settled", State.PAID, HOUR),
        ("authorization", State.AUTHORIZED, DAY),
    ],
)
def test_a_payment_that_shows_is_recorded_with_its_transaction(
    state: State, event: str, comes_to: State, looked_at: timedelta
) -> None:
    charge = settled(make(state, due_at=LATER + DAY), PAID, shown(event))
    assert (charge.state, charge.transaction_id, charge.due_at) == (comes_to, event, LATER + looked_at)
    assert charge.attempts == (replace(ATTEMPT, outcome=comes_to),)


def test_a_payment_that_a_bank_has_accepted_is_pending_and_looked_at_like_an_unknown_one() -> None:
    charge = settled(make(), INCOMPLETE, shown("pending"))
    assert (charge.state, charge.transaction_id, charge.due_at) == (State.PENDING, "pending", LATER + WAITS[0])
    again = settled(charge, INCOMPLETE, shown("pending"), at=LATER + MINUTE)
    assert (again.state, again.checks, again.reason) == (State.PENDING, 1, "awaiting_settlement")


def test_what_was_voided_is_canceled_and_while_the_order_waits_it_says_nothing() -> None:
    both = shown("authorization"), shown("void")
    assert settled(make(), DECLINED, *both).state is State.CANCELED
    assert settled(make(), INCOMPLETE, *both).state is State.UNKNOWN


def test_what_a_bank_did_not_settle_has_failed_and_the_policy_says_what_becomes_of_the_order() -> None:
    pending = make(State.PENDING)
    policy = replace(POLICY, when_failed=WhenFailed.CANCEL)
    for order, told in ((INCOMPLETE, (failed("settled"),)), (INCOMPLETE, (failed("pending"),)), (DECLINED, ())):
        charge = settle(pending, order, told, policy, LATER)
        assert (charge.state, charge.reason, charge.due_at) == (State.FAILED, "payment_failed", LATER)
        assert charge.attempts[-1].outcome is State.FAILED


def test_a_declined_order_says_nothing_of_a_payment_that_no_bank_is_settling() -> None:
    assert settled(make(), DECLINED).state is State.UNKNOWN
    assert settled(make(), INCOMPLETE, failed("settled")).state is State.UNKNOWN
    assert settled(make(State.PENDING), INCOMPLETE, failed("purchase")).state is State.PENDING


def test_a_paid_status_without_a_transaction_is_proof_when_none_has_come_for_the_whole_window() -> None:
    end = EXPIRES + POLICY.evidence_window
    first = settled(make(checks=5), PAID, at=EXPIRES)
    assert (first.state, first.absent_since) == (State.UNKNOWN, EXPIRES)
    assert settled(first, PAID, at=end - MINUTE).state is State.UNKNOWN
    charge = settled(replace(first, due_at=end), PAID, at=end)
    assert (charge.state, charge.reason, charge.transaction_id) == (State.PAID, PAID_BY_STATUS, None)
    assert (charge.money, charge.due_at, charge.attempts[-1].outcome) == (PRICE, end + HOUR, State.PAID)


@pytest.mark.parametrize("told", [failed("purchase"), unclear(), shown("void")])
def test_any_transaction_contradicts_a_status_that_it_did_not_lead_to(told: Transaction) -> None:
    charge = settled(make(checks=5, absent_since=EXPIRES), incomplete_order(status=10), told)
    assert (charge.absent_since, charge.state) == (None, State.CANCELED if told.event == "void" else State.UNKNOWN)


@pytest.mark.parametrize(
    ("checks", "due_at", "state"),
    [
        (1, LATER, State.UNKNOWN),
        (2, LATER, State.PAID),
        (3, LATER, State.PAID),
        (3, LATER + MINUTE, State.UNKNOWN),
    ],
)
def test_at_the_third_look_one_payment_of_another_amount_is_the_one_that_paid_the_order(
    checks: int, due_at: datetime, state: State
) -> None:
    other = shown("purchase", transaction_id="shopper's", money=Money(5000, "USD"))
    charge = settled(make(checks=checks, due_at=due_at), PAID, other)
    assert charge.state is state
    if state is State.PAID:
        assert (charge.transaction_id, charge.money) == ("shopper's", other.money)
        assert (charge.reason, charge.due_at) == (PAID_BY_STATUS, LATER + HOUR)
    assert settled(make(checks=checks), PAID, other, other).state is State.UNKNOWN


def test_a_refunded_order_is_refunded_once_our_payment_can_not_come_any_more() -> None:
    assert settled(make(), REFUNDED, at=EXPIRES).state is State.REFUNDED
    still_open = settled(make(), REFUNDED, at=EXPIRES - MINUTE)
    assert (still_open.state, still_open.absent_since) == (State.UNKNOWN, None)


@pytest.mark.parametrize(("paid_at", "is_ours"), [(None, True), (NOON, True), (NOON - 2 * MINUTE, False)])
def test_what_was_paid_and_given_back_before_our_request_is_not_ours(paid_at: datetime | None, is_ours: bool) -> None:  # noqa: FBT001 - a column of the table
    both = shown("purchase", paid_at), shown("refund", paid_at)
    assert (settled(make(), INCOMPLETE, *both).state is State.PAID) is is_ours


def test_what_was_paid_and_not_given_back_is_taken_for_ours_however_old_it_is() -> None:
    assert settled(make(), INCOMPLETE, shown("purchase", NOON - DAY)).state is State.PAID


def test_store_credit_that_the_order_shows_was_used_by_the_request_for_store_credit() -> None:
    with_credit = incomplete_order(status=1, store_credit=500)
    charge = settled(make(attempts=(CREDIT,)), with_credit)
    assert (charge.state, charge.reason, charge.due_at) == (State.CLAIMED, "store_credit_used", LATER)
    assert charge.attempts == (replace(CREDIT, outcome=State.PAID),)
    assert settled(make(), with_credit).state is State.UNKNOWN
    assert settled(make(attempts=(CREDIT,)), INCOMPLETE).state is State.UNKNOWN


@pytest.mark.parametrize("outcome", [State.DECLINED, State.FAILED, State.PAID])
@pytest.mark.parametrize("credit", [0, 500])
def test_what_becomes_of_anothers_payment_is_not_written_to_an_attempt_that_has_ended(
    outcome: State, credit: int
) -> None:
    ended = replace(CREDIT, outcome=outcome)
    waits = make(State.PENDING, attempts=(ended,))
    order = incomplete_order(status=11, store_credit=credit)
    for told, state in (((), State.PENDING), ((shown("settled"),), State.PAID)):
        charge = settled(waits, order, *told)
        assert (charge.state, charge.attempts) == (state, (ended,))


# ------------------------------------------------------------ what is not


def test_before_its_time_a_look_that_shows_nothing_changes_nothing() -> None:
    charge = make(due_at=LATER + MINUTE)
    assert settled(charge, INCOMPLETE) is charge
    assert settled(charge, None) is charge


@pytest.mark.parametrize("order", [INCOMPLETE, PAID, DECLINED, CANCELLED, None])
@pytest.mark.parametrize("state", [State.SUBMITTING, State.UNKNOWN])
def test_while_its_token_lives_no_absence_says_anything(state: State, order: Order | None) -> None:
    charge = settled(make(state), order, at=EXPIRES - MINUTE)
    assert (charge.state, charge.absent_since) == (State.UNKNOWN, None)
    assert charge.attempts[-1].outcome is State.UNKNOWN


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (None, ()),
        (PAID, (failed("purchase"),)),
        (incomplete_order(status=7), ()),
        (PENDING_ORDER, ()),
        (INCOMPLETE, (unclear(),)),
        (INCOMPLETE, (shown("purchase", money=Money(1, "USD")),)),
    ],
)
def test_a_missing_order_another_status_and_money_that_may_have_moved_are_no_absence(
    order: Order | None, told: tuple[Transaction, ...]
) -> None:
    charge = settled(make(absent_since=EXPIRES), order, *told)
    assert (charge.state, charge.absent_since) == (State.UNKNOWN, None)


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (INCOMPLETE, ()),
        (DECLINED, ()),
        (CANCELLED, ()),
        (INCOMPLETE, (failed("purchase"),)),
        (INCOMPLETE, (shown("purchase", is_credit=True, ok=False),)),
    ],
)
def test_absence_counts_from_the_first_look_that_found_nothing(order: Order, told: tuple[Transaction, ...]) -> None:
    first = settled(make(), order, *told, at=EXPIRES)
    assert (first.state, first.absent_since) == (State.UNKNOWN, EXPIRES)
    second = settled(first, order, *told, at=EXPIRES + HOUR)
    assert (second.state, second.absent_since) == (State.UNKNOWN, EXPIRES)


@pytest.mark.parametrize(
    ("order", "state"), [(INCOMPLETE, State.CLAIMED), (DECLINED, State.CANCELED), (CANCELLED, State.CANCELED)]
)
def test_absence_for_the_evidence_window_gives_the_attempt_up(order: Order, state: State) -> None:
    end = EXPIRES + POLICY.evidence_window
    absent = make(absent_since=EXPIRES)
    assert settled(absent, order, at=end - MINUTE).state is State.UNKNOWN
    charge = settled(absent, order, at=end)
    assert charge.state is state
    assert charge.attempts[-1].outcome is (State.FAILED if state is State.CLAIMED else State.CANCELED)
    expected = ("no_trace_of_payment", end) if state is State.CLAIMED else (None, end + HOUR)
    assert (charge.reason, charge.due_at) == expected


def test_the_order_of_a_part_that_store_credit_paid_is_pending_and_still_owes_the_rest() -> None:
    attempts = replace(CREDIT, outcome=State.PAID), replace(ATTEMPT, number=2)
    charge = settled(make(attempts=attempts, absent_since=EXPIRES), PENDING_ORDER)
    assert (charge.state, charge.reason) == (State.CLAIMED, "no_trace_of_payment")
    assert settled(make(attempts=attempts, absent_since=EXPIRES), incomplete_order(status=7)).state is State.UNKNOWN


def test_where_a_person_is_to_be_asked_no_absence_is_ever_enough() -> None:
    policy = replace(POLICY, evidence_window=timedelta())
    charge = settle(make(absent_since=EXPIRES), INCOMPLETE, (), policy, LATER + 365 * DAY)
    assert charge.state is State.UNKNOWN


def test_a_gateway_that_spoke_of_a_duplicate_holds_a_payment_however_long_none_is_shown() -> None:
    duplicate = replace(ATTEMPT, code=30105)
    assert settled(make(attempts=(duplicate,), absent_since=EXPIRES), INCOMPLETE).state is State.UNKNOWN


def test_what_a_bank_is_settling_is_never_given_up() -> None:
    charge = settled(make(State.PENDING, absent_since=EXPIRES), INCOMPLETE)
    assert (charge.state, charge.absent_since) == (State.PENDING, None)


# ------------------------------------------------------------ when to look again


@pytest.mark.parametrize("state", [State.UNKNOWN, State.PENDING])
@pytest.mark.parametrize("checks", range(len(WAITS) - 1))
def test_looks_follow_the_schedule_and_say_what_is_waited_for(state: State, checks: int) -> None:
    charge = settled(make(state, checks=checks, reason="internal_error", code=10000), None)
    assert (charge.checks, charge.due_at) == (checks + 1, LATER + WAITS[checks + 1])
    assert (charge.reason, charge.code) == ("internal_error", 10000)


@pytest.mark.parametrize("known", [None, NEEDS_A_PERSON])
@pytest.mark.parametrize(
    ("state", "reason"), [(State.UNKNOWN, "no_reliable_answer"), (State.PENDING, "awaiting_settlement")]
)
def test_a_look_that_succeeds_again_says_what_is_waited_for(state: State, reason: str, known: str | None) -> None:
    assert settled(make(state, reason=known), None).reason == reason


@pytest.mark.parametrize("state", [State.UNKNOWN, State.PENDING])
def test_after_the_schedule_a_person_is_called_and_looks_go_on_daily(state: State) -> None:
    charge = settled(make(state, checks=len(WAITS) - 1), None)
    assert (charge.state, charge.reason, charge.due_at) == (state, NEEDS_A_PERSON, LATER + DAY)


def test_after_the_schedule_a_look_comes_as_soon_as_the_absence_is_evidence() -> None:
    waited = make(checks=len(WAITS))
    absent = replace(waited, absent_since=EXPIRES)
    assert settled(absent, INCOMPLETE, at=EXPIRES + 20 * HOUR).due_at == EXPIRES + POLICY.evidence_window
    first = settled(waited, INCOMPLETE, at=EXPIRES)
    assert (first.absent_since, first.due_at) == (EXPIRES, EXPIRES + POLICY.evidence_window)
    assert settled(waited, INCOMPLETE, at=EXPIRES - MINUTE).due_at == EXPIRES
    assert settled(absent, None, at=EXPIRES + DAY).due_at == EXPIRES + 2 * DAY
    by_person = replace(POLICY, evidence_window=timedelta())
    assert settle(absent, INCOMPLETE, (), by_person, EXPIRES + HOUR).due_at == EXPIRES + HOUR + DAY


# ------------------------------------------------------------ afterwards


def test_an_authorization_that_was_captured_is_paid_and_its_books_are_compared_later() -> None:
    authorized = make(State.AUTHORIZED, transaction_id="authorization", due_at=None)
    charge = follow(authorized, PAID, (shown("authorization"), shown("capture")), POLICY, LATER)
    assert (charge.state, charge.due_at, charge.transaction_id) == (State.PAID, LATER + HOUR, "authorization")


def test_an_authorization_that_was_voided_is_canceled_once_the_order_says_so_too() -> None:
    both = shown("authorization"), shown("void")
    assert follow(make(State.AUTHORIZED), CANCELLED, both, POLICY, LATER).state is State.CANCELED
    held = make(State.AUTHORIZED)
    assert follow(held, INCOMPLETE, both, POLICY, LATER) is held
    assert follow(held, PAID, (shown("authorization"),), POLICY, LATER) is held


def test_money_that_was_all_given_back_is_refunded_and_no_difference_is_left() -> None:
    paid = make(State.PAID, difference="paid_twice")
    for order, told in ((REFUNDED, ()), (PAID, (shown("purchase"), shown("refund")))):
        charge = follow(paid, order, told, POLICY, LATER)
        assert (charge.state, charge.difference) == (State.REFUNDED, None)
    part = shown("purchase"), shown("refund", money=Money(1, "USD"))
    assert follow(paid, PAID, part, POLICY, LATER) is paid


# ------------------------------------------------------------ before another attempt

DECLINED_CHARGE = make(State.DECLINED, (replace(ATTEMPT, outcome=State.DECLINED, code=30106),))


def recognized(*transactions: Transaction, order: Order = INCOMPLETE, policy: Policy = POLICY) -> Charge | None:
    return recognize(DECLINED_CHARGE, order, transactions, policy, LATER)


@pytest.mark.parametrize(
    "told",
    [(), (failed("purchase"),), (shown("purchase", is_credit=True),), (shown("purchase", is_credit=True, ok=False),)],
)
def test_where_no_money_is_shown_another_attempt_may_be_made(told: tuple[Transaction, ...]) -> None:
    assert recognized(*told) is None


@pytest.mark.parametrize(
    ("event", "state", "looked_at"),
    [("purchase", State.PAID, HOUR), ("authorization", State.AUTHORIZED, DAY), ("pending", State.PENDING, WAITS[0])],
)
def test_a_payment_of_the_same_amount_is_recorded_and_not_made_again(
    event: str, state: State, looked_at: timedelta
) -> None:
    charge = recognized(shown(event, LATER))
    assert charge is not None
    assert (charge.state, charge.reason, charge.transaction_id) == (state, PAYMENT_SHOWN, event)
    assert charge.due_at == LATER + looked_at


def test_an_authorization_is_captured_at_once_where_the_policy_says_so() -> None:
    charge = recognized(shown("authorization", LATER), policy=replace(POLICY, capture=Capture.AT_ONCE))
    assert charge is not None
    assert charge.due_at == LATER


@pytest.mark.parametrize(
    "told",
    [
        (shown("purchase", money=Money(1, "USD")),),
        (unclear(),),
        (shown("authorization"), shown("void"), shown("purchase", money=Money(1, "USD"))),
    ],
)
def test_money_that_is_not_clearly_the_orders_price_is_left_to_a_person_and_looked_at_daily(
    told: tuple[Transaction, ...],
) -> None:
    charge = recognized(*told, order=PENDING_ORDER)
    assert charge is not None
    assert (charge.state, charge.reason, charge.due_at) == (State.SKIPPED, PAYMENT_SHOWN, LATER + DAY)
