"""All conversations, as a front end lists, searches, opens and deletes them.

Everything here waits for the disk in a thread of its own, so that an event loop never does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from localr1 import paths
from localr1.errors import StorageError
from localr1.history.search import SearchHit
from localr1.history.store import Conversation, ConversationSummary, HistoryStore

if TYPE_CHECKING:
    from localr1.chat.exporting import ConversationTree

LISTED = 500
"""Conversations in a list; older ones are found by searching."""


class Conversations:
    """The history, for an event loop.

    Every method raises StorageError where the history cannot be used, and ConversationNotFound
    where a conversation is not there any more.
    """

    def __init__(self, store: HistoryStore) -> None:
        self._store = store
        self._deleted: list[ConversationSummary] = []

    async def begin(self) -> str:
        """Open the history, where that was not done; a sentence where it had to be repaired."""
        await asyncio.to_thread(self._store.open_history)
        return self._store.notice or ""

    async def list(self) -> Sequence[ConversationSummary]:
        """The newest first, without those that were deleted."""
        return await asyncio.to_thread(self._store.list, LISTED)

    async def search(self, text: str) -> Sequence[SearchHit]:
        """Where these words are, the best places first."""
        return await asyncio.to_thread(self._store.search, text)

    async def open(self, identity: str) -> Conversation:
        """The conversation; read-only where another window writes to it."""
        return await asyncio.to_thread(self._store.open, identity)

    def latest_questions(self) -> Sequence[str]:
        """Questions of all conversations, the newest last; for a thread, since it reads."""
        with contextlib.suppress(StorageError):
            return self._store.latest_questions()
        return ()

    async def whole(self, identity: str) -> ConversationTree:
        """The conversation with all of its branches, to be exported."""
        return await asyncio.to_thread(self._store.whole, identity)

    def create(self, model: str) -> Conversation:
        """A new conversation; nothing is written before its first message."""
        return self._store.create(model)

    async def pin(self, identity: str, is_pinned: bool) -> None:
        """Keep it at the top of the list, or not any more."""
        await asyncio.to_thread(self._store.pin, identity, is_pinned)

    async def rename(self, identity: str, title: str) -> None:
        """Give it another title."""
        await asyncio.to_thread(self._store.rename, identity, title)

    async def delete(self, summary: ConversationSummary) -> None:
        """Delete it; `undo_delete` brings it back until the program ends."""
        await asyncio.to_thread(self._store.delete, summary.id)
        self._deleted.append(summary)

    async def undo_delete(self) -> ConversationSummary | None:
        """Bring back what was deleted last; None where nothing was."""
        if not self._deleted:
            return None
        summary = self._deleted[-1]
        await asyncio.to_thread(self._store.restore, summary.id)
        return self._deleted.pop()

    async def close(self) -> None:
        """Let go of the history; what was deleted is gone for good."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if self._deleted:
            from localr1.engine.state_files import StateFolder  # otherwise the worker's alone

            # what the disk refuses now, the next start removes
            with contextlib.suppress(StorageError):
                states = StateFolder(paths.states_folder(), 0)
                for identity in self._store.purge_deleted():
                    states.forget(identity)
        self._store.close()
