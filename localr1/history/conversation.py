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
from localr1.history.tree import ROOT, Tree, link
from localr1.terminal_text import clean, clean_line

# A title that another window gave meanwhile stays.
_UPSERT_CONVERSATION = """
    INSERT INTO conversation (id, title, model, created_at, updated_at, reasoning_limit)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE
    SET title = CASE title WHEN '' THEN excluded.title ELSE title END,
        model = excluded.model, updated_at = excluded.updated_at
"""


class Conversation:
    """A conversation that is open here; safe to call from any thread.

    Nothing is on disk before the first message. What `add` and `replace` were given is durable
    when they return; it is cleaned by `terminal_text.clean` on its way, here too.

    On disk the messages form a tree: a question may have several replies, a reply several
    questions that follow. `messages` is the path through it that is shown, and every index in
    this class is one into `messages`.
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
        draft: str = "",
        read_only: bool = False,
        stored: list[StoredMessage] | None = None,
        head: object = None,
    ) -> None:
        self.id = identity
        self.title = title
        """A line; empty until the first message of a user."""
        self.model = model
        """The reference of the model that speaks in it."""
        self.limit = limit
        """How much its replies may think where nothing of their own is asked; None says nothing."""
        self.draft = draft
        """What was typed and not sent."""
        self.read_only = read_only
        self.messages: list[Message] = []
        """From the first message to the last one shown."""
        self._database = database
        self._locks = locks
        self._rows = {each.position: each.message for each in stored or ()}
        self._damaged = {each.position for each in stored or () if each.damaged}
        self._tree = Tree((each.position, each.parent) for each in stored or ())
        self._places: list[int] = []
        self._locked = stored is not None and not read_only
        self._closed = False
        self._guard = threading.RLock()
        self._show(head if isinstance(head, int) and head in self._tree else self._tree.newest)

    @property
    def damaged_positions(self) -> frozenset[int]:
        """Indexes of messages whose text is not what was written."""
        return frozenset(n for n, place in enumerate(self._places) if place in self._damaged)

    def add(self, message: Message) -> int:
        """Append a message; returns its index.

        Raises:
            StorageError: it could not be saved, and is not in `messages`.
        """
        with self._guard:
            message = storable(message)
            place = self._tree.newest + 1
            parent = self._places[-1] if self._places else ROOT
            self._save(place, message, link(place, parent))
            self._rows[place] = message
            self._places.append(self._tree.add(parent))
            self.messages.append(message)
            return len(self.messages) - 1

    def replace(self, index: int, message: Message) -> None:
        """Put a message in the place of another, as when a reply has grown.

        Raises:
            StorageError: it could not be saved; `messages` has the older one still.
        """
        with self._guard:
            message = storable(message)
            place = self._places[index]
            self._save(place, message, self._tree.column(place))
            self._rows[place] = self.messages[index] = message
            self._damaged.discard(place)

    def rewind(self, index: int) -> None:
        """Cut `messages` before `index`: the next `add` becomes a sibling of the message there.

        Nothing changes on disk before that: who opens the conversation meanwhile sees what was
        shown before.

        Raises:
            IndexError: there is no such message.
            StorageError: the conversation cannot be written.
        """
        with self._guard:
            self._check_writable()
            self._check_index(index)
            del self.messages[index:], self._places[index:]

    def branches(self, index: int) -> tuple[int, int]:
        """Which of its siblings a message is, from 0 in the order of creation; how many there are.

        Raises:
            IndexError: there is no such message.
        """
        with self._guard:
            siblings = self._siblings(index)
            return siblings.index(self._places[index]), len(siblings)

    def siblings(self, index: int) -> list[Message]:
        """The message and its alternatives, in the order of creation.

        Raises:
            IndexError: there is no such message.
        """
        with self._guard:
            return [self._rows[place] for place in self._siblings(index)]

    def choose(self, index: int, number: int) -> None:
        """Show a sibling of a message instead, and below it the path of its newest message.

        It is remembered, but not by a conversation that is read-only.

        Args:
            index: of the message.
            number: of the sibling, from 0; that of the message itself changes nothing.

        Raises:
            IndexError: there is no such message or sibling.
            StorageError: it could not be saved; what is shown is as before.
        """
        with self._guard:
            siblings = self._siblings(index)
            if not 0 <= number < len(siblings):
                raise IndexError(f"no sibling {number} of message {index}")
            if siblings[number] != self._places[index]:
                self._turn_to(siblings[number])

    def reveal(self, position: int) -> int | None:
        """Show the path through a message, as a search found it; its index, None if it is gone.

        Args:
            position: of its row, as in `SearchHit.position`.

        Raises:
            StorageError: it could not be saved; what is shown is as before.
        """
        with self._guard:
            if position not in self._tree:
                return None
            if position not in self._places:
                self._turn_to(position)
            return self._places.index(position)

    def rename(self, title: str) -> None:
        """Give the conversation another title; it is saved with the first message, or now.

        Raises:
            StorageError: it could not be saved.
        """
        with self._guard:
            self._check_writable()
            title = clean_line(title)
            self._update("title", title)
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
            self._update("reasoning_limit", limit_as_json(kept))
            self.limit = kept

    def set_draft(self, text: str) -> None:
        """Keep what was typed and not sent; on disk only where there are messages to write below.

        Raises:
            StorageError: it could not be saved.
        """
        with self._guard:
            text = clean(text)
            if text != self.draft and not self.read_only:
                self._check_writable()
                self._update("draft", text or None, quietly=True)
            self.draft = text

    def close(self, *, keep_lock: bool = False) -> None:
        """Let another window write to this conversation; or, for who deletes it, nobody."""
        with self._guard:
            self._closed = True
            if self._locked and not keep_lock:
                self._locks.release(self.id)
            self._locked = False

    def _siblings(self, index: int) -> list[int]:
        self._check_index(index)
        return self._tree.siblings(self._places[index])

    def _check_index(self, index: int) -> None:
        if not 0 <= index < len(self._places):
            raise IndexError(f"no message {index}")

    def _turn_to(self, place: int) -> None:
        leaf = self._tree.newest_below(place)
        if not self.read_only:
            self._check_writable()
            head = None if leaf == self._tree.newest else leaf
            self._update("head", head, quietly=True)
        self._show(leaf)

    def _show(self, leaf: int) -> None:
        self._places = self._tree.path(leaf)
        self.messages[:] = [self._rows[place] for place in self._places]

    def _save(self, place: int, message: Message, parent: int | None) -> None:
        self._check_writable()
        self._lock()
        title = self.title or (title_of(_words(message)) if message.role == "user" else "")

        def work(connection: sqlite3.Connection) -> None:
            now = self._write_row(connection, title)
            if place not in self._tree:
                connection.execute("UPDATE conversation SET head = NULL WHERE id = ?", (self.id,))
            write_message(connection, self.id, place, message, now, parent=parent)

        self._database.write(work)
        self.title = title

    def _update(self, column: str, value: str | int | None, *, quietly: bool = False) -> None:
        """Write a column of a conversation that is on disk; quietly, it does not look newer."""
        if not self._rows:
            return
        statement = f"UPDATE conversation SET {column} = ? WHERE id = ?"

        def work(connection: sqlite3.Connection) -> None:
            if not quietly:
                self._write_row(connection, self.title)
            connection.execute(statement, (value, self.id))

        self._database.write(work)

    def _write_row(self, connection: sqlite3.Connection, title: str) -> str:
        """Returns the time that was written, ISO 8601 in UTC."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        model = clean_line(self.model)
        connection.execute(
            _UPSERT_CONVERSATION, (self.id, title, model, now, now, limit_as_json(self.limit))
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


def _words(question: Message) -> str:
    """What a title can be made of: the names of the files where there is nothing else."""
    return question.text.strip() or ", ".join(file.name for file in question.files)
