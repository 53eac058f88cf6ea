"""A chat session that plays a script: the interface's side of the contract, without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

import msgspec

from localr1.chat.attachments import prompt_text
from localr1.chat.boxed import Vote, majority
from localr1.chat.effort import Asked, ReasoningLimit, resolve
from localr1.chat.messages import FilePart, Message, user_message
from localr1.engine.protocol import (
    Answer,
    Done,
    Event,
    Failed,
    Loading,
    ModelFacts,
    Prompt,
    Ready,
    Reasoning,
)
from localr1.engine.sampling import Sampling
from localr1.errors import EngineError
from localr1.hardware.load_plan import LoadPlan
from localr1.history.store import Conversation
from localr1.history.unkept import UnkeptConversation
from localr1.models.reference import ModelReference
from localr1.session.context_use import ContextUse, count_use
from localr1.session.conversations import Conversations
from localr1.session.kept_messages import KeptMessages
from localr1.session.reply_builder import ReplyBuilder, with_reasoning
from localr1.session.setting_effects import check_together
from localr1.settings import Settings
from localr1.terminal_text import clean

MODEL = ModelFacts(
    name="DeepSeek-R1-Distill-Qwen-1.5B",
    path="/models/DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M.gguf",
    architecture="qwen2",
    quant_type="Q4_K_M",
    parameters=1_777_088_000,
    size_bytes=1_117_320_736,
    n_layer=28,
    n_ctx_train=131_072,
    n_vocab=151_936,
)
PLAN = LoadPlan(n_ctx=8192, n_gpu_layers=0, n_threads=2, n_threads_batch=2)
READY = Ready(model=MODEL, plan=PLAN, load_seconds=1.5)
DONE = Done(
    finish_reason="stop",
    reasoning_ended_by="closed",
    prompt_tokens=24,
    cached_tokens=0,
    reasoning_tokens=431,
    answer_tokens=120,
    prompt_tps=310.0,
    generation_tps=23.4,
    ttft_seconds=0.4,
    reasoning_seconds=12.2,
    context_tokens=1204,
    n_ctx=8192,
)

CANCELLED = msgspec.structs.replace(
    DONE, finish_reason="cancelled", reasoning_ended_by="cancelled", reasoning_tokens=5
)


async def count_words(messages: Sequence[Message]) -> int:
    """An engine's count: two tokens a message, ten a word, carried thoughts included."""
    carried = [each.reasoning for each in messages if each.reasoning and each.reasoning.carried]
    texts = [*map(prompt_text, messages), *(thought.text for thought in carried)]
    return 2 * len(messages) + 10 * sum(len(text.split()) for text in texts)


Step = Event | asyncio.Event
"""Something said, or a point where the script waits until the test lets it go on."""


def reply(thought: str, answer: str) -> list[Step]:
    """A usual reply in a few pieces."""
    steps: list[Step] = [Prompt(processed=24, total=24, cached=0)]
    steps += [Reasoning(text=word, tokens=1) for word in thought.splitlines(keepends=True)]
    steps += [Answer(text=word, tokens=1) for word in answer.splitlines(keepends=True)]
    return [*steps, DONE]


class ScriptedSession:
    """Implements what the interface uses of `ChatSession`."""

    def __init__(
        self,
        *replies: Iterable[Step],
        load: Iterable[Step] = (Loading(progress=0.5), READY),
        messages: Sequence[Message] = (),
        title: str = "",
        read_only: bool = False,
        model_name: str = MODEL.name,
        thinks: ReasoningLimit = ReasoningLimit(),  # noqa: B008 - frozen
        conversations: Conversations | None = None,
        conversation: Conversation | UnkeptConversation | None = None,
        settings: Settings = Settings(),  # noqa: B008 - frozen
    ) -> None:
        if conversation is None:
            conversation = UnkeptConversation()
            conversation.title = title
            for message in messages:
                conversation.add(message)
        self._kept = KeptMessages(conversation)
        self._is_read_only = read_only
        self.model: ModelFacts | None = None
        self.plan: LoadPlan | None = None
        self.model_name = model_name
        self._thinks = thinks
        self.settings = settings
        self.settings_names: tuple[str, ...] = (model_name,)
        self.log_path: Path | None = None
        self.sampling: Sampling | None = None
        self.loads = 0
        self.cannot_count = False
        self.vote: Vote | None = None
        self.sent: list[str] = []
        self.sent_files: list[tuple[FilePart, ...]] = []
        """Attached to each question."""
        self.asked: list[tuple[Asked | None, int]] = []
        """Limit and samples of each question."""
        self.gone_on: list[str | None] = []
        """The thought from which each reply went on."""
        self.answers_asked = 0
        self.closed = False
        self.history_says: Sequence[str] = ()
        self.conversations: Conversations | None = conversations
        self.again_at: list[tuple[int, Asked | None]] = []
        """Position and limit of each reply that was asked for again."""
        self._load = load
        self._replies = list(replies)
        self._stop = asyncio.Event()

    async def load(self) -> AsyncIterator[Event]:
        """Play the load."""
        self.loads += 1
        async for event in self._play(self._load):
            if isinstance(event, Ready):
                self.model, self.plan = event.model, event.plan
            yield event

    async def open_history(self) -> Sequence[str]:
        """What is told of the history."""
        return self.history_says

    async def change_model(self, model: ModelReference) -> AsyncIterator[Event]:
        """Play the load again, of a model of this name."""
        self.model_name = model.name
        async for event in self._play(self._load):
            if isinstance(event, Ready):
                self.model = msgspec.structs.replace(event.model, name=model.name)
                yield msgspec.structs.replace(event, model=self.model)
            else:
                yield event

    # ---- what was said, as the real session keeps it ---------------------------------------

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation."""
        return self._kept.all

    @property
    def conversation_id(self) -> str | None:
        """Of a conversation that is kept."""
        return self._kept.identity

    @property
    def title(self) -> str:
        """Of the conversation, or else its first question."""
        first = next(iter(self.messages), None)
        return self._kept.title or (first.text if first else "")

    @property
    def read_only(self) -> bool:
        """As the test says, or the conversation."""
        return self._is_read_only or self._kept.read_only

    @property
    def limit(self) -> Asked | None:
        """What `set_limit` was given."""
        return self._kept.limit

    def branches(self, position: int) -> tuple[int, int]:
        """As the real session."""
        return self._kept.branches(position)

    def siblings(self, position: int) -> tuple[Message, ...]:
        """As the real session."""
        return self._kept.siblings(position)

    async def choose(self, position: int, number: int) -> None:
        """As the real session."""
        await self._kept.choose(position, number)

    async def reveal(self, row: int) -> int | None:
        """As the real session."""
        return await self._kept.reveal(row)

    async def rename(self, title: str) -> None:
        """As the real session."""
        await self._kept.rename(title)

    @property
    def draft(self) -> str:
        """As the real session."""
        return self._kept.draft

    async def keep_draft(self, text: str) -> None:
        """As the real session."""
        await self._kept.keep_draft(text)

    async def take_up(self, conversation: Conversation | None) -> None:
        """As the real session."""
        await self._kept.close()
        self._kept = KeptMessages(conversation)

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
        """Play the next reply."""
        self.sent.append(text)
        self.sent_files.append(tuple(files))
        self.asked.append((limit, samples))
        if at is not None:
            await self._kept.rewind(at)
        await self._kept.ask(text, files)
        replies = [ReplyBuilder(sample=number) for number in range(samples)]
        async for event in self._reply(replies):
            yield event

    async def again(self, position: int, limit: Asked | None = None) -> AsyncIterator[Event]:
        """Play the next reply as another one to this question."""
        self.again_at.append((position, limit))
        await self._kept.rewind(position + 1)
        self._kept.begin_reply()
        async for event in self._reply([ReplyBuilder()]):
            yield event

    async def go_on(self, reasoning: str | None = None) -> AsyncIterator[Event]:
        """Play the next reply as the rest of the last one."""
        self.gone_on.append(reasoning)
        last = self.messages[-1]
        if reasoning is not None:
            last = with_reasoning(last, clean(reasoning))
        self._kept.reopen(last)
        async for event in self._reply([ReplyBuilder(last)]):
            yield event

    @property
    def can_go_on(self) -> bool:
        """As the real session says it."""
        last = self.messages[-1] if self.messages else None
        return last is not None and last.role == "assistant" and last.finish_reason != "stop"

    def limit_is(self, thinks: ReasoningLimit) -> None:
        """The settings say so from now on."""
        self._thinks = thinks

    @property
    def reasoning_limit(self) -> ReasoningLimit:
        """Of the conversation, or else of the settings."""
        return resolve([self.limit]) if self.limit else self._thinks

    async def stop(self) -> None:
        """End the running reply as the real session does."""
        self._stop.set()

    async def answer_now(self) -> None:
        """Remember it; the script goes on when the test says so."""
        self.answers_asked += 1

    def check_settings(self, settings: Settings) -> None:
        """Refuse those that do not go together."""
        check_together(settings)

    def use_settings(self, settings: Settings) -> None:
        """Keep them."""
        self.check_settings(settings)
        self.settings = settings.for_model(*self.settings_names)

    async def set_limit(self, limit: Asked | None) -> None:
        """As the real session."""
        await self._kept.set_limit(limit)

    async def count_tokens(self, text: str, files: Sequence[FilePart] = ()) -> int:
        """Ten times the words."""
        return len(prompt_text(user_message(text, files)).split()) * 10

    async def context_use(self) -> ContextUse:
        """As the real session; a message takes two tokens, and each of its words ten."""
        if self.model is None or self.cannot_count:
            raise EngineError("the engine cannot count now")
        n_ctx = self.plan.n_ctx if self.plan else 0
        return await count_use(self.messages, self.settings.system, n_ctx, count_words)

    async def thought_tokens(self, position: int) -> int:
        """Ten times the words."""
        thought = self.messages[position].reasoning
        return len(thought.text.split()) * 10 if thought else 0

    async def carry_thought(self, position: int, is_carried: bool) -> None:
        """Mark it."""
        message = self.messages[position]
        parts = tuple(
            msgspec.structs.replace(part, carried=is_carried) if part is message.reasoning else part
            for part in message.parts
        )
        await self._kept.change(position, parts)

    async def delete_thought(self, position: int) -> None:
        """Leave it out."""
        message = self.messages[position]
        parts = tuple(part for part in message.parts if part is not message.reasoning)
        await self._kept.change(position, parts)

    async def close(self) -> None:
        """Remember that the worker would have been ended."""
        self.closed = True

    async def _reply(self, replies: list[ReplyBuilder]) -> AsyncIterator[Event]:
        async for event in self._play(self._replies.pop(0)):
            for each in replies:
                each.take(event)
            kept = replies[0]
            if isinstance(event, Done) and len(replies) > 1:
                self.vote = majority([each.message().text for each in replies])
                kept = replies[self.vote.voters[0]] if self.vote else kept
            if isinstance(event, (Done, Failed)):
                reason = event.finish_reason if isinstance(event, Done) else "error"
                await self._kept.finish(kept, reason)
            else:
                self._kept.grow(kept)
            yield event

    async def _play(self, steps: Iterable[Step]) -> AsyncIterator[Event]:
        self._stop.clear()
        for step in steps:
            if isinstance(step, asyncio.Event):
                waits = {asyncio.ensure_future(e.wait()) for e in (step, self._stop)}
                _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for task in pending:
                    task.cancel()
            else:
                yield step
                await asyncio.sleep(0)
            if self._stop.is_set():
                yield CANCELLED
                return
