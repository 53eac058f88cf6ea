"""The full-text index of the messages: SQLite's FTS5, changed in the transactions of the messages.

The table `search` holds no text of its own. Its rows are those of the messages, a row for each
that is finished; a reply that grows is not in it, and is caught up with before a search. What
is in it can be made from the messages at any time.
"""

from __future__ import annotations

import functools
import sqlite3
from contextlib import closing

from localr1.history.search_terms import spaced

_CREATE = """
    CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5 (
        words, reasoning, content = '', tokenize = 'unicode61 remove_diacritics 2'
    )
"""
_INDEXED = "SELECT 1 FROM search_docsize WHERE id = ?"
_COUNTS = "SELECT (SELECT count(*) FROM message) - (SELECT count(*) FROM search_docsize)"
# The newest are the likeliest: with the limit that _COUNTS tells the others are not looked at.
_MISSING = """
    SELECT m.id FROM message AS m
    WHERE NOT EXISTS (SELECT 1 FROM search_docsize AS d WHERE d.id = m.id)
    ORDER BY m.id DESC LIMIT ?
"""
_DAMAGED = ("vtable constructor failed", "invalid fts5 file format", "no such table: search")
_BATCH_MESSAGES = 2000
"""Indexed in one transaction: other windows wait for no more."""
_INNER_TABLES = ("data", "idx", "docsize", "config")


@functools.cache
def available() -> bool:
    """Does this computer's SQLite have FTS5?"""
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE probe USING fts5 (x)")
        except sqlite3.OperationalError:
            return False
    return True


def prepare(connection: sqlite3.Connection) -> None:
    """Create the index where there is none; it is filled before the first search."""
    if available():
        connection.execute(_CREATE)


def exists(connection: sqlite3.Connection) -> bool:
    """Is there an index in this file?"""
    row = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'search'").fetchone()
    return row is not None


def remove(connection: sqlite3.Connection, message_id: int) -> None:
    """Take a message out, before it changes or goes; in its transaction."""
    if not available():
        _empty(connection)
        return
    try:
        if connection.execute(_INDEXED, (message_id,)).fetchone():
            connection.execute(
                "INSERT INTO search (search, rowid, words, reasoning) VALUES ('delete', ?, ?, ?)",
                (message_id, *_texts(connection, message_id)),
            )
    except sqlite3.DatabaseError as error:
        _reset_after(connection, error)


def add(connection: sqlite3.Connection, message_id: int) -> None:
    """Put a message in, after it was written; in its transaction."""
    if not available():
        _empty(connection)
        return
    try:
        _insert(connection, message_id)
    except sqlite3.DatabaseError as error:
        _reset_after(connection, error)


def add_missing(connection: sqlite3.Connection) -> bool:
    """Put some of the messages in that are not; True when there are more."""
    missing = count_missing(connection)
    batch = min(missing, _BATCH_MESSAGES)
    # FTS5 gathers rows in memory as long as their ids rise, and writes at each that does not.
    for (message_id,) in sorted(connection.execute(_MISSING, (batch,)).fetchall()):
        _insert(connection, message_id)
    return batch < missing


def count_missing(connection: sqlite3.Connection) -> int:
    """How many messages are not in the index."""
    return int(connection.execute(_COUNTS).fetchone()[0])


def reset(connection: sqlite3.Connection) -> None:
    """A fresh index in the place of a damaged one."""
    try:
        connection.execute("DROP TABLE IF EXISTS search")
    except sqlite3.Error:
        # FTS5 drops no table that it cannot open.
        _mend(connection)
        connection.execute("DROP TABLE search")
    connection.execute(_CREATE)


def _mend(connection: sqlite3.Connection) -> None:
    """Give a damaged index the inner tables of an empty one."""
    connection.execute(_CREATE.replace("search", "search_fresh"))
    for table in _INNER_TABLES:
        fresh = f"search_fresh_{table}"
        (made,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (fresh,))
        connection.execute(f"DROP TABLE IF EXISTS search_{table}")
        connection.execute(made[0].replace(fresh, f"search_{table}"))
        connection.execute(f"INSERT INTO search_{table} SELECT * FROM {fresh}")
    connection.execute("DROP TABLE search_fresh")


def scrub(connection: sqlite3.Connection) -> None:
    """Leave no trace of the words of messages that were taken out."""
    if not available():
        _empty(connection)
        return
    try:
        connection.execute("INSERT INTO search (search) VALUES ('optimize')")
    except sqlite3.DatabaseError as error:
        _reset_after(connection, error)


def is_damage(error: sqlite3.Error) -> bool:
    """Does this error of a statement on the index mean that it must be made anew?"""
    return (
        type(error) is sqlite3.DatabaseError
        or isinstance(error, (sqlite3.IntegrityError, sqlite3.DataError))
        or any(words in str(error) for words in _DAMAGED)
    )


def _reset_after(connection: sqlite3.Connection, error: sqlite3.DatabaseError) -> None:
    if not is_damage(error):
        raise error
    reset(connection)


def _empty(connection: sqlite3.Connection) -> None:
    """Without FTS5 an index that another SQLite made cannot be kept exact: it must go.

    One with FTS5 finds it damaged, and makes it anew.
    """
    if exists(connection):
        for table in ("data", "idx", "docsize"):
            connection.execute(f"DELETE FROM search_{table}")


def _insert(connection: sqlite3.Connection, message_id: int) -> None:
    connection.execute(
        "INSERT INTO search (rowid, words, reasoning) VALUES (?, ?, ?)",
        (message_id, *_texts(connection, message_id)),
    )


def _texts(connection: sqlite3.Connection, message_id: int) -> tuple[str, str]:
    """What is indexed of a message: its words with the names of its files; its reasoning."""
    words, reasoning = [], []
    for kind, text, name in connection.execute(
        "SELECT kind, text, name FROM part WHERE message_id = ? ORDER BY position", (message_id,)
    ):
        if kind == "reasoning":
            reasoning.append(str(text))
        else:
            words.append(str(name if kind == "file" else text))
    return spaced("\n".join(words)), spaced("\n".join(reasoning))
