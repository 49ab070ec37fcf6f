"""What an import's answer says of each row, what the journal keeps, and what is said and shown of it."""

import csv
import sqlite3
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bigcharge.domain.document_checks import Fault
from bigcharge.domain.import_results import ImportRow, RowOutcome, RowResult, judge_rows, name_row
from bigcharge.domain.import_rows import read_import_row
from bigcharge.domain.instruments import Instrument, InstrumentType
from bigcharge.domain.stored_instruments import ImportedInstrument, ImportFailure, ImportOutcome
from bigcharge.services.instrument_imports import Mark
from ops.errors import CommandError
from ops.instrument_journal import default_path, open_journal
from ops.instrument_masking import describe, show_email, show_number
from ops.instrument_report import ImportScreen, ReportFile
from tests.import_files import document

IMPORTED, REFUSED, UNKNOWN = RowOutcome.IMPORTED, RowOutcome.REFUSED, RowOutcome.UNKNOWN


def rows(*tokens: str) -> list[ImportRow]:
    return [ImportRow(line, read_import_row(document(1, token))) for line, token in enumerate(tokens, 2)]


def answer(imported: list[str | None], refused: list[int | None]) -> ImportOutcome:
    stored = Instrument("f" * 64, InstrumentType.CARD)
    return ImportOutcome(
        tuple(ImportedInstrument(1, token, stored) for token in imported),
        tuple(ImportFailure(place, {"customer_id": "is gone"}) for place in refused),
    )


def judged(sent: list[ImportRow], said: ImportOutcome) -> list[RowOutcome]:
    return [result.outcome for result in judge_rows(sent, said)]


@pytest.mark.parametrize(
    ("imported", "refused", "outcomes"),
    [
        (["a", "b", "c"], [], [IMPORTED, IMPORTED, IMPORTED]),
        (["c", "a", "b"], [], [IMPORTED, IMPORTED, IMPORTED]),
        ([None, None, None], [], [IMPORTED, IMPORTED, IMPORTED]),
        (["a", "c"], [1], [IMPORTED, REFUSED, IMPORTED]),
        ([], [0, 1, 2], [REFUSED, REFUSED, REFUSED]),
        (["a", "c"], [], [IMPORTED, UNKNOWN, IMPORTED]),
        (["a", "c"], [None], [IMPORTED, UNKNOWN, IMPORTED]),
        (["a", "c"], [2], [IMPORTED, UNKNOWN, IMPORTED]),  # places from 1: the token says what is true
        (["a", "c"], [7], [IMPORTED, UNKNOWN, IMPORTED]),
        ([None, None], [1], [UNKNOWN, UNKNOWN, UNKNOWN]),
        ([], [], [UNKNOWN, UNKNOWN, UNKNOWN]),
        (["x", "y", "z"], [2], [UNKNOWN, UNKNOWN, REFUSED]),
    ],
)
def test_a_row_was_imported_where_its_token_is_named_and_refused_only_where_both_agree(
    imported: list[str | None], refused: list[int | None], outcomes: list[RowOutcome]
) -> None:
    assert judged(rows("a", "b", "c"), answer(imported, refused)) == outcomes


def test_a_token_that_was_sent_twice_is_believed_when_it_is_named_twice() -> None:
    assert judged(rows("a", "a"), answer(["a"], [1])) == [UNKNOWN, REFUSED]
    assert judged(rows("a", "a"), answer(["a", "a"], [])) == [IMPORTED, IMPORTED]


@given(
    st.lists(st.booleans(), min_size=1, max_size=10),
    st.integers(0, 1),
    st.integers(0, 1),
    st.randoms(use_true_random=False),
)
def test_no_answer_that_names_what_was_imported_makes_it_seem_refused(
    good: list[bool], first_place: int, lost: int, random: Random
) -> None:
    """Wherever places are counted from, and whatever is left out: what is called refused is sent again."""
    sent = rows(*(f"token-{place}" for place in range(len(good))))
    imported: list[str | None] = [f"token-{place}" for place, fine in enumerate(good) if fine]
    refused: list[int | None] = [place + first_place for place, fine in enumerate(good) if not fine]
    random.shuffle(imported)
    if lost and refused:
        refused.pop(random.randrange(len(refused)))
    for fine, outcome in zip(good, judged(sent, answer(imported, refused)), strict=True):
        assert (outcome is IMPORTED) == fine
        assert not (fine and outcome is REFUSED)


def test_a_row_is_named_by_what_it_imports_where_and_for_whom() -> None:
    row = read_import_row(document(1, "a"))
    others = [
        read_import_row(document(2, "a")),
        read_import_row(document(1, "b")),
        read_import_row(document(1, "a", payment_method_id="stripe.sepa")),
    ]
    names = [name_row("s", row), name_row("t", row), *(name_row("s", other) for other in others)]
    assert len(set(names)) == len(names)
    same = read_import_row(document(1, "a", default_instrument=True, currency_code="USD"))
    assert name_row("s", same) == name_row("s", row)


def test_the_journal_keeps_what_was_sent_until_it_is_known(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.journal"
    with open_journal(path) as journal:
        journal.begin(["a", "b", "c"])
        journal.conclude(["a"], ["b"])
        journal.begin([])
    with open_journal(path) as journal:
        assert [journal.find(name) for name in "abcd"] == [Mark.IMPORTED, None, Mark.SENT, None]
        journal.begin(["c"])
        journal.conclude(["c"], [])
        assert journal.find("c") is Mark.IMPORTED
    assert path.stat().st_mode & 0o077 == 0
    assert default_path(tmp_path / "rows.csv") == path


def test_what_is_noted_is_on_the_disk_before_the_request_leaves(tmp_path: Path) -> None:
    """As after a crash: a copy of the file is all that is left."""
    with open_journal(tmp_path / "journal") as journal:
        journal.begin(["a"])
        (tmp_path / "copy").write_bytes((tmp_path / "journal").read_bytes())
    with open_journal(tmp_path / "copy") as journal:
        assert journal.find("a") is Mark.SENT


def test_two_runs_cannot_have_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with open_journal(path) as journal:
        journal.begin(["a"])
        for for_reading in (True, False):
            with pytest.raises(CommandError, match="another run"), open_journal(path, for_reading=for_reading):
                pass
    with open_journal(path) as journal:
        assert journal.find("a") is Mark.SENT


def test_a_journal_that_is_none_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("customer_id\n" * 100)
    with pytest.raises(CommandError, match="as the journal"), open_journal(path):
        pass
    assert path.read_text() == "customer_id\n" * 100
    with pytest.raises(CommandError, match="cannot write"), open_journal(tmp_path / "no" / "journal"):
        pass


def test_a_dry_run_makes_no_journal(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal", for_reading=True) as journal:
        assert journal.find("a") is None
    assert list(tmp_path.iterdir()) == []


def test_a_journal_holds_no_token(tmp_path: Path) -> None:
    row = read_import_row(document(1, "tok_very_secret"))
    with open_journal(tmp_path / "journal") as journal:
        journal.begin([name_row("s", row)])
        assert sqlite3.sqlite_version
    content = (tmp_path / "journal").read_bytes()
    assert b"tok_very_secret" not in content
    assert name_row("s", row).encode() in content


RESULTS = [
    RowResult(2, 7, IMPORTED),
    RowResult(3, None, RowOutcome.INVALID, "customer_id: is missing", is_card_number=True),
    RowResult(4, 9, UNKNOWN, 'sent, and the "answer" was lost'),
]


def test_a_report_has_a_line_for_each_row(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    with ReportFile(path) as write:
        for result in RESULTS:
            write(result)
    assert list(csv.reader(path.read_text().splitlines())) == [
        ["line", "customer_id", "outcome", "reason"],
        ["2", "7", "imported", ""],
        ["3", "", "invalid", "customer_id: is missing"],
        ["4", "9", "unknown", 'sent, and the "answer" was lost'],
    ]
    with ReportFile(None) as write:
        write(RESULTS[0])
    with pytest.raises(CommandError, match="cannot write the report"), ReportFile(tmp_path / "no" / "report.csv"):
        pass


def test_elsewhere_than_on_a_terminal_faults_and_progress_are_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 1.0, 2.0, 3.5, 3.5, 4.0])
    with ImportScreen(Console(width=40), 100, lambda: 50, lambda: next(times)) as screen:
        for result in RESULTS:
            screen.show(result)
    assert capsys.readouterr().out.splitlines() == [
        "line 3: invalid: customer_id: is missing",
        'line 4: of unknown outcome: sent, and the "answer" was lost',
        "3 rows: 1 imported, 1 invalid, 1 of unknown outcome",
    ]
    assert (screen.card_numbers, screen.unsaid) == (1, 0)


def test_a_terminal_shows_a_bar_that_goes(capsys: pytest.CaptureFixture[str]) -> None:
    with ImportScreen(Console(width=60, force_terminal=True), 100, lambda: 50, lambda: 0.0) as screen:
        for _, result in pairwise([RESULTS[0], *RESULTS]):
            screen.show(result)
    shown = capsys.readouterr().out
    assert "50%" in shown
    assert "line 3: invalid" in shown


def test_of_many_faults_only_the_first_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    with ImportScreen(Console(width=80), 1, lambda: 0, lambda: 0.0) as screen:
        for line in range(50):
            screen.show(RowResult(line, None, RowOutcome.INVALID, str(Fault("a", "is missing"))))
    assert len(capsys.readouterr().out.splitlines()) == 20
    assert screen.unsaid == 30


@pytest.mark.parametrize(
    ("email", "shown"),
    [("jane@example.com", "j***@example.com"), ("a@b@c.de", "a***@c.de"), ("jane", "***"), (None, None)],
)
def test_of_an_e_mail_address_the_first_letter_and_the_domain_are_shown(email: str | None, shown: str | None) -> None:
    assert show_email(email, reveal=False) == shown
    assert show_email(email, reveal=True) == email


def test_of_a_number_the_last_four_digits_are_shown() -> None:
    assert [show_number("123456789", reveal=reveal) for reveal in (False, True)] == ["6789", "123456789"]
    account = Instrument("f" * 64, InstrumentType.BANK_ACCOUNT, last_4="123456789", issuer="011000015")
    assert describe(account) == "011000015 6789"
    assert describe(Instrument("f" * 64, InstrumentType.PAYPAL_ACCOUNT)) == "paypal_account"
