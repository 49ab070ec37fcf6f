"""What was sent of an import, in a file beside the one that is imported: SQLite's, so that a crash leaves it whole.

It holds hashes of rows and what is known of each, never a token. However many rows it has, they do not stand in the
memory; and while a run has it open no other run can have it.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from bigcharge.services.instrument_imports import Mark
from ops.errors import CommandError

_ONLY_OURS: Final = 0o600


class ImportJournal:
    """The journal of an import; see `bigcharge.services.instrument_imports.Journal`.

    Args:
        database: that has its table.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def find(self, name: str) -> Mark | None:
        """What is known of a row."""
        found = self._database.execute("SELECT mark FROM sent WHERE name = ?", (name,)).fetchone()
        return Mark(found[0]) if found else None

    def begin(self, names: Iterable[str]) -> None:
        """Note rows that are about to be sent."""
        with _transaction(self._database):
            self._database.executemany(
                "INSERT OR REPLACE INTO sent (name, mark) VALUES (?, ?)", [(name, Mark.SENT) for name in names]
            )

    def conclude(self, imported: Iterable[str], refused: Iterable[str]) -> None:
        """Note what was imported, and forget what is known not to have been."""
        with _transaction(self._database):
            self._database.executemany(
                "UPDATE sent SET mark = ? WHERE name = ?", [(Mark.IMPORTED, name) for name in imported]
            )
            self._database.executemany("DELETE FROM sent WHERE name = ?", [(name,) for name in refused])


def default_path(imported: Path) -> Path:
    """Where the journal of a file is."""
    return imported.with_name(f"{imported.name}.journal")


@contextmanager
def open_journal(path: Path, *, for_reading: bool = False) -> Iterator[ImportJournal]:
    """Open a journal for one run alone; one that is not there begins empty.

    Args:
        path: of its file.
        for_reading: do not make a file where there is none.

    Raises:
        CommandError: another run has it, or it is none.
    """
    try:
        with closing(_connect(path, for_reading=for_reading)) as database:
            _prepare(database)
            yield ImportJournal(database)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise CommandError(f"another run has {path.name}: wait until it has ended") from None
        raise CommandError(f"cannot write {path}: {error}") from None
    except sqlite3.DatabaseError as error:
        raise CommandError(f"cannot use {path} as the journal: {error}") from None


def _connect(path: Path, *, for_reading: bool) -> sqlite3.Connection:
    in_memory = for_reading and not path.exists()
    if not in_memory:
        _make_file(path)
    return sqlite3.connect(":memory:" if in_memory else path, timeout=0, autocommit=True)


def _prepare(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA locking_mode = EXCLUSIVE")  # kept until it is closed, or the process is killed
    database.execute("PRAGMA synchronous = EXTRA")  # on the disk, or not said to be
    database.execute("PRAGMA journal_mode = TRUNCATE")
    with _transaction(database):
        database.execute("CREATE TABLE IF NOT EXISTS sent (name TEXT PRIMARY KEY, mark TEXT NOT NULL) WITHOUT ROWID")


def _make_file(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, _ONLY_OURS))
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}") from None


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
