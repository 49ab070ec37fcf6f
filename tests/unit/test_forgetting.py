"""A forgotten customer: every trace of personal data leaves, money first, and nothing brings it back."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bigcharge.adapters.changes import read_change
from bigcharge.adapters.instrument_items import HEAD
from bigcharge.adapters.ledger_items import charge_to_item
from bigcharge.domain.acts import Act, ActKind
from bigcharge.domain.attempts import STORE_CREDIT, Attempt
from bigcharge.domain.charges import Charge
from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import BigchargeError, ConflictError, NotFoundError, OutcomeUnknownError
from bigcharge.domain.forgetting import ForgottenCustomer, forget
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.money import Money
from bigcharge.domain.operating import NotAllowedError, record_act
from bigcharge.domain.orders import Transaction, TransactionEvent
from bigcharge.domain.states import State
from bigcharge.domain.stores import APP_UNINSTALLED, Pause
from bigcharge.services.customer_sync import CustomerSync
from bigcharge.services.customers import FORGET_THE_REST, Customers, Looked
from bigcharge.services.forgetting import CustomerCharges, CustomerItems, Forgetting
from bigcharge.services.instrument_sync import InstrumentSync, StillListedError
from tests.fakes import CREDENTIALS, NOON, STORE, VISA, FakeQueue, hold, incomplete_order
from tests.unit.order_world import World as Shop
from tests.unit.order_world import declined
from tests.words import find_words

CUSTOMER = 11
DELETED = Message(STORE, Kind.CUSTOMER, CUSTOMER, "store/customer/deleted", NOON)
MARK = ForgottenCustomer(STORE, CUSTOMER, NOON, "jane", "asked for")
TRACES = (VISA.token, VISA.fingerprint, "visa", "1111", "411111", "shopper@example.test")


@dataclass
class World(Shop):
    """A shop, and what looks at its customers."""

    customers_queue: FakeQueue = field(default_factory=FakeQueue)

    def __post_init__(self) -> None:
        Shop.__init__(self)
        hold(self.instruments, replace(VISA, iin="411111"), customer=(STORE, CUSTOMER))

    @property
    def forgetting(self) -> Forgetting:
        shapes: tuple[CustomerCharges, CustomerItems] = self.ledger, self.instruments
        return Forgetting(*shapes)

    def look_at_customer(self, message: Message = DELETED) -> Looked:
        customer_sync = CustomerSync(
            self.instruments, self.ledger, self.queue, self.stores, self.bigcommerce, self.clock
        )
        sync = InstrumentSync(customer_sync, self.instruments, self.customers_queue, self.clock)
        customers = Customers(
            sync, self.forgetting, self.instruments, self.ledger, self.customers_queue, self.stores, self.clock
        )
        return customers.look(message)

    def delete_customer(self) -> None:
        """BigCommerce has the order still, and nothing of its customer."""
        self.bigcommerce.instruments = ()
        self.bigcommerce.trouble["list_customer_instruments"] = NotFoundError(404)

    def traces(self) -> str:
        """Everything that is kept."""
        items = [charge_to_item(charge) for charge in self.ledger.charges.values()]
        return json.dumps(items) + repr(self.instruments.rows) + repr(self.instruments.heads)

    @property
    def rest(self) -> list[Message]:
        return [message for message, _ in self.customers_queue.sent if message.cause == FORGET_THE_REST]


@pytest.fixture
def world() -> World:
    return World()


def assert_forgotten(world: World) -> None:
    kept = world.traces()
    assert find_words(TRACES, kept) == []
    assert all(charge.customer_id == 0 for charge in world.ledger.charges.values())
    assert all("customer_key" not in charge_to_item(charge) for charge in world.ledger.charges.values())


@pytest.mark.parametrize("answer", ["not found", "an empty list"])
def test_a_deleted_customer_leaves_amounts_and_outcomes(world: World, answer: str) -> None:
    world.look()
    assert VISA.fingerprint in world.traces()
    world.delete_customer()
    if answer == "an empty list":
        del world.bigcommerce.trouble["list_customer_instruments"]
    forgotten = world.look_at_customer().forgotten
    assert forgotten is not None
    assert len(forgotten.charges) == 1
    assert_forgotten(world)
    [attempt] = world.charge.attempts
    assert (world.charge.state, world.charge.money, world.charge.transaction_id) == (
        State.PAID,
        Money(9800, "USD"),
        "payment-1",
    )
    assert (attempt.outcome, attempt.money, attempt.token_id) == (State.PAID, Money(9800, "USD"), "jti-1")


def test_a_deletion_that_bigcommerce_does_not_show_yet_comes_back_until_it_does(world: World) -> None:
    """An event is a hint: the webhook can be ahead of the lists, or wrong."""
    world.look()
    assert world.look_at_customer().forgotten is None
    assert VISA.fingerprint in world.traces()
    [(again, delay)] = world.customers_queue.sent
    assert (again.cause, 60 <= delay <= 900) == (DELETED.cause, True)
    world.delete_customer()
    world.clock.pass_by(seconds=delay)
    assert world.look_at_customer(again).forgotten is not None
    assert_forgotten(world)


def test_a_deletion_that_never_shows_ends_before_a_person(world: World) -> None:
    world.clock.pass_by(days=4)
    with pytest.raises(StillListedError):
        world.look_at_customer()
    assert VISA.fingerprint in world.traces()


def test_a_missing_customer_of_another_hint_is_no_deletion(world: World) -> None:
    """A wrong address answers 404 to everything: what cannot be undone takes two signs."""
    world.look()
    world.delete_customer()
    looked = world.look_at_customer(replace(DELETED, cause="store/customer/payment/instrument/default/updated"))
    assert looked.forgotten is None
    assert world.charge.customer_id == CUSTOMER


LATE = ("store/customer/payment/instrument/default/updated", "store/customer/deleted", "look_again", "operator")


@pytest.mark.parametrize("cause", LATE)
@pytest.mark.parametrize("is_listed", [False, True])
def test_no_late_hint_brings_the_customer_back(world: World, cause: str, *, is_listed: bool) -> None:
    """Neither where BigCommerce has the customer still, and an operator said to forget."""
    world.look()
    world.forgetting.forget(MARK)
    if not is_listed:
        world.delete_customer()
    world.clock.pass_by(hours=1)
    world.look_at_customer(replace(DELETED, cause=cause, received_at=world.clock()))
    assert_forgotten(world)
    assert world.instruments.rows == {}


def test_a_sync_that_is_under_way_with_what_it_read_before_writes_nothing(world: World) -> None:
    world.bigcommerce.instruments = (replace(VISA, brand="amex"),)
    done: list[int] = []

    def forget_now() -> None:
        if not done:
            done.append(world.forgetting.forget(MARK).instruments)

    world.instruments.before_save = forget_now
    world.look_at_customer(replace(DELETED, cause="operator"))
    assert done == [1]
    assert world.instruments.rows == {}
    assert_forgotten(world)


def test_what_was_under_way_is_forgotten_a_little_later(world: World) -> None:
    """The ledger's index may not show an order of the last moment."""
    world.delete_customer()
    world.look_at_customer()
    assert world.rest == [replace(DELETED, cause=FORGET_THE_REST)]
    attempt = Attempt(
        1, "sweep", "stripe.card", VISA.fingerprint, Money(1, "USD"), "jti", NOON, NOON, "visa", "1111", State.PAID
    )
    world.ledger.save(Charge(STORE, 300, State.PAID, NOON, CUSTOMER, attempts=(attempt,)))
    world.look_at_customer(world.rest[0])
    assert_forgotten(world)
    assert len(world.rest) == 1, "it ends"


def test_the_hint_to_forget_the_rest_forgets_nobody_else(world: World) -> None:
    world.look()
    assert world.look_at_customer(replace(DELETED, cause=FORGET_THE_REST)).forgotten is None
    assert VISA.fingerprint in world.traces()


# ---------------------------------------------------------------- orders


@pytest.mark.parametrize("is_listed", [False, True])
def test_a_waiting_order_is_not_charged_any_more(world: World, *, is_listed: bool) -> None:
    world.bigcommerce.answers = [declined(30106)]
    assert world.look().state is State.DECLINED
    world.forgetting.forget(MARK)
    if not is_listed:
        world.delete_customer()
    assert (world.charge.state, world.charge.reason) == (State.SKIPPED, "customer_forgotten")
    world.sweep_until(NOON + timedelta(days=20))
    assert len(world.bigcommerce.paid) == 1
    assert (world.charge.state, world.charge.reason) == (State.SKIPPED, "customer_forgotten")
    assert_forgotten(world)


@pytest.mark.parametrize("cause", ["store/order/updated", "reconcile", "instrument_changed", "operator"])
def test_a_new_order_of_a_forgotten_customer_is_not_charged_and_its_customer_not_noted(
    world: World, cause: str
) -> None:
    world.forgetting.forget(MARK)
    charge = world.look(cause)
    assert (charge.state, charge.reason, charge.customer_id) == (State.SKIPPED, "customer_forgotten", 0)
    assert not world.bigcommerce.paid
    assert_forgotten(world)


def test_an_order_that_the_policy_leaves_alone_does_not_note_a_forgotten_customer(world: World) -> None:
    world.bigcommerce.order = incomplete_order(external_source="another")
    world.forgetting.forget(MARK)
    charge = world.look()
    assert (charge.reason, charge.customer_id) == ("external_source_not_in_policy", 0)


def test_an_order_that_is_being_charged_just_then_is_charged_and_forgotten(world: World) -> None:
    """Money first: what was sent is written down, without its customer."""
    world.bigcommerce.before_pay = lambda: world.forgetting.forget(MARK)  # type: ignore[assignment]
    assert world.look().state is State.PAID
    assert world.charge.transaction_id == "payment-1"
    assert_forgotten(world)


def test_an_order_that_is_about_to_be_charged_just_then_is_not(world: World) -> None:
    token = world.bigcommerce.create_access_token

    def forget_then(order_id: int, *, is_recurring: bool) -> Any:
        world.forgetting.forget(MARK)
        return token(order_id, is_recurring=is_recurring)

    world.bigcommerce.create_access_token = forget_then  # type: ignore[method-assign]
    assert world.look().state is State.SKIPPED
    assert not world.bigcommerce.paid
    assert_forgotten(world)


@pytest.mark.parametrize("is_paid", [True, False])
def test_a_payment_whose_outcome_nobody_knows_is_settled_and_then_never_repeated(
    world: World, *, is_paid: bool
) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    assert world.look().state is State.UNKNOWN
    world.forgetting.forget(MARK)
    world.delete_customer()
    assert world.charge.state is State.UNKNOWN
    assert_forgotten(world)
    if is_paid:
        world.bigcommerce.transactions = (
            Transaction("1734", TransactionEvent.PURCHASE, ok=True, money=Money(9800, "USD")),
        )
    world.sweep_until(NOON + timedelta(days=10))
    wanted = (State.PAID, None) if is_paid else (State.SKIPPED, "customer_forgotten")
    assert (world.charge.state, world.charge.reason) == wanted
    assert len(world.bigcommerce.paid) == 1
    assert_forgotten(world)


def test_a_pending_payment_is_followed_until_it_settles(world: World) -> None:
    world.bigcommerce.answers = [Payment("payment-1", Answer.PENDING)]
    assert world.look().state is State.PENDING
    world.forgetting.forget(MARK)
    world.bigcommerce.transactions = (
        Transaction("payment-1", TransactionEvent.SETTLED, ok=True, money=Money(9800, "USD")),
    )
    world.sweep_until(NOON + timedelta(hours=1))
    assert world.charge.state is State.PAID
    assert_forgotten(world)


def test_an_operator_cannot_have_it_charged_again(world: World) -> None:
    world.bigcommerce.answers = [declined(30106)]
    world.look()
    world.forgetting.forget(MARK)
    with pytest.raises(NotAllowedError, match="forgotten"):
        record_act(world.charge, Act(ActKind.RETRY, "jane", "asked for", NOON))


def test_an_operators_words_leave_and_who_did_what_when_stays() -> None:
    act = Act(ActKind.RETRY, "jane", "Sam Shopper called", NOON)
    charge = forget(Charge(STORE, 1, State.PAID, NOON, CUSTOMER, acts=(act,), version=1), NOON)
    assert charge.acts == (replace(act, why="forgotten"),)


def test_that_store_credit_was_used_stays_known() -> None:
    paid = Attempt(1, "sweep", STORE_CREDIT, STORE_CREDIT, Money(1, "USD"), "jti", NOON, NOON, outcome=State.PAID)
    assert forget(Charge(STORE, 1, State.PAID, NOON, attempts=(paid,), version=1), NOON).has_used_store_credit


def test_a_charge_that_others_change_meanwhile_is_forgotten_as_it_is_then(world: World) -> None:
    world.look()
    conflicts = iter([True, True, False])

    def meet(charge: Charge) -> None:
        if charge.forgotten_at and next(conflicts):
            raise ConflictError("another writer")

    world.ledger.before_save = meet
    world.forgetting.forget(MARK)
    assert_forgotten(world)


def test_a_charge_that_is_changed_all_the_time_is_said_and_the_rest_of_the_customer_is_gone(world: World) -> None:
    world.look()

    def meet(charge: Charge) -> None:
        raise ConflictError("another writer")

    world.ledger.before_save = meet
    with pytest.raises(BigchargeError, match="215"):
        world.forgetting.forget(MARK)
    assert world.instruments.rows == {}


def test_planning_changes_nothing(world: World) -> None:
    world.look()
    before = world.traces()
    plan = world.forgetting.plan(STORE, CUSTOMER)
    assert (plan.instruments, [charge.order_id for charge in plan.charges]) == (1, [215])
    assert world.traces() == before


def test_forgetting_is_of_one_customer_of_one_store(world: World) -> None:
    others = ((STORE, 12), ("other", CUSTOMER))
    for store, customer in others:
        hold(world.instruments, VISA, customer=(store, customer))
        world.ledger.save(Charge(store, customer, State.PAID, NOON, customer))
    world.forgetting.forget(MARK)
    assert [world.instruments.read(*other).instruments for other in others] == [(VISA,)] * 2
    assert [charge.customer_id for charge in world.ledger.charges.values()] == [12, CUSTOMER]


def test_a_closed_stores_customers_are_not_synced(world: World) -> None:
    world.ledger.close(Pause(STORE, APP_UNINSTALLED, None, CREDENTIALS.fingerprint, NOON))
    hint = replace(DELETED, cause="store/customer/payment/instrument/default/updated")
    world.bigcommerce.instruments = ()
    assert world.look_at_customer(hint) == Looked()
    world.stores.known = None
    assert world.look_at_customer(hint) == Looked()
    world.stores.known = replace(CREDENTIALS, access_token="invented-new-token")
    assert world.look_at_customer(hint).synced is not None


# ---------------------------------------------------------------- what others are told

HEAD_KEYS = {"customer_key": {"S": f"{STORE}#11"}, "instrument_key": {"S": HEAD}}


def told(keys: dict[str, Any], old: dict[str, Any] | None, new: dict[str, Any] | None) -> Any:
    """The one event of a change; None where nothing is told."""
    images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image}
    change = {"Keys": keys, "SequenceNumber": "1", "ApproximateCreationDateTime": NOON.timestamp(), **images}
    events = read_change({"eventID": "event-1", "dynamodb": change})
    assert len(events) <= 1
    return events[0] if events else None


@pytest.mark.parametrize("state", list(State))
def test_that_a_charges_customer_was_forgotten_is_no_news_of_the_charge(world: World, state: State) -> None:
    world.look()
    old = replace(world.charge, state=state, acts=(Act(ActKind.CAPTURE, "jane", "asked for", NOON),))
    event = told({"order_key": {"S": f"{STORE}#215"}}, charge_to_item(old), charge_to_item(forget(old, NOON)))
    if state in {State.CLAIMED, State.DECLINED}:
        assert event.detail_type == "order.skipped"
        assert find_words(TRACES, json.dumps(event.detail)) == []
    else:
        assert event is None


def test_what_becomes_of_a_forgotten_charge_later_is_told_without_its_customer(world: World) -> None:
    world.bigcommerce.answers = [OutcomeUnknownError("no answer")]
    unknown = forget(world.look(), NOON)
    paid = replace(unknown, state=State.PAID, version=9)
    event = told({"order_key": {"S": f"{STORE}#215"}}, charge_to_item(unknown), charge_to_item(paid))
    assert event.detail_type == "order.charged"
    assert (event.detail["customer_id"], event.detail["token_fingerprint"]) == (0, "forgotten")
    assert find_words(TRACES, json.dumps(event.detail)) == []


def make_head(**more: Any) -> dict[str, Any]:
    head = {**HEAD_KEYS, "store_hash": {"S": STORE}, "customer_id": {"N": "11"}, "version": {"N": "3"}}
    return head | {name: {"S": value} for name, value in more.items()}


def test_a_forgotten_customer_is_told_once_by_id_alone() -> None:
    marked = make_head(forgotten_at=NOON.isoformat(), forgotten_by="jane", forgotten_why="asked for")
    event = told(HEAD_KEYS, make_head(read_at=NOON.isoformat()), marked)
    assert event.detail_type == "customer.forgotten"
    assert event.detail == {"event_id": "event-1", "schema_version": 1, "store_hash": STORE, "customer_id": 11}
    assert told(HEAD_KEYS, None, marked).detail == event.detail
    assert told(HEAD_KEYS, marked, marked | {"version": {"N": "4"}}) is None
