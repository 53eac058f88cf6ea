"""A chat session that plays a script: the interface's side of the contract, without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec

from localr1.chat.messages import Message, Part, ReasoningPart, TextPart, user_message
from localr1.engine.protocol import (
    Answer,
    Done,
    Event,
    Failed,
    Loading,
    ModelFacts,
    Notice,
    Prompt,
    Ready,
    Reasoning,
)
from localr1.hardware.plan import LoadPlan

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
    ) -> None:
        self.conversation_id: str | None = "01"
        self.title = title
        self.read_only = read_only
        self.messages = tuple(messages)
        self.model: ModelFacts | None = None
        self.plan: LoadPlan | None = None
        self.model_name = model_name
        self.sent: list[str] = []
        self.closed = False
        self._load = load
        self._replies = list(replies)
        self._stop = asyncio.Event()

    async def load(self) -> AsyncIterator[Event]:
        """Play the load."""
        async for event in self._play(self._load):
            if isinstance(event, Ready):
                self.model, self.plan = event.model, event.plan
            yield event

    async def send(self, text: str) -> AsyncIterator[Event]:
        """Play the next reply."""
        self.sent.append(text)
        self.messages += (user_message(text), Message("assistant", ()))
        self.title = self.title or text
        async for event in self._play(self._replies.pop(0)):
            self._keep(event)
            yield event

    async def stop(self) -> None:
        """End the running reply as the real session does."""
        self._stop.set()

    async def close(self) -> None:
        """Remember that the worker would have been ended."""
        self.closed = True

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
                yield msgspec.structs.replace(DONE, finish_reason="cancelled")
                return

    def _keep(self, event: Event) -> None:
        """Bring the message being written up to this event."""
        parts: dict[str, str] = {"reasoning": "", "text": self.messages[-1].text}
        if (thought := self.messages[-1].reasoning) is not None:
            parts["reasoning"] = thought.text
        if isinstance(event, Reasoning):
            parts["reasoning"] += event.text
        elif isinstance(event, Answer):
            parts["text"] += event.text
        elif isinstance(event, Notice) and event.kind == "late_reasoning":
            parts = {"reasoning": parts["reasoning"] + parts["text"], "text": ""}
        kept: list[Part] = []
        if parts["reasoning"]:
            kept.append(ReasoningPart(parts["reasoning"]))
        if parts["text"]:
            kept.append(TextPart(parts["text"]))
        reason = event.finish_reason if isinstance(event, Done) else None
        if isinstance(event, Failed):
            reason = "error"
        self.messages = (*self.messages[:-1], Message("assistant", tuple(kept), reason))
