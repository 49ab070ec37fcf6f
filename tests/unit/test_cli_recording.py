"""An operator's act is in the ledger before anybody is told of it, and is decided on the charge as it is then."""

from dataclasses import replace

import pytest

from bigcharge.adapters.aws_errors import AwsUnavailableError
from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import ConflictError
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.operating import NotAllowedError
from bigcharge.domain.states import State
from bigcharge.domain.stores import Pause
from ops.errors import CommandError
from ops.recording import Recorder
from tests.fakes import NOON, STORE, FakeLedger, FakeQueue

RETRY = Act(ActKind.RETRY, "jane", "the shopper called", NOON)
KEY = (STORE, 215)


@pytest.fixture
def ledger() -> FakeLedger:
    ledger = FakeLedger()
    ledger.save(Charge(STORE, 215, State.DECLINED, NOON))
    return ledger


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


def recorder(ledger: FakeLedger, queue: FakeQueue) -> Recorder:
    return Recorder(ledger, lambda: queue)


def test_the_act_is_saved_and_then_a_worker_is_told(ledger: FakeLedger, queue: FakeQueue) -> None:
    recorded = recorder(ledger, queue).record(ledger.charges[KEY], RETRY)
    assert ledger.charges[KEY] == recorded.charge
    assert (recorded.charge.state, recorded.charge.acts) == (State.CLAIMED, (RETRY,))
    [(hint, delay)] = queue.sent
    assert hint == Message(STORE, Kind.ORDER, 215, "operator", hint.received_at)
    assert (delay, recorded.is_under_way) == (0, True)


def test_nobody_is_told_of_what_was_not_saved(ledger: FakeLedger, queue: FakeQueue) -> None:
    def fail(charge: Charge) -> None:
        raise AwsUnavailableError("throttled")

    ledger.before_save = fail
    with pytest.raises(AwsUnavailableError):
        recorder(ledger, queue).record(ledger.charges[KEY], RETRY)
    assert queue.sent == []


def test_a_queue_that_does_not_answer_leaves_it_to_the_sweep(ledger: FakeLedger, queue: FakeQueue) -> None:
    queue.error = AwsUnavailableError("no answer")
    recorded = recorder(ledger, queue).record(ledger.charges[KEY], RETRY)
    assert not recorded.is_under_way
    assert [due.order_id for due in ledger.list_due(NOON)] == [215]


def test_a_queue_that_cannot_be_opened_leaves_it_to_the_sweep(ledger: FakeLedger) -> None:
    def fail() -> FakeQueue:
        raise CommandError("no such queue")

    assert not Recorder(ledger, fail).record(ledger.charges[KEY], RETRY).is_under_way


def test_the_queue_is_opened_once_for_many_orders(ledger: FakeLedger, queue: FakeQueue) -> None:
    ledger.save(Charge(STORE, 216, State.DECLINED, NOON))
    unopened = [queue]
    many = Recorder(ledger, unopened.pop)
    assert all(many.record(charge, RETRY).is_under_way for charge in list(ledger.charges.values()))
    assert [hint.id for hint, _ in queue.sent] == [215, 216]


def test_nobody_is_told_where_nothing_is_left_to_be_done(ledger: FakeLedger, queue: FakeQueue) -> None:
    ledger.save(replace(ledger.charges[KEY], state=State.FAILED))
    paid = replace(RETRY, kind=ActKind.RESOLVE_PAID)
    recorded = recorder(ledger, queue).record(ledger.charges[KEY], paid, "t-1")
    assert (recorded.charge.state, recorded.charge.transaction_id) == (State.PAID, "t-1")
    assert (queue.sent, recorded.is_under_way) == ([], True)


def test_after_a_conflict_it_is_decided_anew(ledger: FakeLedger, queue: FakeQueue) -> None:
    """A worker has paid it meanwhile: to retry it now would charge it twice."""

    def pay_meanwhile(_: Charge) -> None:
        ledger.before_save = lambda _: None
        ledger.save(replace(ledger.charges[KEY], state=State.PAID))

    known = ledger.charges[KEY]
    ledger.before_save = pay_meanwhile
    with pytest.raises(NotAllowedError, match="it is paid"):
        recorder(ledger, queue).record(known, RETRY)
    assert ledger.charges[KEY].acts == ()
    assert queue.sent == []


def test_a_save_whose_reply_was_lost_is_not_made_twice(ledger: FakeLedger, queue: FakeQueue) -> None:
    """Ours was written, a worker has followed, and our own repetition met a conflict."""

    def save_and_lose_the_reply(charge: Charge) -> None:
        ledger.before_save = lambda _: None
        ledger.save(charge)
        ledger.save(replace(ledger.charges[KEY], state=State.DECLINED, due_at=None))
        raise ConflictError("another writer")

    ledger.before_save = save_and_lose_the_reply
    recorded = recorder(ledger, queue).record(ledger.charges[KEY], RETRY)
    assert (recorded.charge.state, recorded.charge.acts) == (State.DECLINED, (RETRY,))


def test_a_charge_that_others_keep_changing_is_given_up_in_the_end(ledger: FakeLedger, queue: FakeQueue) -> None:
    def meet_another(_: Charge) -> None:
        raise ConflictError("another writer")

    ledger.before_save = meet_another
    with pytest.raises(CommandError, match="try again"):
        recorder(ledger, queue).record(ledger.charges[KEY], RETRY)


def test_a_paused_store_is_told_of(ledger: FakeLedger, queue: FakeQueue) -> None:
    pause = Pause(STORE, "credentials_refused", 401, "fingerprint", NOON)
    ledger.pause(pause)
    assert recorder(ledger, queue).record(ledger.charges[KEY], RETRY).pause == pause
