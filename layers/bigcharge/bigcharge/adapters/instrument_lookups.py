"""Many rows of the instruments table at a time: those that a list names, and all of a store."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from bigcharge.adapters.batch_reads import read_keys
from bigcharge.adapters.dynamodb_values import from_item, to_item
from bigcharge.adapters.instrument_items import HEAD, head_from_item, row_from_item
from bigcharge.adapters.ledger_items import customer_key
from bigcharge.domain.instrument_rows import CustomerInstruments, InstrumentRow
from bigcharge.domain.instrument_walks import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_PAGE: Final = 1000  # items of one Scan: some 400 bytes each


class InstrumentLookups:
    """Reads of many rows.

    Args:
        client: of DynamoDB.
        table: its name.
        sleep: waits for so many seconds.
    """

    def __init__(self, client: "DynamoDBClient", table: str, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def read_rows(self, store_hash: str, keys: Iterable[Key]) -> Mapping[Key, InstrumentRow]:
        """The rows of instruments, as far as there are any, the removed ones too; consistent.

        Raises:
            AwsUnavailableError: DynamoDB left a part of it undone, again and again.
        """
        named = ({"customer_key": customer_key(store_hash, one), "instrument_key": name} for one, name in keys)
        found = (row_from_item(item) for item in read_keys(self._client, self._table, named, self._sleep))
        return {(row.customer_id, row.instrument.fingerprint): row for row in found if row is not None}

    def read_heads(self, store_hash: str, customers: Iterable[int]) -> Mapping[int, CustomerInstruments]:
        """What the table notes of customers beside their rows; nothing of one who has none. Raises as `read_rows`."""
        named = ({"customer_key": customer_key(store_hash, one), "instrument_key": HEAD} for one in customers)
        items = (from_item(item) for item in read_keys(self._client, self._table, named, self._sleep))
        return {values["customer_id"]: head_from_item(values) for values in items}

    def scan(self, after: str | None) -> tuple[list[InstrumentRow], str | None]:
        """Some rows of the table, of whatever store, and where the next ones begin; None: there are no more.

        They may be a second old: what is concluded from them is looked at again before anything is written.

        Args:
            after: where they begin, as `place_of` or the last scan named it; None: at the start.
        """
        more = {"ExclusiveStartKey": _read_place(after)} if after else {}
        answer = self._client.scan(TableName=self._table, Limit=_PAGE, **more)  # type: ignore[arg-type]
        rows = [row for item in answer["Items"] if (row := row_from_item(item)) is not None]
        last = answer.get("LastEvaluatedKey")
        return rows, _write_place(**from_item(last)) if last else None

    def place_of(self, row: InstrumentRow) -> str:
        """Where the rows after this one begin."""
        return _write_place(customer_key(row.store_hash, row.customer_id), row.instrument.fingerprint)


def _write_place(customer_key: str, instrument_key: str) -> str:
    return f"{customer_key} {instrument_key}"


def _read_place(place: str) -> Mapping[str, object]:
    first, second = place.split(" ")
    return to_item({"customer_key": first, "instrument_key": second})
