"""Replies from a GGUF model through llama.cpp: load, read the prompt, write token by token."""

from __future__ import annotations

import itertools
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import msgspec

from localr1.chat.messages import FinishReason
from localr1.chat.prompt import ChatFormat
from localr1.engine import native
from localr1.engine.bench import LoadedModel, run_bench
from localr1.engine.fitting import PromptMaker
from localr1.engine.protocol import (
    Bench,
    BenchResult,
    CountTokens,
    Done,
    Generate,
    Load,
    Loading,
    ModelFacts,
    Notice,
    Prompt,
    Ready,
)
from localr1.engine.reply import Emit, ReplyWriter
from localr1.engine.reply_times import ReplyTimes
from localr1.engine.rpc import RpcServers
from localr1.errors import DoesNotFit, EngineError, LoadFailed
from localr1.hardware.estimate import padded
from localr1.hardware.machine import Device
from localr1.hardware.plan import LoadPlan
from localr1.hardware.split import as_placed
from localr1.terminal_text import clean_line

_LOADING_STEP = 0.01
"""Progress is told at most a hundred times."""


class LlamaBackend:
    """One model in one process: see `Backend` for the contract."""

    def __init__(self, log: native.NativeLog, servers: RpcServers) -> None:
        self._log = log
        self._servers = servers
        self._flag = native.AbortFlag()
        native.load_backends()
        self._model: Any = None
        self._chat = ChatFormat(style="plain")
        self._held: list[int] = []
        """Token ids whose keys and values are in the KV cache."""
        self._held_exactly = 0
        """Leading ones of them that were read in whole micro-batches from the beginning. Those
        values do not depend on what happened before; rounding differs with the batch size."""

    def connect(self, servers: Sequence[str], emit: Emit) -> None:
        """Add the devices of RPC servers; see `Backend`."""
        self._servers.connect(servers, emit)

    def devices(self, *, measure: bool = True) -> tuple[Device, ...]:
        """The devices that this build can use, those of servers included; see `Backend`."""
        return native.devices(measure=measure)

    def instruction_sets(self) -> tuple[str, ...]:
        """What the CPU code of this build uses."""
        return native.instruction_sets()

    def cancel(self) -> None:
        """Stop the running command; safe from any thread."""
        self._flag.raise_()

    def resume(self) -> None:
        """Forget an earlier `cancel`."""
        self._flag.lower()

    # ---- loading ---------------------------------------------------------------------------

    def load(self, command: Load, emit: Emit) -> Ready:
        """Load the model and make its context window."""
        started = time.monotonic()
        plan = msgspec.structs.replace(command.plan, n_ctx=padded(command.plan.n_ctx))
        if plan.devices or plan.n_gpu_layers:
            self.connect(plan.rpc, emit)
        model = self._load_model(command, plan, emit)
        layer_devices = self._log.take_layer_devices()
        plan, split = as_placed(plan, layer_devices, self.devices(measure=False))
        self._context = self._make_context(model, plan)
        self._model = model
        self._vocabulary = native.Vocabulary(model)
        self._chat = command.chat
        self._prompts = PromptMaker(self._vocabulary, command.chat, self._context.n_ctx)
        self._tag_pieces = self._find_tag_pieces(command.chat)
        self._held, self._held_exactly = [], 0
        self._plan = plan = msgspec.structs.replace(plan, n_ctx=self._context.n_ctx)
        seconds = time.monotonic() - started
        facts = self._facts(command)
        return Ready(id=command.id, model=facts, plan=plan, split=split, load_seconds=seconds)

    def _load_model(self, command: Load, plan: LoadPlan, emit: Emit) -> Any:
        last = -1.0

        def on_progress(progress: float) -> bool:
            nonlocal last
            if progress - last >= _LOADING_STEP or progress >= 1:
                last = progress
                emit(Loading(id=command.id, progress=progress))
            return not self._flag.is_raised

        self._log.take_errors()
        self._log.take_layer_devices()
        model = native.load_model(command.path, plan, on_progress)
        if not model:
            if self._flag.is_raised:
                raise LoadFailed("loading was cancelled")
            raise LoadFailed(
                f"the engine cannot load {_file_name(command.path)}: {self._reason()}",
                "the file may be damaged or of a kind that this engine does not know",
            )
        if not native.writes_text(model):
            raise LoadFailed(f"{_file_name(command.path)} is an encoder: it does not write text")
        return model

    def _make_context(self, model: Any, plan: LoadPlan) -> native.Context:
        try:
            return native.Context(model, plan, self._flag)
        except MemoryError:
            raise DoesNotFit(
                f"a context window of {plan.n_ctx:,} tokens cannot be made: {self._reason()}",
                "choose a smaller one, for example --n-ctx 4096, or --type-k q8_0 --type-v q8_0",
            ) from None

    def _reason(self) -> str:
        lines = self._log.take_errors()
        return clean_line(lines[0]) if lines else "it gave no reason"

    def _facts(self, command: Load) -> ModelFacts:
        return ModelFacts(
            name=command.name,
            path=clean_line(command.path.decode("utf-8", "replace"), limit=4096),
            architecture=clean_line(native.model_text(self._model, "general.architecture")),
            quant_type=clean_line(native.quant_name(self._model)),
            n_vocab=self._vocabulary.size,
            **native.model_numbers(self._model),
        )

    def _find_tag_pieces(self, chat: ChatFormat) -> dict[int, bytes]:
        """Tags that are one control token print as nothing; here is what they stand for."""
        pieces: dict[int, bytes] = {}
        for tag in (chat.open_tag, chat.close_tag):
            ids = self._vocabulary.tokenize(tag.encode(), parse_special=True)
            if len(ids) == 1:
                pieces[ids[0]] = tag.encode()
        return pieces

    # ---- the prompt ------------------------------------------------------------------------

    def count_tokens(self, command: CountTokens) -> int:
        """Tokens of the prompt for these messages."""
        self._require_model()
        return self._prompts.count_tokens(command.messages)

    def _require_model(self) -> None:
        if self._model is None:
            raise EngineError("no model is loaded")

    # ---- the reply -------------------------------------------------------------------------

    def generate(self, command: Generate, emit: Emit) -> Done:
        """Write a reply; see `Backend`."""
        times = ReplyTimes(time.monotonic())
        self._require_model()
        prompt = self._prompts.make(command.messages)
        for kind, text in prompt.notices:
            emit(Notice(id=command.id, kind=kind, text=text))
        asked_seed = command.sampling.seed
        seed = secrets.randbits(32) if asked_seed is None else asked_seed
        cached = self._forget_after_common_prefix(prompt.tokens, exactly=asked_seed is not None)
        finish: FinishReason = "cancelled"
        with times.reading(len(prompt.tokens) - cached):
            was_read = self._read_prompt(command.id, prompt.tokens, cached, emit)
        writer = ReplyWriter(emit, command.id, self._chat, in_reasoning=prompt.in_reasoning)
        if was_read:
            finish = self._write_reply(command, seed, writer, times)
        writer.finish()
        if finish == "length" and len(self._held) >= self._context.n_ctx:
            emit(Notice(id=command.id, kind="length", text=_window_full_text(self._context.n_ctx)))
        return Done(
            id=command.id,
            finish_reason=finish,
            reasoning_ended_by=writer.reasoning_end(finish),
            prompt_tokens=len(prompt.tokens),
            cached_tokens=cached,
            reasoning_tokens=writer.reasoning_tokens,
            answer_tokens=writer.answer_tokens,
            prompt_tps=times.prompt_tps if was_read else None,
            generation_tps=times.generation_tps(writer.tokens),
            ttft_seconds=times.ttft_seconds,
            reasoning_seconds=writer.reasoning_seconds,
            context_tokens=len(self._held),
            n_ctx=self._context.n_ctx,
            seed=seed,
        )

    def _forget_after_common_prefix(self, tokens: Sequence[int], *, exactly: bool) -> int:
        """Keep what the KV cache shares with this prompt; answers how many tokens that is.

        The last prompt token is always processed anew: its logits choose the first word.

        Args:
            tokens: the new prompt.
            exactly: keep only values that a fresh worker would compute to the last bit, so that
                the same seed gives the same text whatever was said before.
        """
        pairs = zip(self._held, tokens[:-1], strict=False)
        shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
        if exactly:
            shared = min(shared, self._held_exactly) // self._n_ubatch * self._n_ubatch
        if not self._context.keep(shared):
            self._context.clear()
            shared = 0
        del self._held[shared:]
        self._held_exactly = min(self._held_exactly, shared) // self._n_ubatch * self._n_ubatch
        return shared

    def _read_prompt(self, command_id: int, tokens: Sequence[int], cached: int, emit: Emit) -> bool:
        """Process the prompt in micro-batches; False when it was cancelled."""
        total = len(tokens)
        emit(Prompt(id=command_id, processed=cached, total=total, cached=cached))
        for start in range(cached, total, self._n_ubatch):
            part = tokens[start : start + self._n_ubatch]
            if self._flag.is_raised or not self._decode(part):
                return False
            if start == self._held_exactly and len(part) == self._n_ubatch:
                self._held_exactly += self._n_ubatch
            emit(Prompt(id=command_id, processed=start + len(part), total=total, cached=cached))
        return True

    @property
    def _n_ubatch(self) -> int:
        return self._context.n_ubatch

    def _write_reply(
        self, command: Generate, seed: int, writer: ReplyWriter, times: ReplyTimes
    ) -> FinishReason:
        sampler = native.Sampler(command.sampling, seed)
        try:
            return self._write_tokens(command, sampler, writer, times)
        finally:
            sampler.close()

    def _write_tokens(
        self, command: Generate, sampler: native.Sampler, writer: ReplyWriter, times: ReplyTimes
    ) -> FinishReason:
        vocabulary, context, held = self._vocabulary, self._context, self._held
        limit = min(command.max_tokens or context.n_ctx, context.n_ctx)
        while not self._flag.is_raised:
            token = sampler.sample(context.handle)
            times.saw_token()
            if vocabulary.ends_reply(token):
                return "stop"
            piece = self._tag_pieces.get(token)
            writer.add(vocabulary.piece(token) if piece is None else piece)
            if writer.tokens >= limit or len(held) >= context.n_ctx:
                return "length"
            if not self._decode_one(token):
                break
        return "cancelled"

    def _decode(self, tokens: Sequence[int]) -> bool:
        """Process tokens; False when that was aborted."""
        code = self._context.decode(tokens)
        if code == 0:
            self._held.extend(tokens)
            return True
        return self._aborted(code)

    def _decode_one(self, token: int) -> bool:
        code = self._context.decode_one(token)
        if code == 0:
            self._held.append(token)
            return True
        return self._aborted(code)

    # ---- speed -----------------------------------------------------------------------------

    def bench(self, command: Bench, emit: Emit) -> BenchResult:
        """Measure the model in its own context window, which is empty afterwards."""
        self._require_model()
        self._held, self._held_exactly = [], 0
        try:
            return run_bench(self._measured_model(), command, emit)
        finally:
            self._context.set_threads(self._plan.n_threads, self._plan.n_threads_batch)
            self._context.clear()

    def _measured_model(self) -> LoadedModel:
        return LoadedModel(
            context=self._context,
            decode=self._decode_unheld,
            plan=self._plan,
            n_ctx_train=native.model_numbers(self._model)["n_ctx_train"],
            n_vocab=self._vocabulary.size,
            bos=self._vocabulary.bos if self._vocabulary.adds_bos else None,
            devices=self.devices(),
            is_cancelled=lambda: self._flag.is_raised,
        )

    def _decode_unheld(self, tokens: Sequence[int]) -> bool:
        """Process tokens that no prompt will share; False when that was aborted."""
        decode = self._context.decode
        code = self._context.decode_one(tokens[0]) if len(tokens) == 1 else decode(tokens)
        return code == 0 or self._aborted(code)

    def _aborted(self, code: int) -> bool:
        """False for an abort that was asked for; what a half-done batch left is forgotten."""
        if not self._context.keep(len(self._held)):
            self._context.clear()
            self._held.clear()
            self._held_exactly = 0
        if code == native.DECODE_ABORTED and self._flag.is_raised:
            self._log.take_errors()
            return False
        raise EngineError(
            f"the engine could not go on (llama_decode: {code}): {self._reason()}",
            "send the message again, or choose a smaller context window with --n-ctx",
        )


def _file_name(path: bytes) -> str:
    return clean_line(PurePath(os.fsdecode(path)).name)


def _window_full_text(n_ctx: int) -> str:
    return f"The reply ends here: the context window of {n_ctx:,} tokens is full."
