"""A look at an order: what it reads and what it spares, what it does without a policy, and whom it does not charge."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bigcharge.domain.attempts import Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import ConflictError, InvalidInputError, OutcomeUnknownError
from bigcharge.domain.forgetting import ForgottenCustomer
from bigcharge.domain.money import Money
from bigcharge.domain.orders import Transaction
from bigcharge.domain.policy import Capture, Policy, WhenFailed
from bigcharge.domain.states import State
from tests.fakes import NOON, STORE, VISA, incomplete_order, order_message
from tests.unit.order_world import POLICY, World, declined

PRICE = Money(9800, "USD")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SENT = Attempt(1, "sweep", "stripe.card", VISA.fingerprint, PRICE, "jti-1", NOON + HOUR, NOON - HOUR)
OURS = Transaction("8", "purchase", ok=True, money=PRICE)
LEFT = Charge(STORE, 215, State.SKIPPED, NOON - DAY, customer_id=11, reason="order_status_7", money=PRICE, version=1)


class CountedWorld(World):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: Counter[str] = Counter()
        for of, call in (
            (self.bigcommerce, "get_order"),
            (self.bigcommerce, "get_transactions"),
            (self.bigcommerce, "get_payment_methods"),
            (self.instruments, "is_forgotten"),
            (self.stores, "refresh"),
        ):
            self._count(of, call)

    def _count(self, of: object, call: str) -> None:
        original = getattr(of, call)

        def counted(*values: object) -> object:
            self.read[call] += 1
            return original(*values)

        setattr(of, call, counted)

    def keep(self, charge: Charge) -> None:
        self.ledger.charges[STORE, 215] = charge

    def forget(self) -> None:
        self.instruments.forget_customer(ForgottenCustomer(STORE, 11, NOON, "jane", "asked for"))


@pytest.fixture
def world() -> CountedWorld:
    return CountedWorld()


# ------------------------------------------------------------ what is read and written


@pytest.mark.parametrize(
    ("known", "policy", "status", "read"),
    [
        (None, POLICY, 0, {"get_order": 1, "get_payment_methods": 1, "is_forgotten": 1}),
        (None, POLICY, 7, {"get_order": 1, "get_payment_methods": 1, "is_forgotten": 1}),
        (None, None, 0, {"get_order": 1, "is_forgotten": 1}),
        (LEFT, POLICY, 7, {"get_order": 1}),
        (LEFT, POLICY, 0, {"get_order": 1, "get_payment_methods": 1, "is_forgotten": 1}),
    ],
)
def test_nothing_is_read_that_decides_nothing(
    world: CountedWorld, known: Charge | None, policy: Policy | None, status: int, read: dict[str, int]
) -> None:
    if known is not None:
        world.keep(known)
    world.stores.policies = policy
    world.bigcommerce.order = incomplete_order(status=status)
    world.look()
    assert world.read == read


@pytest.mark.parametrize("state", [State.CLAIMED, State.SUBMITTING])
def test_an_order_that_another_worker_is_at_is_not_even_read(world: CountedWorld, state: State) -> None:
    at_work = replace(LEFT, state=state, attempts=(SENT,), due_at=NOON + MINUTE)
    world.keep(at_work)
    assert world.look() is at_work
    assert not world.read


@pytest.mark.parametrize(
    ("policy", "answer"),
    [
        (replace(POLICY, capture=Capture.AT_ONCE), Payment("payment-1", Answer.AUTHORIZED)),
        (replace(POLICY, retry_after=(), when_failed=WhenFailed.CANCEL), declined(30106)),
    ],
)
def test_what_the_policy_wants_done_after_a_charge_comes_back_at_once(
    world: CountedWorld, policy: Policy, answer: Payment | Exception
) -> None:
    world.stores.policies = policy
    world.bigcommerce.answers = [answer]
    assert world.look().due_at == NOON
    assert world.queue.sent == [(order_message(), 0)]


@pytest.mark.parametrize("answer", [Payment("payment-1", Answer.PAID), declined(30106), OutcomeUnknownError("lost")])
def test_what_is_looked_at_later_is_left_to_the_sweep(world: CountedWorld, answer: Payment | Exception) -> None:
    world.bigcommerce.answers = [answer]
    world.look()
    assert world.queue.sent == []


def test_a_look_that_settles_nothing_writes_nothing(world: CountedWorld) -> None:
    unknown = replace(LEFT, state=State.UNKNOWN, attempts=(SENT,), due_at=NOON + MINUTE)
    world.keep(unknown)
    assert world.look() is unknown
    assert world.read["get_transactions"] == 1


def test_a_look_that_others_forestall_again_and_again_leaves_the_order_to_them(world: CountedWorld) -> None:
    def forestall(_: Charge) -> None:
        raise ConflictError("another writer")

    world.keep(LEFT)
    world.ledger.before_save = forestall
    assert world.look() is LEFT
    assert world.read["get_order"] == 3


def test_an_order_that_was_tried_before_stays_declined_while_bigcommerce_does_not_show_it(world: CountedWorld) -> None:
    world.bigcommerce.answers = [declined(30106)]
    world.look()
    world.bigcommerce.order = None
    world.clock.pass_by(minutes=1)
    assert (world.look("sweep").state, world.charge.reason) == (State.DECLINED, "insufficient_funds")
    assert world.charge.retry_at == NOON + DAY


# ------------------------------------------------------------ a policy that cannot be read


@pytest.mark.parametrize("due_at", [None, NOON, NOON + HOUR])
@pytest.mark.parametrize("state", [State.SKIPPED, State.DECLINED])
def test_without_a_readable_policy_what_might_be_charged_is_not_even_read(
    world: CountedWorld, state: State, due_at: datetime | None
) -> None:
    world.keep(replace(LEFT, state=state, due_at=due_at))
    world.stores.policies = InvalidInputError("unknown policy key")
    assert (world.look().state, world.charge.reason) == (state, LEFT.reason)
    assert world.charge.due_at == NOON + 15 * MINUTE
    assert not world.read


@pytest.mark.parametrize("state", [State.SUBMITTING, State.UNKNOWN, State.PENDING])
def test_without_a_readable_policy_what_was_sent_is_settled(world: CountedWorld, state: State) -> None:
    world.keep(replace(LEFT, state=state, attempts=(SENT,), due_at=NOON))
    world.stores.policies = InvalidInputError("unknown policy key")
    world.bigcommerce.transactions = (OURS,)
    assert (world.look().state, world.charge.transaction_id) == (State.PAID, "8")


@pytest.mark.parametrize("state", [State.PAID, State.AUTHORIZED, State.FAILED, State.CANCELED, State.PAID_ELSEWHERE])
def test_without_a_readable_policy_what_is_to_be_done_with_an_order_waits(world: CountedWorld, state: State) -> None:
    world.keep(replace(LEFT, state=state, attempts=(SENT,), due_at=NOON))
    world.stores.policies = InvalidInputError("unknown policy key")
    assert (world.look("sweep").state, world.charge.due_at) == (state, NOON + 15 * MINUTE)
    assert not world.read


@pytest.mark.parametrize("state", [State.PAID, State.AUTHORIZED, State.PAID_ELSEWHERE])
def test_without_a_readable_policy_a_refund_is_seen(world: CountedWorld, state: State) -> None:
    world.keep(replace(LEFT, state=state, attempts=(SENT,), due_at=NOON + HOUR))
    world.stores.policies = InvalidInputError("unknown policy key")
    world.bigcommerce.order = incomplete_order(status=4)
    assert world.look("store/order/statusUpdated").state is State.REFUNDED


# ------------------------------------------------------------ customers that were forgotten


@pytest.mark.parametrize("known", [None, LEFT, replace(LEFT, state=State.DECLINED)])
def test_a_forgotten_customers_order_is_not_charged_however_it_was_left_before(
    world: CountedWorld, known: Charge | None
) -> None:
    if known is not None:
        world.keep(known)
    world.forget()
    assert (world.look().state, world.charge.reason) == (State.SKIPPED, "customer_forgotten")
    assert (world.charge.customer_id, world.charge.forgotten_at) == (0, NOON)
    assert not world.bigcommerce.tokens


def test_what_was_forgotten_once_stays_so_though_the_table_knows_nothing_of_it(world: CountedWorld) -> None:
    world.keep(replace(LEFT, customer_id=0, forgotten_at=NOON - DAY))
    assert (world.look().state, world.charge.reason) == (State.SKIPPED, "customer_forgotten")
    assert (world.charge.customer_id, world.charge.forgotten_at) == (0, NOON - DAY)
    assert not world.bigcommerce.tokens


def test_an_order_that_is_a_guests_by_now_is_left_and_names_nobody(world: CountedWorld) -> None:
    world.keep(LEFT)
    world.bigcommerce.order = incomplete_order(customer_id=0)
    assert (world.look().state, world.charge.reason) == (State.SKIPPED, "guest")
    assert (world.charge.customer_id, world.charge.forgotten_at) == (0, None)
