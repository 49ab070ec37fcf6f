"""Looking at an order: the laws of charging, each with the world in memory."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from bigcharge.domain.charges import Charge
from bigcharge.domain.declines import DECLINES, Answer, Decision, Payment
from bigcharge.domain.errors import (
    BigCommerceError,
    InvalidInputError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
    UnknownStoreError,
)
from bigcharge.domain.money import Money
from bigcharge.domain.orders import OrderStatus, Transaction
from bigcharge.domain.payment_instruments import StoredCard
from bigcharge.domain.policy import InstrumentChoice, Policy, VerificationValue
from bigcharge.domain.states import TRANSITIONS, State
from bigcharge.domain.stores import PAUSED_BY_OPERATOR, Pause
from tests.fakes import (
    CREDENTIALS,
    MASTERCARD,
    STORE,
    VISA,
    incomplete_order,
)
from tests.unit.order_world import POLICY, World, declined


@pytest.fixture
def world() -> World:
    return World()


def test_an_eligible_order_is_charged_with_the_default_instrument(world: World) -> None:
    world.bigcommerce.instruments = (MASTERCARD, VISA)
    charge = world.look()
    assert (charge.state, charge.transaction_id, charge.money) == (State.PAID, "payment-1", Money(9800, "USD"))
    [(_, tender)] = world.bigcommerce.paid
    assert (tender.name, tender.instrument) == (VISA.fingerprint, StoredCard(VISA.token, "1111"))
    attempt = charge.last_attempt
    assert attempt is not None
    assert (attempt.number, attempt.token_id, attempt.outcome, attempt.last_4) == (1, "jti-1", State.PAID, "1111")


def test_law_1_the_attempt_is_durable_before_the_request_leaves(world: World) -> None:
    seen = []
    world.bigcommerce.before_pay = lambda: seen.append(world.charge)
    world.look()
    assert [(charge.state, charge.attempts[0].token_id) for charge in seen] == [(State.SUBMITTING, "jti-1")]
    assert seen[0].is_due(world.clock() + timedelta(seconds=30)), "a lost sender is looked for within a minute"


@pytest.mark.parametrize("times", [2, 5])
def test_doubled_webhooks_charge_once(world: World, times: int) -> None:
    for _ in range(times):
        world.look()
    assert len(world.bigcommerce.paid) == 1


def test_a_worker_that_loses_the_claim_sends_nothing(world: World) -> None:
    def overtake(charge: Charge) -> None:
        world.ledger.before_save = lambda _: None
        world.ledger.save(replace(charge, reason="the other worker"))

    world.ledger.before_save = overtake
    assert world.look().reason == "the other worker"
    assert world.bigcommerce.tokens == []


def test_a_claim_is_left_alone_until_its_lease_is_over_and_then_taken_over(world: World) -> None:
    world.bigcommerce.trouble["create_access_token"] = RuntimeError("the function was stopped")
    with pytest.raises(RuntimeError):
        world.look()
    assert world.look().state is State.CLAIMED
    world.bigcommerce.trouble.clear()
    world.clock.pass_by(seconds=31)
    assert world.look("sweep").state is State.PAID


def test_law_2_an_unknown_outcome_makes_no_second_token(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    assert world.look().state is State.UNKNOWN
    for _ in range(20):
        world.clock.pass_by(minutes=2)
        world.look("sweep")
    assert len(world.bigcommerce.tokens) == 1
    assert world.charge.state is State.UNKNOWN


def test_law_3_a_payment_found_by_its_transaction_is_paid(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer", 10000)]
    assert (world.look().state, world.charge.code) == (State.UNKNOWN, 10000)
    world.bigcommerce.transactions = (Transaction("77", "purchase", ok=True, money=Money(9800, "USD")),)
    charge = world.look("store/order/transaction/created")
    assert (charge.state, charge.transaction_id) == (State.PAID, "77")


def test_law_3_absence_counts_only_past_the_tokens_life_and_for_the_whole_window(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    world.look()
    paid_before = []
    for _ in range(24 * 8):
        world.clock.pass_by(minutes=15)
        world.look("sweep")
        paid_before.append((world.clock() - world.charge.attempts[0].sent_at, len(world.bigcommerce.paid)))
    first_retry = next(age for age, count in paid_before if count == 2)
    assert first_retry >= timedelta(hours=25)
    assert world.charge.state is State.PAID


def test_law_3_an_evidence_window_of_zero_asks_a_person(world: World) -> None:
    world.stores.policies = replace(POLICY, evidence_window=timedelta())
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    world.look()
    for _ in range(30):
        world.clock.pass_by(days=1)
        world.look("sweep")
    assert (world.charge.state, world.charge.reason) == (State.UNKNOWN, "needs_a_person")
    assert world.charge.due_at == world.clock() + timedelta(days=1), "it is looked at for ever"
    assert len(world.bigcommerce.paid) == 1


def test_a_lost_sender_is_settled_by_reading_and_never_by_sending(world: World) -> None:
    world.bigcommerce.answers = [RuntimeError("the function was stopped")]
    with pytest.raises(RuntimeError):
        world.look()
    assert world.look().state is State.SUBMITTING, "its sender may still be at it"
    world.clock.pass_by(seconds=30)
    assert world.look("sweep").state is State.UNKNOWN
    assert len(world.bigcommerce.tokens) == 1


def test_an_answer_that_comes_after_the_sender_was_given_up_is_still_written_down(world: World) -> None:
    def give_up() -> None:
        world.clock.pass_by(seconds=31)
        world.look("sweep")

    world.bigcommerce.before_pay = give_up
    charge = world.look()
    assert (charge.state, charge.transaction_id) == (State.PAID, "payment-1")


def test_law_4_a_token_of_another_amount_is_not_sent(world: World) -> None:
    world.bigcommerce.token_money = Money(9900, "USD")
    charge = world.look()
    assert (charge.state, charge.reason, world.bigcommerce.paid) == (State.CLAIMED, "amount_changed", [])
    world.bigcommerce.token_money = None
    world.bigcommerce.order = incomplete_order(amount=9900)
    [(message, delay)] = world.queue.sent
    world.clock.pass_by(seconds=delay)
    assert world.look(message.cause).money == Money(9900, "USD")
    assert world.charge.state is State.PAID


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"external_source": "somebody"}, "external_source_not_in_policy"),
        ({"external_source": ""}, "external_source_not_in_policy"),
        ({"order_source": "www"}, "order_source_not_in_policy"),
        ({"order_source": "manual"}, "order_source_not_in_policy"),
        ({"customer_id": 0}, "guest"),
        ({"owed": None}, "amount_unreadable"),
        ({"owed": Money(0, "USD")}, "nothing_owed"),
        ({"status": OrderStatus.AWAITING_PAYMENT}, "order_status_7"),
        ({"is_archived": True}, "order_archived"),
    ],
)
def test_law_5_what_the_policy_does_not_name_is_left_alone(world: World, changes: dict[str, Any], reason: str) -> None:
    world.bigcommerce.order = incomplete_order(**changes)
    charge = world.look()
    assert (charge.state, charge.reason) == (State.SKIPPED, reason)
    assert world.bigcommerce.tokens == []
    version = charge.version
    assert world.look("store/order/updated").version == version, "the same reason is not written twice"


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (None, "no_policy"),
        (Policy(), "external_source_not_in_policy"),
        (replace(POLICY, currencies=("EUR",)), "currency_not_in_policy"),
        (replace(POLICY, amount_range=(100, 9799)), "amount_not_in_policy"),
        (replace(POLICY, channel_ids=(1,)), "channel_not_in_policy"),
    ],
)
def test_law_5_a_store_charges_nothing_but_what_its_policy_lets_through(
    world: World, policy: Policy | None, reason: str
) -> None:
    world.stores.policies = policy
    assert (world.look().state, world.charge.reason) == (State.SKIPPED, reason)


def test_a_policy_that_cannot_be_read_charges_nothing_and_keeps_the_order(world: World) -> None:
    world.stores.policies = InvalidInputError("unknown policy key")
    assert (world.look().state, world.charge.reason) == (State.CLAIMED, "policy_invalid")
    world.stores.policies = POLICY
    world.clock.pass_by(minutes=15)
    assert world.look("sweep").state is State.PAID


@pytest.mark.parametrize(
    ("status", "state"),
    [(11, State.PAID_ELSEWHERE), (2, State.PAID_ELSEWHERE), (5, State.CANCELED), (4, State.REFUNDED)],
)
def test_an_order_that_somebody_else_finished_is_not_charged(world: World, status: int, state: State) -> None:
    world.bigcommerce.answers = [declined(30106)]
    world.look()
    world.bigcommerce.order = incomplete_order(status=status)
    assert world.look("store/order/statusUpdated").state is state
    assert len(world.bigcommerce.paid) == 1


@pytest.mark.parametrize("code", sorted(code for code, decline in DECLINES.items()))
def test_law_7_every_code_leads_to_its_decision(world: World, code: int) -> None:
    error: BigCommerceError = declined(code)
    if DECLINES[code].decision is Decision.SETTLE:
        error = OutcomeUnknownError("unknown", code)
    world.bigcommerce.answers = [error]
    charge = world.look()
    expected = {
        Decision.RETRY_ON_SCHEDULE: (State.DECLINED, timedelta(days=1)),
        Decision.WAIT_FOR_INSTRUMENT: (State.DECLINED, None),
        Decision.TRY_ONCE_MORE: (State.DECLINED, timedelta(seconds=5)),
        Decision.READ_AGAIN: (State.DECLINED, timedelta(seconds=30)),
        Decision.PAUSE_STORE: (State.DECLINED, timedelta(minutes=15)),
        Decision.STOP: (State.FAILED, None),
        Decision.SETTLE: (State.UNKNOWN, None),
    }
    state, wait = expected[DECLINES[code].decision]
    assert (charge.state, charge.code, charge.retry_at) == (state, code, world.clock() + wait if wait else None)
    longest = timedelta(hours=1) if state is State.FAILED else timedelta(minutes=1)
    assert charge.due_at is not None
    assert charge.due_at - world.clock() <= longest
    assert charge.reason == DECLINES[code].reason
    assert (STORE in world.ledger.pauses) == (DECLINES[code].decision is Decision.PAUSE_STORE)


def test_retries_follow_the_schedule_and_end_as_failed(world: World) -> None:
    world.bigcommerce.answers = [declined(30106)] * 5
    world.look()
    for days in (1, 3, 5, 7):
        world.clock.pass_by(days=days, seconds=-1)
        assert world.look("store/order/updated").state is State.DECLINED, "not before its time"
        world.clock.pass_by(seconds=1)
        world.look("sweep")
    assert (world.charge.state, world.charge.reason, len(world.bigcommerce.paid)) == (
        State.FAILED,
        "insufficient_funds",
        5,
    )
    assert len({token.token_id for token in world.bigcommerce.tokens}) == 5


def test_a_new_default_instrument_is_tried_at_once(world: World) -> None:
    world.bigcommerce.answers = [declined(30106)]
    world.look()
    world.bigcommerce.instruments = (replace(VISA, is_default=False), replace(MASTERCARD, is_default=True))
    assert world.look("instrument_changed").state is State.PAID
    assert [tender.last_4 for _, tender in world.bigcommerce.paid] == ["1111", "4444"]


def test_a_refused_instrument_is_never_tried_again_for_the_order(world: World) -> None:
    world.bigcommerce.answers = [declined(30102)]
    world.look()
    for _ in range(3):
        world.clock.pass_by(days=1)
        world.look("instrument_changed")
    assert len(world.bigcommerce.paid) == 1


def test_a_policy_may_let_the_other_instruments_be_charged_after_the_default(world: World) -> None:
    world.stores.policies = replace(POLICY, instrument=InstrumentChoice.ANY)
    world.bigcommerce.instruments = (MASTERCARD, VISA)
    world.bigcommerce.answers = [declined(30103)]
    world.look()
    world.clock.pass_by(seconds=5)
    assert world.look("sweep").state is State.PAID
    assert [tender.last_4 for _, tender in world.bigcommerce.paid] == ["1111", "4444"]


def test_an_expired_card_is_skipped_without_a_payment_and_its_successor_charged(world: World) -> None:
    world.bigcommerce.instruments = (replace(VISA, expiry_month=10, expiry_year=2026),)
    assert (world.look().state, world.charge.reason) == (State.DECLINED, "no_usable_instrument")
    assert world.bigcommerce.tokens == []
    world.bigcommerce.instruments = (replace(MASTERCARD, is_default=True),)
    assert world.look("instrument_changed").state is State.PAID


def test_a_code_that_may_mend_itself_is_tried_once_more_and_then_given_up(world: World) -> None:
    world.bigcommerce.answers = [declined(30004), declined(30004)]
    world.look()
    world.clock.pass_by(seconds=5)
    assert (world.look("sweep").state, len(world.bigcommerce.tokens)) == (State.FAILED, 2)


def test_no_more_than_twenty_attempts_in_thirty_days(world: World) -> None:
    world.stores.policies = replace(POLICY, retry_after=(timedelta(hours=1),) * 40)
    world.bigcommerce.answers = [declined(30106)] * 40
    world.look()
    for _ in range(30):
        world.clock.pass_by(hours=1)
        world.look("sweep")
    assert (len(world.bigcommerce.paid), world.charge.state, world.charge.reason) == (20, State.FAILED, "attempt_limit")


@pytest.mark.parametrize(
    ("answer", "wait", "reason"),
    [(RateLimitedError(17.0), 17.0, "rate_limited"), (NotSentError("no route"), 5.0, "bigcommerce_unreachable")],
)
def test_a_request_that_was_not_processed_counts_as_no_attempt_and_comes_back(
    world: World, answer: BigCommerceError, wait: float, reason: str
) -> None:
    world.bigcommerce.answers = [answer]
    charge = world.look()
    assert (charge.state, charge.reason) == (State.CLAIMED, reason)
    assert charge.attempts_since(world.clock() - timedelta(days=30)) == 0
    [(message, delay)] = world.queue.sent
    assert delay == wait
    world.clock.pass_by(seconds=delay)
    assert world.look(message.cause).state is State.PAID


@pytest.mark.parametrize("call", ["get_order", "get_payment_methods", "create_access_token"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RateLimitedError(9.0), "rate_limited"),
        (OutcomeUnknownError("no answer"), "bigcommerce_unavailable"),
        (NotSentError("no route"), "bigcommerce_unavailable"),
        (RefusedError(409), "refused_by_bigcommerce"),
    ],
)
def test_trouble_before_the_payment_keeps_the_order_and_says_why(
    world: World, call: str, error: BigCommerceError, reason: str
) -> None:
    world.bigcommerce.trouble[call] = error
    charge = world.look()
    assert (charge.state, charge.reason) == (State.CLAIMED, reason)
    assert charge.due_at is not None
    [(message, delay)] = world.queue.sent
    assert world.clock() + timedelta(seconds=delay) == charge.due_at
    world.bigcommerce.trouble.clear()
    world.clock.pass_by(seconds=delay)
    assert world.look(message.cause).state is State.PAID


def test_trouble_does_not_bring_a_scheduled_retry_forward(world: World) -> None:
    world.bigcommerce.answers = [declined(30106)]
    retry_at = world.look().retry_at
    world.bigcommerce.trouble["get_order"] = OutcomeUnknownError("no answer")
    charge = world.look("instrument_changed")
    assert (charge.state, charge.retry_at) == (State.DECLINED, retry_at)
    world.bigcommerce.trouble.clear()
    world.clock.pass_by(seconds=5)
    assert charge.is_due(world.clock()), "the hint is looked at again"
    assert world.look("sweep").state is State.DECLINED
    assert len(world.bigcommerce.paid) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_pause_the_store_and_keep_its_orders_until_they_change(world: World, status: int) -> None:
    world.bigcommerce.trouble["get_order"] = UnauthorizedError(status)
    assert (world.look().state, world.charge.reason) == (State.CLAIMED, "store_paused")
    world.bigcommerce.trouble.clear()
    world.clock.pass_by(minutes=15)
    assert world.look("sweep").state is State.CLAIMED, "still paused"
    world.stores.known = replace(CREDENTIALS, access_token="another-invented-token")
    assert world.look("sweep").state is State.PAID


def test_before_a_paused_store_is_left_waiting_its_credentials_are_read_anew(world: World) -> None:
    """They may just have been rotated, and be known here for minutes more as they were."""
    world.bigcommerce.trouble["get_order"] = UnauthorizedError(401)
    world.look()
    world.bigcommerce.trouble.clear()
    world.clock.pass_by(minutes=15)
    world.stores.kept = replace(CREDENTIALS, access_token="another-invented-token")
    assert world.look("sweep").state is State.PAID


def test_a_pause_is_of_the_newest_credentials_that_were_refused(world: World) -> None:
    """Those of the look's begin were refused, and those that its calls then read anew: a change of these ends it."""
    newest = replace(CREDENTIALS, access_token="another-invented-token")

    def refuse(_: int) -> NoReturn:
        world.stores.known = newest
        raise UnauthorizedError(401)

    world.bigcommerce.get_order = refuse  # type: ignore[method-assign,assignment]
    world.look()
    assert world.ledger.pauses[STORE].credentials == newest.fingerprint


def test_an_order_of_a_paused_store_waits_and_is_charged_when_it_is_resumed(world: World) -> None:
    world.bigcommerce.answers = [declined(30001)]
    world.look()
    world.clock.pass_by(minutes=15)
    assert world.look("sweep").state is State.DECLINED
    world.ledger.resume(STORE)
    assert world.look("sweep").state is State.PAID


def test_a_store_that_an_operator_paused_is_not_charged_with_new_credentials_either(world: World) -> None:
    world.ledger.close(Pause(STORE, PAUSED_BY_OPERATOR, None, "", world.clock(), "jane", "the gateway moves"))
    assert (world.look().state, world.charge.reason) == (State.CLAIMED, "store_paused")
    world.stores.known = replace(CREDENTIALS, access_token="another-invented-token")
    world.clock.pass_by(minutes=15)
    assert world.look("sweep").state is State.CLAIMED
    assert not world.bigcommerce.paid
    world.ledger.resume(STORE)
    assert world.look("sweep").state is State.PAID


def test_an_order_that_bigcommerce_does_not_show_yet_is_looked_for_again(world: World) -> None:
    world.bigcommerce.order = None
    assert (world.look().state, world.charge.reason) == (State.SKIPPED, "order_not_found")
    world.clock.pass_by(seconds=5)
    world.bigcommerce.order = incomplete_order()
    assert world.look("sweep").state is State.PAID


def test_an_order_that_never_shows_is_looked_for_for_two_days_and_then_left(world: World) -> None:
    world.bigcommerce.order = None
    world.look()
    looks = world.sweep_until(world.clock() + timedelta(days=10))
    assert (world.charge.state, world.charge.reason, world.charge.due_at) == (State.SKIPPED, "order_not_found", None)
    assert looks == 15


@pytest.mark.parametrize(("answer", "state"), [(Answer.AUTHORIZED, State.AUTHORIZED), (Answer.PENDING, State.PENDING)])
def test_authorized_and_pending_are_states_of_their_own(world: World, answer: Answer, state: State) -> None:
    world.bigcommerce.answers = [Payment("payment-1", answer)]
    assert world.look().state is state
    world.look()
    assert len(world.bigcommerce.paid) == 1


@pytest.mark.parametrize(
    ("event", "ok", "state"),
    [
        ("settled", True, State.PAID),
        ("purchase", True, State.PAID),
        ("settled", False, State.FAILED),
        ("purchase", False, State.PENDING),
        ("pending", True, State.PENDING),
    ],
)
def test_a_pending_payment_is_followed_to_its_end(world: World, event: str, ok: bool, state: State) -> None:  # noqa: FBT001 - a parameter of the table above
    world.bigcommerce.answers = [Payment("payment-1", Answer.PENDING)]
    world.look()
    world.bigcommerce.transactions = (Transaction("8", event, ok=ok, money=Money(9800, "USD"), failed=not ok),)
    assert world.look("store/order/transaction/updated").state is state


@pytest.mark.parametrize(("event", "state"), [("capture", State.PAID), ("void", State.CANCELED)])
def test_an_authorization_is_followed_to_its_capture_or_void(world: World, event: str, state: State) -> None:
    world.bigcommerce.answers = [Payment("payment-1", Answer.AUTHORIZED)]
    world.look()
    world.bigcommerce.order = incomplete_order(status=11)
    world.bigcommerce.transactions = (Transaction("8", event, ok=True, money=Money(9800, "USD")),)
    assert world.look("store/order/transaction/created").state is state


def test_a_refund_of_a_paid_order_is_followed(world: World) -> None:
    world.look()
    world.bigcommerce.order = incomplete_order(status=OrderStatus.REFUNDED)
    charge = world.look("store/order/statusUpdated")
    assert (charge.state, charge.transaction_id) == (State.REFUNDED, "payment-1")


def test_a_payment_of_another_amount_does_not_settle_an_unknown_one(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    world.look()
    world.bigcommerce.transactions = (Transaction("7", "purchase", ok=True, money=Money(100, "USD")),)
    for _ in range(10):
        world.clock.pass_by(days=1)
        world.look("sweep")
    assert (world.charge.state, len(world.bigcommerce.paid)) == (State.UNKNOWN, 1)


def test_a_paid_order_without_transactions_is_taken_for_paid_when_none_has_come_for_the_whole_window(
    world: World,
) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    world.look()
    world.bigcommerce.order = incomplete_order(status=OrderStatus.AWAITING_FULFILLMENT)
    world.sweep_until(world.clock() + timedelta(hours=24))
    assert world.charge.state is State.UNKNOWN
    world.sweep_until(world.clock() + timedelta(hours=30))
    assert (world.charge.state, world.charge.reason) == (State.PAID, "paid_by_order_status")
    assert len(world.bigcommerce.paid) == 1


def test_a_charge_that_could_not_be_finished_in_time_is_not_begun(world: World) -> None:
    charge = world.look(seconds_left=44.0)
    assert (charge.state, charge.reason, world.bigcommerce.paid) == (State.CLAIMED, "out_of_time", [])


@pytest.mark.parametrize("choice", [VerificationValue.NEVER, VerificationValue.LAST_4])
def test_the_verification_value_is_what_the_policy_says(world: World, choice: VerificationValue) -> None:
    world.stores.policies = replace(POLICY, verification_value=choice)
    world.look()
    [(_, tender)] = world.bigcommerce.paid
    assert tender.instrument == StoredCard(VISA.token, None if choice is VerificationValue.NEVER else "1111")


def test_an_unknown_store_is_an_error_so_that_the_message_is_kept(world: World) -> None:
    world.stores.known = None
    with pytest.raises(UnknownStoreError):
        world.look()


def test_final_states_have_no_way_out() -> None:
    assert {state for state, targets in TRANSITIONS.items() if not targets} == {
        State.FAILED,
        State.REFUNDED,
        State.CANCELED,
    }


def test_absence_says_nothing_while_the_request_itself_may_be_on_its_way(world: World) -> None:
    world.stores.policies = replace(
        POLICY, evidence_window=timedelta(seconds=1), check_unknown_after=(timedelta(seconds=1),) * 200
    )
    world.bigcommerce.token_life = timedelta(seconds=2)
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    world.look()
    for _ in range(44):
        world.clock.pass_by(seconds=1)
        world.look("sweep")
    assert (world.charge.state, len(world.bigcommerce.paid)) == (State.UNKNOWN, 1)
    for _ in range(5):
        world.clock.pass_by(seconds=1)
        world.look("sweep")
    assert (world.charge.state, len(world.bigcommerce.paid)) == (State.PAID, 2)


def test_an_order_that_no_token_can_be_made_for_is_left_in_the_end_and_tried_again_on_a_new_hint(world: World) -> None:
    world.bigcommerce.trouble["create_access_token"] = RefusedError(422, 30101)
    world.look()
    world.sweep_until(world.clock() + timedelta(days=10))
    assert (world.charge.state, world.charge.reason, world.charge.code) == (
        State.SKIPPED,
        "order_not_chargeable",
        30101,
    )
    world.bigcommerce.trouble.clear()
    assert world.look("store/order/updated").state is State.PAID
