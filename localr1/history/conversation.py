"""One open conversation: its messages, and its place in the history."""

from __future__ import annotations

import sqlite3
import threading
from datetime import datetime, timezone

from localr1.chat.effort import Asked
from localr1.chat.kept_limit import limit_as_json, limit_from_json
from localr1.chat.messages import Message
from localr1.errors import StorageError
from localr1.history.database import Database
from localr1.history.locks import Locks
from localr1.history.rows import StoredMessage, storable, title_of, write_message
from localr1.terminal_text import clean_line

_UPSERT_CONVERSATION = """
    INSERT INTO conversation (id, title, model, created_at, updated_at, reasoning_limit)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE
    SET title = excluded.title, model = excluded.model, updated_at = excluded.updated_at,
        reasoning_limit = excluded.reasoning_limit
"""


class Conversation:
    """A conversation that is open here; safe to call from any thread.

    Nothing is on disk before the first message. What `add` and `replace` were given is durable
    when they return; it is cleaned by `terminal_text.clean` on its way, here too.
    """

    def __init__(
        self,
        database: Database,
        locks: Locks,
        identity: str,
        *,
        title: str = "",
        model: str = "",
        limit: Asked | None = None,
        read_only: bool = False,
        stored: list[StoredMessage] | None = None,
    ) -> None:
        self.id = identity
        self.title = title
        """A line; empty until the first message of a user."""
        self.model = model
        """The reference of the model that speaks in it."""
        self.limit = limit
        """How much its replies may think where nothing of their own is asked; None says nothing."""
        self.read_only = read_only
        self.messages: list[Message] = [each.message for each in stored or ()]
        self.damaged_positions = frozenset(n for n, each in enumerate(stored or ()) if each.damaged)
        """Positions in `messages` whose text is not what was written."""
        self._database = database
        self._locks = locks
        self._places = [each.position for each in stored or ()]
        self._locked = stored is not None and not read_only
        self._closed = False
        self._guard = threading.RLock()

    def add(self, message: Message) -> int:
        """Append a message; returns its position in `messages`.

        Raises:
            StorageError: it could not be saved, and is not in `messages`.
        """
        with self._guard:
            message = storable(message)
            place = self._places[-1] + 1 if self._places else 0
            self._save(place, message)
            self._places.append(place)
            self.messages.append(message)
            return len(self.messages) - 1

    def replace(self, position: int, message: Message) -> None:
        """Put a message in the place of another, as when a reply has grown.

        Raises:
            StorageError: it could not be saved; `messages` has the older one still.
        """
        with self._guard:
            message = storable(message)
            self._save(self._places[position], message)
            self.messages[position] = message

    def rename(self, title: str) -> None:
        """Give the conversation another title; it is saved with the first message, or now.

        Raises:
            StorageError: it could not be saved.
        """
        with self._guard:
            self._check_writable()
            title = clean_line(title)
            if self._places:
                self._database.write(
                    lambda connection: self._write_row(connection, title, self.limit)
                )
            self.title = title

    def set_limit(self, limit: Asked | None) -> None:
        """Limit the reasoning of this conversation; saved with the first message, or now.

        Args:
            limit: its origin becomes "this conversation"; None, or one without a field that says
                something, takes the conversation's limit away.

        Raises:
            StorageError: it could not be saved; `limit` is the older one still.
        """
        with self._guard:
            self._check_writable()
            kept = limit_from_json(limit_as_json(limit))
            if self._places:
                self._database.write(
                    lambda connection: self._write_row(connection, self.title, kept)
                )
            self.limit = kept

    def close(self) -> None:
        """Let another window write to this conversation."""
        with self._guard:
            self._closed = True
            if self._locked:
                self._locks.release(self.id)
            self._locked = False

    def _save(self, place: int, message: Message) -> None:
        self._check_writable()
        self._lock()
        title = self.title or (title_of(message.text) if message.role == "user" else "")

        def work(connection: sqlite3.Connection) -> None:
            now = self._write_row(connection, title, self.limit)
            write_message(connection, self.id, place, message, now)

        self._database.write(work)
        self.title = title

    def _write_row(self, connection: sqlite3.Connection, title: str, limit: Asked | None) -> str:
        """Returns the time that was written, ISO 8601 in UTC."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        model = clean_line(self.model)
        connection.execute(
            _UPSERT_CONVERSATION, (self.id, title, model, now, now, limit_as_json(limit))
        )
        return now

    def _check_writable(self) -> None:
        if self._closed:
            raise StorageError("the conversation is closed")
        if self.read_only:
            raise StorageError(
                f"conversation {self.id} is read-only here: it is open in another window,"
                " or its folder cannot be written",
                "close the other window, or start a new conversation",
            )

    def _lock(self) -> None:
        if not self._locked and not self._locks.take(self.id):
            raise StorageError(f"conversation {self.id} is being written by another process")
        self._locked = True
