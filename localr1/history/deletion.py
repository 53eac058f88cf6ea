"""Deleting a conversation: first it is hidden, and can come back; then its words are gone.

`secure_delete` overwrites what was deleted in the database. A journal that SQLite removed, a
copy of a damaged history and the disk's own snapshots are beyond it.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timezone

from localr1.history import search_index
from localr1.history.migrations import columns_since

_MESSAGES = "SELECT id FROM message WHERE conversation_id = ?"


def mark_deleted(connection: sqlite3.Connection, identity: str) -> None:
    """Hide a conversation; the time is there for people to read."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    connection.execute("UPDATE conversation SET deleted_at = ? WHERE id = ?", (now, identity))


def unmark(connection: sqlite3.Connection, identity: str) -> None:
    """Show a hidden conversation again."""
    connection.execute("UPDATE conversation SET deleted_at = NULL WHERE id = ?", (identity,))


def marked(connection: sqlite3.Connection) -> list[str]:
    """The ids of the hidden conversations."""
    deleted_at = columns_since(connection, 3, "deleted_at")
    rows = connection.execute(f"SELECT id FROM conversation WHERE {deleted_at} IS NOT NULL")
    return [str(row[0]) for row in rows]


def remove_for_good(connection: sqlite3.Connection, identities: list[str]) -> None:
    """Remove hidden conversations with all that they say; in one transaction."""
    for identity in identities:
        for (message_id,) in connection.execute(_MESSAGES, (identity,)).fetchall():
            search_index.remove(connection, message_id)
            connection.execute("DELETE FROM part WHERE message_id = ?", (message_id,))
        connection.execute("DELETE FROM message WHERE conversation_id = ?", (identity,))
        connection.execute("DELETE FROM conversation WHERE id = ?", (identity,))
    search_index.scrub(connection)
