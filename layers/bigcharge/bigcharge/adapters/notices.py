"""What was told of expiring cards: an item a card beside its row, whose change in the stream is what tells it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from bigcharge.adapters.dynamodb_values import Item, epoch_seconds, from_item, to_item
from bigcharge.adapters.instrument_items import MARK, item_keys, row_from_item, row_to_item
from bigcharge.domain.expiring import Notice, find_last_day
from bigcharge.domain.instrument_rows import InstrumentRow

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_PREFIX: Final = f"{MARK}expiring#"
_KEPT: Final = timedelta(days=31)  # after the card's last day
# Of a row, what an event may tell: no token, no address.
_TOLD: Final = ("type", "is_default", "brand", "last_4", "expiry_month", "expiry_year")
# The same card, and this number of days or a smaller one: told.
_NOT_TOLD: Final = (
    "attribute_not_exists(notice_days) OR expiry_year <> :year OR expiry_month <> :month OR notice_days > :days"
)


class CardNotices:
    """The notices in the instruments table, and the cards that they are of.

    Args:
        client: of DynamoDB.
        table: its name.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def walk_cards(self, now: datetime) -> Iterator[tuple[InstrumentRow, int | None]]:
        """Each card that is not removed and may be over within two years, with what was told of it, if that is known.

        DynamoDB gives the items of a customer in the order of their keys, a notice before its row; were it otherwise,
        `tell` would see what was told.
        """
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="attribute_not_exists(removed_at) AND expiry_year BETWEEN :first AND :last",
            ExpressionAttributeValues=to_item({":first": now.year, ":last": now.year + 1}),
        )
        notices: dict[str, Mapping[str, Any]] = {}
        customer = ""
        for item in (item for page in pages for item in page["Items"]):
            if item["customer_key"]["S"] != customer:
                customer, notices = item["customer_key"]["S"], {}
            if (row := row_from_item(item)) is not None:
                yield row, _days_of(notices.get(row.instrument.fingerprint), row)
            elif item["instrument_key"]["S"].startswith(_PREFIX):
                notices[item["instrument_key"]["S"].removeprefix(_PREFIX)] = from_item(item)

    def tell(self, notice: Notice) -> bool:
        """Remember that it is told, which tells it; False where that or a smaller number was told before."""
        instrument = notice.row.instrument
        values = {":year": instrument.expiry_year, ":month": instrument.expiry_month, ":days": notice.days}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=notice_to_item(notice),
                ConditionExpression=_NOT_TOLD,
                ExpressionAttributeValues=to_item(values),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def notice_to_item(notice: Notice) -> Item:
    """The item of a notice; it leaves a month after the card is over."""
    row, last = notice.row, find_last_day(notice.row.instrument)
    if last is None:
        raise ValueError("what names no month does not expire")
    told = {name: value for name, value in row_to_item(row).items() if name in _TOLD}
    leaves_at = datetime.combine(last, time(), UTC) + _KEPT
    own = {"notice_days": notice.days, "noticed_at": notice.at, "expires_on": last.isoformat()}
    own |= {"expires_at": epoch_seconds(leaves_at)}
    keys = item_keys(row.store_hash, row.customer_id, _PREFIX + row.instrument.fingerprint)
    return to_item(keys | own) | told


def notice_from_item(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values of a notice, with `token_fingerprint`; None for what is none."""
    key: str = item["instrument_key"]["S"]
    if not key.startswith(_PREFIX):
        return None
    return from_item(item) | {"token_fingerprint": key.removeprefix(_PREFIX)}


def _days_of(notice: Mapping[str, Any] | None, row: InstrumentRow) -> int | None:
    """The number of days that was told of the card as it is now; one that was renewed starts anew."""
    card = row.instrument.expiry_year, row.instrument.expiry_month
    if notice is None or (notice["expiry_year"], notice["expiry_month"]) != card:
        return None
    days: int = notice["notice_days"]
    return days
