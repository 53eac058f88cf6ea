"""A stand-in for a model: plays a transcript at a given speed, the same every time.

The interface can be worked on, shown and tested with it, without a model file. A transcript
is a JSON file whose name ends with `.transcript.json`; docs/formats.md describes it.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from localr1.chat.attachments import prompt_text
from localr1.chat.messages import ClosedBy, FinishReason, Message
from localr1.chat.prompt import ChatFormat
from localr1.engine.process_limits import KILLED
from localr1.engine.protocol import (
    BegunReply,
    Bench,
    BenchResult,
    CountTokens,
    Done,
    Generate,
    Load,
    Loading,
    LoadState,
    ModelFacts,
    Prefill,
    Prefilled,
    Prompt,
    Ready,
    SaveState,
    StateLoaded,
    StateSaved,
)
from localr1.engine.reply import Emit, ReplyWriter
from localr1.errors import LoadFailed, UsageError
from localr1.hardware.machine import Device


class ScriptedReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reply, as the model would write it."""

    text: str
    """Reasoning, its closing tag, then the answer, as "Let me see.</think>It is 4."."""
    ends: Literal["stop", "killed", "hangs"] = "stop"
    """How the worker ends after the text: normally, by SIGKILL, or by never answering again."""


class Transcript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scripted model says, reply after reply; the last one repeats."""

    replies: tuple[ScriptedReply, ...]
    name: str = "Scripted model"
    tokens_per_second: float = 50.0
    load_seconds: float = 0.0
    prompt_seconds: float = 0.0
    thinks: bool = True


def read_transcript(path: Path) -> Transcript:
    """The transcript of this file.

    Raises:
        LoadFailed: it cannot be read or is not a transcript.
    """
    try:
        transcript = msgspec.json.decode(path.read_bytes(), type=Transcript)
    except (OSError, msgspec.DecodeError) as error:
        raise LoadFailed(f"cannot play the transcript {path}: {error}") from error
    if not transcript.replies:
        raise LoadFailed(f"cannot play the transcript {path}: it has no replies")
    return transcript


class ScriptedBackend:
    """Plays a transcript; see `Backend` for the contract."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._hurried = threading.Event()
        self._played = 0

    def connect(self, servers: Sequence[str], emit: Emit) -> None:
        """Nothing to do: nothing is computed."""

    def devices(self, *, measure: bool = True) -> tuple[Device, ...]:  # noqa: ARG002 - of none
        """None: nothing is computed."""
        return ()

    def instruction_sets(self) -> tuple[str, ...]:
        """None: nothing is computed."""
        return ()

    def cancel(self) -> None:
        """Stop playing; safe from any thread."""
        self._cancelled.set()

    def resume(self) -> None:
        """Forget an earlier `cancel` or `end_reasoning`."""
        self._cancelled.clear()
        self._hurried.clear()

    def end_reasoning(self) -> None:
        """Go on with the answer; safe from any thread."""
        self._hurried.set()

    def prefill(self, command: Prefill, emit: Emit) -> Prefilled:  # noqa: ARG002 - nothing is read
        """Nothing to read."""
        return Prefilled(id=command.id, tokens=0, read_tokens=0, is_complete=True)

    def save_state(self, command: SaveState) -> StateSaved:
        """Nothing to keep."""
        return StateSaved(id=command.id, tokens=0)

    def load_state(self, command: LoadState) -> StateLoaded:
        """Nothing was kept."""
        return StateLoaded(id=command.id, tokens=0)

    def load(self, command: Load, emit: Emit) -> Ready:
        """Read the transcript, taking the time it says."""
        self._transcript = read_transcript(Path(os.fsdecode(command.path)))
        self._n_ctx = command.plan.n_ctx
        for step in range(1, 11):
            if self._cancelled.wait(self._transcript.load_seconds / 10):
                raise LoadFailed("loading was cancelled")
            emit(Loading(id=command.id, progress=step / 10))
        facts = ModelFacts(
            name=self._transcript.name,
            path=os.fsdecode(command.path),
            architecture="scripted",
            quant_type="",
            parameters=0,
            size_bytes=0,
            n_layer=0,
            n_ctx_train=self._n_ctx,
            n_vocab=0,
        )
        return Ready(id=command.id, model=facts, plan=command.plan)

    def generate(self, command: Generate, emit: Emit) -> Done:
        """Play the next reply."""
        if command.begun is None:
            self._played += 1
        last = len(self._transcript.replies) - 1
        reply = self._transcript.replies[min(max(self._played - 1, 0), last)]
        started = time.monotonic()
        prompt_tokens = self._read_prompt(command, emit)
        chat = ChatFormat(style="r1", thinks=self._transcript.thinks)
        begun = command.begun or BegunReply()
        writer = ReplyWriter(
            emit,
            command.id,
            chat,
            in_reasoning=chat.thinks and not begun.is_closed,
            begun=command.begun,
            had_block=chat.thinks,
        )
        ttft_seconds = time.monotonic() - started
        finish = self._play(_rest(reply.text, begun, chat), command, chat, writer)
        writer.finish()
        if finish == "stop":
            self._end(reply)
        seconds = max(time.monotonic() - started - ttft_seconds, 1e-9)
        return Done(
            id=command.id,
            finish_reason=finish,
            reasoning_ended_by=writer.reasoning_end(finish),
            prompt_tokens=prompt_tokens,
            cached_tokens=0,
            reasoning_tokens=writer.reasoning_tokens,
            answer_tokens=writer.answer_tokens,
            inserted_tokens=writer.inserted_tokens,
            prompt_tps=None,
            generation_tps=writer.tokens / seconds,
            ttft_seconds=ttft_seconds,
            reasoning_seconds=writer.reasoning_seconds,
            context_tokens=prompt_tokens + writer.tokens,
            n_ctx=self._n_ctx,
            seed=command.sampling.seed,
        )

    def count_tokens(self, command: CountTokens) -> int:
        """Words and marks of all messages."""
        return _count(command.messages)

    def bench(self, command: Bench, emit: Emit) -> BenchResult:  # noqa: ARG002 - it only refuses
        """Refuse: nothing is computed."""
        raise UsageError(
            "a scripted model computes nothing, so there is nothing to measure",
            "name a GGUF file, or demo",
        )

    def _read_prompt(self, command: Generate, emit: Emit) -> int:
        total = _count(command.messages)
        for part in (0, 1, 2, 3, 4):
            emit(Prompt(id=command.id, processed=total * part // 4, total=total, cached=0))
            if part < 4 and self._cancelled.wait(self._transcript.prompt_seconds / 4):
                break
        return total

    def _play(
        self, text: str, command: Generate, chat: ChatFormat, writer: ReplyWriter
    ) -> FinishReason:
        """Play the thought, or as much of it as is allowed, and the answer."""
        thought, tag, answer = text.partition(chat.close_tag)
        if not writer.in_reasoning:
            return self._play_pieces(_pieces(text), command, writer) or "stop"
        words = _pieces(thought) or [""]
        words[-1] += tag
        ended = self._play_pieces(words, command, writer, may_close=True)
        return ended or self._play_pieces(_pieces(answer), command, writer) or "stop"

    def _play_pieces(
        self,
        pieces: list[str],
        command: Generate,
        writer: ReplyWriter,
        *,
        may_close: bool = False,
    ) -> FinishReason | None:
        """Play these; None when the reply goes on after them."""
        started = time.monotonic()
        for index, piece in enumerate(pieces):
            if may_close and (reason := self._reason_to_close(command, writer)):
                writer.close(reason)
                words = "" if reason == "off" else command.reasoning.closing_words
                writer.add(f"{words}</think>".encode(), "localr1")
                return None
            due = started + index / self._transcript.tokens_per_second
            if self._cancelled.wait(max(0.0, due - time.monotonic())):
                return "cancelled"
            writer.add(piece.encode())
            if command.max_tokens is not None and writer.tokens >= command.max_tokens:
                return "length"
        return None

    def _reason_to_close(self, command: Generate, writer: ReplyWriter) -> ClosedBy | None:
        """Why the thought does not go on; the rest of it is skipped then."""
        rule, begun = command.reasoning, command.begun or BegunReply()
        if not writer.in_reasoning:
            return None
        if 0 in (rule.max_tokens, rule.max_seconds):
            return "off" if command.begun is None else "asked"
        if self._hurried.is_set():
            return "asked"
        spent = writer.reasoning_tokens + begun.reasoning_tokens
        is_spent = rule.max_tokens is not None and spent >= rule.max_tokens
        if is_spent:
            return "tokens"
        late = rule.max_seconds is not None and writer.reasoning_seconds >= rule.max_seconds
        return "seconds" if late else None

    def _end(self, reply: ScriptedReply) -> None:
        if reply.ends == "killed":
            os.kill(os.getpid(), KILLED)
        if reply.ends == "hangs":
            threading.Event().wait()


def _pieces(text: str) -> list[str]:
    """Words with the white space before them: about what tokens are."""
    return re.findall(r"\s*\S+|\s+$", text)


def _rest(text: str, begun: BegunReply, chat: ChatFormat) -> str:
    """What of a reply is still to be played: as many words are left out as were begun."""
    thought, tag, answer = text.partition(chat.close_tag)
    if begun.is_closed or begun.answer:
        return _without_words(answer if chat.thinks else text, begun.answer)
    return f"{_without_words(thought, begun.reasoning)}{tag}{answer}"


def _without_words(text: str, begun: str) -> str:
    return "".join(_pieces(text)[len(_pieces(begun.strip())) :])


def _count(messages: tuple[Message, ...]) -> int:
    return sum(len(_pieces(prompt_text(message))) for message in messages)
