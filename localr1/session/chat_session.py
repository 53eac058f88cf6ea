"""The conversation: sends, receives, keeps; nothing of a screen or a terminal.

The interface and `localr1 run` are thin front ends over `ChatSession`: they send text and
show events. Nothing here raises for what can go wrong in use; it arrives as `Failed`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence

import msgspec

from localr1 import paths
from localr1.chat.boxed import Vote, majority
from localr1.chat.effort import Asked
from localr1.chat.guards import question_notices
from localr1.chat.messages import FinishReason, Message, user_message
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
    LoadState,
    ModelFacts,
    Notice,
    Prefill,
    Ready,
    Reasoning,
    ReasoningRule,
    SaveState,
    TokenCount,
)
from localr1.errors import Localr1Error, UsageError
from localr1.hardware.plan import LoadPlan
from localr1.history.recorder import Recorder
from localr1.history.store import Conversation
from localr1.models.reference import ModelReference
from localr1.session.background import Background
from localr1.session.loading import load_command
from localr1.session.model_file import ModelFile, read_model_file
from localr1.session.prompt_messages import prompt_messages
from localr1.session.reply_builder import ReplyBuilder, begun_reply, with_reasoning
from localr1.session.thinking import reasoning_rule
from localr1.settings import Settings
from localr1.terminal_text import clean

_SKIPPED_TEXT = (
    "The model answered without thinking; --force-thinking opens its reasoning block for it."
)
_GIB = 1 << 30


class ChatSession:
    """One model, one conversation.

    Args:
        model: what to load.
        settings: what a person asked for.
        conversation: where the messages are kept; None keeps them in memory only.
        engine: the worker's client; made here when not given.
        is_brief: one question and no more: nothing is read ahead or kept for a next one.
    """

    def __init__(
        self,
        model: ModelReference,
        settings: Settings,
        conversation: Conversation | None = None,
        engine: EngineClient | None = None,
        *,
        is_brief: bool = False,
    ) -> None:
        self._reference = model
        self._settings = settings
        self._conversation = conversation
        self._recorder = Recorder(conversation)
        backend: BackendName = "scripted" if model.kind == "transcript" else "llama"
        self._engine = engine or EngineClient(paths.logs_folder(), backend)
        self._background = Background(self._engine)
        self._is_brief = is_brief
        self._messages = list(conversation.messages) if conversation else []
        self._file: ModelFile | None = None
        self._told: set[str] = set()
        self._stop_asked = False
        self._limit: Asked | None = conversation.limit if conversation else None
        self.model: ModelFacts | None = None
        """Of the loaded model; None before `load` succeeded."""
        self.plan: LoadPlan | None = None
        self.vote: Vote | None = None
        """Over the last replies side by side, where they have results to compare."""

    # ---- facts -----------------------------------------------------------------------------

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation, with the turn being written at its newest state."""
        return tuple(self._messages)

    @property
    def conversation_id(self) -> str | None:
        """Under which the conversation is stored, where it is."""
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
    def model_name(self) -> str:
        """The model's name, as well as it is known by now."""
        return self.model.name if self.model else self._reference.name

    @property
    def can_go_on(self) -> bool:
        """The last reply was stopped or cut, so that `go_on` continues it."""
        last = self._messages[-1] if self._messages else None
        return last is not None and last.role == "assistant" and last.finish_reason != "stop"

    @property
    def thinking(self) -> str:
        """How long replies may think, as a sentence; empty where nothing limits it."""
        return reasoning_rule(self._own_settings, self._limit).reason

    @property
    def reasoning_limit(self) -> ReasoningRule:
        """The limit of replies that have none of their own: its `max_tokens`, `max_seconds`."""
        return reasoning_rule(self._own_settings, self._limit).rule

    @property
    def limit(self) -> Asked | None:
        """What `set_limit` was given in this conversation."""
        return self._limit

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

    async def _load(self) -> AsyncIterator[Event]:
        self._file = file = await asyncio.to_thread(
            read_model_file, self._reference, self._settings
        )
        await self._engine.close()
        await self._engine.start()
        command = await load_command(self._engine, self._reference, file, lambda: self._stop_asked)
        if command.plan.notice:
            yield Notice(kind="memory", text=command.plan.notice)
        async for event in self._engine.ask(command):
            if isinstance(event, Ready):
                self.model, self.plan = event.model, event.plan
                yield msgspec.structs.replace(event, sampling=file.sampling)
                for notice in self._once(file.notices):
                    yield notice
                self._work_ahead(from_disk=True)
            else:
                yield event

    async def _ensure_loaded(self) -> AsyncIterator[Event]:
        if self.model is None or not self._engine.is_alive:
            async for event in self.load():
                yield event
        await self._background.stop()

    # ---- asking ----------------------------------------------------------------------------

    async def send(
        self, text: str, limit: Asked | None = None, samples: int = 1
    ) -> AsyncIterator[Event]:
        """Ask, and receive the reply's events; the last one is `Done` or `Failed`.

        A worker that is gone is started again first.

        Args:
            text: the question.
            limit: how long this reply may think.
            samples: replies drawn side by side; the one that the vote prefers is kept.
        """
        await self._background.stop()
        question = user_message(clean(text))
        self._messages.append(question)
        await self._recorder.add(question)
        for notice in self._storage_notices():
            yield notice
        replies = [ReplyBuilder(sample=number) for number in range(samples)]
        self._messages.append(replies[0].message())
        async for event in self._reply(replies, limit):
            yield event

    async def go_on(
        self, reasoning: str | None = None, limit: Asked | None = None
    ) -> AsyncIterator[Event]:
        """Continue the last reply where it was stopped or cut, or from another thought.

        Args:
            reasoning: what the thought says now, as a person wrote it; None leaves all as it is.
            limit: how long it may think, what it thought before included.
        """
        await self._background.stop()
        last = self._messages[-1] if self._messages else None
        if last is None or last.role != "assistant":
            yield _failed(UsageError("there is no reply to go on with", "ask something first"))
            return
        if reasoning is not None:
            last = with_reasoning(last, clean(reasoning))
        self._recorder.resume()
        self._messages[-1] = msgspec.structs.replace(last, finish_reason=None)
        async for event in self._reply([ReplyBuilder(last)], limit, last):
            yield event

    async def _reply(
        self, replies: list[ReplyBuilder], limit: Asked | None, earlier: Message | None = None
    ) -> AsyncIterator[Event]:
        async for event in self._ensure_loaded():
            yield event
            if isinstance(event, Failed):
                await self._finish(replies[0], "error")
                return
        for notice in self._question_notices():
            yield notice
        command = self._generate(len(replies), limit, earlier)
        try:
            async for event in self._engine.ask(command):
                for reply in replies:
                    reply.take(event)
                await self._keep(replies, event)
                for notice in self._after(event, replies):
                    yield notice
                yield event
                if isinstance(event, Done):
                    self._work_ahead()
        except Localr1Error as error:
            await self._finish(replies[0], "error")
            yield _failed(error)

    def _generate(self, samples: int, limit: Asked | None, earlier: Message | None) -> Generate:
        settings, file = self._own_settings, self._file
        assert file is not None
        return Generate(
            self._engine.new_id(),
            prompt_messages(self._messages[:-1], settings.system),
            file.sampling,
            settings.max_tokens,
            reasoning=reasoning_rule(settings, self._limit, limit).rule,
            begun=begun_reply(earlier) if earlier else None,
            samples=samples,
            speculate=settings.speculate or "auto",
        )

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
        is_replying = bool(self._messages) and self._messages[-1].finish_reason is None
        if is_replying:
            await self._close_unfinished_reply(self._messages[-1])
        await self._background.stop()
        if not is_replying or self._messages[-1].role != "assistant":
            await self._save_state()
        await self._engine.close()
        if self._conversation:
            await asyncio.to_thread(self._conversation.close)

    async def _close_unfinished_reply(self, message: Message) -> None:
        if message.role == "assistant":
            self._messages[-1] = msgspec.structs.replace(message, finish_reason="cancelled")
            await self._recorder.finish(self._messages[-1])

    # ---- how much is thought, and what is kept of it ---------------------------------------

    async def set_limit(self, limit: Asked | None) -> None:
        """How long replies of this conversation may think; None leaves it to the settings."""
        self._limit = limit
        if self._conversation and not self.read_only:
            await asyncio.to_thread(self._conversation.set_limit, limit)

    async def delete_thought(self, position: int) -> None:
        """Remove the reasoning of a message; its answer stays."""
        message = self._messages[position]
        kept = tuple(part for part in message.parts if part is not message.reasoning)
        await self._change(position, kept)

    async def carry_thought(self, position: int, is_carried: bool) -> None:
        """Keep a thought in the context of what follows, or leave it out again."""
        message = self._messages[position]
        parts = tuple(
            msgspec.structs.replace(part, carried=is_carried) if part is message.reasoning else part
            for part in message.parts
        )
        await self._change(position, parts)

    async def thought_tokens(self, position: int) -> int:
        """What carrying a thought costs of the context, in tokens.

        Raises:
            EngineError: no model is loaded to count with.
        """
        await self._background.stop()
        message = self._messages[position]
        thought = message.reasoning
        if thought is None or not message.text:
            return 0
        carried = msgspec.structs.replace(thought, carried=True)
        left_out = msgspec.structs.replace(thought, carried=False)
        return await self._count(message, carried) - await self._count(message, left_out)

    async def _count(self, message: Message, thought: object) -> int:
        parts = tuple(thought if part is message.reasoning else part for part in message.parts)
        changed = msgspec.structs.replace(message, parts=parts)
        command = CountTokens(self._engine.new_id(), (user_message(""), changed))
        tokens = 0
        async for event in self._engine.ask(command):
            tokens = event.tokens if isinstance(event, TokenCount) else tokens
        return tokens

    async def _change(self, position: int, parts: Sequence[object]) -> None:
        await self._background.stop()
        self._messages[position] = changed = msgspec.structs.replace(
            self._messages[position], parts=tuple(parts)
        )
        await self._recorder.replace(position, changed)
        self._work_ahead()

    # ---- between questions -----------------------------------------------------------------

    def _work_ahead(self, *, from_disk: bool = False) -> None:
        """Get ready for the next question while nobody waits."""
        file = self._file
        if file is None or not self._engine.is_alive:
            return
        commands: list[LoadState | Prefill] = []
        if from_disk and self._messages and self.conversation_id and self._state_bytes:
            folder = os.fsencode(paths.states_folder())
            commands.append(LoadState(self._engine.new_id(), folder, self.conversation_id))
        messages = prompt_messages(self._messages, self._own_settings.system)
        if self._reads_ahead and any(message.role == "assistant" for message in messages):
            is_seeded = file.sampling.seed is not None
            commands.append(Prefill(self._engine.new_id(), messages, exactly=is_seeded))
        if commands:
            self._background.start(commands)

    async def settle(self) -> None:
        """Return when nothing is done in the background any more."""
        await self._background.wait()

    @property
    def _reads_ahead(self) -> bool:
        asked = self._own_settings.read_ahead
        wanted = self.plan is not None and self.plan.background_work if asked is None else asked
        return wanted and not self._is_brief

    @property
    def _state_bytes(self) -> int:
        return int(self._own_settings.state_disk_gib * _GIB) if self._conversation else 0

    async def _save_state(self) -> None:
        """Keep what the engine holds, so that opening the conversation again is quick."""
        if (
            self._is_brief
            or self.model is None
            or self.read_only
            or not (self.conversation_id and self._state_bytes and self._engine.is_alive)
        ):
            return
        folder = os.fsencode(paths.states_folder())
        command = SaveState(self._engine.new_id(), folder, self.conversation_id, self._state_bytes)
        self._background.start([command])
        await self._background.wait()

    # ---- keeping and telling ---------------------------------------------------------------

    async def _keep(self, replies: list[ReplyBuilder], event: Event) -> None:
        """Bring the conversation, here and on disk, up to this event."""
        if isinstance(event, (Done, Failed)):
            best = self._preferred(replies) if isinstance(event, Done) else replies[0]
            reason: FinishReason = event.finish_reason if isinstance(event, Done) else "error"
            await self._finish(best, reason)
        elif isinstance(event, (Reasoning, Answer)) and event.sample == 0:
            self._messages[-1] = replies[0].message()
            self._recorder.update(self._messages[-1])

    def _preferred(self, replies: list[ReplyBuilder]) -> ReplyBuilder:
        """The first reply with the result that most have; the first one without a vote."""
        self.vote = None
        if len(replies) > 1:
            self.vote = majority([reply.message().text for reply in replies])
        return replies[self.vote.voters[0]] if self.vote else replies[0]

    async def _finish(self, reply: ReplyBuilder, reason: FinishReason) -> None:
        self._messages[-1] = reply.message(reason)
        await self._recorder.finish(self._messages[-1])

    def _after(self, event: Event, replies: list[ReplyBuilder]) -> list[Notice]:
        notices = self._storage_notices()
        if isinstance(event, Done):
            chat = self._file.chat if self._file else None
            skipped = event.reasoning_ended_by is None and event.finish_reason == "stop"
            if chat and chat.thinks and skipped and not chat.force_thinking:
                notices += self._once([("think_prefix", _SKIPPED_TEXT)])
            if len(replies) > 1:
                notices.append(Notice(kind="vote", text=_vote_text(self.vote)))
        return notices

    def _question_notices(self) -> list[Notice]:
        question = next((m for m in reversed(self._messages) if m.role == "user"), None)
        if question is None or self._file is None:
            return []
        return self._once(list(question_notices(self._file.chat, question.text)))

    def _once(self, notices: Sequence[tuple[str, str]]) -> list[Notice]:
        """Those that were not told yet in this conversation."""
        fresh = [(kind, text) for kind, text in notices if text not in self._told]
        self._told.update(text for _, text in fresh)
        return [Notice(kind=kind, text=text) for kind, text in fresh]

    def _storage_notices(self) -> list[Notice]:
        failure = self._recorder.failure
        if failure is None:
            return []
        text = f"{failure.message}. You can go on; this chat is not stored."
        return self._once([("storage", text)])

    @property
    def _own_settings(self) -> Settings:
        """The settings, with the model's own once its file was read."""
        return self._file.settings if self._file else self._settings


def _vote_text(vote: Vote | None) -> str:
    if vote is None:
        return "No reply has a \\boxed{} result, so there is no vote; the first one is kept."
    tie = f"; as many say {', '.join(vote.ties)}" if vote.ties else ""
    return f"{vote.count} of {vote.replies} replies say {vote.answer}{tie}."


def _failed(error: Localr1Error) -> Failed:
    return Failed(message=error.message, hint=error.hint, exit_code=int(error.exit_code))
