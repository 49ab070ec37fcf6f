"""The one place that builds clients and puts the system together.

What a function does not need is not imported: every import of weight stands where it is used.
"""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from bigcharge import config
from bigcharge.domain.messages import Kind

if TYPE_CHECKING:
    from bigcharge.adapters.allowances import Allowance
    from bigcharge.adapters.bigcommerce.client import Client
    from bigcharge.adapters.bus import EventBus
    from bigcharge.adapters.instrument_table import InstrumentTable
    from bigcharge.adapters.ledger import LedgerTable
    from bigcharge.adapters.queues import SqsQueue
    from bigcharge.adapters.stores import AwsStores
    from bigcharge.domain.stores import Credentials
    from bigcharge.services.closing import Closing
    from bigcharge.services.customer_sync import CustomerSync
    from bigcharge.services.customers import Customers
    from bigcharge.services.hook_keeping import HookKeeping
    from bigcharge.services.instrument_reconciling import InstrumentReconciling
    from bigcharge.services.instrument_sync import InstrumentSync
    from bigcharge.services.intake import Intake
    from bigcharge.services.noticing import Noticing
    from bigcharge.services.orders import Orders
    from bigcharge.services.reconciling import Reconciling
    from bigcharge.services.sweeping import Sweeping

# Strangers can ask for stores that we do not serve, and each name that they make up is a call of Secrets Manager: a few
# may be asked at once, for a process that just started, then ten a second.
_STORES_AT_ONCE: Final = 100
_STORES_PER_SECOND: Final = 10

# AWS answers within tens of milliseconds. Two quick tries more, then the message comes again: a function that hangs on
# AWS for a minute would be stopped in the middle of a charge. With botocore's waits between them (3 s at most) that is
# 15 s, so that the receiver still answers 503 itself.
_CONNECT_SECONDS: Final = 1
_READ_SECONDS: Final = 3
_TRIES: Final = 3
RESERVED_FOR_CHARGING: Final = 0.5
"""The share of a store's quota of REST calls that is left to charging by what may take hours."""


def at_init[T](build: Callable[[], T]) -> Callable[[], T]:
    """Build once: while Lambda initialises, when it has the whole processor for it, or else at the first use.

    Elsewhere (tests, `sam build` checks) importing a handler builds nothing and needs neither boto3 nor settings.
    """
    built = cache(build)
    if config.is_initializing_in_lambda():
        built()
    return built


@cache
def _aws(service: str) -> Any:  # noqa: ANN401 - boto3 makes each client's class at run time; the callers name it
    import boto3  # noqa: PLC0415 - see the module's docstring
    from botocore.config import Config  # noqa: PLC0415

    retries = {"mode": "standard", "total_max_attempts": _TRIES}
    settings = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries=retries)  # type: ignore[arg-type]
    return boto3.client(service, config=settings)  # type: ignore[call-overload]


def now() -> datetime:
    """The present, aware UTC."""
    return datetime.now(UTC)


def ledger() -> "LedgerTable":
    """The ledger."""
    from bigcharge.adapters.ledger import LedgerTable  # noqa: PLC0415

    return LedgerTable(_aws("dynamodb"), config.ledger_table(), lambda: uuid.uuid4().hex, time.sleep)


def instrument_table() -> "InstrumentTable":
    """The customers' stored instruments."""
    from bigcharge.adapters.instrument_table import InstrumentTable  # noqa: PLC0415

    return InstrumentTable(_aws("dynamodb"), config.instruments_table())


def queue(url: str) -> "SqsQueue":
    """A queue of hints."""
    from bigcharge.adapters.queues import SqsQueue  # noqa: PLC0415
    from bigcharge.observability import log_hint  # noqa: PLC0415

    return SqsQueue(_aws("sqs"), url, log_hint)


def stores(first_reads: "Allowance | None" = None) -> "AwsStores":
    """The stores that we serve; with an allowance for who is asked by strangers."""
    from bigcharge.adapters.stores import AwsStores  # noqa: PLC0415

    return AwsStores(_aws("secretsmanager"), _aws("ssm"), config.stage(), time.monotonic, first_reads)


def bus() -> "EventBus":
    """The event bus."""
    from bigcharge.adapters.bus import EventBus  # noqa: PLC0415

    return EventBus(_aws("events"), config.event_bus())


def connect(of: "AwsStores", reserve: float = 0.0) -> "Callable[[Credentials], Client]":
    """What makes a store's client of BigCommerce, which leaves a share of the store's quota to others."""
    from bigcharge.adapters.bigcommerce.client import connect as connect_to  # noqa: PLC0415

    return connect_to(config.api_url(), config.payments_url(), find_others=of.find_others, reserve=reserve)


def intake() -> "Intake":
    """What takes in webhooks."""
    from bigcharge.adapters.allowances import Allowance  # noqa: PLC0415
    from bigcharge.adapters.queues import Quarantine  # noqa: PLC0415
    from bigcharge.adapters.signatures import read_signature  # noqa: PLC0415
    from bigcharge.services.intake import Intake  # noqa: PLC0415

    urls = {
        Kind.ORDER: config.orders_queue_url(),
        Kind.CUSTOMER: config.customers_queue_url(),
        Kind.HOOK: config.hooks_queue_url(),
        Kind.STORE: config.stores_queue_url(),
    }
    queues = {kind: queue(url) for kind, url in urls.items()}
    quarantine = Quarantine(_aws("sqs"), config.quarantine_queue_url())
    first_reads = Allowance(_STORES_AT_ONCE, _STORES_PER_SECOND, time.monotonic)
    return Intake(queues, quarantine, stores(first_reads), read_signature, now)


def orders() -> "Orders":
    """What looks at orders: charges, settles, follows."""
    from bigcharge.adapters.together import run_together  # noqa: PLC0415
    from bigcharge.services.orders import Orders  # noqa: PLC0415

    # The instruments table is asked by few policies only.
    instruments, served = cache(instrument_table), stores()
    orders_queue = queue(config.orders_queue_url())
    return Orders(ledger(), orders_queue, served, connect(served), instruments, run_together, now)


def sweeping() -> "Sweeping":
    """What sends due charges back to the queue."""
    from bigcharge.services.sweeping import Sweeping  # noqa: PLC0415

    return Sweeping(ledger(), queue(config.orders_queue_url()), now)


def instrument_sync() -> "InstrumentSync":
    """What keeps the customers' instruments in step."""
    from bigcharge.services.instrument_sync import InstrumentSync  # noqa: PLC0415

    served = stores()
    customers_queue = queue(config.customers_queue_url())
    return InstrumentSync(_customer_sync(served, connect(served)), instrument_table(), customers_queue, now)


def _customer_sync(served: "AwsStores", connect_store: "Callable[[Credentials], Client]") -> "CustomerSync":
    from bigcharge.adapters.waiting_orders import WaitingOrders  # noqa: PLC0415
    from bigcharge.services.customer_sync import CustomerSync  # noqa: PLC0415

    waiting, orders_queue = WaitingOrders(_aws("dynamodb"), config.ledger_table()), queue(config.orders_queue_url())
    return CustomerSync(instrument_table(), waiting, orders_queue, served, connect_store, now)


def instrument_reconciling() -> "InstrumentReconciling":
    """What compares all instruments of the stores with the table."""
    from bigcharge.adapters.instrument_lookups import InstrumentLookups  # noqa: PLC0415
    from bigcharge.adapters.walk_items import WalkItems  # noqa: PLC0415
    from bigcharge.services.instrument_comparing import InstrumentComparing  # noqa: PLC0415
    from bigcharge.services.instrument_reconciling import InstrumentReconciling  # noqa: PLC0415
    from bigcharge.services.instrument_walking import InstrumentWalking  # noqa: PLC0415

    served = stores()
    connect_store = connect(served, RESERVED_FOR_CHARGING)
    rows = InstrumentLookups(_aws("dynamodb"), config.instruments_table(), time.sleep)
    walks = WalkItems(_aws("dynamodb"), config.instruments_table(), uuid.uuid4().hex)
    comparing = InstrumentComparing(instrument_table(), rows, _customer_sync(served, connect_store))
    walking = InstrumentWalking(
        walks, rows, comparing, served, lambda of: connect_store(of).stored_instruments, now, time.sleep
    )
    return InstrumentReconciling(walking, walks, queue(config.walks_queue_url()), served, now)


def customers() -> "Customers":
    """What looks at customers: syncs their instruments, forgets those who are deleted."""
    from bigcharge.adapters.instrument_departures import InstrumentDepartures  # noqa: PLC0415
    from bigcharge.services.customers import Customers  # noqa: PLC0415
    from bigcharge.services.forgetting import Forgetting  # noqa: PLC0415

    forgetting = Forgetting(ledger(), InstrumentDepartures(_aws("dynamodb"), config.instruments_table()))
    hints = queue(config.customers_queue_url())
    return Customers(instrument_sync(), forgetting, instrument_table(), ledger(), hints, stores(), now)


def noticing() -> "Noticing":
    """What tells of cards that expire."""
    from bigcharge.adapters.notices import CardNotices  # noqa: PLC0415
    from bigcharge.adapters.waiting_orders import WaitingOrders  # noqa: PLC0415
    from bigcharge.services.noticing import Noticing  # noqa: PLC0415

    cards = CardNotices(_aws("dynamodb"), config.instruments_table())
    waiting = WaitingOrders(_aws("dynamodb"), config.ledger_table())
    return Noticing(cards, instrument_table(), waiting, ledger(), stores(), now)


def closing() -> "Closing":
    """What closes the stores whose merchants have uninstalled the app."""
    from bigcharge.adapters.credentials_keeper import SecretsKeeper  # noqa: PLC0415
    from bigcharge.adapters.instrument_departures import InstrumentDepartures  # noqa: PLC0415
    from bigcharge.services.closing import Closing  # noqa: PLC0415

    keeper = SecretsKeeper(_aws("secretsmanager"), config.stage())
    departures = InstrumentDepartures(_aws("dynamodb"), config.instruments_table())
    return Closing(ledger(), keeper, stores(), departures, queue(config.stores_queue_url()), now)


def reconciling() -> "Reconciling":
    """What finds the orders that no webhook told of, and the books that differ."""
    from bigcharge.adapters.cursors import CursorItems  # noqa: PLC0415
    from bigcharge.services.reconciling import Reconciling  # noqa: PLC0415

    served = stores()
    connect_store = connect(served)
    cursors = CursorItems(_aws("dynamodb"), config.ledger_table(), time.sleep)
    orders_queue = queue(config.orders_queue_url())
    return Reconciling(ledger(), cursors, orders_queue, served, lambda of: connect_store(of).orders, now)


def hook_keeping() -> "HookKeeping":
    """What sees that each store's hooks are there and post here."""
    from bigcharge.adapters.hook_items import HookItems  # noqa: PLC0415
    from bigcharge.services.hook_keeping import HookKeeping  # noqa: PLC0415

    served = stores()
    connect_store = connect(served)
    memory = HookItems(_aws("dynamodb"), config.ledger_table(), time.sleep)
    hooks_queue = cache(lambda: queue(config.hooks_queue_url()))
    return HookKeeping(memory, served, lambda of: connect_store(of).hooks, hooks_queue, config.webhooks_url(), now)
