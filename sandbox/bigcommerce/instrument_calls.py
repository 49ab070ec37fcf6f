"""The calls of stored instruments: a customer's list, and the store's as `stored-instruments-api.txt` has them."""

import base64
import binascii
from bisect import bisect_left, bisect_right
from dataclasses import replace
from http import HTTPStatus

from sandbox.bigcommerce import instruments
from sandbox.bigcommerce.calls import Call, Reply, pagination
from sandbox.bigcommerce.errors import Refusal, invalid_data, not_found
from sandbox.bigcommerce.faults import Endpoint
from sandbox.bigcommerce.instrument_form import read_import, read_update
from sandbox.bigcommerce.payment_form import is_stored_token
from sandbox.bigcommerce.records import Instrument


def list_customer_instruments(call: Call) -> Reply:
    """`GET /v3/customers/{id}/stored-instruments`: a bare array."""
    customer_id = call.number("customer_id")
    if customer_id not in call.shop.customers:
        raise not_found("The customer was not found.")
    own = instruments.customers(call.shop, customer_id)
    return Reply(body=[instruments.spell_for_customer(instrument) for instrument in own])


def list_store_instruments(call: Call) -> Reply:
    """`GET /v3/payments/stored-instruments`: by page, or by cursor.

    The document's rule: `end_cursor` comes only on the first page, or when the request has `before` or `after`.
    """
    page, limit = call.page()
    kept = list(call.shop.instruments.values())
    asked = _range_of_cursor(call, kept, limit)
    has_cursors = asked is not None or page == 1
    start, end = asked or ((page - 1) * limit, page * limit)
    part = kept[start:end]
    cursor: dict[str, object] = {"count": len(part), "per_page": limit, "start_cursor": "", "end_cursor": ""}
    if has_cursors and part:
        cursor |= {"start_cursor": _write_cursor(part[0]), "end_cursor": _write_cursor(part[-1])}
    meta = {"pagination": pagination(len(kept), len(part), start // limit + 1, limit), "cursor_pagination": cursor}
    return Reply(body={"data": [instruments.spell_for_store(instrument) for instrument in part], "meta": meta})


def import_instruments(call: Call) -> Reply:
    """`POST /v3/payments/stored-instruments`: a list; what cannot be imported is told in `errors`, by its index."""
    rows = call.json()
    if not isinstance(rows, list) or not rows:
        raise invalid_data({"body": "is not a list of instruments"})
    data: list[object] = []
    errors: list[object] = []
    for index, row in enumerate(rows):
        try:
            wanted, vault_token = read_import(row, call.shop, call.state.random)
        except Refusal as refusal:
            errors.append({str(index): refusal.errors})
            if refusal.violation:
                call.state.note_violation(call.shop.store.store_hash, Endpoint.IMPORT_INSTRUMENTS, refusal)
            continue
        spelled = instruments.spell_for_store(instruments.keep(call.state, call.shop, wanted))
        customer_id = spelled.pop("customer_id")
        data.append({"customer_id": customer_id, "provider_vault_token": vault_token, "instrument": spelled})
    status = HTTPStatus.CREATED if not errors else HTTPStatus.MULTI_STATUS
    return Reply(status, {"data": data, "errors": errors, "meta": {}})


def update_instrument(call: Call) -> Reply:
    """`PUT /v3/payments/stored-instruments`: addresses, and `make_default`."""
    body = read_update(call.json())
    instrument = call.shop.instruments.get(str(body["token"]))
    if instrument is None:
        raise not_found("The stored instrument was not found.")
    address = body.get("billing_address")
    if isinstance(address, dict):
        instrument = replace(instrument, billing_address=address)
        call.shop.instruments[instrument.token] = instrument
    if body.get("make_default"):
        instrument = instruments.make_default(call.state, call.shop, instrument.token)
    return Reply(body={"data": instruments.spell_for_store(instrument), "meta": {}})


def delete_instruments(call: Call) -> Reply:
    """`DELETE /v3/payments/stored-instruments?token:in=`: from the store only; unknown tokens are passed over."""
    wanted = [token for token in call.request.args.get("token:in", "").split(",") if token]
    if not wanted:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "The parameter token:in is required.", violation=True)
    if wrong := next((text for text in map(is_stored_token, wanted) if text), ""):
        raise invalid_data({"token:in": wrong})
    for token in wanted:
        if token in call.shop.instruments:
            instruments.remove(call.shop, token)
    return Reply(HTTPStatus.NO_CONTENT)


def delete_instrument(call: Call) -> Reply:
    """`DELETE /v3/payments/stored-instruments/{token}`: from the store and the gateway."""
    token = str(call.ids["token"])
    if wrong := is_stored_token(token):
        raise invalid_data({"token": wrong})
    if token not in call.shop.instruments:
        raise not_found("The stored instrument was not found.")
    instruments.remove(call.shop, token)
    return Reply(HTTPStatus.NO_CONTENT)


def _range_of_cursor(call: Call, kept: list[Instrument], limit: int) -> tuple[int, int] | None:
    """Where the page begins and ends that the query's `after` or `before` asks for."""
    after, before = call.request.args.get("after"), call.request.args.get("before")
    if after is not None:
        start = bisect_right(kept, _read_cursor(after), key=_number_of)
        return start, start + limit
    if before is not None:
        end = bisect_left(kept, _read_cursor(before), key=_number_of)
        return max(0, end - limit), end
    return None


def _number_of(instrument: Instrument) -> int:
    return instrument.number


def _write_cursor(instrument: Instrument) -> str:
    """A cursor names an instrument by its number, so that it outlives changes before it."""
    return base64.b64encode(str(instrument.number).encode()).decode()


def _read_cursor(text: str) -> int:
    try:
        return int(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "The cursor is not one of ours.", violation=True) from None
