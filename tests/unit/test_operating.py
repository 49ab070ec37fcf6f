"""What an operator may do with a charge: each act in each state, and what comes of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import Attempt
from bigcharge.domain.books import Difference
from bigcharge.domain.charges import NEEDS_A_PERSON, Charge
from bigcharge.domain.eligibility import refused_instruments
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.money import Money
from bigcharge.domain.operating import NotAllowedError, record_act
from bigcharge.domain.operator_words import check_transaction, check_words
from bigcharge.domain.states import State
from tests.fakes import NOON, STORE

SENT = NOON - timedelta(hours=2)
# Everything that is allowed, and what it becomes; what is not here is refused.
ALLOWED = {
    (ActKind.RETRY, State.SKIPPED): State.CLAIMED,
    (ActKind.RETRY, State.CLAIMED): State.CLAIMED,
    (ActKind.RETRY, State.DECLINED): State.CLAIMED,
    (ActKind.RETRY, State.FAILED): State.CLAIMED,
    (ActKind.RETRY, State.CANCELED): State.CLAIMED,
    (ActKind.RETRY, State.PAID_ELSEWHERE): State.CLAIMED,
    (ActKind.CAPTURE, State.AUTHORIZED): State.AUTHORIZED,
    (ActKind.VOID, State.AUTHORIZED): State.AUTHORIZED,
    (ActKind.RESOLVE_PAID, State.UNKNOWN): State.PAID,
    (ActKind.RESOLVE_PAID, State.PENDING): State.PAID,
    (ActKind.RESOLVE_PAID, State.FAILED): State.PAID,
    (ActKind.RESOLVE_PAID, State.CANCELED): State.PAID,
    (ActKind.RESOLVE_FAILED, State.UNKNOWN): State.FAILED,
    (ActKind.RESOLVE_FAILED, State.PENDING): State.FAILED,
}
OUTCOMES = {State.SUBMITTING: None, State.CLAIMED: State.CLAIMED, State.SKIPPED: State.DECLINED}


def attempt(outcome: State | None, **changes: object) -> Attempt:
    made = Attempt(
        number=1,
        cause="sweep",
        method_id="stripe.card",
        instrument="0123456789abcdef",
        money=Money(9800, "USD"),
        token_id="jti-1",
        token_expires_at=SENT + timedelta(hours=1),
        sent_at=SENT,
        outcome=outcome,
        code=30102 if outcome is State.DECLINED else None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


def charge(state: State, **changes: object) -> Charge:
    """One whose only attempt came to the same, two hours ago."""
    made = attempt(OUTCOMES.get(state, state))
    found = Charge(
        STORE, 215, state, SENT, reason="a_reason", money=Money(9800, "USD"), attempts=(made,), checks=3, version=4
    )
    return replace(found, **changes)  # type: ignore[arg-type]  # fields by name


def act(kind: ActKind, at: datetime = NOON) -> Act:
    return Act(kind, "jane", "a shopper called", at)


@pytest.mark.parametrize(("kind", "state"), list(product(ActKind, State)))
def test_each_act_in_each_state_is_allowed_or_refused_as_the_table_says(kind: ActKind, state: State) -> None:
    before = charge(state)
    if (kind, state) not in ALLOWED:
        with pytest.raises(NotAllowedError, match=f"it is (not known|{state}: .+)"):
            record_act(before, act(kind))
        return
    after = record_act(before, act(kind))
    assert after.state is ALLOWED[kind, state]
    assert after.acts == (act(kind),), "who, when and why"
    assert (after.version, after.updated_at) == (before.version, NOON)
    assert [made.token_id for made in after.attempts] == ["jti-1"], "no attempt is forgotten"


@pytest.mark.parametrize(
    ("kind", "state", "advice"),
    [
        (ActKind.RETRY, State.SUBMITTING, "on its way. Look again in a minute"),
        (ActKind.RETRY, State.UNKNOWN, "may have been charged. Find out in BigCommerce and at the gateway"),
        (ActKind.RETRY, State.PENDING, "waits for the bank"),
        (ActKind.RETRY, State.AUTHORIZED, "its money is held. Capture it"),
        (ActKind.RETRY, State.REFUNDED, "Make a new order"),
        (ActKind.RETRY, State.PAID, "there is nothing to charge"),
        (ActKind.RESOLVE_PAID, State.SUBMITTING, "on its way. Look again in a minute"),
        (ActKind.RESOLVE_FAILED, State.AUTHORIZED, "its money is held. Capture or void it"),
        (ActKind.RESOLVE_FAILED, State.FAILED, "Retry it, or resolve it as paid"),
        (ActKind.RESOLVE_FAILED, State.PAID, "BigCommerce's books show its payment"),
        (ActKind.RESOLVE_PAID, State.DECLINED, "there is nothing to resolve"),
        (ActKind.CAPTURE, State.PAID, "its money is taken. To give it back, refund it in BigCommerce"),
        (ActKind.VOID, State.UNKNOWN, "nobody knows yet whether its money is held"),
        (ActKind.VOID, State.SUBMITTING, "on its way. Look again in a minute"),
        (ActKind.VOID, State.DECLINED, "nothing is held that could be captured or voided"),
        (ActKind.REPAIR, State.PAID, "only such an order is repaired"),
    ],
)
def test_a_refusal_says_what_to_do_instead(kind: ActKind, state: State, advice: str) -> None:
    with pytest.raises(NotAllowedError, match=advice):
        record_act(charge(state), act(kind))


def test_a_claim_that_waits_is_looked_at_now_and_its_waits_begin_anew() -> None:
    waits = charge(State.CLAIMED, due_at=NOON + timedelta(days=1), failed_looks=9)
    retried = record_act(waits, act(ActKind.RETRY))
    assert (retried.due_at, retried.failed_looks, retried.updated_at) == (NOON, 0, NOON)


@pytest.mark.parametrize("kind", ActKind)
@pytest.mark.parametrize("state", [State.SUBMITTING, State.UNKNOWN, State.PENDING])
def test_what_may_have_been_charged_is_never_charged_again_by_one_command(kind: ActKind, state: State) -> None:
    """For each time that can matter, before and after its token's end."""
    for at in (SENT, SENT + timedelta(minutes=30), NOON, NOON + timedelta(days=30)):
        try:
            after = record_act(charge(state), act(kind, at))
        except NotAllowedError:
            continue
        assert after.state in {State.PAID, State.FAILED}


@pytest.mark.parametrize("state", [State.UNKNOWN, State.PENDING])
def test_failed_is_not_said_while_the_last_request_may_still_be_carried_out(state: State) -> None:
    end = SENT + timedelta(hours=1)
    with pytest.raises(NotAllowedError, match="resolve it after 2026-11-20 11:00:00 UTC"):
        record_act(charge(state), act(ActKind.RESOLVE_FAILED, end - timedelta(seconds=1)))
    assert record_act(charge(state), act(ActKind.RESOLVE_FAILED, end)).state is State.FAILED


def test_a_request_outlives_a_token_that_dies_on_its_way() -> None:
    short = charge(State.UNKNOWN, attempts=(attempt(State.UNKNOWN, token_expires_at=SENT),))
    with pytest.raises(NotAllowedError, match="may still be carried out"):
        record_act(short, act(ActKind.RESOLVE_FAILED, SENT + timedelta(seconds=44)))


def test_paid_may_be_said_at_once_and_names_its_transaction() -> None:
    paid = record_act(charge(State.UNKNOWN), act(ActKind.RESOLVE_PAID, SENT), "t-17")
    assert (paid.state, paid.transaction_id, paid.reason) == (State.PAID, "t-17", "resolved_by_operator")
    assert paid.attempts[-1].outcome is State.PAID


def test_paid_is_taken_back_only_where_the_books_show_no_payment() -> None:
    mistaken = charge(State.PAID, difference=Difference.PAID_ONLY_IN_LEDGER)
    assert record_act(mistaken, act(ActKind.RESOLVE_FAILED)).state is State.FAILED
    for difference in {None, *Difference} - {Difference.PAID_ONLY_IN_LEDGER}:
        with pytest.raises(NotAllowedError, match=r"it is paid: .+"):
            record_act(charge(State.PAID, difference=difference), act(ActKind.RESOLVE_FAILED))


def test_a_transaction_that_is_known_stays_where_none_is_named() -> None:
    assert record_act(charge(State.PENDING, transaction_id="t-1"), act(ActKind.RESOLVE_PAID)).transaction_id == "t-1"


def test_a_failed_charge_that_was_paid_in_another_way_keeps_what_its_attempts_came_to() -> None:
    failed = charge(State.FAILED, attempts=(attempt(State.DECLINED),))
    assert record_act(failed, act(ActKind.RESOLVE_PAID)).attempts == failed.attempts


@pytest.mark.parametrize("kind", [ActKind.RESOLVE_PAID, ActKind.RESOLVE_FAILED])
def test_what_an_operator_said_is_held_against_the_books_after_an_hour(kind: ActKind) -> None:
    resolved = record_act(charge(State.UNKNOWN), act(kind))
    assert resolved.due_at == NOON + timedelta(hours=1)
    assert resolved.difference is None


def test_resolved_as_failed_it_may_be_retried() -> None:
    failed = record_act(charge(State.UNKNOWN), act(ActKind.RESOLVE_FAILED))
    retried = record_act(failed, act(ActKind.RETRY, NOON + timedelta(minutes=1)))
    assert (retried.state, retried.reason) == (State.CLAIMED, "operator_retry")
    assert [done.kind for done in retried.acts] == [ActKind.RESOLVE_FAILED, ActKind.RETRY]


@pytest.mark.parametrize("kind", [ActKind.RETRY, ActKind.CAPTURE, ActKind.VOID, ActKind.REPAIR])
def test_what_is_to_be_carried_out_is_due_at_once_and_begins_anew(kind: ActKind) -> None:
    states = {ActKind.RETRY: State.DECLINED, ActKind.REPAIR: State.PAID}
    before = charge(states.get(kind, State.AUTHORIZED), reason=NEEDS_A_PERSON, failed_looks=7)
    if kind is ActKind.REPAIR:
        before = replace(before, difference=Difference.PAID_BUT_INCOMPLETE)
    after = record_act(before, act(kind))
    assert (after.due_at, after.checks, after.failed_looks) == (NOON, 0, 0)
    assert after.reason != NEEDS_A_PERSON, "it is asked for again, as often as planned"


def test_how_a_charge_came_to_be_paid_outlives_its_repair() -> None:
    paid = charge(State.PAID, difference=Difference.PAID_BUT_INCOMPLETE, reason="paid_by_order_status")
    assert record_act(paid, act(ActKind.REPAIR)).reason == "paid_by_order_status"


def test_a_claim_is_not_taken_from_a_worker_that_is_charging() -> None:
    working = charge(State.CLAIMED, reason=None, due_at=NOON + timedelta(seconds=20))
    with pytest.raises(NotAllowedError, match="being charged now"):
        record_act(working, act(ActKind.RETRY))
    assert record_act(working, act(ActKind.RETRY, NOON + timedelta(seconds=20))).due_at == NOON + timedelta(seconds=20)


def test_a_claim_that_waits_goes_on_at_once() -> None:
    waiting = charge(State.CLAIMED, reason="rate_limited", due_at=NOON + timedelta(minutes=15))
    after = record_act(waiting, act(ActKind.RETRY))
    assert (after.due_at, after.reason) == (NOON, "rate_limited")


@pytest.mark.parametrize(("state", "difference"), list(product(State, Difference)))
def test_only_what_is_paid_and_still_incomplete_is_repaired(state: State, difference: Difference) -> None:
    before = charge(state, difference=difference)
    if (state, difference) == (State.PAID, Difference.PAID_BUT_INCOMPLETE):
        after = record_act(before, act(ActKind.REPAIR))
        assert (after.state, after.difference) == (state, difference), "the next comparison tells whether it helped"
        return
    with pytest.raises(NotAllowedError, match="only such an order is repaired"):
        record_act(before, act(ActKind.REPAIR))


@pytest.mark.parametrize("difference", Difference)
@pytest.mark.parametrize(
    ("kind", "state"),
    [(kind, state) for kind, state in ALLOWED if kind in {ActKind.RETRY, ActKind.CAPTURE}],
)
def test_no_money_is_taken_while_the_books_differ(kind: ActKind, state: State, difference: Difference) -> None:
    with pytest.raises(NotAllowedError, match="the books differ"):
        record_act(charge(state, difference=difference), act(kind))


@pytest.mark.parametrize("kind", [ActKind.RETRY, ActKind.CAPTURE])
def test_of_a_paid_charge_whose_books_differ_it_is_said_first_that_it_is_paid(kind: ActKind) -> None:
    with pytest.raises(NotAllowedError, match="it is paid"):
        record_act(charge(State.PAID, difference=Difference.AMOUNTS_DIFFER), act(kind))


def test_a_payment_too_many_may_be_voided() -> None:
    twice = charge(State.AUTHORIZED, difference=Difference.PAID_TWICE)
    assert record_act(twice, act(ActKind.VOID)).due_at == NOON


def test_a_refusal_records_nothing() -> None:
    paid = charge(State.PAID)
    with pytest.raises(NotAllowedError):
        record_act(paid, act(ActKind.RETRY))
    assert paid.acts == ()


def test_an_operator_whose_clock_is_behind_has_the_declined_card_tried_all_the_same() -> None:
    """Else the decline would seem to come after the retry, and the retry would find no card that it may try."""
    declined = charge(State.DECLINED, attempts=(attempt(State.DECLINED, sent_at=NOON),), updated_at=NOON)
    assert refused_instruments(declined, NOON)
    slow = act(ActKind.RETRY, NOON - timedelta(minutes=4))
    after = record_act(replace(declined, updated_at=NOON + timedelta(seconds=1)), slow)
    assert after.due_at == after.acts[-1].at == NOON + timedelta(seconds=1)
    assert not refused_instruments(after, NOON)


def test_every_act_of_the_past_is_kept() -> None:
    done = act(ActKind.VOID, SENT)
    assert record_act(charge(State.AUTHORIZED, acts=(done,)), act(ActKind.CAPTURE)).acts == (done, act(ActKind.CAPTURE))


@pytest.mark.parametrize(
    "words",
    ["", "  ", "x" * 201, "two\nlines", "a\ttab", "\x1b[31mred", "right\u202eleft", "null\x00", "\ud800", "a\u2028b"],
)
def test_words_for_the_ledger_are_one_line_that_can_be_printed(words: str) -> None:
    with pytest.raises(InvalidInputError, match="one line of 1 to 200 printable characters"):
        check_words(words, "--why", 200)


@pytest.mark.parametrize(
    "number",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "card 378282246310005 of Ann",
        "12 4242424242424242 34",
        "424242424242",
        "6304000000000000000",
        "\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662\u0664\u0662",
    ],
)
def test_what_may_be_a_card_number_is_not_kept(number: str) -> None:
    with pytest.raises(InvalidInputError, match="card number") as refused:
        check_words(f"paid with {number}", "--why", 200)
    assert number not in str(refused.value)


@pytest.mark.parametrize(
    "words",
    [
        "called +49 30 901820, ticket 4711",
        "4242 4242 4242 4241",
        "Zoë O'Neill",
        " padded ",
        "2026-11-20 12:30",
        "x" * 200,
    ],
)
def test_other_words_are_kept(words: str) -> None:
    assert check_words(words, "--why", 200) == words.strip()


@pytest.mark.parametrize("transaction", ["", "a b", "x" * 101, "4242424242424242", "12\n", "../x"])
def test_what_cannot_be_a_transaction_is_not_kept(transaction: str) -> None:
    with pytest.raises(InvalidInputError, match="transaction"):
        check_transaction(transaction)


@pytest.mark.parametrize("transaction", ["17", "8MC585209K746392H", "0b3e1c2a-6a1f-4c52-9d0e-0a8c2f6d1b77"])
def test_a_transaction_is_kept_as_it_is(transaction: str) -> None:
    assert check_transaction(transaction) == transaction
