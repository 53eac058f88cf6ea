"""Deleting a conversation: first it is hidden, and can come back; then its words are gone.

`secure_delete` overwrites what was deleted in the database. A journal that SQLite removed, a
copy of a damaged history and the disk's own snapshots are beyond it.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timezone

from localr1.errors import ConversationNotFound, StorageError
from localr1.history import search_index
from localr1.history.database import Database
from localr1.history.locks import Locks
from localr1.history.migrations import columns_since
from localr1.terminal_text import clean_line

_MARK = "UPDATE conversation SET deleted_at = ? WHERE id = ?"
_MESSAGES = "SELECT id FROM message WHERE conversation_id = ?"


class Deletions:
    """What was deleted through one store and can come back.

    The lock of each is held as long: no other window may remove it.
    """

    def __init__(self, database: Database, locks: Locks) -> None:
        self._database = database
        self._locks = locks
        self._hidden: set[str] = set()

    @property
    def pending(self) -> bool:
        """Is there something that `purge` would remove?"""
        return bool(self._hidden)

    def delete(self, identity: str) -> None:
        """Hide a conversation.

        Raises:
            StorageError: another window writes to it, or the history cannot be written.
        """
        held = self._locks.holds(identity)
        if not held and not self._locks.take(identity):
            raise StorageError(
                f"conversation {identity} is open in another window", "close it there first"
            )
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        try:
            self._database.write(lambda connection: connection.execute(_MARK, (now, identity)))
        except BaseException:
            if not held:
                self._locks.release(identity)
            raise
        self._hidden.add(identity)

    def restore(self, identity: str) -> None:
        """Show it again.

        Raises:
            ConversationNotFound: it was not deleted here, or it has been removed.
            StorageError: it could not be saved.
        """
        if identity not in self._hidden:
            raise ConversationNotFound(f"no deleted conversation {clean_line(identity)!r}")
        self._database.write(lambda connection: connection.execute(_MARK, (None, identity)))
        self._hidden.discard(identity)
        self._locks.release(identity)

    def purge(self) -> list[str]:
        """Remove for good what is hidden, but for what another window has hidden.

        Raises:
            StorageError: the history cannot be written.
        """
        hidden = self._database.read(_all_hidden)
        gone = [each for each in hidden if each in self._hidden or self._locks.take(each)]
        try:
            if gone:
                self._database.write(lambda connection: _remove(connection, gone))
                self._hidden.clear()
        finally:
            for identity in gone:
                if identity not in self._hidden:
                    self._locks.release(identity)
        return gone


def _all_hidden(connection: sqlite3.Connection) -> list[str]:
    deleted_at = columns_since(connection, 3, "deleted_at")
    rows = connection.execute(f"SELECT id FROM conversation WHERE {deleted_at} IS NOT NULL")
    return [str(row[0]) for row in rows]


def _remove(connection: sqlite3.Connection, identities: list[str]) -> None:
    for identity in identities:
        for (message_id,) in connection.execute(_MESSAGES, (identity,)).fetchall():
            search_index.remove(connection, message_id)
            connection.execute("DELETE FROM part WHERE message_id = ?", (message_id,))
        connection.execute("DELETE FROM message WHERE conversation_id = ?", (identity,))
        connection.execute("DELETE FROM conversation WHERE id = ?", (identity,))
    search_index.scrub(connection)
