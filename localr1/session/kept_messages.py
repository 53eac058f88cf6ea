"""The messages of a conversation, here and in the history."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import msgspec

from localr1.chat.effort import Asked
from localr1.chat.messages import FilePart, FinishReason, Message, Part, user_message
from localr1.errors import Localr1Error, StorageError
from localr1.history.recorder import AnyConversation, Recorder
from localr1.history.unkept import UnkeptConversation
from localr1.session.reply_builder import ReplyBuilder


class KeptMessages:
    """What was said, with the reply being written as the last one.

    Args:
        conversation: where the messages are kept; None keeps them in memory only.
    """

    def __init__(self, conversation: AnyConversation | None) -> None:
        self._conversation = conversation or UnkeptConversation()
        self._recorder = Recorder(self._conversation)
        self._messages = list(self._conversation.messages)
        self.limit: Asked | None = self._conversation.limit
        """How long replies of this conversation may think; None leaves it to the settings."""

    @property
    def all(self) -> tuple[Message, ...]:
        """All messages."""
        return tuple(self._messages)

    @property
    def last(self) -> Message | None:
        """The newest message."""
        return self._messages[-1] if self._messages else None

    @property
    def last_question(self) -> str:
        """The newest words of the person."""
        questions = (each.text for each in reversed(self._messages) if each.role == "user")
        return next(questions, "")

    @property
    def before_reply(self) -> Sequence[Message]:
        """All but the reply being written."""
        return self._messages[:-1]

    @property
    def identity(self) -> str | None:
        """The id under which the conversation is stored, where it is."""
        return self._conversation.id

    @property
    def title(self) -> str:
        """A line for a list of conversations."""
        return self._conversation.title

    def set_model(self, name: str) -> None:
        """Another model speaks from now on; kept with the next message."""
        self._conversation.model = name

    @property
    def read_only(self) -> bool:
        """Another window writes to this conversation."""
        return self._conversation.read_only

    @property
    def failure(self) -> Localr1Error | None:
        """Why nothing is stored any more."""
        return self._recorder.failure

    async def ask(self, text: str, files: Sequence[FilePart] = ()) -> None:
        """Append a question with its files, and an empty reply."""
        question = user_message(text, files)
        self._messages.append(question)
        await self._recorder.add(question)
        self.begin_reply()

    def begin_reply(self) -> None:
        """Append an empty reply."""
        self._messages.append(ReplyBuilder().message())

    # ---- branches --------------------------------------------------------------------------
    # Where the disk refused, the newest messages are here alone and have no other branch.

    async def rewind(self, position: int) -> None:
        """Cut the messages before this one; what is added next is another one at its place."""
        if self._has(position):
            await self._recorder.rewind(position)
        del self._messages[position:]

    def branches(self, position: int) -> tuple[int, int]:
        """Which of the messages at its place this one is, from 0, and how many there are."""
        return self._conversation.branches(position) if self._has(position) else (0, 1)

    def siblings(self, position: int) -> tuple[Message, ...]:
        """All messages at the place of this one."""
        if self._has(position):
            return tuple(self._conversation.siblings(position))
        return (self._messages[position],)

    def _has(self, position: int) -> bool:
        return self.failure is None and position < len(self._conversation.messages)

    async def choose(self, position: int, number: int) -> None:
        """Show another message at this place, and what was said after it."""
        await self._recorder.choose(position, number)
        self._messages = list(self._conversation.messages)

    async def reveal(self, row: int) -> int | None:
        """Show the path through a message that a search found; its position, None if it is gone.

        Args:
            row: `SearchHit.position`.
        """
        position = await asyncio.to_thread(self._conversation.reveal, row)
        self._messages = list(self._conversation.messages)
        return position

    async def rename(self, title: str) -> None:
        """Give the conversation another title."""
        await asyncio.to_thread(self._conversation.rename, title)

    # ---- a reply ---------------------------------------------------------------------------

    def reopen(self, reply: Message) -> None:
        """Let the last reply grow again, from this state of it."""
        self._recorder.resume()
        self._messages[-1] = msgspec.structs.replace(reply, finish_reason=None)

    def grow(self, reply: ReplyBuilder) -> None:
        """The reply has grown."""
        self._messages[-1] = reply.message()
        self._recorder.update(self._messages[-1])

    async def finish(self, reply: ReplyBuilder, reason: FinishReason) -> None:
        """The reply has ended."""
        self._messages[-1] = reply.message(reason)
        await self._recorder.finish(self._messages[-1])

    async def break_off(self) -> bool:
        """Keep a reply that is being written as it is; whether there was one."""
        last = self.last
        if last is None or last.role != "assistant" or last.finish_reason is not None:
            return False
        self._messages[-1] = msgspec.structs.replace(last, finish_reason="cancelled")
        await self._recorder.finish(self._messages[-1])
        return True

    async def change(self, position: int, parts: Sequence[Part]) -> None:
        """Replace the parts of an earlier message."""
        changed = msgspec.structs.replace(self._messages[position], parts=tuple(parts))
        self._messages[position] = changed
        await self._recorder.replace(position, changed)

    async def set_limit(self, limit: Asked | None) -> None:
        """How long replies may think from now on; kept with the conversation where it can be."""
        self.limit = limit
        if not self.read_only:
            # what the disk refuses holds until the chat ends; the next message tells of the disk
            with contextlib.suppress(StorageError):
                await asyncio.to_thread(self._conversation.set_limit, limit)

    @property
    def draft(self) -> str:
        """What was typed and not sent when the conversation was left."""
        return self._conversation.draft

    async def keep_draft(self, text: str) -> None:
        """Keep what is typed and not sent, where that can be kept."""
        with contextlib.suppress(StorageError):
            await asyncio.to_thread(self._conversation.set_draft, text)

    async def close(self) -> None:
        """Let go of the conversation."""
        await asyncio.to_thread(self._conversation.close)
