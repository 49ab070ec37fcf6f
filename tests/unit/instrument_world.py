"""A world in memory around the comparison of instruments: a store in BigCommerce's two spellings, and DynamoDB.

The documents are read by the real adapters, and the table's real adapters write to the simulation's stand-in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bigcharge.adapters.bigcommerce.instrument_documents import read_page
from bigcharge.adapters.bigcommerce.instruments import read_customer_instruments
from bigcharge.adapters.instrument_lookups import InstrumentLookups
from bigcharge.adapters.instrument_table import InstrumentTable
from bigcharge.adapters.walk_items import WalkItems
from bigcharge.domain.charges import Charge
from bigcharge.domain.instrument_rows import InstrumentRow
from bigcharge.domain.instruments import Instrument, fingerprint
from bigcharge.domain.states import State
from bigcharge.domain.stored_instruments import InstrumentPage
from bigcharge.services.customer_sync import CustomerSync
from bigcharge.services.instrument_comparing import InstrumentComparing
from bigcharge.services.instrument_reconciling import InstrumentReconciling
from bigcharge.services.instrument_sync import InstrumentSync
from bigcharge.services.instrument_walking import InstrumentWalking, Walked
from tests.fakes import STORE, FakeLedger, FakeQueue, FakeStores, Time
from tests.simulation.aws_errors import Exceptions
from tests.simulation.clients import Paginator
from tests.simulation.tables import Dynamo, Table

TABLE = "instruments"
KINDS = ("card", "paypal_account", "bank_account")
_STORE_TYPES = {"card": "credit_card", "paypal_account": "paypal_account", "bank_account": "bank_account"}


@dataclass
class Kept:
    """An instrument that the store keeps."""

    token: str
    customer_id: int
    kind: str = "card"
    is_default: bool = False
    year: int = 2030

    def spell(self, *, for_store: bool) -> dict[str, Any]:
        """As the store's list has it, or as the customer's has it."""
        spelled: dict[str, Any] = {"token": self.token, "is_default": self.is_default}
        spelled["type"] = _STORE_TYPES[self.kind] if for_store else f"stored_{self.kind}"
        spelled |= {"customer_id": self.customer_id} if for_store else {}
        match self.kind:
            case "card":
                spelled |= {"last_4": "1111", "expiry_month": 12, "expiry_year": self.year}
                spelled |= (
                    {"brand": "visa", "iin": "411111"}
                    if for_store
                    else {"brand": "VISA", "issuer_identification_number": "411111"}
                )
                spelled["billing_address"] = {"first_name": "Invented", "city": "Inventown"}
            case "paypal_account":
                spelled["email"] = f"invented-{self.year}@example.test"
            case _:
                spelled |= {"issuer": "011000015", "masked_account_number": str(self.year)}
        return spelled


@dataclass
class Shop:
    """One store's BigCommerce, with the calls that were made of it."""

    kept: dict[str, Kept] = field(default_factory=dict)
    page: int = 3
    asked: list[str] = field(default_factory=list)
    trouble: list[Exception | None] = field(default_factory=list)
    missing: frozenset[str] = frozenset()
    before_page: Callable[[], None] = lambda: None
    before_customer: Callable[[], None] = lambda: None
    total: int | None = None
    numbers: dict[str, int] = field(default_factory=dict)

    def __call__(self, credentials: object) -> "Shop":
        return self

    def keep(self, *instruments: Kept) -> None:
        for one in instruments:
            self.numbers.setdefault(one.token, len(self.numbers) + 1)
            self.kept[one.token] = one

    def _meet(self, call: str) -> None:
        self.asked.append(call)
        if self.trouble and (error := self.trouble.pop(0)) is not None:
            raise error

    def list_customer_instruments(self, customer_id: int) -> tuple[Instrument, ...]:
        self.before_customer()
        self._meet(f"customer {customer_id}")
        own = [one.spell(for_store=False) for one in self.kept.values() if one.customer_id == customer_id]
        return read_customer_instruments(own)

    def get_page(self, *, after: str | None = None) -> InstrumentPage:
        self.before_page()
        self._meet(f"page after {after}")
        numbered = sorted((self.numbers[token], one) for token, one in self.kept.items() if token not in self.missing)
        rest = [pair for pair in numbered if pair[0] > int(after or 0)][: self.page]
        cursors = {"start_cursor": str(rest[0][0]), "end_cursor": str(rest[-1][0])} if rest else {}
        meta = {"pagination": {"total": self.total or len(self.kept)}, "cursor_pagination": cursors}
        return read_page({"data": [one.spell(for_store=True) for _, one in rest], "meta": meta})


class Client:
    """The stand-in as boto3 gives it; what it is asked is written down, and may fail or be preceded by something."""

    exceptions = Exceptions

    def __init__(self, dynamo: Dynamo) -> None:
        self.dynamo = dynamo
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.before: Callable[[str], None] = lambda _: None

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.before(operation)
            self.calls.append((operation, request))
            return getattr(self.dynamo, operation)(**request)

        return call

    def get_paginator(self, operation: str) -> Paginator:
        return Paginator(getattr(self, operation))


class World:
    """The services, over one table and one store."""

    def __init__(self) -> None:
        self.runs = 0
        self.clock = Time()
        self.shop = Shop()
        self.ledger = FakeLedger()
        self.orders, self.customers, self.walks_queue = FakeQueue(), FakeQueue(), FakeQueue()
        self.stores = FakeStores()
        self.client = Client(Dynamo({TABLE: Table(("customer_key", "instrument_key"))}))
        client: Any = self.client
        self.table = InstrumentTable(client, TABLE)
        self.slept: list[float] = []
        self.customer_sync = CustomerSync(self.table, self.ledger, self.orders, self.stores, self.shop, self.clock)  # type: ignore[arg-type]
        self.sync = InstrumentSync(self.customer_sync, self.table, self.customers, self.clock)
        self.walking = self.new_run()
        self.reconciling = InstrumentReconciling(
            self.walking,
            WalkItems(client, TABLE, "turns"),
            self.walks_queue,
            self,  # type: ignore[arg-type]
            self.clock,
        )

    def new_run(self) -> InstrumentWalking:
        """What another process has."""
        client: Any = self.client
        rows = InstrumentLookups(client, TABLE, lambda _: None)
        self.runs += 1
        walks = WalkItems(client, TABLE, f"run-{self.runs}")
        comparing = InstrumentComparing(self.table, rows, self.customer_sync)
        return InstrumentWalking(walks, rows, comparing, self.stores, self.shop, self.clock, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.pass_by(seconds=seconds)

    def list_served(self) -> Iterable[str]:
        return [STORE]

    def walk(self, *, seconds_left: Callable[[], float] = lambda: 1e9) -> Walked:
        self.clock.pass_by(seconds=1)
        return self.walking.walk(STORE, self.clock(), seconds_left)

    def decline(self, order_id: int, customer_id: int) -> None:
        """An order that waits for another instrument."""
        charge = Charge(STORE, order_id, State.DECLINED, self.clock(), customer_id=customer_id, version=1)
        self.ledger.charges[STORE, order_id] = charge

    @property
    def rows(self) -> list[InstrumentRow]:
        return list(self.table.list_instruments(self.clock() - timedelta(days=3650)))

    @property
    def held(self) -> dict[tuple[int, str], tuple[bool, datetime | None]]:
        """What the table holds and is not removed."""
        return {
            (row.customer_id, row.instrument.fingerprint): (row.instrument.is_default, row.instrument.expiry_year)  # type: ignore[misc]
            for row in self.rows
            if row.removed_at is None
        }

    @property
    def kept(self) -> dict[tuple[int, str], tuple[bool, int | None]]:
        """What the store keeps, in the same form."""
        return {
            (one.customer_id, fingerprint(one.token)): (one.is_default, one.year if one.kind == "card" else None)
            for one in self.shop.kept.values()
        }

    def count_written(self) -> int:
        """Items of instruments that were written; and forgets them."""
        puts = [
            operation["Put"]["Item"]
            for call, request in self.client.calls
            if call == "transact_write_items"
            for operation in request["TransactItems"]
        ]
        self.client.calls.clear()
        return sum("token" in item for item in puts)
