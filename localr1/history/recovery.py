"""What is readable in a damaged history, copied conversation by conversation into a fresh one.

The damaged file is kept beside it. Rows are fetched one by one by their rowid, so that a bad
page costs the rows on it and no others.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from localr1.errors import StorageError
from localr1.files import sync_folder
from localr1.history.migrations import migrate
from localr1.units import count

TABLES = {
    "conversation": (
        *("id", "title", "model", "created_at", "updated_at", "reasoning_limit"),
        *("head", "pinned", "deleted_at", "draft"),
    ),
    "message": (
        *("conversation_id", "position", "role", "finish_reason", "created_at", "checksum"),
        *("parent", "model"),
    ),
    "part": (
        *("message_id", "position", "kind", "text", "tokens", "seconds", "ended_by"),
        *("insertions", "carried", "name"),
    ),
}
"""All columns of the newest schema; a message's `id` is its rowid."""

_WORKSHOP_PREFIX = ".history-repair-"
_SMALLEST_ROW_BYTES = 16

FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What the sqlite3 module raises; the second when a message quotes a damaged schema."""

Rows = dict[int, tuple[Any, ...]]


class _Found(NamedTuple):
    tables: dict[str, Rows]
    conversations: set[str]
    """Every conversation that is mentioned anywhere, readable or not."""


def rebuild(path: Path) -> str:
    """Move the damaged database aside and put what was readable in its place.

    Call it alone, with no connection to `path` open. Returns a sentence for the user.

    Raises:
        StorageError: the disk is full or read-only; `path` is unchanged.
    """
    for leftover in path.parent.glob(f"{_WORKSHOP_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory(prefix=_WORKSHOP_PREFIX, dir=path.parent) as folder:
            return _rebuild_in(Path(folder), path)
    except (OSError, *FAILURES) as error:
        raise StorageError(
            f"the history in {path} is damaged and cannot be repaired: {error}",
            "free some space, or move the file away",
        ) from error


def _rebuild_in(workshop: Path, path: Path) -> str:
    aside = _copy_aside(path)
    patient, fresh = workshop / path.name, workshop / "fresh.sqlite3"
    _copy(aside, patient)
    os.close(os.open(fresh, os.O_CREAT | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(fresh, isolation_level=None)) as target:
        migrate(target)
        found = _examine(patient, fresh)
        recovered = _fill(target, found)
    _journal(path).unlink(missing_ok=True)
    fresh.replace(path)
    sync_folder(path.parent)
    total = count(len(found.conversations), "conversation")
    return f"the damaged history was moved to {aside}; {recovered} of {total} recovered"


def _copy_aside(path: Path) -> Path:
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    for extra in ("", *(f"-{number}" for number in range(2, 1000))):
        aside = path.with_name(f"{path.stem}.damaged-{stamp}{extra}{path.suffix}")
        if not aside.exists():
            _copy(path, aside)
            return aside
    raise FileExistsError(f"too many files like {aside}")


def _copy(source: Path, target: Path) -> None:
    """Copy a database with the journal that belongs to it, durably."""
    for old, new in ((_journal(source), _journal(target)), (source, target)):
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(old, new)
            with new.open("rb+") as file:
                os.fsync(file.fileno())


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")


def _examine(patient: Path, fresh: Path) -> _Found:
    found = _read_all(patient)
    if any(found.tables.values()):
        return found
    # The first page holds the header and the schema; a fresh database has the same tables at
    # the same pages, so its first page opens the rest of a file whose own is lost.
    _journal(patient).unlink(missing_ok=True)
    _transplant_first_page(fresh, patient)
    return _read_all(patient)


def _transplant_first_page(fresh: Path, patient: Path) -> None:
    """Format of the header: sqlite.org/fileformat.html, section 1.3."""
    with fresh.open("rb") as file:
        header = file.read(100)
        page_bytes = int.from_bytes(header[16:18], "big")
        page = bytearray(header + file.read(page_bytes - 100))
    pages = -(-patient.stat().st_size // page_bytes)
    page[28:32] = pages.to_bytes(4, "big")
    with patient.open("rb+") as file:
        file.truncate(pages * page_bytes)
        file.write(page)


def _read_all(patient: Path) -> _Found:
    tables: dict[str, Rows] = {table: {} for table in TABLES}
    mentioned: set[str] = set()
    with closing(sqlite3.connect(patient, isolation_level=None)) as source:
        source.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for table, columns in TABLES.items():
            tables[table] = _salvage(source, table, columns)
        mentioned.update(row[0] for row in tables["conversation"].values())
        mentioned.update(row[0] for row in tables["message"].values())
        # This query is answered by the index alone, which may be sound where the table is not.
        with contextlib.suppress(*FAILURES, MemoryError):
            mentioned.update(row[0] for row in source.execute("SELECT id FROM conversation"))
    return _Found(tables, {name for name in mentioned if isinstance(name, str)})


def _salvage(source: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> Rows:
    rows: Rows = {}
    try:
        chosen = ", ".join(_chosen_columns(source, table, columns))
        query = f"SELECT {chosen} FROM {table} NOT INDEXED WHERE rowid = ?"
        source.execute(f"EXPLAIN {query}", (0,)).close()
    except FAILURES:
        return rows  # no such table here: no row of it can be had
    for rowid in _rowids(source, table):
        with contextlib.suppress(*FAILURES, MemoryError):
            row = source.execute(query, (rowid,)).fetchone()
            if row is not None:
                rows[rowid] = row
    return rows


def _chosen_columns(
    source: sqlite3.Connection, table: str, columns: tuple[str, ...]
) -> Iterator[str]:
    """The columns, NULL for those that an older schema has not."""
    present = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    return (name if name in present else "NULL" for name in columns)


def _rowids(source: sqlite3.Connection, table: str) -> list[int]:
    """Rowids that are there or may be: from both ends up to the damage, and all in between."""
    rising, whole = _walk(source, table, "ASC")
    if whole:
        return rising
    falling = _walk(source, table, "DESC")[0][::-1]
    start = rising[-1] + 1 if rising else 1
    limit = start + _file_bytes(source) // _SMALLEST_ROW_BYTES
    gap = range(start, min(falling[0], limit) if falling else limit)
    return sorted({*rising, *gap, *falling})


def _file_bytes(source: sqlite3.Connection) -> int:
    pages = source.execute("PRAGMA page_count").fetchone()[0]
    return int(pages * source.execute("PRAGMA page_size").fetchone()[0])


def _walk(source: sqlite3.Connection, table: str, order: str) -> tuple[list[int], bool]:
    """Rowids in order until the damage; True when there was none."""
    rowids: list[int] = []
    try:
        for rowid in _each_rowid(source, table, order):
            # Pages that point at each other would otherwise be walked for ever.
            if rowids and (rowid > rowids[-1]) != (order == "ASC"):
                return rowids, False
            rowids.append(rowid)
    except FAILURES:
        return rowids, False
    return rowids, True


def _each_rowid(source: sqlite3.Connection, table: str, order: str) -> Iterator[int]:
    with closing(
        source.execute(f"SELECT rowid FROM {table} NOT INDEXED ORDER BY rowid {order}")
    ) as rows:
        for (rowid,) in rows:
            yield rowid


def _fill(target: sqlite3.Connection, found: _Found) -> int:
    """Write what was found; returns how many conversations have messages again."""
    target.execute("BEGIN")
    for table, columns in TABLES.items():
        marks = ", ".join("?" * (len(columns) + 1))
        target.executemany(
            f"INSERT OR IGNORE INTO {table} (rowid, {', '.join(columns)}) VALUES ({marks})",
            [(rowid, *row) for rowid, row in found.tables[table].items()],
        )
    target.execute(
        "INSERT OR IGNORE INTO conversation (id, title, model, created_at, updated_at)"
        " SELECT conversation_id, 'Recovered conversation', '', min(created_at), max(created_at)"
        " FROM message GROUP BY conversation_id"
    )
    target.execute("DELETE FROM part WHERE message_id NOT IN (SELECT id FROM message)")
    target.execute("DELETE FROM conversation WHERE id NOT IN (SELECT conversation_id FROM message)")
    recovered = target.execute("SELECT count(*) FROM conversation").fetchone()[0]
    target.execute("COMMIT")
    return int(recovered)
