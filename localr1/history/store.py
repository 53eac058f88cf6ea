"""All conversations of a user, in one SQLite database (docs/formats.md draws the schema)."""

from __future__ import annotations

import builtins
import contextlib
import random
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakSet

from localr1.chat.kept_limit import limit_from_json
from localr1.errors import ConversationNotFound, StorageError
from localr1.history.conversation import Conversation
from localr1.history.database import Database
from localr1.history.deletion import Deletions
from localr1.history.locks import Locks
from localr1.history.migrations import columns_since
from localr1.history.questions import latest_questions
from localr1.history.rows import StoredMessage, read_messages
from localr1.history.search import SearchHit
from localr1.history.searching import Searching
from localr1.history.summaries import ConversationSummary, latest_conversation, line, summaries
from localr1.terminal_text import clean, clean_line

if TYPE_CHECKING:
    from localr1.chat.exporting.tree import ConversationTree
    from localr1.history.transfer import TakenIn

__all__ = ["Conversation", "ConversationSummary", "HistoryStore", "SearchHit"]

_ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are easily read as another."""
_IMPORT_LOCK = "import!"  # no conversation has such an id
_LIST_HINT = "list them with `localr1 history`"


class HistoryStore:
    """The history at `path`, with one lock file for each conversation in the folder `locks`.

    Safe to call from any thread. Several processes may use one history at once; each
    conversation has one writer, and others that open it get it read-only.
    """

    def __init__(self, path: Path, locks: Path, *, opens_later: bool = False) -> None:
        """Open the history, unless `open_history` does it later.

        Raises:
            StorageError: as `open_history`.
        """
        self._locks = Locks(locks)
        self._database = Database(path, self._locks)
        self._searching = Searching(self._database)
        self._open: WeakSet[Conversation] = WeakSet()
        self._deletions = Deletions(self._database, self._locks)
        if not opens_later:
            self.open_history()

    def open_history(self) -> None:
        """Open the history; create, migrate or repair it first where needed.

        Raises:
            StorageError: it cannot be opened, or a newer localr1 wrote it.
        """
        self._database.open()
        with contextlib.suppress(StorageError):
            self.purge_deleted()

    @property
    def notice(self) -> str | None:
        """A sentence for the user when a damaged history was repaired, now or since."""
        return self._database.notice

    def create(self, model: str) -> Conversation:
        """A new conversation; nothing is written before its first message."""
        conversation = Conversation(self._database, self._locks, _new_id(), model=model)
        self._open.add(conversation)
        return conversation

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
        conversation = Conversation(
            self._database,
            self._locks,
            identity,
            title=line(loaded.title),
            model=line(loaded.model),
            limit=limit_from_json(loaded.limit),
            draft=clean(loaded.draft) if isinstance(loaded.draft, str) else "",
            read_only=not writable,
            stored=loaded.stored,
            head=loaded.head,
        )
        self._open.add(conversation)
        return conversation

    def latest(self) -> str | None:
        """The id of the conversation that last got a new message; None in an empty history.

        Raises:
            StorageError: the history cannot be read.
        """
        return self._database.read(latest_conversation)

    def list(self, limit: int = 100) -> list[ConversationSummary]:
        """The conversations, the one with the newest message first.

        Raises:
            StorageError: the history cannot be read.
        """
        return self._database.read(lambda connection: summaries(connection, limit))

    def search(self, text: str, limit: int = 50) -> builtins.list[SearchHit]:
        """The titles and messages that have all words of `text`, the newest first.

        The last word may go on; "quoted words" stand in a row. Accents and case do not count.
        Any text whatever may be asked for. Call it from a thread: after a history of an older
        version was opened it first makes the index.

        Raises:
            StorageError: the history cannot be read.
        """
        return self._searching.search(text, limit)

    def latest_questions(self, limit: int = 200) -> builtins.list[str]:
        """The newest questions of all conversations, the oldest of them first.

        Raises:
            StorageError: the history cannot be read.
        """
        return self._database.read(lambda connection: latest_questions(connection, limit))

    def pin(self, conversation_id: str, pinned: bool) -> None:
        """Mark a conversation to be kept at hand, or take the mark away.

        Raises:
            ConversationNotFound: there is none.
            StorageError: it could not be saved.
        """
        self._update(conversation_id, "pinned", 1 if pinned else None)

    def rename(self, conversation_id: str, title: str) -> None:
        """Give any conversation another title, wherever it is open.

        Raises:
            ConversationNotFound: there is none.
            StorageError: it could not be saved.
        """
        title = clean_line(title)
        identity = self._update(conversation_id, "title", title)
        for conversation in self._opened(identity):
            conversation.title = title

    def delete(self, conversation_id: str) -> None:
        """Hide a conversation until `restore`, or `purge_deleted` removes it; close it here.

        Raises:
            ConversationNotFound: there is none.
            StorageError: another window has it open, or the history cannot be written.
        """
        identity = self._full_id(conversation_id)
        self._deletions.delete(identity)
        for conversation in self._opened(identity):
            conversation.close(keep_lock=True)

    def restore(self, conversation_id: str) -> None:
        """Bring back a conversation that was deleted through this store.

        Raises:
            ConversationNotFound: it was not, or it has been removed.
            StorageError: it could not be saved.
        """
        self._deletions.restore(conversation_id)

    def purge_deleted(self) -> builtins.list[str]:
        """Remove what was deleted for good, with what a program that was killed left so.

        Returns the ids; a conversation that another window deleted is left to that one.

        Raises:
            StorageError: the history cannot be written.
        """
        return self._deletions.purge()

    def whole(self, conversation_id: str) -> ConversationTree:
        """The conversation whose id is, or alone begins with, this: all branches, to be exported.

        Raises:
            ConversationNotFound: there is none, or several ids begin so.
            StorageError: the history cannot be read.
        """
        from localr1.history import transfer

        return self._database.read(transfer.reading(self._full_id(conversation_id)))

    def take_in(self, trees: Sequence[ConversationTree]) -> Sequence[TakenIn]:
        """Write imported conversations, all of them or none; what became of each.

        Raises:
            StorageError: they cannot be written, or another import is at it.
        """
        from localr1.history import transfer

        if not self._locks.take(_IMPORT_LOCK):
            raise StorageError("another import is under way", "wait for its end")
        try:
            return self._database.write(transfer.writing(trees))
        finally:
            self._locks.release(_IMPORT_LOCK)

    def close(self) -> None:
        """Remove what was deleted here, and close the database; other windows may write then."""
        if self._deletions.pending:
            with contextlib.suppress(StorageError):  # the next start removes it
                self.purge_deleted()
        self._database.close()
        self._locks.release_all()

    def _take(self, identity: str) -> bool:
        try:
            return self._locks.take(identity)
        except StorageError:
            return False  # where lock files cannot be written, neither can the history

    def _opened(self, identity: str) -> builtins.list[Conversation]:
        return [each for each in self._open if each.id == identity]

    def _update(self, conversation_id: str, column: str, value: str | int | None) -> str:
        identity = self._full_id(conversation_id)
        statement = f"UPDATE conversation SET {column} = ? WHERE id = ?"
        self._database.write(lambda connection: connection.execute(statement, (value, identity)))
        return identity

    def _full_id(self, start: str) -> str:
        ids = self._database.read(_beginning(start))
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


def _beginning(start: str) -> Callable[[sqlite3.Connection], list[str]]:
    """The ids that begin so, a few at most."""
    begin = start.encode("utf-8", "replace").decode()

    def work(connection: sqlite3.Connection) -> list[str]:
        query = (
            "SELECT id FROM conversation WHERE substr(id, 1, ?) = ?"
            f" AND {columns_since(connection, 3, 'deleted_at')} IS NULL ORDER BY id LIMIT 10"
        )
        return [row[0] for row in connection.execute(query, (len(start), begin))]

    return work


def _new_id() -> str:
    """The day in UTC and six random letters: "261004-k3f9x2", short and in the order of days."""
    day = datetime.now(timezone.utc).strftime("%y%m%d")
    return f"{day}-{''.join(random.SystemRandom().choices(_ID_LETTERS, k=6))}"
