"""Saving a conversation while it happens, without making anybody wait for the disk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from localr1.chat.messages import Message
from localr1.errors import StorageError
from localr1.history.conversation import Conversation
from localr1.history.unkept import UnkeptConversation

AnyConversation = Conversation | UnkeptConversation

SAVE_SECONDS = 0.5
"""A growing reply is saved this long after it changed: at most a second of it can be lost."""


class Recorder:
    """Writes one conversation from an event loop; the disk's work is done in threads.

    After a failure it stops saving: `failure` says why, and the chat goes on.
    """

    def __init__(self, conversation: AnyConversation | None) -> None:
        self._conversation = conversation
        self._position: int | None = None
        self._newest: Message | None = None
        self._saved: Message | None = None
        self._saving: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self.failure: StorageError | None = None

    async def add(self, message: Message) -> None:
        """Append a message; durable on return unless `failure` is set."""
        self._position = None
        self._newest = message
        await self._save()
        self._position = None

    def resume(self) -> None:
        """The next `update` or `finish` replaces the last message, a reply that is continued.

        While a reply is being written this changes nothing: that one is the last message.
        """
        conversation = self._conversation
        if conversation is None or self._is_saving():
            return
        self._saved = None  # the same message may have been replaced since
        self._position = len(conversation.messages) - 1 if conversation.messages else None

    async def replace(self, position: int, message: Message) -> None:
        """Put a message in the place of an earlier one; durable on return unless `failure` is set.

        Args:
            position: in the conversation's `messages`; not that of a reply being written.
        """
        conversation = self._conversation
        if conversation is None or self.failure:
            return
        try:
            await asyncio.to_thread(conversation.replace, position, message)
        except StorageError as error:
            self.failure = error

    async def rewind(self, index: int) -> None:
        """The next `add` becomes a sibling of the message at `index` (`Conversation.rewind`)."""
        await self._turn(lambda conversation: conversation.rewind(index))

    async def choose(self, index: int, number: int) -> None:
        """Show a sibling of a message instead (`Conversation.choose`)."""
        await self._turn(lambda conversation: conversation.choose(index, number))

    async def _turn(self, work: Callable[[AnyConversation], None]) -> None:
        """Change what is shown, after what is being saved; nothing happens after a failure."""
        await self._settle()
        self._position = self._newest = None
        if self._conversation is None or self.failure:
            return
        try:
            await asyncio.to_thread(work, self._conversation)
        except StorageError as error:
            self.failure = error

    def update(self, message: Message) -> None:
        """The reply has grown: save this state of it soon."""
        self._newest = message
        if not self._is_saving():
            self._saving = asyncio.create_task(self._save_later())

    async def finish(self, message: Message) -> None:
        """The reply is complete; durable on return unless `failure` is set."""
        self._newest = message
        await self._settle()
        await self._save()
        self._position = None

    async def _settle(self) -> None:
        """Return when a save that waits for its time is done, now."""
        if self._saving is not None:
            self._hurry.set()
            await self._saving
            self._hurry.clear()

    def _is_saving(self) -> bool:
        return self._saving is not None and not self._saving.done()

    async def _save_later(self) -> None:
        saved: Message | None = None
        while self._newest is not saved:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), SAVE_SECONDS)
            saved = self._newest
            await self._save()

    async def _save(self) -> None:
        conversation, message = self._conversation, self._newest
        if conversation is None or message is None or message is self._saved or self.failure:
            return
        try:
            if self._position is None:
                self._position = await asyncio.to_thread(conversation.add, message)
            else:
                await asyncio.to_thread(conversation.replace, self._position, message)
            self._saved = message
        except StorageError as error:
            self.failure = error
