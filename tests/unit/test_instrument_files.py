"""Files of instruments to be imported: what a row must be, what is said of one that is not, and what is never said."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigcharge.domain.card_numbers import holds_card_number
from bigcharge.domain.document_checks import FaultsError
from bigcharge.domain.import_results import ImportRow
from bigcharge.domain.import_rows import read_address, read_addresses, read_import_row
from bigcharge.domain.stored_instruments import NewInstrument, VaultedBankAccount, VaultedCard
from ops.errors import CommandError
from ops.instrument_files import COLUMNS, Lines, read_rows
from tests.import_files import ADDRESS, KINDS, document, to_csv, to_json_lines

CARD_NUMBERS = (
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "378282246310005",
    "3782 822463 10005",
)


def read(text: str | bytes, name: str = "rows.jsonl") -> list[ImportRow]:
    content = text.encode() if isinstance(text, str) else text
    return list(read_rows(Path(name), Lines(io.BytesIO(content))))


def faults(row: ImportRow) -> list[str]:
    return [str(fault) for fault in row.faults]


def faults_of(changed: Any) -> list[str]:
    with pytest.raises(FaultsError) as caught:
        read_import_row(changed)
    return [str(fault) for fault in caught.value.faults]


def change(path: str, value: Any, kind: str = "credit_card") -> dict[str, Any]:
    """A row of which one field is another; None: it is not there."""
    row = document(kind=kind)
    *way, name = path.split(".")
    holder = row
    for step in way:
        holder = holder[step]
    holder[name] = value
    if value is None:
        del holder[name]
    return row


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_each_kind_is_read_the_same_from_both_kinds_of_file(kind: str) -> None:
    rows = [document(kind=kind, trusted_shipping_addresses=[ADDRESS]), document(kind=kind, default_instrument=True)]
    from_json, from_csv = read(to_json_lines(rows)), read(to_csv(rows), "rows.CSV")
    assert [row.instrument for row in from_json] == [read_import_row(row) for row in rows]
    assert [(row.line, row.instrument) for row in from_csv] == [
        (2, from_json[0].instrument),
        (3, from_json[1].instrument),
    ]


def test_what_is_sent_is_normal() -> None:
    changed = document(customer_id="7")  # type: ignore[arg-type]  # as a CSV has it
    changed["instrument"] |= {"brand": "VISA", "expiry_month": "07", "expiry_year": "2031", "iin": "41111122"}
    read_row = read_import_row(changed)
    assert read_row.customer_id == 7
    card = read_row.instrument
    assert isinstance(card, VaultedCard)
    assert (card.brand, card.expiry_month, card.expiry_year, card.iin) == ("visa", 7, 2031, "411111")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("payment_method_id", None),
        ("payment_method_id", "stripe card"),
        ("currency_code", "gbp"),
        ("currency_code", "POUND"),
        ("customer_id", 0),
        ("customer_id", "1.5"),
        ("customer_id", True),
        ("default_instrument", "yes"),
        ("instrument", None),
        ("instrument", []),
        ("instrument.type", "stored_card"),
        ("instrument.vault_token", ""),
        ("instrument.vault_token", "a b"),
        ("instrument.vault_token", "x" * 513),
        ("instrument.vault_token", 5292),
        ("instrument.provider_customer_id", None),
        ("instrument.brand", "4"),
        ("instrument.expiry_month", 13),
        ("instrument.expiry_month", 1.0),
        ("instrument.expiry_year", 66),
        ("instrument.last_4", 1111),
        ("instrument.last_4", "111"),
        ("instrument.last_4", "\u0661\u0661\u0661\u0661"),
        ("instrument.iin", "41111"),
        ("instrument.verification_value", "123"),
        ("billing_address", None),
        ("billing_address", {}),
        ("billing_address", "1 Sample Street"),
        ("billing_address.country_code", "UK1"),
        ("billing_address.email", "jane"),
        ("billing_address.city", "Way\nbridge"),
        ("billing_address.city", " "),
        ("billing_address.city", "x" * 513),
        ("billing_address.address1", "1 Sample Street"),
        ("trusted_shipping_addresses", ADDRESS),
        ("trusted_shipping_addresses", [ADDRESS, {}]),
        ("gift", "1"),
    ],
)
def test_a_field_of_another_form_is_one_fault_under_its_name(path: str, value: Any) -> None:
    [fault] = faults_of(change(path, value))
    assert fault.startswith(path)


def test_every_fault_of_a_row_is_told() -> None:
    row = change("instrument.last_4", "1")
    row |= {"currency_code": "", "customer_id": -1}
    del row["billing_address"]
    assert [fault.partition(":")[0] for fault in faults_of(row)] == [
        "currency_code",
        "customer_id",
        "instrument.last_4",
        "billing_address",
    ]


@pytest.mark.parametrize("shown", ["12345", "0000000000", "****", ""])
def test_no_more_of_an_account_number_than_its_last_four_digits_is_taken(shown: str) -> None:
    assert faults_of(change("instrument.masked_account_number", shown, "bank_account"))
    taken = read_import_row(change("instrument.masked_account_number", "xx-0000", "bank_account")).instrument
    assert isinstance(taken, VaultedBankAccount)


@pytest.mark.parametrize("number", CARD_NUMBERS)
@pytest.mark.parametrize(
    "path",
    [
        "instrument.vault_token",
        "instrument.number",
        "billing_address.street_2",
        "payment_method_id",
        "note",
        "customer_id",
    ],
)
def test_a_row_with_a_card_number_anywhere_is_refused_and_the_number_not_shown(path: str, number: str) -> None:
    for text in (number, f"card {number}, please"):
        row = change(path, text)
        [found] = read(to_json_lines([row]))
        assert (found.instrument, [fault.is_card_number for fault in found.faults]) == (None, [True])
        assert number not in repr(found)
        assert "card number" in faults(found)[0]


def test_a_card_number_is_found_where_a_number_a_name_or_a_cell_too_many_holds_it() -> None:
    rows = [
        change("customer_id", 4111111111111111),
        change("4111111111111111", "x"),
        change("note", [["4111111111111111"]]),
    ]
    assert all(row.faults and row.faults[0].is_card_number for row in read(to_json_lines(rows)))
    [cells] = read(to_csv([document()]).rstrip("\r\n") + ",4111111111111111\r\n", "rows.csv")
    assert [fault.is_card_number for fault in cells.faults] == [False, True]
    assert "4111" not in repr((read(to_json_lines(rows)), cells))


def test_a_telephone_number_is_no_card_number() -> None:
    """One in ten of them has its check digit; they have up to fifteen digits, cards mostly sixteen."""
    assert holds_card_number("442071234565")
    assert read_address({"phone": "+442071234565"}).phone == "+442071234565"
    with pytest.raises(FaultsError):
        read_address({"phone": "4111111111111111"})
    with pytest.raises(FaultsError):
        read_address({"city": "442071234565"})


@pytest.mark.parametrize(
    "text", ["2026-04-01 12:00", "5292sx35", "41111111111111112", "1 2 3 4 5 6 7 8 9 10 11 12", ""]
)
def test_what_only_has_many_digits_is_no_card_number(text: str) -> None:
    assert not holds_card_number(text)


def test_addresses_of_an_update_are_checked_as_those_of_a_row() -> None:
    assert read_addresses([ADDRESS]) == (read_address(ADDRESS),)
    assert read_addresses([]) == ()
    wrongs: list[Any] = [[], "x", None, {}, {"city": 1}]
    for wrong in wrongs:
        with pytest.raises(FaultsError):
            read_address(wrong)
    with pytest.raises(FaultsError):
        read_addresses(ADDRESS)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "names no column of ours"),
        ("visa;4111111111111111", "names no column of ours"),
        ("payment_method_id;currency_code;customer_id", "names no column of ours"),
        ('payment_method_id,"currency', "names no column of ours"),
        ("payment_method_id,currency_code,type,vault_token", "has no column customer_id"),
        (
            "payment_method_id,currency_code,customer_id,type,vault_token,cvv,4111",
            "not known: cvv, (a name that is not",
        ),
        ("payment_method_id,currency_code,customer_id,type,vault_token,type", "has columns twice: type"),
    ],
)
def test_a_header_that_is_none_ends_it_before_anything_is_sent(header: str, words: str) -> None:
    with pytest.raises(CommandError, match=r"header|column") as caught:
        read_rows(Path("rows.csv"), Lines(io.BytesIO(header.encode())))
    assert words in str(caught.value)
    assert "4111" not in str(caught.value)


def test_a_file_of_another_name_is_not_guessed_at() -> None:
    with pytest.raises(CommandError, match=r"neither .csv nor .jsonl"):
        read("", "rows.xlsx")


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_a_byte_order_mark_empty_lines_and_either_line_end_are_tolerated(name: str) -> None:
    text = to_csv([document()] * 2) if name.endswith("csv") else to_json_lines([document()] * 2)
    plain = text.replace("\r\n", "\n").splitlines()
    windows = "\ufeff" + "\r\n\r\n".join(plain)
    assert [row.instrument for row in read(windows, name)] == [read_import_row(document())] * 2
    assert [row.line for row in read(windows, name)] == ([3, 5] if name.endswith("csv") else [1, 3])


def test_a_row_begins_where_its_first_line_is() -> None:
    """A quoted cell may hold a line's end; no field takes one."""
    first, second = document(), document()
    first["billing_address"] = ADDRESS | {"city": "Way\nbridge"}
    rows = read(to_csv([first, second]), "rows.csv")
    assert [(row.line, faults(row)) for row in rows] == [
        (2, ["billing_city: is not a line of 1 to 512 printable characters in UTF-8"]),
        (4, []),
    ]


def test_bytes_that_are_no_utf_8_are_a_fault_of_their_field() -> None:
    content = to_csv([document()]).replace("Waybridge,", "W\u00e4ybridge,").encode("latin-1")
    assert [fault.partition(":")[0] for row in read(content, "rows.csv") for fault in faults(row)] == ["billing_city"]


@pytest.mark.parametrize("line", ["{", "[1]", "7", '"text"', "[" * 100_000, "1" * 5000, '{"a": 1, "a": 2}', "\xff"])
def test_a_line_that_is_no_row_is_one_fault_and_the_next_is_read(line: str) -> None:
    rows = read(f"{line}\n{json.dumps(document())}\n")
    assert rows[0].faults
    assert rows[0].instrument is None
    assert isinstance(rows[1].instrument, NewInstrument)


def test_an_open_quote_spoils_its_rows_and_not_the_file() -> None:
    good = to_csv([document()])
    header, row = good.splitlines()
    spoiled = f'{header}\n"{row}\n' + f"{row}\n" * 3000
    rows = read(spoiled, "rows.csv")
    assert "quotes" in faults(rows[0])[0]
    assert rows[-1].instrument == read_import_row(document())


def test_an_endless_line_does_not_fill_the_memory() -> None:
    class Endless(io.RawIOBase):
        left = 64 * 2**20

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            given = min(len(buffer), self.left)
            buffer[:given] = b"x" * given
            self.left -= given
            return given

    lines = Lines(io.BufferedReader(Endless()))
    assert [len(line) for line in lines] == [2**18]
    assert lines.consumed == 64 * 2**20


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for name in list(value) if isinstance(value, dict) else range(len(value)):
            yield from paths(value[name], (*path, name))


@given(st.data(), JSON_VALUES, st.sampled_from(list(KINDS)))
def test_no_document_breaks_the_reader_and_what_it_takes_can_be_sent(
    data: st.DataObject, value: Any, kind: str
) -> None:
    row: Any = document(kind=kind, trusted_shipping_addresses=[dict(ADDRESS)])
    path = data.draw(st.sampled_from(list(paths(row))[1:]))
    holder = row
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    try:
        json.dumps(row, allow_nan=False).encode()
        [read_row] = read(to_json_lines([row]))
    except ValueError:
        return
    assert (read_row.instrument is None) == bool(read_row.faults)


SECRET = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=12, max_size=30).map(lambda text: f"zq{text}#")


@given(SECRET, st.sampled_from(list(COLUMNS)))
def test_no_fault_repeats_what_stands_in_a_cell(secret: str, column: str) -> None:
    header, cells = to_csv([document()]).splitlines()
    [row] = read(f"{header}\n{cells}\n".replace("jane.doe@example.com", f"{secret} {secret}"), "rows.csv")
    assert secret not in " ".join(faults(row))
    assert row.faults
    names = list(COLUMNS)
    changed = ",".join(secret if names[place] == column else "" for place in range(len(names)))
    [row] = read(f"{header}\n{changed}\n", "rows.csv")
    assert row.faults
    assert secret not in " ".join(faults(row))


def test_the_documentation_names_every_column_and_its_example_is_a_row() -> None:
    text = (Path(__file__).parents[2] / "docs" / "instruments.md").read_text()
    assert [column for column in COLUMNS if f"`{column}`" not in text] == []
    [example] = [line for line in text.splitlines() if line.startswith('{"payment_method_id"')]
    [row] = read(example)
    assert faults(row) == []
