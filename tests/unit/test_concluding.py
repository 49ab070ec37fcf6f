"""What a payment request's answer makes of its charge: each decision, after whatever came before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import STORE_CREDIT, Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.concluding import conclude, give_up, next_look
from bigcharge.domain.declines import DECLINES, Answer, Decision, Payment
from bigcharge.domain.errors import BigCommerceError, DeclinedError, NotSentError, OutcomeUnknownError, RateLimitedError
from bigcharge.domain.money import Money
from bigcharge.domain.policy import Capture, InstrumentChoice, Policy, WhenFailed
from bigcharge.domain.states import State
from tests.fakes import MASTERCARD, NOON, STORE, VISA

PRICE = Money(9800, "USD")
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
POLICY = Policy(external_sources=("subscriptions",))
CLOSING = replace(POLICY, when_failed=WhenFailed.DECLINE)
ANY = replace(POLICY, instrument=InstrumentChoice.ANY)
FIRST = Attempt(1, "sweep", "stripe.card", VISA.fingerprint, PRICE, "jti-1", NOON + timedelta(hours=1), NOON)
CREDIT = replace(FIRST, instrument=STORE_CREDIT)
OTHER = replace(FIRST, instrument=MASTERCARD.fingerprint)
WAITED_FOR = [code for code, one in DECLINES.items() if one.decision is Decision.WAIT_FOR_INSTRUMENT]


def refused(code: int, attempt: Attempt = FIRST, **changes: object) -> Attempt:
    return replace(attempt, outcome=State.DECLINED, code=code, **changes)  # type: ignore[arg-type]  # fields by name


def make(*earlier: Attempt, last: Attempt = FIRST, **changes: object) -> Charge:
    charge = Charge(STORE, 215, State.SUBMITTING, NOON, money=PRICE, attempts=(*earlier, last), version=1)
    return replace(charge, **changes)  # type: ignore[arg-type]  # fields by name


def declined(code: int, *earlier: Attempt, last: Attempt = FIRST, policy: Policy = POLICY) -> Charge:
    return conclude(make(*earlier, last=last), DeclinedError(402, DECLINES[code]), policy, NOON)


# ------------------------------------------------------------ accepted, not processed, unknown


@pytest.mark.parametrize(
    ("answer", "state", "looked_at"),
    [
        (Answer.PAID, State.PAID, timedelta(hours=1)),
        (Answer.AUTHORIZED, State.AUTHORIZED, DAY),
        (Answer.PENDING, State.PENDING, 30 * SECOND),
    ],
)
def test_what_was_accepted_is_looked_at_again(answer: Answer, state: State, looked_at: timedelta) -> None:
    charge = conclude(make(), Payment("payment-1", answer), POLICY, NOON)
    assert (charge.state, charge.transaction_id, charge.due_at) == (state, "payment-1", NOON + looked_at)
    assert charge.attempts == (replace(FIRST, outcome=state),)


def test_store_credit_that_paid_leaves_the_rest_to_be_looked_at_now() -> None:
    charge = conclude(make(last=CREDIT), Payment("payment-1", Answer.PAID), POLICY, NOON)
    assert (charge.state, charge.reason, charge.due_at) == (State.CLAIMED, "store_credit_used", NOON)
    assert (charge.transaction_id, charge.has_used_store_credit) == (None, True)


@pytest.mark.parametrize(("looks", "wait"), [(0, 5), (1, 10), (2, 20), (30, 900)])
def test_what_never_left_waits_longer_each_time(looks: int, wait: int) -> None:
    charge = conclude(make(failed_looks=looks), NotSentError("refused"), POLICY, NOON)
    assert (charge.state, charge.reason) == (State.CLAIMED, "bigcommerce_unreachable")
    assert (charge.due_at, charge.failed_looks) == (NOON + wait * SECOND, looks + 1)
    assert charge.attempts[-1].outcome is State.CLAIMED


@pytest.mark.parametrize(("named", "looks", "wait"), [(7, 0, 7), (7, 29, 7), (7, 31, 10), (7, 33, 40), (0, 2, 20)])
def test_too_many_requests_wait_as_long_as_was_named_and_longer_when_it_goes_on(
    named: float, looks: int, wait: int
) -> None:
    charge = conclude(make(failed_looks=looks), RateLimitedError(named), POLICY, NOON)
    assert (charge.state, charge.reason) == (State.CLAIMED, "rate_limited")
    assert (charge.due_at, charge.failed_looks) == (NOON + wait * SECOND, looks + 1)
    assert charge.attempts[-1].outcome is State.CLAIMED


@pytest.mark.parametrize(
    ("error", "reason", "code"),
    [
        (OutcomeUnknownError("lost"), "no_reliable_answer", None),
        (OutcomeUnknownError("HTTP 500", 10000), "internal_error", 10000),
        (OutcomeUnknownError("HTTP 409", 30105), "duplicate_payment", 30105),
        (OutcomeUnknownError("HTTP 500", 99999), "no_reliable_answer", 99999),
        (BigCommerceError("something else"), "no_reliable_answer", None),
    ],
)
def test_anything_else_is_unknown_and_looked_for_within_a_minute(
    error: BigCommerceError, reason: str, code: int | None
) -> None:
    charge = conclude(make(), error, POLICY, NOON)
    assert (charge.state, charge.reason, charge.code) == (State.UNKNOWN, reason, code)
    assert (charge.due_at, charge.attempts[-1].outcome) == (NOON + 30 * SECOND, State.UNKNOWN)
    lazy = replace(POLICY, check_unknown_after=(DAY, SECOND))
    assert conclude(make(), error, lazy, NOON).due_at == NOON + MINUTE


@pytest.mark.parametrize(
    ("state", "policy", "wait"),
    [
        (State.AUTHORIZED, replace(POLICY, capture=Capture.AT_ONCE), timedelta()),
        (State.AUTHORIZED, replace(POLICY, capture=Capture.WHEN_SHIPPED), DAY),
        (State.AUTHORIZED, POLICY, DAY),
        (State.FAILED, CLOSING, timedelta()),
        (State.FAILED, replace(POLICY, when_failed=WhenFailed.CANCEL), timedelta()),
        (State.FAILED, POLICY, timedelta(hours=1)),
        (State.CANCELED, CLOSING, timedelta(hours=1)),
        (State.REFUNDED, CLOSING, None),
    ],
)
def test_what_the_policy_wants_done_is_done_at_once(state: State, policy: Policy, wait: timedelta | None) -> None:
    assert next_look(state, policy, NOON) == (None if wait is None else NOON + wait)


# ------------------------------------------------------------ declined


@pytest.mark.parametrize("number", range(4))
def test_each_decline_of_a_card_waits_for_the_next_of_the_schedule(number: int) -> None:
    charge = declined(30106, *(refused(30104) for _ in range(number)))
    wait = POLICY.retry_after[number]
    assert (charge.state, charge.reason, charge.code) == (State.DECLINED, "insufficient_funds", 30106)
    assert (charge.retry_at, charge.due_at) == (NOON + wait, NOON + MINUTE)


@pytest.mark.parametrize("policy", [POLICY, CLOSING])
def test_after_the_last_of_the_schedule_the_charge_has_failed(policy: Policy) -> None:
    charge = declined(30104, *(refused(30106),) * 4, policy=policy)
    assert (charge.state, charge.reason, charge.code) == (State.FAILED, "declined_by_issuer", 30104)
    assert charge.due_at == (NOON if policy is CLOSING else NOON + timedelta(hours=1))
    assert charge.attempts[-1].outcome is State.DECLINED


def test_only_declines_of_the_same_card_that_were_retried_use_up_its_schedule() -> None:
    of_others = refused(30106, OTHER), refused(30106, CREDIT), refused(30101), refused(30004)
    not_refused = replace(FIRST, outcome=State.FAILED, code=30106), replace(FIRST, outcome=State.CLAIMED)
    assert declined(30106, *of_others, *not_refused).retry_at == NOON + POLICY.retry_after[0]


@pytest.mark.parametrize("instrument", [InstrumentChoice.ANY, InstrumentChoice.MOST_RECENT])
def test_a_card_whose_schedule_is_used_up_leaves_the_order_to_the_customers_others(
    instrument: InstrumentChoice,
) -> None:
    policy = replace(POLICY, instrument=instrument)
    charge = declined(30106, *(refused(30106),) * 4, policy=policy)
    assert (charge.state, charge.retry_at, charge.due_at) == (State.DECLINED, None, NOON + 5 * SECOND)
    assert declined(30106, policy=policy).due_at == NOON + 5 * SECOND


@pytest.mark.parametrize("code", WAITED_FOR)
def test_a_card_that_cannot_be_charged_is_not_tried_again_and_another_is_waited_for(code: int) -> None:
    charge = declined(code, refused(code), refused(code))
    assert (charge.state, charge.reason) == (State.DECLINED, DECLINES[code].reason)
    assert (charge.retry_at, charge.due_at) == (None, NOON + MINUTE)


@pytest.mark.parametrize("policy", [POLICY, ANY])
def test_a_new_token_is_tried_once_and_then_no_more(policy: Policy) -> None:
    first = declined(30004, refused(30106), policy=policy)
    assert (first.state, first.retry_at, first.due_at) == (State.DECLINED, NOON + 5 * SECOND, NOON + 5 * SECOND)
    again = declined(30004, refused(30004), policy=policy)
    assert (again.state, again.reason) == (State.FAILED, "totals_do_not_match")


@pytest.mark.parametrize("policy", [POLICY, ANY])
def test_a_request_that_is_our_fault_is_not_repeated(policy: Policy) -> None:
    assert declined(10001, policy=policy).state is State.FAILED


def test_an_order_that_is_not_chargeable_is_read_again_soon_and_then_daily() -> None:
    first = declined(30101)
    assert (first.state, first.retry_at, first.due_at) == (State.DECLINED, NOON + 30 * SECOND, NOON + 30 * SECOND)
    again = declined(30101, refused(30101))
    assert (again.state, again.retry_at, again.due_at) == (State.DECLINED, NOON + DAY, NOON + MINUTE)
    assert declined(30101, refused(30003)).retry_at == NOON + 30 * SECOND


def test_what_is_wrong_with_the_store_is_tried_again_when_it_may_have_been_resumed() -> None:
    charge = declined(30000)
    assert (charge.state, charge.reason) == (State.DECLINED, "no_payment_configuration")
    assert (charge.retry_at, charge.due_at) == (NOON + 15 * MINUTE, NOON + MINUTE)


def test_only_retries_of_the_schedule_keep_to_an_hour_of_the_day() -> None:
    policy = replace(POLICY, retry_hour=9, time_zone="UTC")
    assert declined(30106, policy=policy).retry_at == NOON + DAY + timedelta(hours=21)
    assert declined(30101, policy=policy).retry_at == NOON + 30 * SECOND
    assert declined(30000, policy=policy).retry_at == NOON + 15 * MINUTE


# ------------------------------------------------------------ store credit


@pytest.mark.parametrize("code", [30106, 30104, 30102, 10001])
def test_store_credit_that_is_refused_leaves_all_of_it_to_the_card_at_once(code: int) -> None:
    charge = declined(code, last=CREDIT, policy=CLOSING)
    assert (charge.state, charge.reason) == (State.CLAIMED, "no_store_credit")
    assert (charge.code, charge.due_at) == (code, NOON)
    assert charge.attempts[-1] == refused(code, CREDIT)


@pytest.mark.parametrize(("code", "wait"), [(30101, 30 * SECOND), (30000, 15 * MINUTE), (30004, 5 * SECOND)])
def test_what_is_refused_for_the_orders_or_the_stores_sake_is_asked_for_again(code: int, wait: timedelta) -> None:
    for earlier in ((), (refused(code),)):  # the card's refusals are not those of store credit
        charge = declined(code, *earlier, last=CREDIT)
        assert (charge.state, charge.retry_at) == (State.DECLINED, NOON + wait)


# ------------------------------------------------------------ nothing is left to be tried

USED_UP = refused(30106)


def given_up(*attempts: Attempt, policy: Policy = POLICY, **changes: object) -> Charge | None:
    charge = make(*attempts[:-1], last=attempts[-1], state=State.DECLINED, **changes)
    return give_up(charge, policy, NOON)


@pytest.mark.parametrize("policy", [POLICY, CLOSING])
def test_when_the_last_card_is_used_up_the_charge_has_failed(policy: Policy) -> None:
    charge = given_up(USED_UP, policy=policy)
    assert charge is not None
    assert (charge.state, charge.reason, charge.code) == (State.FAILED, "insufficient_funds", 30106)
    assert charge.due_at == (NOON if policy is CLOSING else NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    "attempts",
    [
        (refused(30102),),
        (replace(USED_UP, retry_at=NOON + DAY),),
        (refused(30106, OTHER, retry_at=NOON + DAY), USED_UP),
        (replace(USED_UP, outcome=State.FAILED),),
        (replace(USED_UP, code=None),),
        (refused(30106, CREDIT),),
        (replace(USED_UP, retry_at=NOON - DAY),),
    ],
)
def test_while_a_card_waits_or_another_is_waited_for_nothing_is_given_up(attempts: tuple[Attempt, ...]) -> None:
    assert given_up(*attempts) is None


def test_what_was_refused_before_an_operator_said_to_retry_gives_nothing_up() -> None:
    told = Act(ActKind.RETRY, "jane", "the bank says that it is mended", NOON + SECOND)
    assert given_up(USED_UP, acts=(told,)) is None
    assert given_up(replace(USED_UP, sent_at=NOON + SECOND), acts=(told,)) is not None


def test_what_is_not_declined_is_not_given_up() -> None:
    assert give_up(make(last=USED_UP, state=State.CLAIMED), POLICY, NOON) is None
