"""All conversations of a user, in one SQLite database (docs/formats.md draws the schema)."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

import msgspec

from localr1.chat.kept_limit import limit_from_json
from localr1.errors import ConversationNotFound, StorageError
from localr1.history.conversation import Conversation
from localr1.history.database import Database
from localr1.history.locks import Locks
from localr1.history.migrations import columns_since
from localr1.history.rows import StoredMessage, read_messages
from localr1.terminal_text import clean, clean_line

__all__ = ["Conversation", "ConversationSummary", "HistoryStore"]

_ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are easily read as another."""
_LIST_HINT = "list them with `localr1 history`"

# The order is that of the rows, never that of the clock, which can be set back.
_SUMMARIES = """
    SELECT c.id, c.title, c.model, c.created_at, c.updated_at, count(m.id)
    FROM conversation AS c JOIN message AS m ON m.conversation_id = c.id
    GROUP BY c.id ORDER BY max(m.id) DESC LIMIT ?
"""


class ConversationSummary(msgspec.Struct, frozen=True):
    """What a list of conversations shows."""

    id: str
    title: str
    model: str
    created_at: str
    """ISO 8601, UTC; so is `updated_at`."""
    updated_at: str
    message_count: int


class HistoryStore:
    """The history at `path`, with one lock file for each conversation in the folder `locks`.

    Safe to call from any thread. Several processes may use one history at once; each
    conversation has one writer, and others that open it get it read-only.
    """

    def __init__(self, path: Path, locks: Path) -> None:
        """Open the history; create, migrate or repair it first where needed.

        Raises:
            StorageError: it cannot be opened, or a newer localr1 wrote it.
        """
        self._locks = Locks(locks)
        self._database = Database(path, self._locks)

    @property
    def notice(self) -> str | None:
        """A sentence for the user when a damaged history was repaired, now or since."""
        return self._database.notice

    def create(self, model: str) -> Conversation:
        """A new conversation; nothing is written before its first message."""
        return Conversation(self._database, self._locks, _new_id(), model=model)

    def open(self, conversation_id: str) -> Conversation:
        """The conversation whose id is, or alone begins with, `conversation_id`.

        It is read-only when another window or process has it open for writing.

        Raises:
            ConversationNotFound: there is none, or several ids begin so.
            StorageError: the history cannot be read.
        """
        identity = self._full_id(conversation_id)
        writable = self._take(identity)
        try:
            loaded = self._database.read(_loading(identity))
        except BaseException:
            if writable:
                self._locks.release(identity)
            raise
        return Conversation(
            self._database,
            self._locks,
            identity,
            title=_line(loaded.title),
            model=_line(loaded.model),
            limit=limit_from_json(loaded.limit),
            draft=clean(loaded.draft) if isinstance(loaded.draft, str) else "",
            read_only=not writable,
            stored=loaded.stored,
            head=loaded.head,
        )

    def latest(self) -> str | None:
        """The id of the conversation that last got a new message; None in an empty history.

        Raises:
            StorageError: the history cannot be read.
        """
        summaries = self.list(limit=1)
        return summaries[0].id if summaries else None

    def list(self, limit: int = 100) -> list[ConversationSummary]:
        """The conversations, the one with the newest message first.

        Raises:
            StorageError: the history cannot be read.
        """
        rows = self._database.read(
            lambda connection: connection.execute(_SUMMARIES, (limit,)).fetchall()
        )
        return [
            ConversationSummary(
                _line(identity),
                _line(title),
                _line(model),
                _line(created),
                _line(updated),
                messages,
            )
            for identity, title, model, created, updated, messages in rows
        ]

    def close(self) -> None:
        """Close the database; the conversations that are open here can be written elsewhere."""
        self._database.close()
        self._locks.release_all()

    def _take(self, identity: str) -> bool:
        try:
            return self._locks.take(identity)
        except StorageError:
            return False  # where lock files cannot be written, neither can the history

    def _full_id(self, start: str) -> str:
        rows = self._database.read(
            lambda connection: connection.execute(
                "SELECT id FROM conversation WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT 10",
                (len(start), start.encode("utf-8", "replace").decode()),
            ).fetchall()
        )
        ids = [row[0] for row in rows]
        if start in ids:
            return start
        if not start or not ids:
            raise ConversationNotFound(f"no conversation {clean_line(start)!r}", _LIST_HINT)
        if len(ids) > 1:
            raise ConversationNotFound(
                f"more than one conversation begins with {start!r}", "give more of its id"
            )
        return str(ids[0])


class _Loaded(NamedTuple):
    """Columns of a conversation, of any type in a damaged file; and all its messages."""

    title: object
    model: object
    limit: object
    head: object
    draft: object
    stored: list[StoredMessage]


def _loading(identity: str) -> Callable[[sqlite3.Connection], _Loaded]:
    def work(connection: sqlite3.Connection) -> _Loaded:
        limit = columns_since(connection, 2, "reasoning_limit")
        later = columns_since(connection, 3, "head", "draft")
        row = connection.execute(
            f"SELECT title, model, {limit}, {later} FROM conversation WHERE id = ?", (identity,)
        ).fetchone()
        if row is None:
            raise ConversationNotFound(f"no conversation {identity!r}", _LIST_HINT)
        title, model, kept_limit, head, draft = row
        stored = read_messages(connection, identity)
        return _Loaded(title, model, kept_limit, head, draft, stored)

    return work


def _line(column: object) -> str:
    """A column of a file that may be damaged, as a line that can be shown."""
    return clean_line(str(column))


def _new_id() -> str:
    """The day in UTC and six random letters: "261004-k3f9x2", short and in the order of days."""
    day = datetime.now(timezone.utc).strftime("%y%m%d")
    return f"{day}-{''.join(random.SystemRandom().choices(_ID_LETTERS, k=6))}"
