"""Replies from the engine: asked for, kept while they grow, with what a person should know."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from localr1.chat.effort import Asked
from localr1.chat.messages import Message
from localr1.engine.client import EngineClient
from localr1.engine.protocol import Answer, Done, Event, Failed, Generate, Notice, Reasoning
from localr1.errors import Localr1Error
from localr1.session.failure import failed
from localr1.session.kept_messages import KeptMessages
from localr1.session.loaded_model import LoadedModel
from localr1.session.notices import Notices, vote_notice
from localr1.session.prompt_messages import prompt_messages
from localr1.session.reply_builder import ReplyBuilder, begun_reply
from localr1.session.thinking import reasoning_rule

if TYPE_CHECKING:
    from localr1.chat.boxed import Vote


class Replying:
    """Lets the loaded model reply.

    Args:
        engine: writes.
        model: is loaded.
        notices: remembers what was told.
    """

    def __init__(self, engine: EngineClient, model: LoadedModel, notices: Notices) -> None:
        self._engine = engine
        self._model = model
        self._notices = notices
        self.vote: Vote | None = None
        """Over the last replies side by side, where they have results to compare."""

    async def reply(
        self,
        kept: KeptMessages,
        replies: list[ReplyBuilder],
        limit: Asked | None,
        earlier: Message | None,
    ) -> AsyncIterator[Event]:
        """The events of these replies; the last one is `Done` or `Failed`.

        Args:
            kept: the conversation, whose last message grows.
            replies: of which one is kept.
            limit: how long they may think.
            earlier: the reply that is gone on with.
        """
        for reply in replies:
            reply.model = self._model.name
        for notice in self._notices.of_question(self._model.chat, kept.last_question):
            yield notice
        try:
            async for event in self._engine.ask(self._generate(kept, len(replies), limit, earlier)):
                for reply in replies:
                    reply.take(event)
                await self._keep(kept, replies, event)
                for notice in self._notices_of(kept, event, replies):
                    yield notice
                yield event
        except Localr1Error as error:
            await kept.finish(replies[0], "error")
            yield failed(error)

    def _generate(
        self, kept: KeptMessages, samples: int, limit: Asked | None, earlier: Message | None
    ) -> Generate:
        settings, sampling = self._model.settings, self._model.sampling
        assert sampling is not None
        return Generate(
            self._engine.new_id(),
            prompt_messages(kept.before_reply, settings.system),
            sampling,
            settings.max_tokens,
            reasoning=reasoning_rule(settings, kept.limit, limit),
            begun=begun_reply(earlier) if earlier else None,
            samples=samples,
            speculate=settings.speculate or "auto",
        )

    async def _keep(self, kept: KeptMessages, replies: list[ReplyBuilder], event: Event) -> None:
        """Bring the conversation, here and on disk, up to this event."""
        if isinstance(event, Done):
            await kept.finish(self._preferred(replies), event.finish_reason)
        elif isinstance(event, Failed):
            await kept.finish(replies[0], "error")
        elif isinstance(event, (Reasoning, Answer)) and event.sample == 0:
            kept.grow(replies[0])

    def _preferred(self, replies: list[ReplyBuilder]) -> ReplyBuilder:
        """The first reply with the result that most have; the first one without a vote."""
        self.vote = None
        if len(replies) > 1:
            from localr1.chat.boxed import majority  # only replies side by side need it

            self.vote = majority([reply.message().text for reply in replies])
        return replies[self.vote.voters[0]] if self.vote else replies[0]

    def _notices_of(
        self, kept: KeptMessages, event: Event, replies: Sequence[ReplyBuilder]
    ) -> list[Notice]:
        """What a person should know beside this event."""
        notices = self._notices.of_storage(kept.failure)
        if isinstance(event, Done):
            notices += self._notices.of_end(self._model.chat, event)
            if len(replies) > 1:
                notices.append(vote_notice(self.vote))
        return notices
