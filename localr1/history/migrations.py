"""The history's schema as numbered steps; `PRAGMA user_version` says how many were taken.

A step is never edited once it has been released: a change of the schema is a new step at the
end, and tests/unit/test_history_migrations.py walks to the newest schema from every older one.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

Step = tuple[str, ...]
"""The SQL statements of one step."""

STEPS: tuple[Step, ...] = (
    (
        """
        CREATE TABLE conversation (
            id TEXT PRIMARY KEY,
            title TEXT NOT NULL,
            model TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE message (
            id INTEGER PRIMARY KEY,
            conversation_id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            role TEXT NOT NULL,
            finish_reason TEXT,
            created_at TEXT NOT NULL,
            checksum TEXT NOT NULL,
            UNIQUE (conversation_id, position)
        )
        """,
        """
        CREATE TABLE part (
            message_id INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            text TEXT NOT NULL,
            tokens INTEGER,
            seconds REAL,
            ended_by TEXT,
            UNIQUE (message_id, position)
        )
        """,
    ),
    (
        "ALTER TABLE conversation ADD COLUMN reasoning_limit TEXT",
        "ALTER TABLE part ADD COLUMN insertions TEXT",
        "ALTER TABLE part ADD COLUMN carried INTEGER",
    ),
    (
        "ALTER TABLE conversation ADD COLUMN head INTEGER",
        "ALTER TABLE conversation ADD COLUMN pinned INTEGER",
        "ALTER TABLE conversation ADD COLUMN deleted_at TEXT",
        "ALTER TABLE conversation ADD COLUMN draft TEXT",
        "ALTER TABLE message ADD COLUMN parent INTEGER",
        "ALTER TABLE message ADD COLUMN model TEXT",
        "ALTER TABLE part ADD COLUMN name TEXT",
    ),
)

NEWEST = len(STEPS)
"""The schema version that this program reads and writes."""


def schema_version(connection: sqlite3.Connection) -> int:
    """Steps already taken in this database; 0 for an empty one."""
    with closing(connection.execute("PRAGMA user_version")) as cursor:
        return int(cursor.fetchone()[0])


def columns_since(connection: sqlite3.Connection, version: int, *names: str) -> str:
    """Columns of a step for a SELECT; NULLs in an older file that could not be migrated.

    A history in a folder that cannot be written stays at its version and is read all the same.
    """
    found = schema_version(connection) >= version
    return ", ".join(names if found else ["NULL"] * len(names))


def migrate(connection: sqlite3.Connection, to: int = NEWEST) -> None:
    """Take the missing steps up to version `to`, all of them or none."""
    if schema_version(connection) >= to:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(schema_version(connection), to):
            for statement in STEPS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
