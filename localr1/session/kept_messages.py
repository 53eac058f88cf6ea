"""The messages of a conversation, here and in the history."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import msgspec

from localr1.chat.effort import Asked
from localr1.chat.messages import FilePart, FinishReason, Message, Part, user_message
from localr1.errors import Localr1Error, StorageError
from localr1.history.recorder import Recorder
from localr1.history.store import Conversation
from localr1.session.reply_builder import ReplyBuilder


class KeptMessages:
    """What was said, with the reply being written as the last one.

    Args:
        conversation: where the messages are kept; None keeps them in memory only.
    """

    def __init__(self, conversation: Conversation | None) -> None:
        self._conversation = conversation
        self._recorder = Recorder(conversation)
        self._messages = list(conversation.messages) if conversation else []
        self.limit: Asked | None = conversation.limit if conversation else None
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
        return self._conversation.id if self._conversation else None

    @property
    def title(self) -> str:
        """A line for a list of conversations."""
        return self._conversation.title if self._conversation else ""

    @property
    def read_only(self) -> bool:
        """Another window writes to this conversation."""
        return self._conversation is not None and self._conversation.read_only

    @property
    def failure(self) -> Localr1Error | None:
        """Why nothing is stored any more."""
        return self._recorder.failure

    async def ask(self, text: str, files: Sequence[FilePart] = ()) -> None:
        """Append a question with its files, and an empty reply."""
        question = user_message(text, files)
        self._messages.append(question)
        await self._recorder.add(question)
        self._messages.append(ReplyBuilder().message())

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
        if self._conversation and not self.read_only:
            # what the disk refuses holds until the chat ends; the next message tells of the disk
            with contextlib.suppress(StorageError):
                await asyncio.to_thread(self._conversation.set_limit, limit)

    async def close(self) -> None:
        """Let go of the conversation."""
        if self._conversation:
            await asyncio.to_thread(self._conversation.close)
