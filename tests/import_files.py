"""Rows of instruments to be imported, as documents, and files of them."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from ops.instrument_files import COLUMNS

ADDRESS = {
    "first_name": "Jane",
    "last_name": "Doe",
    "email": "jane.doe@example.com",
    "street_1": "Station Yard, Waybridge Station",
    "city": "Waybridge",
    "postal_code": "KT13 8UD",
    "country_code": "GB",
}
KINDS: dict[str, dict[str, Any]] = {
    "credit_card": {"brand": "visa", "expiry_month": 12, "expiry_year": 2066, "last_4": "1111", "iin": "411111"},
    "paypal_account": {"email": "shopper@example.com"},
    "bank_account": {"issuer": "011000015", "masked_account_number": "****0000"},
}


def document(
    customer_id: int = 1, token: str = "5292sx35", kind: str = "credit_card", **changes: Any
) -> dict[str, Any]:
    """A row as the API's document has it."""
    row = {
        "payment_method_id": "stripe.card",
        "currency_code": "GBP",
        "customer_id": customer_id,
        "instrument": {"type": kind, "vault_token": token, "provider_customer_id": "cus-321123", **KINDS[kind]},
        "billing_address": dict(ADDRESS),
        "default_instrument": False,
    }
    return row | changes


def to_json_lines(documents: list[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(one)}\n" for one in documents)


def to_csv(documents: list[dict[str, Any]]) -> str:
    """The same rows with every column that there is."""
    file = io.StringIO()
    lines = csv.writer(file)
    lines.writerow(COLUMNS)
    lines.writerows([_cell(one, path) for path in COLUMNS.values()] for one in documents)
    return file.getvalue()


def write(path: Path, documents: list[dict[str, Any]]) -> Path:
    path.write_text(to_csv(documents) if path.suffix == ".csv" else to_json_lines(documents))
    return path


def _cell(value: Any, path: tuple[str, ...]) -> str:
    for name in path:
        value = (value[int(name)] if value else None) if isinstance(value, list) else (value or {}).get(name)
    return "" if value is None else str(value)
