"""A conversation with one model: plan, engine and history behind one object without a UI.

The interface and `localr1 run` are thin front ends over `ChatSession`: they send text and
show events. Nothing here raises for what can go wrong in use; it arrives as `Failed`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from localr1 import paths
from localr1.chat.messages import (
    FinishReason,
    Message,
    Part,
    ReasoningEnd,
    ReasoningPart,
    TextPart,
    user_message,
)
from localr1.chat.prompt import ChatFormat, choose_format
from localr1.engine.client import BackendName, EngineClient
from localr1.engine.protocol import (
    Answer,
    Bench,
    BenchTests,
    Done,
    Event,
    Failed,
    Generate,
    Load,
    ModelFacts,
    Notice,
    Ready,
    Reasoning,
)
from localr1.engine.sampling import Sampling, choose_sampling
from localr1.errors import LoadFailed, Localr1Error
from localr1.hardware.plan import LoadPlan, make_plan
from localr1.hardware.probe import probe_machine
from localr1.hardware.rpc_servers import rpc_servers, rpc_warning
from localr1.hardware.tuning import measured_threads
from localr1.history.recorder import Recorder
from localr1.history.store import Conversation
from localr1.models.reference import ModelReference
from localr1.settings import Settings
from localr1.terminal_text import clean

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader


class ChatSession:
    """One model, one conversation.

    Args:
        model: what to load.
        settings: what a person asked for.
        conversation: where the messages are kept; None keeps them in memory only.
        engine: the worker's client; made here when not given.
    """

    def __init__(
        self,
        model: ModelReference,
        settings: Settings,
        conversation: Conversation | None = None,
        engine: EngineClient | None = None,
    ) -> None:
        self._reference = model
        self._settings = settings
        self._conversation = conversation
        self._recorder = Recorder(conversation)
        backend: BackendName = "scripted" if model.kind == "transcript" else "llama"
        self._engine = engine or EngineClient(paths.logs_folder(), backend)
        self._messages = list(conversation.messages) if conversation else []
        self._sampling = Sampling()
        self._told: set[str] = set()
        self._stop_asked = False
        self.model: ModelFacts | None = None
        """Of the loaded model; None before `load` succeeded."""
        self.plan: LoadPlan | None = None

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

    async def load(self) -> AsyncIterator[Event]:
        """Check, plan and load the model: `Loading`…, then `Ready` or `Failed`; `Notice`s."""
        self.model = None
        self._stop_asked = False
        try:
            async for event in self._load():
                yield event
        except Localr1Error as error:
            yield _failed(error)

    async def send(self, text: str) -> AsyncIterator[Event]:
        """Ask, and receive the reply's events; the last one is `Done` or `Failed`.

        A worker that is gone is started again first.
        """
        question = user_message(clean(text))
        self._messages.append(question)
        await self._recorder.add(question)
        for notice in self._storage_notices():
            yield notice
        reply = _Reply()
        self._messages.append(reply.message())
        async for event in self._ensure_loaded():
            yield event
            if isinstance(event, Failed):
                await self._finish(reply, "error")
                return
        async for event in self._receive(reply):
            yield event

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

    async def stop(self) -> None:
        """Stop the running reply, benchmark or load; it then ends by its own last event."""
        self._stop_asked = True
        if self.model is None:
            # reading a file cannot be broken off at once, and half a load is worth nothing
            self._engine.kill("loading was cancelled")
        else:
            await self._engine.cancel()

    async def close(self) -> None:
        """End the worker and let go of the conversation; a reply in progress is kept as it is."""
        if self._messages and self._messages[-1].finish_reason is None:
            await self._close_unfinished_reply(self._messages[-1])
        await self._engine.close()
        if self._conversation:
            await asyncio.to_thread(self._conversation.close)

    async def _close_unfinished_reply(self, message: Message) -> None:
        if message.role == "assistant":
            self._messages[-1] = msgspec.structs.replace(message, finish_reason="cancelled")
            await self._recorder.finish(self._messages[-1])

    # ---- loading ---------------------------------------------------------------------------

    async def _load(self) -> AsyncIterator[Event]:
        file = await asyncio.to_thread(self._read_file)
        chat = file.chat
        self._sampling = choose_sampling(chat.format, self._settings)
        await self._engine.close()
        await self._engine.start()
        plan = await self._plan(file)
        if self._stop_asked:
            raise LoadFailed("loading was cancelled")
        if plan.notice:
            yield Notice(kind="memory", text=plan.notice)
        path = os.fsencode(self._reference.path)
        command = Load(self._engine.new_id(), path, plan, chat.format, file.name)
        async for event in self._engine.ask(command):
            if isinstance(event, Ready):
                self.model, self.plan = event.model, event.plan
                yield msgspec.structs.replace(event, sampling=self._sampling)
                for kind, sentence in chat.notices:
                    yield Notice(kind=kind, text=sentence)
            else:
                yield event

    async def _plan(self, file: _ModelFile) -> LoadPlan:
        """How this machine should load the file; what does not fit is refused here."""
        if file.header is None:
            return LoadPlan(n_ctx=8192, n_gpu_layers=0, n_threads=1, n_threads_batch=1)
        servers = rpc_servers(self._settings.rpc or "")
        if servers:
            file.chat.notices.append(("rpc", rpc_warning(servers)))
        machine, found = await asyncio.gather(
            asyncio.to_thread(probe_machine, graphics=False), self._engine.devices(servers)
        )
        tuned, notice = await asyncio.to_thread(
            measured_threads, paths.tuning_file(), file.header, machine.cpu, found.devices
        )
        if notice:
            file.chat.notices.append(("file", notice))
        return make_plan(file.header, self._settings, machine, found.devices, tuned)

    def _read_file(self) -> _ModelFile:
        """Look at the file; nothing native sees one that was not checked."""
        if self._reference.kind == "transcript":
            chat = _Chat(ChatFormat(style="r1", thinks=True))
            return _ModelFile(chat, self._reference.name)
        from localr1.gguf_header import read_header

        header = read_header(self._reference.path)
        chosen = choose_format(header)
        notices = [*chosen.notices, *(("file", warning) for warning in header.warnings)]
        return _ModelFile(_Chat(chosen.format, notices), header.name, header)

    async def _ensure_loaded(self) -> AsyncIterator[Event]:
        if self.model is None or not self._engine.is_alive:
            async for event in self.load():
                yield event

    # ---- a reply ---------------------------------------------------------------------------

    async def _receive(self, reply: _Reply) -> AsyncIterator[Event]:
        command = Generate(
            self._engine.new_id(),
            prompt_messages(self._messages[:-1], self._settings.system),
            self._sampling,
            self._settings.max_tokens,
        )
        try:
            async for event in self._engine.ask(command):
                reply.take(event)
                await self._keep(reply, event)
                for notice in self._storage_notices():
                    yield notice
                yield event
        except Localr1Error as error:
            await self._finish(reply, "error")
            yield _failed(error)

    async def _keep(self, reply: _Reply, event: Event) -> None:
        """Bring the conversation, here and on disk, up to this event."""
        if isinstance(event, (Done, Failed)):
            reason: FinishReason = event.finish_reason if isinstance(event, Done) else "error"
            await self._finish(reply, reason)
        elif isinstance(event, (Reasoning, Answer)):
            self._messages[-1] = reply.message()
            self._recorder.update(self._messages[-1])

    async def _finish(self, reply: _Reply, reason: FinishReason) -> None:
        self._messages[-1] = reply.message(reason)
        await self._recorder.finish(self._messages[-1])

    def _storage_notices(self) -> list[Notice]:
        failure = self._recorder.failure
        if failure is None or "storage" in self._told:
            return []
        self._told.add("storage")
        text = f"{failure.message}. You can go on; this chat is not stored."
        return [Notice(kind="storage", text=text)]


class _Chat(msgspec.Struct, frozen=True):
    format: ChatFormat
    notices: list[tuple[str, str]] = []


class _ModelFile(NamedTuple):
    """A model file that was checked; a transcript has no header."""

    chat: _Chat
    name: str
    header: GgufHeader | None = None


class _Reply:
    """A reply as its events build it up."""

    def __init__(self) -> None:
        self._reasoning: list[str] = []
        self._answer: list[str] = []
        self._reasoning_tokens = 0
        self._done: Done | None = None

    def take(self, event: Event) -> None:
        """Add what this event says."""
        if isinstance(event, Reasoning):
            self._reasoning.append(event.text)
            self._reasoning_tokens += event.tokens
        elif isinstance(event, Answer):
            self._answer.append(event.text)
        elif isinstance(event, Notice) and event.kind == "late_reasoning":
            self._reasoning += self._answer
            self._answer.clear()
        elif isinstance(event, Done):
            self._done = event

    def message(self, reason: FinishReason | None = None) -> Message:
        """The reply so far; with a reason, the finished one."""
        parts: list[Part] = []
        thought = "".join(self._reasoning).strip()
        answer = "".join(self._answer).strip()
        if thought:
            parts.append(self._reasoning_part(thought, reason, has_answer=bool(answer)))
        if answer:
            parts.append(TextPart(answer))
        return Message("assistant", tuple(parts), reason)

    def _reasoning_part(
        self, text: str, reason: FinishReason | None, *, has_answer: bool
    ) -> ReasoningPart:
        if self._done and self._done.reasoning_ended_by:
            return ReasoningPart(
                text,
                self._done.reasoning_tokens,
                self._done.reasoning_seconds,
                self._done.reasoning_ended_by,
            )
        ended_by: ReasoningEnd = "closed" if has_answer or reason is None else reason
        return ReasoningPart(text, self._reasoning_tokens, 0.0, ended_by)


def prompt_messages(messages: list[Message], system: str | None) -> tuple[Message, ...]:
    """What of the conversation goes into the next prompt.

    A question that failed without a word of reply is left out, and so is a reply that has no
    answer; questions that then follow each other become one, since templates expect turns to
    alternate.
    """
    kept: list[Message] = [Message("system", (TextPart(system),))] if system else []
    for message in messages:
        if message.role == "assistant" and not message.text:
            if message.finish_reason == "error" and not message.parts and kept:
                kept.pop()
            continue
        if message.role == "user" and kept and kept[-1].role == "user":
            kept[-1] = user_message(f"{kept[-1].text}\n\n{message.text}")
        else:
            kept.append(message)
    return tuple(kept)


def _failed(error: Localr1Error) -> Failed:
    return Failed(message=error.message, hint=error.hint, exit_code=int(error.exit_code))
