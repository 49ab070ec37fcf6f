"""The world in memory, for the services: the same shapes as the adapters, with every move written down."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from bigcharge.domain.access_tokens import AccessToken
from bigcharge.domain.charges import Charge, DueCharge
from bigcharge.domain.declines import Answer, Payment
from bigcharge.domain.errors import ConflictError, InvalidInputError, NotFoundError, UnknownStoreError
from bigcharge.domain.forgetting import ForgottenCustomer
from bigcharge.domain.instrument_rows import CustomerChange, CustomerInstruments, InstrumentRow, name_default
from bigcharge.domain.instruments import Instrument, InstrumentType, PaymentMethod
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.money import Money
from bigcharge.domain.new_orders import OrderChanges
from bigcharge.domain.orders import Order, Transaction
from bigcharge.domain.policy import Policy
from bigcharge.domain.states import State
from bigcharge.domain.stores import Credentials, Pause
from bigcharge.domain.tenders import Tender
from bigcharge.services.ports import Instruments

STORE = "abc123"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CREDENTIALS = Credentials(STORE, "invented-access-token", "invented-client-id", "invented-client-secret")
VISA = Instrument(
    "a" * 64, InstrumentType.CARD, is_default=True, brand="visa", last_4="1111", expiry_month=12, expiry_year=2030
)
MASTERCARD = Instrument(
    "b" * 64, InstrumentType.CARD, brand="mastercard", last_4="4444", expiry_month=1, expiry_year=2031
)


def order_message(order_id: int = 215, cause: str = "store/order/created") -> Message:
    return Message(STORE, Kind.ORDER, order_id, cause, NOON)


def incomplete_order(order_id: int = 215, amount: int = 9800, **changes: Any) -> Order:
    order = Order(order_id, 0, 11, Money(amount, "USD"), order_source="external", external_source="subscriptions")
    return replace(order, **changes)


class Context(LambdaContext):
    """Lambda's context, with a clock that the work moves on."""

    _aws_request_id = "request-1"

    def __init__(self, milliseconds: int = 90_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # the library has it static, Lambda has not
        return self.milliseconds


@dataclass
class Time:
    """A clock that moves when told."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **spans: float) -> None:
        self.now += timedelta(**spans)


@dataclass
class FakeLedger:
    charges: dict[tuple[str, int], Charge] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)
    handed_over: dict[int, datetime] = field(default_factory=dict)
    before_save: Callable[[Charge], None] = lambda _: None

    def read(self, store_hash: str, order_id: int) -> tuple[Charge | None, Pause | None]:
        return self.charges.get((store_hash, order_id)), self.pauses.get(store_hash)

    def save(self, charge: Charge) -> Charge:
        self.before_save(charge)
        key = charge.store_hash, charge.order_id
        stored = self.charges.get(key)
        if (stored.version if stored else 0) != charge.version:
            raise ConflictError("another writer")
        self.charges[key] = replace(charge, version=charge.version + 1)
        self.handed_over.pop(charge.order_id, None)
        return self.charges[key]

    def list_due(self, now: datetime) -> Iterator[DueCharge]:
        for charge in list(self.charges.values()):
            due_at = self.handed_over.get(charge.order_id, charge.due_at)
            if due_at and due_at <= now:
                yield DueCharge(charge.store_hash, charge.order_id, int(due_at.timestamp()))

    def find_oldest_unknown(self, before: datetime) -> datetime | None:
        since = [charge.unknown_since for charge in self.charges.values() if charge.unknown_since]
        return min((sent_at for sent_at in since if sent_at < before), default=None)

    def hand_over(self, due: DueCharge, until: datetime) -> None:
        charge = self.charges[due.store_hash, due.order_id]
        listed_at = self.handed_over.get(due.order_id, charge.due_at)
        if listed_at and int(listed_at.timestamp()) == due.sweep_at:
            self.handed_over[due.order_id] = until

    def list_waiting(self, store_hash: str, customers: Sequence[int]) -> Iterator[int]:
        for charge in self.charges.values():
            if charge.customer_id in customers and charge.state is State.DECLINED:
                yield charge.order_id

    def list_of_customer(self, store_hash: str, customer_id: int) -> Iterator[int]:
        for charge in list(self.charges.values()):
            if (charge.store_hash, charge.customer_id) == (store_hash, customer_id):
                yield charge.order_id

    def read_charges(self, store_hash: str, order_ids: Iterable[int]) -> dict[int, Charge]:
        known = ((order_id, self.charges.get((store_hash, order_id))) for order_id in order_ids)
        return {order_id: charge for order_id, charge in known if charge is not None}

    def pause(self, pause: Pause) -> bool:
        known = self.pauses.get(pause.store_hash)
        self.pauses[pause.store_hash] = pause
        return known is None or known.credentials != pause.credentials

    def read_pause(self, store_hash: str) -> Pause | None:
        return self.pauses.get(store_hash)

    def close(self, pause: Pause) -> bool:
        known = self.pauses.get(pause.store_hash)
        self.pauses[pause.store_hash] = pause
        return known is None or (known.reason, known.credentials) != (pause.reason, pause.credentials)

    def resume(self, store_hash: str) -> None:
        self.pauses.pop(store_hash, None)


@dataclass
class FakeQueue:
    sent: list[tuple[Message, float]] = field(default_factory=list)
    error: Exception | None = None

    def send(self, message: Message, delay: float = 0) -> None:
        if self.error:
            raise self.error
        self.sent.append((message, delay))

    def send_all(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self.send(message)


@dataclass
class FakeStores:
    known: Credentials | None = CREDENTIALS
    policies: Policy | InvalidInputError | None = field(
        default_factory=lambda: Policy(external_sources=("subscriptions",))
    )
    kept: Credentials | None = None  # what Secrets Manager holds, where it is not known yet
    others: tuple[Credentials, ...] = ()

    def credentials(self, store_hash: str) -> Credentials:
        if self.known is None or store_hash != self.known.store_hash:
            raise UnknownStoreError("no credentials")
        return self.known

    def refresh(self, store_hash: str) -> Credentials:
        self.known = self.kept or self.known
        return self.credentials(store_hash)

    def find_others(self, refused: Credentials) -> Iterator[Credentials]:
        return iter(self.others)

    def policy(self, store_hash: str) -> Policy | None:
        if isinstance(self.policies, InvalidInputError):
            raise self.policies
        return self.policies


@dataclass
class FakeBigCommerce:
    """One store. `answers` are what the next payments return or raise; `charged` is the gateway's book."""

    clock: Time
    order: Order | None = field(default_factory=incomplete_order)
    instruments: tuple[Instrument, ...] = (VISA,)
    transactions: tuple[Transaction, ...] = ()
    answers: list[Payment | Exception] = field(default_factory=list)
    trouble: dict[str, Exception] = field(default_factory=dict)
    token_money: Money | None = None
    token_life: timedelta = timedelta(hours=1)
    verification_value_required: bool = True
    tokens: list[AccessToken] = field(default_factory=list)
    paid: list[tuple[AccessToken, Tender]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    before_pay: Callable[[], None] = lambda: None

    def __call__(self, credentials: Credentials) -> "FakeBigCommerce":
        return self

    def _meet(self, call: str) -> None:
        if call in self.trouble:
            raise self.trouble[call]

    def get_order(self, order_id: int) -> Order:
        self._meet("get_order")
        if self.order is None:
            raise NotFoundError(404)
        return self.order

    def get_transactions(self, order_id: int) -> tuple[Transaction, ...]:
        self._meet("get_transactions")
        return self.transactions

    def get_payment_methods(self, order_id: int) -> tuple[PaymentMethod, ...]:
        self._meet("get_payment_methods")
        return (PaymentMethod("stripe.card", self.instruments, self.verification_value_required),)

    def create_access_token(self, order_id: int, *, is_recurring: bool) -> AccessToken:
        self._meet("create_access_token")
        assert self.order
        assert self.order.owed
        number = len(self.tokens) + 1
        money = self.token_money or self.order.owed
        token = AccessToken(f"pat-{number}", f"jti-{number}", self.clock() + self.token_life, order_id, money)
        self.tokens.append(token)
        return token

    def pay(self, token: AccessToken, tender: Tender) -> Payment:
        self.before_pay()
        self.paid.append((token, tender))
        answer = self.answers.pop(0) if self.answers else Payment("payment-1", Answer.PAID)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def orders(self) -> "FakeBigCommerce":
        return self

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        self._meet(what.partition(" ")[0])

    def update_order(self, order_id: int, changes: OrderChanges) -> None:
        self._ask(f"update_order {changes.status_id}")

    def capture_payment(self, order_id: int) -> None:
        self._ask("capture_payment")

    def void_payment(self, order_id: int) -> None:
        self._ask("void_payment")

    def list_customer_instruments(self, customer_id: int) -> tuple[Instrument, ...]:
        self._meet("list_customer_instruments")
        return self.instruments


@dataclass
class FakeInstruments:
    """The instruments table. `calls` counts the writes that were made; `before_save` is where another may be faster."""

    rows: dict[tuple[str, int], dict[str, InstrumentRow]] = field(default_factory=dict)
    heads: dict[tuple[str, int], CustomerInstruments] = field(default_factory=dict)
    calls: int = 0
    before_save: Callable[[], None] = lambda: None

    def read(self, store_hash: str, customer_id: int) -> CustomerInstruments:
        rows = self.rows.get((store_hash, customer_id), {}).values()
        return replace(
            self.heads.get((store_hash, customer_id), CustomerInstruments()),
            instruments=tuple(row.instrument for row in rows if row.removed_at is None),
            newest=max((row.read_at for row in rows), default=None),
        )

    def save(self, changes: Sequence[CustomerChange]) -> list[CustomerChange]:
        self.before_save()
        self.calls += 1
        lost = [one for one in changes if self._version(one) != one.held.version]
        for change in changes:
            if change not in lost:
                self._write(change)
        return lost

    def is_forgotten(self, store_hash: str, customer_id: int) -> bool:
        return self.read(store_hash, customer_id).forgotten_at is not None

    def forget_customer(self, mark: ForgottenCustomer) -> int:
        key = mark.store_hash, mark.customer_id
        head = self.heads.get(key, CustomerInstruments())
        self.heads[key] = CustomerInstruments(version=head.version + 1, forgotten_at=head.forgotten_at or mark.at)
        return len(self.rows.pop(key, {}))

    def count_instruments(self, store_hash: str, customer_id: int) -> int:
        return len(self.rows.get((store_hash, customer_id), {}))

    def _version(self, change: CustomerChange) -> int:
        return self.heads.get((change.store_hash, change.customer_id), CustomerInstruments()).version

    def _write(self, change: CustomerChange) -> None:
        key = change.store_hash, change.customer_id
        rows = {row.instrument.fingerprint: row for row in change.rows}
        self.rows[key] = self.rows.get(key, {}) | rows
        self.heads[key] = CustomerInstruments((), change.default, change.read_at, None, change.held.version + 1)

    def postpone(self, store_hash: str, customer_id: int, look_at: datetime) -> None:
        key = store_hash, customer_id
        self.heads[key] = replace(self.heads.get(key, CustomerInstruments()), look_at=look_at)


def hold(
    table: Instruments,
    *instruments: Instrument,
    customer: tuple[str, int] = (STORE, 11),
    at: datetime = NOON,
    leaves_at: datetime | None = None,
) -> None:
    """Have the table hold instruments of a customer beside what it holds, or as removed at `at` to leave later."""
    held = table.read(*customer)
    default = name_default(instruments) or held.default
    rows = [InstrumentRow(*customer, one, at, at if leaves_at else None, leaves_at) for one in instruments]
    assert table.save([CustomerChange(*customer, held, tuple(rows), default, at)]) == []


def run_in_turn[A, B](first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    return first(), second()
