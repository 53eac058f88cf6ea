"""The conversation: sends, receives, keeps; nothing of a screen or a terminal.

The interface and `localr1 run` are thin front ends over `ChatSession`: they send text and
show events. Nothing here raises for what can go wrong in use; it arrives as `Failed`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from localr1 import paths
from localr1.chat.effort import Asked, ReasoningLimit
from localr1.chat.messages import FilePart, Message, ReasoningPart
from localr1.engine.client import BackendName, EngineClient
from localr1.engine.protocol import (
    Bench,
    BenchTests,
    Event,
    Failed,
    ModelFacts,
)
from localr1.engine.sampling import Sampling
from localr1.errors import Localr1Error, StorageError, UsageError
from localr1.hardware.load_plan import LoadPlan
from localr1.history.store import Conversation
from localr1.models.reference import ModelReference
from localr1.session.between_questions import BetweenQuestions
from localr1.session.context_use import ContextUse, count_use
from localr1.session.conversations import Conversations
from localr1.session.failure import failed
from localr1.session.kept_messages import KeptMessages
from localr1.session.loaded_model import LoadedModel
from localr1.session.notices import Notices
from localr1.session.reply_builder import ReplyBuilder, with_reasoning
from localr1.session.replying import Replying
from localr1.session.thinking import reasoning_limit
from localr1.session.token_counts import TokenCounts, with_thought
from localr1.settings import Settings
from localr1.terminal_text import clean

if TYPE_CHECKING:
    from localr1.chat.boxed import Vote


class ChatSession:
    """One model, one conversation.

    Args:
        model: what to load.
        settings: what a person asked for.
        conversation: where the messages are kept; None keeps them in memory only.
        engine: the worker's client; made here when not given.
        is_brief: one question and no more: nothing is read ahead or kept for a next one.
        conversations: all that are kept, for front ends that show more than one.
    """

    def __init__(
        self,
        model: ModelReference,
        settings: Settings,
        conversation: Conversation | None = None,
        engine: EngineClient | None = None,
        *,
        is_brief: bool = False,
        conversations: Conversations | None = None,
    ) -> None:
        self.conversations = conversations
        """All conversations; None where they are not kept."""
        self._kept = KeptMessages(conversation)
        self._notices = Notices()
        backend: BackendName = "scripted" if model.kind == "transcript" else "llama"
        self._engine = engine or EngineClient(paths.logs_folder(), backend)
        self._model = LoadedModel(model, settings, self._engine, self._notices)
        self._between = BetweenQuestions(self._engine, is_brief=is_brief)
        self._counts = TokenCounts(self._engine, self._between)
        self._replying = Replying(self._engine, self._model, self._notices)

    # ---- facts -----------------------------------------------------------------------------

    @property
    def model(self) -> ModelFacts | None:
        """The loaded model; None before `load` succeeded."""
        return self._model.facts

    @property
    def plan(self) -> LoadPlan | None:
        """How it was loaded, with reasons; None before `load` succeeded."""
        return self._model.plan

    @property
    def vote(self) -> Vote | None:
        """Over the last replies side by side, where they have results to compare."""
        return self._replying.vote

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation, with the turn being written at its newest state."""
        return self._kept.all

    @property
    def conversation_id(self) -> str | None:
        """Under which the conversation is stored, where it is."""
        return self._kept.identity

    @property
    def title(self) -> str:
        """A line for a list of conversations."""
        return self._kept.title

    @property
    def read_only(self) -> bool:
        """Another window writes to this conversation."""
        return self._kept.read_only

    @property
    def model_name(self) -> str:
        """The model's name, as well as it is known by now."""
        return self._model.name

    @property
    def can_go_on(self) -> bool:
        """The last reply was stopped or cut, so that `go_on` continues it."""
        last = self._kept.last
        return last is not None and last.role == "assistant" and last.finish_reason != "stop"

    @property
    def reasoning_limit(self) -> ReasoningLimit:
        """How long replies may think, and why."""
        return reasoning_limit(self.settings, self._kept.limit)

    @property
    def limit(self) -> Asked | None:
        """What `set_limit` was given in this conversation."""
        return self._kept.limit

    @property
    def settings(self) -> Settings:
        """What holds for the next reply, with the model's own once its file was read."""
        return self._model.settings

    @property
    def sampling(self) -> Sampling | None:
        """How tokens are drawn; None before the model's file was read."""
        return self._model.sampling

    @property
    def settings_names(self) -> tuple[str, ...]:
        """What the model's own table in the settings file may be called."""
        return self._model.settings_names

    @property
    def log_path(self) -> Path | None:
        """Where the running worker's native code prints; None where it prints nowhere yet."""
        path = self._engine.log_path
        return None if path == Path(os.devnull) else path

    def check_settings(self, settings: Settings) -> None:
        """Raise where `use_settings` would refuse them.

        Raises:
            UsageError: they do not go together or with the model.
        """
        self._model.check_settings(settings)

    def use_settings(self, settings: Settings) -> None:
        """Follow other settings from the next reply on; some need `load` again.

        `setting_effects` says which. A reply that is being written goes on as it was begun.

        Raises:
            UsageError: they do not go together or with the model; nothing has changed.
        """
        self._model.use_settings(settings)

    # ---- loading ---------------------------------------------------------------------------

    async def load(self) -> AsyncIterator[Event]:
        """Check, plan and load the model: `Loading`…, then `Ready` or `Failed`; `Notice`s."""
        await self._between.interrupt()
        async for event in self._model.load():
            yield event
        if self.model is not None:
            self._get_ready(from_disk=True)

    async def change_model(self, model: ModelReference) -> AsyncIterator[Event]:
        """Go on with another model, which is loaded; the conversation stays.

        Raises:
            UsageError: a scripted model cannot take the place of a real one, nor a real one its.
        """
        await self._between.interrupt()
        await self._keep_state()
        self._model.change(model)
        self._kept.set_model(model.name)
        self._notices.forget()
        async for event in self.load():
            yield event

    async def _ensure_loaded(self) -> AsyncIterator[Event]:
        if not self._model.is_ready:
            async for event in self.load():
                yield event
        await self._between.interrupt()

    # ---- asking ----------------------------------------------------------------------------

    async def send(
        self,
        text: str,
        limit: Asked | None = None,
        samples: int = 1,
        *,
        at: int | None = None,
        files: Sequence[FilePart] = (),
    ) -> AsyncIterator[Event]:
        """Ask, and receive the reply's events; the last one is `Done` or `Failed`.

        A worker that is gone is started again first.

        Args:
            text: the question.
            limit: how long this reply may think.
            samples: replies drawn side by side; the one that the vote prefers is kept.
            at: position of an earlier question that this one is asked instead of; the other
                one, with all that followed, stays as a branch.
            files: attached to the question, as `attached_file.read_attachment` reads them.
        """
        await self._between.interrupt()
        if at is not None:
            await self._kept.rewind(at)
        await self._kept.ask(clean(text), files)
        for notice in self._notices.of_storage(self._kept.failure):
            yield notice
        replies = [ReplyBuilder(sample=number) for number in range(samples)]
        async for event in self._reply(replies, limit):
            yield event

    async def again(self, position: int, limit: Asked | None = None) -> AsyncIterator[Event]:
        """Another reply to an earlier question; those that are there stay as branches.

        Args:
            position: of the question in `messages`.
            limit: how long this reply may think.
        """
        await self._between.interrupt()
        await self._kept.rewind(position + 1)
        self._kept.begin_reply()
        async for event in self._reply([ReplyBuilder()], limit):
            yield event

    async def go_on(
        self, reasoning: str | None = None, limit: Asked | None = None
    ) -> AsyncIterator[Event]:
        """Continue the last reply where it was stopped or cut, or from another thought.

        Args:
            reasoning: what the thought says now, as a person wrote it; None leaves all as it is.
            limit: how long it may think, what it thought before included.
        """
        await self._between.interrupt()
        last = self._kept.last
        if last is None or last.role != "assistant":
            yield failed(UsageError("there is no reply to go on with", "ask something first"))
            return
        if reasoning is not None:
            last = with_reasoning(last, clean(reasoning))
        self._kept.reopen(last)
        async for event in self._reply([ReplyBuilder(last)], limit, last):
            yield event

    async def _reply(
        self, replies: list[ReplyBuilder], limit: Asked | None, earlier: Message | None = None
    ) -> AsyncIterator[Event]:
        async for event in self._ensure_loaded():
            yield event
            if isinstance(event, Failed):
                await self._kept.finish(replies[0], "error")
                return
        async for event in self._replying.reply(self._kept, replies, limit, earlier):
            yield event
        self._get_ready()

    async def stop(self) -> None:
        """Stop the running reply, benchmark or load; it then ends by its own last event."""
        await self._model.stop()

    async def answer_now(self) -> None:
        """Let the running reply end its thought and answer."""
        await self._engine.end_reasoning()

    async def bench(self, tests: BenchTests) -> AsyncIterator[Event]:
        """Measure the model as it is loaded; the last event is `BenchResult` or `Failed`."""
        async for event in self._ensure_loaded():
            yield event
            if isinstance(event, Failed):
                return
        try:
            async for event in self._engine.ask(Bench(self._engine.new_id(), tests)):
                yield event
        except Localr1Error as error:
            yield failed(error)

    async def close(self) -> None:
        """End the worker and let go of the conversation; a reply in progress is kept as it is."""
        await self._leave()
        await self._model.close()
        if self.conversations is not None:
            await self.conversations.close()

    async def open_history(self) -> Sequence[str]:
        """Open the history, where that was left to this; what a person should know of it.

        Where it cannot be used, the chat goes on without.
        """
        if self.conversations is None:
            return ()
        try:
            notice = await self.conversations.begin()
        except StorageError as error:
            self.conversations = None
            if not self.messages:
                self._kept = KeptMessages(None)
            return [each.text for each in self._notices.of_storage(error)]
        return [notice] if notice else ()

    # ---- branches, and other conversations -------------------------------------------------

    def branches(self, position: int) -> tuple[int, int]:
        """Which of the messages at its place a message is, from 0, and how many there are."""
        return self._kept.branches(position)

    def siblings(self, position: int) -> tuple[Message, ...]:
        """All messages at the place of this one, in the order in which they were written."""
        return self._kept.siblings(position)

    async def choose(self, position: int, number: int) -> None:
        """Show another of the messages at a place, and what was said after it.

        Raises:
            StorageError: the choice cannot be kept.
        """
        await self._between.interrupt()
        await self._kept.choose(position, number)
        self._get_ready()

    async def reveal(self, row: int) -> int | None:
        """Show what was said around a message that a search found.

        Returns:
            Its position in `messages`; None if it is gone.

        Raises:
            StorageError: the choice cannot be kept.
        """
        await self._between.interrupt()
        position = await self._kept.reveal(row)
        self._get_ready()
        return position

    async def rename(self, title: str) -> None:
        """Give the conversation another title.

        Raises:
            StorageError: it cannot be kept.
        """
        await self._kept.rename(title)

    @property
    def draft(self) -> str:
        """What was typed and not sent when the conversation was left."""
        return self._kept.draft

    async def keep_draft(self, text: str) -> None:
        """Keep what is typed and not sent with the conversation."""
        await self._kept.keep_draft(text)

    async def take_up(self, conversation: Conversation | None) -> None:
        """Leave this conversation for another one; the model stays loaded.

        Args:
            conversation: None begins one that is not kept.
        """
        await self._leave()
        self._kept = KeptMessages(conversation)
        self._notices.forget()
        self._replying.vote = None
        if self.model is not None:
            self._get_ready(from_disk=True)

    async def _leave(self) -> None:
        was_replying = await self._kept.break_off()
        await self._between.interrupt()
        if not was_replying:
            await self._keep_state()
        await self._kept.close()

    async def _keep_state(self) -> None:
        if self.model is not None and not self.read_only:
            await self._between.keep_state(self.conversation_id, self.settings)

    # ---- how much is thought, and what is kept of it ---------------------------------------

    async def set_limit(self, limit: Asked | None) -> None:
        """How long replies of this conversation may think; None leaves it to the settings."""
        await self._kept.set_limit(limit)

    async def delete_thought(self, position: int) -> None:
        """Remove the reasoning of a message; its answer stays."""
        await self._change_thought(position, None)

    async def carry_thought(self, position: int, is_carried: bool) -> None:
        """Keep a thought in the context of what follows, or leave it out again."""
        thought = self.messages[position].reasoning
        if thought is not None:
            carried = msgspec.structs.replace(thought, carried=is_carried)
            await self._change_thought(position, carried)

    async def _change_thought(self, position: int, thought: ReasoningPart | None) -> None:
        await self._between.interrupt()
        await self._kept.change(position, with_thought(self.messages[position], thought))
        self._get_ready()

    async def thought_tokens(self, position: int) -> int:
        """What carrying a thought costs of the context, in tokens; 0 without one.

        Raises:
            EngineError: no model is loaded to count with.
        """
        tokens = await self._counts.of_thought(self.messages[position])
        if tokens:  # else nothing was interrupted
            self._get_ready()
        return tokens

    async def count_tokens(self, text: str, files: Sequence[FilePart] = ()) -> int:
        """What a question and its files would take of the context window, in tokens.

        Raises:
            EngineError: no model is loaded to count with, or it is busy.
        """
        tokens = await self._counts.of_question(text, files)
        self._get_ready()
        return tokens

    async def context_use(self) -> ContextUse:
        """What the next prompt takes of the context window, by kind.

        Raises:
            EngineError: no model is loaded to count with, or it is busy.
        """
        n_ctx = self.plan.n_ctx if self.plan else 0
        use = await count_use(self.messages, self.settings.system, n_ctx, self._counts.of_prompt)
        self._get_ready()
        return use

    # ---- between questions -----------------------------------------------------------------

    def _get_ready(self, *, from_disk: bool = False) -> None:
        """Prepare the engine for the next question while nobody waits."""
        self._between.begin(
            self.messages,
            self.settings,
            may_work=self.plan is not None and self.plan.background_work,
            from_disk=self.conversation_id if from_disk else None,
        )

    async def settle(self) -> None:
        """Return when nothing is done in the background any more."""
        await self._between.settle()

    async def hand_over(self) -> None:
        """Return when the event loop may stand still, as while a person types into `input`."""
        await self._between.hand_over()
