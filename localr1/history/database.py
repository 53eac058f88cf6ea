"""The open SQLite database of the history: safe settings, threads, errors, repair."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from localr1.errors import StorageError
from localr1.files import make_folder
from localr1.history import search_index
from localr1.history.locks import Locks, LocksUnusable
from localr1.history.migrations import NEWEST, migrate, schema_version
from localr1.history.recovery import FAILURES, TABLES, rebuild
from localr1.terminal_text import clean_line

_BUSY_TIMEOUT_SECONDS = 5.0

_PRAGMAS = (
    # A rollback journal, not WAL: SQLite before 3.51.3 can corrupt a WAL database that two
    # connections use (sqlite.org/wal.html, "the WAL-reset bug").
    "journal_mode = DELETE",
    # FULL, plus a sync of the folder after the journal is removed: without it a power cut can
    # bring the journal back, and with it the state before the last commit.
    "synchronous = EXTRA",
    "mmap_size = 0",
    "foreign_keys = ON",
    "temp_store = MEMORY",
    # Kibibytes: the index of 100,000 messages, by which conversations are listed, stays in it.
    "cache_size = -16000",
    # sqlite.org/security.html: the file may have been damaged, or made by someone else.
    "trusted_schema = OFF",
    "cell_size_check = ON",
    # What was deleted, or replaced as a reply grew, is overwritten: see deletion.py.
    "secure_delete = ON",
)

_MISSING = ("no such table", "no such column", "has no column")
_THERE_ALREADY = ("already exis", "duplicate column")

_Result = TypeVar("_Result")
Work = Callable[[sqlite3.Connection], _Result]


def connect(path: Path) -> sqlite3.Connection:
    """A connection with localr1's settings; transactions are begun by hand.

    Raises:
        sqlite3.Error: not a database, or it cannot be opened.
    """
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
    )
    return prepared(connection, _PRAGMAS)


def prepared(connection: sqlite3.Connection, pragmas: Iterable[str]) -> sqlite3.Connection:
    """The connection with these settings, and texts that are read whatever they hold.

    Raises:
        sqlite3.Error: not a database; the connection is closed.
    """
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()
    except BaseException:
        connection.close()
        raise
    return connection


class Database:
    """One connection for all threads of this process; repaired once when it proves damaged."""

    def __init__(self, path: Path, locks: Locks) -> None:
        self.path = path
        self.notice: str | None = None
        self._locks = locks
        self._guard = threading.RLock()
        self._repaired = False
        self._closed = False
        self._connection: sqlite3.Connection | None = None
        self._file = (0, 0)

    def open(self) -> None:
        """Open the database; create, migrate or repair it first where needed.

        Raises:
            StorageError: it cannot be opened, or a newer localr1 wrote it.
        """
        with self._guard:
            try:
                self._opened()
            except FAILURES as error:
                raise self._failure("opened", error) from error

    def read(self, work: Work[_Result]) -> _Result:
        """What `work` returns.

        Raises:
            StorageError: the database cannot be read.
        """
        return self._run("read", work)

    def write(self, work: Work[_Result]) -> _Result:
        """What `work` returns; all that it wrote is durable, or none of it happened.

        Raises:
            StorageError: the disk is full, read-only, or the database is in use for long.
        """
        return self._run("saved", lambda connection: _in_transaction(connection, work))

    def close(self) -> None:
        """Close the connection; later calls raise StorageError."""
        with self._guard:
            self._closed = True
            self._disconnect()

    def _run(self, aim: str, work: Work[_Result]) -> _Result:
        with self._guard:
            try:
                try:
                    return work(self._opened())
                except FAILURES as error:
                    if self._repaired or not _is_damage(error):
                        raise
                self._repair()
                return work(self._opened())
            except FAILURES as error:
                raise self._failure(aim, error) from error

    def _opened(self) -> sqlite3.Connection:
        if self._closed:
            raise StorageError("the history is closed")
        if self._connection is None or self._file != _identity(self.path):
            # Another process repaired the history, and this connection writes to the removed
            # file; or an own repair failed, for want of space perhaps.
            self._disconnect()
            return self._open()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        make_folder(self.path.parent)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._locks.reshaping())
            except LocksUnusable:
                if not self.path.exists():
                    raise
                return self._connect()
            return self._open_alone()

    def _open_alone(self) -> sqlite3.Connection:
        try:
            return self._prepare()
        except FAILURES as error:
            self._disconnect()
            if not _is_damage(error):
                raise
        self._rebuild()
        return self._prepare()

    def _prepare(self) -> sqlite3.Connection:
        _create_private(self.path)
        connection = self._connect()
        migrate(connection)
        search_index.prepare(connection)
        for table, columns in TABLES.items():
            connection.execute(f"SELECT rowid FROM {table} LIMIT 1").close()
            # Naming a column reads no row, but fails where a damaged version says it is there.
            connection.execute(f"SELECT {', '.join(columns)} FROM {table} LIMIT 0").close()
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = connect(self.path)
        self._connection, self._file = connection, _identity(self.path)
        version = schema_version(connection)
        if version > NEWEST:
            self._disconnect()
            raise StorageError(
                f"the history in {self.path} was written by a newer localr1"
                f" (schema {version}; this one knows {NEWEST})",
                "update localr1, or choose another place with LOCALR1_HOME",
            )
        return connection

    def _repair(self) -> None:
        with self._locks.reshaping():
            self._disconnect()
            damaged = self._still_damaged()
            if damaged:
                self._rebuild()
            connection = self._prepare()
            if not damaged and search_index.available():
                # Only the index can be wrong then, or another process has repaired the file.
                _in_transaction(connection, search_index.reset)

    def _still_damaged(self) -> bool:
        """Another process may have repaired the file while this one waited for its turn."""
        try:
            with contextlib.closing(connect(self.path)) as connection:
                verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except FAILURES as error:
            return _is_damage(error)
        return bool(verdict != "ok")

    def _rebuild(self) -> None:
        if self._locks.others_write():
            raise StorageError(
                f"the history in {self.path} is damaged and another localr1 has it open",
                "close the other windows, then start localr1 again to repair it",
            )
        self._repaired = True
        self.notice = rebuild(self.path)

    def _failure(self, aim: str, error: Exception) -> StorageError:
        said = clean_line(str(error))
        if "full" in said:
            why, hint = "the disk is full", "free some space"
        elif "readonly" in said:
            why, hint = f"{self.path} is read-only", "choose another place with LOCALR1_HOME"
        elif "locked" in said:
            why, hint = "another program is using it", "close that program"
        elif "unable to open" in said:
            why, hint = f"{self.path} cannot be opened", "choose another place with LOCALR1_HOME"
        else:
            why, hint = said, "check the disk"
        return StorageError(f"the history cannot be {aim}: {why}", hint)


def _in_transaction(connection: sqlite3.Connection, work: Work[_Result]) -> _Result:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has already rolled back by itself after some errors.
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
    return result


def _is_damage(error: Exception) -> bool:
    """Is the file itself wrong, rather than the disk, a lock or a permission?

    The sqlite3 module raises plain DatabaseError for SQLITE_CORRUPT and SQLITE_NOTADB. Tables or
    columns that are missing, are already there or contradict themselves mean a damaged schema,
    version or index: no statement of localr1 can cause that in a sound file.
    """
    return (
        type(error) is sqlite3.DatabaseError
        or isinstance(error, (sqlite3.IntegrityError, sqlite3.DataError, UnicodeDecodeError))
        or any(words in str(error) for words in (*_MISSING, *_THERE_ALREADY))
    )


def _identity(path: Path) -> tuple[int, int]:
    """Which file is at `path` now; (0, 0) for none."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_dev, status.st_ino)


def _create_private(path: Path) -> None:
    """Create an empty file that only this user can read; SQLite gives its journal the same mode.

    An existing file is not opened: closing it would drop this process's SQLite locks on it.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StorageError(
            f"the history cannot be created: {path}: {error.strerror}",
            "choose another place with LOCALR1_HOME",
        ) from error
