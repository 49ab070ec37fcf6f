"""Orders (V2) and their transactions (V3), as BigCommerce writes them, in the domain's form."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from bigcharge.adapters.bigcommerce.fields import (
    ShapeError,
    read_flag,
    read_list,
    read_money,
    read_object,
    read_text,
    read_whole,
    require_text,
    require_whole,
)
from bigcharge.domain.money import Money
from bigcharge.domain.orders import Order, Transaction

_NO_STATUS: Final = -1
_GUEST: Final = 0
_DECISIVE: Final = frozenset({"customer_id", "total_inc_tax", "currency_code"})
_CREDITS: Final = frozenset({"store_credit", "gift_certificate"})
_COVERED: Final = ("store_credit_amount", "gift_certificate_amount")


def read_order(order_id: int, document: object) -> Order:
    """Map the answer to "get an order".

    Args:
        order_id: the one that was asked for.
        document: the decoded JSON.

    Raises:
        ShapeError: no order, another order, or one without a status, a total or a customer: what is only missing from
            one answer must not be taken for what the order is.
    """
    fields, order = read_object(document), read_any_order(document)
    require_whole(fields.get("status_id"))
    if fields.get("customer_id") not in (None, ""):  # a guest's
        require_whole(fields["customer_id"])
    if order.order_id != order_id or not fields.keys() >= _DECISIVE:
        raise ShapeError
    return order


def read_any_order(document: object) -> Order:
    """Map an order of whatever number, as a list has it, or whoever made it; raises `ShapeError` for one without one.

    What cannot be read of it stops no walk: whoever charges it reads it by itself.
    """
    fields = read_object(document)
    order_id = require_whole(fields.get("id"))
    if order_id < 1:
        raise ShapeError
    return Order(
        order_id=order_id,
        status=_read_or(fields.get("status_id"), _NO_STATUS),
        customer_id=_read_or(fields.get("customer_id"), _GUEST),
        owed=_read_owed(fields),
        order_source=read_text(fields.get("order_source")) or "",
        external_source=read_text(fields.get("external_source")) or "",
        channel_id=read_whole(fields.get("channel_id")),
        is_archived=read_flag(fields.get("is_deleted")) is True,
        store_credit=_read_store_credit(fields),
        modified_at=_read_date(fields.get("date_modified")),
    )


def _read_or(value: object, otherwise: int) -> int:
    number = read_whole(value)
    return otherwise if number is None else number


def _read_owed(fields: dict[str, Any]) -> Money | None:
    """The total less what store credit and gift certificates cover; BigCommerce leaves these out where it has none."""
    currency = fields.get("currency_code")
    total = read_money(fields.get("total_inc_tax"), currency)
    covered = [read_money(fields[name], currency) for name in _COVERED if fields.get(name) not in (None, "")]
    if total is None:
        return None
    amount = total.amount
    for part in covered:
        if part is None:
            return None
        amount -= part.amount
    return Money(amount, total.currency)


def _read_store_credit(fields: dict[str, Any]) -> int:
    part = read_money(fields.get("store_credit_amount"), fields.get("currency_code"))
    return part.amount if part is not None else 0


def _read_date(value: object) -> datetime | None:
    """A date of V2, by RFC 2822; its offset is read, and one without is UTC."""
    try:
        return _to_utc(parsedate_to_datetime(read_text(value) or ""))
    except (ValueError, OverflowError):  # the latter: at the calendar's end, an offset leads out of it
        return None


def _read_timestamp(value: object) -> datetime | None:
    """A time of V3, by ISO 8601; else as `_read_date`."""
    try:
        return _to_utc(datetime.fromisoformat(read_text(value) or ""))
    except ValueError:
        return _read_date(value)
    except OverflowError:  # as for `_read_date`
        return None


def _to_utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def read_transactions(document: object) -> tuple[Transaction, ...]:
    """Map the answer to "get transactions".

    Raises:
        ShapeError: no list, or an entry that cannot be read: it might be the payment that is looked for.
    """
    return tuple(_read_transaction(read_object(entry)) for entry in read_list(document))


def _read_transaction(fields: dict[str, Any]) -> Transaction:
    transaction_id = fields.get("id")
    if isinstance(transaction_id, int):
        transaction_id = str(require_whole(transaction_id))
    status = require_text(fields.get("status")).lower()
    return Transaction(
        transaction_id=require_text(transaction_id),
        event=require_text(fields.get("event")).lower(),
        ok=status == "ok",
        failed=status == "error",
        money=read_money(fields.get("amount"), fields.get("currency")),
        is_credit=_is_credit(fields),
        created_at=_read_timestamp(fields.get("date_created")),
    )


def _is_credit(fields: dict[str, Any]) -> bool:
    """Store credit or a gift certificate, by either of the names that tell."""
    method_id = read_text(fields.get("payment_method_id")) or ""
    return fields.get("method") in _CREDITS or method_id.removeprefix("bigcommerce.") in _CREDITS
