"""The conversation: sends, receives, keeps; nothing of a screen or a terminal.

The interface and `localr1 run` are thin front ends over `ChatSession`: they send text and
show events. Nothing here raises for what can go wrong in use; it arrives as `Failed`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec

from localr1 import paths
from localr1.chat.boxed import Vote, majority
from localr1.chat.effort import Asked, ReasoningLimit
from localr1.chat.messages import FilePart, Message, Part, ReasoningPart, user_message
from localr1.chat.prompt import ChatFormat
from localr1.engine.client import BackendName, EngineClient
from localr1.engine.protocol import (
    Answer,
    Bench,
    BenchTests,
    CountTokens,
    Done,
    Event,
    Failed,
    Generate,
    ModelFacts,
    Notice,
    Ready,
    Reasoning,
    TokenCount,
)
from localr1.engine.sampling import Sampling
from localr1.errors import EngineError, Localr1Error, UsageError
from localr1.hardware.plan import LoadPlan
from localr1.history.store import Conversation
from localr1.models.reference import ModelReference
from localr1.session.between_questions import BetweenQuestions
from localr1.session.context_use import ContextUse, count_use
from localr1.session.conversations import Conversations
from localr1.session.kept_messages import KeptMessages
from localr1.session.loading import load_command
from localr1.session.model_file import (
    ModelFile,
    model_names,
    read_model_file,
    with_settings,
)
from localr1.session.notices import Notices, vote_notice
from localr1.session.prompt_messages import prompt_messages
from localr1.session.reply_builder import ReplyBuilder, begun_reply, with_reasoning
from localr1.session.setting_effects import check_together
from localr1.session.thinking import reasoning_limit, reasoning_rule
from localr1.settings import Settings
from localr1.terminal_text import clean


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
        self._reference = model
        self._settings = settings
        self.conversations = conversations
        """All conversations; None where they are not kept."""
        self._kept = KeptMessages(conversation)
        backend: BackendName = "scripted" if model.kind == "transcript" else "llama"
        self._engine = engine or EngineClient(paths.logs_folder(), backend)
        self._between = BetweenQuestions(self._engine, is_brief=is_brief)
        self._file: ModelFile | None = None
        self._notices = Notices()
        self._stop_asked = False
        self.model: ModelFacts | None = None
        """Of the loaded model; None before `load` succeeded."""
        self.plan: LoadPlan | None = None
        self.vote: Vote | None = None
        """Over the last replies side by side, where they have results to compare."""

    # ---- facts -----------------------------------------------------------------------------

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
        return self.model.name if self.model else self._reference.name

    @property
    def can_go_on(self) -> bool:
        """The last reply was stopped or cut, so that `go_on` continues it."""
        last = self._kept.last
        return last is not None and last.role == "assistant" and last.finish_reason != "stop"

    @property
    def reasoning_limit(self) -> ReasoningLimit:
        """How long replies may think, and why."""
        return reasoning_limit(self._own_settings, self._kept.limit)

    @property
    def limit(self) -> Asked | None:
        """What `set_limit` was given in this conversation."""
        return self._kept.limit

    @property
    def settings(self) -> Settings:
        """What holds for the next reply, with the model's own once its file was read."""
        return self._own_settings

    @property
    def sampling(self) -> Sampling | None:
        """How tokens are drawn; None before the model's file was read."""
        return self._file.sampling if self._file else None

    @property
    def settings_names(self) -> tuple[str, ...]:
        """What the model's own table in the settings file may be called."""
        if self._file is None or self._file.header is None:
            return (self._reference.name, self._reference.path.name)
        return model_names(self._reference, self._file.header)

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
        check_together(settings)
        if self._file is not None:
            with_settings(self._file, self._reference, settings)

    def use_settings(self, settings: Settings) -> None:
        """Follow other settings from the next reply on; some need `load` again.

        `setting_effects` says which. A reply that is being written goes on as it was begun.

        Raises:
            UsageError: they do not go together or with the model; nothing has changed.
        """
        self.check_settings(settings)
        if self._file is not None:
            self._file = with_settings(self._file, self._reference, settings)
        self._settings = settings

    @property
    def _own_settings(self) -> Settings:
        """The settings, with the model's own once its file was read."""
        return self._file.settings if self._file else self._settings

    # ---- loading ---------------------------------------------------------------------------

    async def load(self) -> AsyncIterator[Event]:
        """Check, plan and load the model: `Loading`…, then `Ready` or `Failed`; `Notice`s."""
        self.model = None
        self._stop_asked = False
        try:
            async for event in self._load():
                yield event
        except Localr1Error as error:
            yield _failed(error)

    async def change_model(self, model: ModelReference) -> AsyncIterator[Event]:
        """Go on with another model, which is loaded; the conversation stays.

        Raises:
            UsageError: a scripted model cannot take the place of a real one, nor a real one its.
        """
        if (model.kind == "transcript") != (self._reference.kind == "transcript"):
            raise UsageError(
                f"{model.name} needs a start of its own", f"`localr1 chat {model.name}`"
            )
        await self._between.interrupt()
        await self._keep_state()
        self._reference, self._file = model, None
        self._notices.forget()
        async for event in self.load():
            yield event

    async def _load(self) -> AsyncIterator[Event]:
        await self._between.interrupt()
        settings = self._settings
        file = await asyncio.to_thread(read_model_file, self._reference, settings)
        if self._settings is not settings:  # changed by a person meanwhile
            file = with_settings(file, self._reference, self._settings)
        self._file = file
        await self._engine.close()
        await self._engine.start()
        command = await load_command(self._engine, self._reference, file, lambda: self._stop_asked)
        if command.plan.notice:
            yield Notice(kind="memory", text=command.plan.notice)
        async for event in self._engine.ask(command):
            if isinstance(event, Ready):
                self.model, self.plan = event.model, event.plan
                yield msgspec.structs.replace(event, sampling=file.sampling)
                for notice in self._notices.once(file.notices):
                    yield notice
            else:
                yield event
        self._get_ready(from_disk=True)

    async def _ensure_loaded(self) -> AsyncIterator[Event]:
        if self.model is None or not self._engine.is_alive:
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
            yield _failed(UsageError("there is no reply to go on with", "ask something first"))
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
        for reply in replies:
            reply.model = self.model_name
        for notice in self._notices.of_question(self._chat, self._kept.last_question):
            yield notice
        try:
            async for event in self._engine.ask(self._generate(len(replies), limit, earlier)):
                for reply in replies:
                    reply.take(event)
                await self._keep(replies, event)
                for notice in self._notices_of(event, replies):
                    yield notice
                yield event
        except Localr1Error as error:
            await self._kept.finish(replies[0], "error")
            yield _failed(error)
            return
        self._get_ready()

    def _generate(self, samples: int, limit: Asked | None, earlier: Message | None) -> Generate:
        settings, file = self._own_settings, self._file
        assert file is not None
        return Generate(
            self._engine.new_id(),
            prompt_messages(self._kept.before_reply, settings.system),
            file.sampling,
            settings.max_tokens,
            reasoning=reasoning_rule(settings, self._kept.limit, limit),
            begun=begun_reply(earlier) if earlier else None,
            samples=samples,
            speculate=settings.speculate or "auto",
        )

    async def _keep(self, replies: list[ReplyBuilder], event: Event) -> None:
        """Bring the conversation, here and on disk, up to this event."""
        if isinstance(event, Done):
            await self._kept.finish(self._preferred(replies), event.finish_reason)
        elif isinstance(event, Failed):
            await self._kept.finish(replies[0], "error")
        elif isinstance(event, (Reasoning, Answer)) and event.sample == 0:
            self._kept.grow(replies[0])

    def _preferred(self, replies: list[ReplyBuilder]) -> ReplyBuilder:
        """The first reply with the result that most have; the first one without a vote."""
        self.vote = None
        if len(replies) > 1:
            self.vote = majority([reply.message().text for reply in replies])
        return replies[self.vote.voters[0]] if self.vote else replies[0]

    async def stop(self) -> None:
        """Stop the running reply, benchmark or load; it then ends by its own last event."""
        self._stop_asked = True
        if self.model is None:
            # reading a file cannot be broken off at once, and half a load is worth nothing
            self._engine.kill("loading was cancelled")
        else:
            await self._engine.cancel()

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
            yield _failed(error)

    async def close(self) -> None:
        """End the worker and let go of the conversation; a reply in progress is kept as it is."""
        await self._leave()
        await self._engine.close()
        if self.conversations is not None:
            await self.conversations.close()

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
        self.vote = None
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
            await self._between.keep_state(self.conversation_id, self._own_settings)

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
        await self._kept.change(position, _with_thought(self.messages[position], thought))
        self._get_ready()

    async def thought_tokens(self, position: int) -> int:
        """What carrying a thought costs of the context, in tokens; 0 without one.

        Raises:
            EngineError: no model is loaded to count with.
        """
        message = self.messages[position]
        thought = message.reasoning
        if thought is None or not message.text:
            return 0
        await self._between.interrupt()
        counts = []
        for is_carried in (True, False):
            part = msgspec.structs.replace(thought, carried=is_carried)
            parts = _with_thought(message, part)
            counts.append(await self._count(msgspec.structs.replace(message, parts=parts)))
        self._get_ready()
        return counts[0] - counts[1]

    async def count_tokens(self, text: str, files: Sequence[FilePart] = ()) -> int:
        """What a question and its files would take of the context window, in tokens.

        Reading ahead is interrupted for it; a question that is sent meanwhile waits its turn.

        Raises:
            EngineError: no model is loaded to count with, or it is busy.
        """
        counts = [
            await self._count_prompt([message])
            for message in (user_message(text, files), user_message(""))
        ]
        self._get_ready()
        return counts[0] - counts[1]

    async def context_use(self) -> ContextUse:
        """What the next prompt takes of the context window, by kind.

        Raises:
            EngineError: no model is loaded to count with, or it is busy.
        """
        n_ctx = self.plan.n_ctx if self.plan else 0
        system = self._own_settings.system
        use = await count_use(self.messages, system, n_ctx, self._count_prompt)
        self._get_ready()
        return use

    async def _count_prompt(self, messages: Sequence[Message]) -> int:
        event = await self._between.answer(CountTokens(self._engine.new_id(), tuple(messages)))
        if not isinstance(event, TokenCount):
            raise EngineError("the engine cannot count now")
        return event.tokens

    async def _count(self, message: Message) -> int:
        command = CountTokens(self._engine.new_id(), (user_message(""), message))
        tokens = 0
        async for event in self._engine.ask(command):
            tokens = event.tokens if isinstance(event, TokenCount) else tokens
        return tokens

    # ---- between questions -----------------------------------------------------------------

    def _get_ready(self, *, from_disk: bool = False) -> None:
        """Prepare the engine for the next question while nobody waits."""
        self._between.begin(
            self.messages,
            self._own_settings,
            may_work=self.plan is not None and self.plan.background_work,
            from_disk=self.conversation_id if from_disk else None,
        )

    async def settle(self) -> None:
        """Return when nothing is done in the background any more."""
        await self._between.settle()

    async def hand_over(self) -> None:
        """Return when the event loop may stand still, as while a person types into `input`."""
        await self._between.hand_over()

    def _notices_of(self, event: Event, replies: Sequence[ReplyBuilder]) -> list[Notice]:
        """What a person should know beside this event of a reply."""
        notices = self._notices.of_storage(self._kept.failure)
        if isinstance(event, Done):
            notices += self._notices.of_end(self._chat, event)
            if len(replies) > 1:
                notices.append(vote_notice(self.vote))
        return notices

    @property
    def _chat(self) -> ChatFormat | None:
        return self._file.chat if self._file else None


def _with_thought(message: Message, thought: ReasoningPart | None) -> tuple[Part, ...]:
    """The parts of a message with another thought, or without one."""
    replacement = () if thought is None else (thought,)
    before = message.reasoning
    return tuple(
        new for part in message.parts for new in (replacement if part is before else (part,))
    )


def _failed(error: Localr1Error) -> Failed:
    return Failed(message=error.message, hint=error.hint, exit_code=int(error.exit_code))
