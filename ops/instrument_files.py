"""Files of instruments to be imported: CSV and JSON lines, read as they are needed, however long they are."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from bigcharge.domain.card_numbers import holds_card_number
from bigcharge.domain.document_checks import Fault, FaultsError, name_field
from bigcharge.domain.import_results import ImportRow
from bigcharge.domain.import_rows import read_import_row
from bigcharge.domain.stored_instruments import InstrumentAddress
from ops.errors import CommandError

_LONGEST_LINE: Final = 2**18  # bytes, hundreds of times a row's; the rest of a longer line is left out
_BOM: Final = b"\xef\xbb\xbf"
_ROW: Final = ("payment_method_id", "currency_code", "customer_id", "default_instrument")
_INSTRUMENT: Final = (
    *("type", "vault_token", "provider_customer_id", "brand", "expiry_month", "expiry_year", "last_4", "iin"),
    *("email", "issuer", "masked_account_number"),
)
_ADDRESS: Final = tuple(InstrumentAddress.__slots__)
COLUMNS: Final[dict[str, tuple[str, ...]]] = (
    {name: (name,) for name in _ROW}
    | {name: ("instrument", name) for name in _INSTRUMENT}
    | {f"billing_{name}": ("billing_address", name) for name in _ADDRESS}
    | {f"shipping_{name}": ("trusted_shipping_addresses", "0", name) for name in _ADDRESS}
)
"""The columns of a CSV, and where in a row's document each stands."""

_NEEDED: Final = frozenset({"payment_method_id", "currency_code", "customer_id", "type", "vault_token"})
_PATHS: Final = {".".join(path): column for column, path in COLUMNS.items()}
_BOOLEANS: Final = {"true": True, "false": False}


class Lines:
    """The lines of a file, one at a time; bytes that are no UTF-8 come as what no field takes.

    Attributes:
        number: of the last line that was read, from 1.
        consumed: bytes of the file that were read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number = 0
        self.consumed = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._read():
            self.number += 1
            yield (line.removeprefix(_BOM) if self.number == 1 else line).decode(errors="surrogateescape")

    def _read(self) -> bytes:
        line = part = self._file.readline(_LONGEST_LINE)
        self.consumed += len(part)
        while len(part) == _LONGEST_LINE and not part.endswith(b"\n"):
            part = self._file.readline(_LONGEST_LINE)
            self.consumed += len(part)
        return line


def read_rows(path: Path, lines: Lines) -> Iterator[ImportRow]:
    """The rows of a file, each with its instrument or its faults.

    Raises:
        CommandError: at once, where the file is neither a CSV with a header of ours nor JSON lines, by its name.
    """
    match path.suffix.lower():
        case ".csv":
            return _read_csv(lines)
        case ".jsonl" | ".ndjson":
            return _read_json_lines(lines)
        case _:
            raise CommandError(f"{path.name} is named neither .csv nor .jsonl: the name says how it is read")


def _read_csv(lines: Lines) -> Iterator[ImportRow]:
    reader = csv.reader(iter(lines), strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
    except csv.Error:
        header = []
    _check_header(header)

    def read() -> Iterator[ImportRow]:
        while True:
            line = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield ImportRow(line, None, (Fault("", "is no row of a CSV: are its quotes closed?"),))
                continue
            if cells:
                yield _read_cells(line, header, cells)

    return read()


def _check_header(header: list[str]) -> None:
    if not COLUMNS.keys() & set(header):
        raise CommandError("the first line names no column of ours: is it a header, with commas between its names?")
    faults = [f"has no column {', '.join(sorted(missing))}"] if (missing := _NEEDED - set(header)) else []
    if unknown := [name_field(name) for name in header if name not in COLUMNS]:
        faults.append(f"has columns that are not known: {', '.join(unknown)}")
    if doubled := sorted({name for name in header if name in COLUMNS and header.count(name) > 1}):
        faults.append(f"has columns twice: {', '.join(doubled)}")
    if faults:
        raise CommandError(f"the header {', and '.join(faults)}")


def _read_cells(line: int, header: list[str], cells: list[str]) -> ImportRow:
    if len(cells) != len(header):
        faults = [Fault("", f"has {len(cells)} cells, and the header {len(header)} columns")]
        if any(map(holds_card_number, cells)):
            faults.append(Fault("", "holds what may be a card number", is_card_number=True))
        return ImportRow(line, None, tuple(faults))
    row = _read_document(line, _nest(dict(zip(header, cells, strict=True))))
    named = tuple(Fault(_PATHS.get(one.path, one.path), one.words, one.is_card_number) for one in row.faults)
    return ImportRow(line, row.instrument, named)


def _nest(cells: Mapping[str, str]) -> dict[str, Any]:
    """The document of a row's cells; an empty cell is a field that is left out."""
    document: dict[str, Any] = {"instrument": {}, "billing_address": {}}
    shipping: dict[str, str] = {}
    parts = {"instrument": document["instrument"], "billing_address": document["billing_address"]}
    for column, cell in cells.items():
        if text := cell.strip():
            first, name = COLUMNS[column][0], COLUMNS[column][-1]
            holder = document if name == first else parts.get(first, shipping)
            holder[name] = _BOOLEANS.get(text.lower(), text) if column == "default_instrument" else text
    return document | ({"trusted_shipping_addresses": [shipping]} if shipping else {})


def _read_json_lines(lines: Lines) -> Iterator[ImportRow]:
    for line in lines:
        if line.strip():
            yield _read_json(lines.number, line)


def _read_json(number: int, line: str) -> ImportRow:
    try:
        return _read_document(number, json.loads(line, object_pairs_hook=_once))
    except FaultsError as error:
        return ImportRow(number, None, error.faults)
    except (ValueError, RecursionError):  # json's own error shows the text
        return ImportRow(number, None, (Fault("", "is no JSON"),))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each of whose names stands in it once: of two, nobody knows which is meant."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise FaultsError([Fault("", "has a name twice")])
    return document


def _read_document(line: int, document: object) -> ImportRow:
    try:
        return ImportRow(line, read_import_row(document))
    except FaultsError as error:
        return ImportRow(line, None, error.faults)
