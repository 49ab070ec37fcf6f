"""How the commands print: JSON for programs, tables and amounts for people."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

import typer

from bigcharge.domain.money import Money, minor_digits

AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs, in place of a table.")]

_NUMBERS: Final = frozenset({"amount", "messages", "tries", "orders", "requests"})  # columns that stand to the right
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def print_json(document: object) -> None:
    """Print JSON that people can read too."""
    print(json.dumps(document, indent=2))


def print_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table as wide as the terminal; its last column takes what room is left."""
    from rich import box  # noqa: PLC0415 - only who prints a table waits for it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    *narrow, last = columns
    for column in narrow:
        table.add_column(column, no_wrap=True, justify="right" if column in _NUMBERS else "left")
    table.add_column(last, ratio=1, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # as text: what a stranger named is no markup
    Console().print(table)


def format_money(money: Money | None) -> str:
    """An amount in major units with its currency ("12.50 USD"); empty for none."""
    if money is None:
        return ""
    digits = minor_digits(money.currency)
    return f"{Decimal(money.amount).scaleb(-digits):,.{digits}f} {money.currency}"


def format_time(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, for programs."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


def format_age(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest whole unit ("5 min")."""
    seconds = max(0, int((now - moment).total_seconds()))
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    return f"{seconds // size} {unit}"
