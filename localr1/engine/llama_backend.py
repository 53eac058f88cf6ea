"""Replies from a GGUF model through llama.cpp: load, read the prompt, write token by token."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any

import msgspec

from localr1.engine import native
from localr1.engine.bench import LoadedModel, run_bench
from localr1.engine.conversations import HeldConversations
from localr1.engine.device_failures import TAKE_LESS, no_room
from localr1.engine.draft_costs import CPU_COSTS, GPU_COSTS
from localr1.engine.draft_loading import DraftLoader
from localr1.engine.held import HeldContext
from localr1.engine.protocol import (
    Bench,
    BenchResult,
    CountTokens,
    Done,
    Generate,
    Load,
    Loading,
    LoadState,
    ModelFacts,
    Notice,
    Prefill,
    Prefilled,
    Ready,
    SaveState,
    StateLoaded,
    StateSaved,
)
from localr1.engine.reply import Emit
from localr1.engine.reply_maker import ReplyMaker
from localr1.engine.rpc import RpcServers
from localr1.engine.speculating import Speculating
from localr1.engine.state_key import state_key
from localr1.errors import DoesNotFit, EngineError, LoadFailed
from localr1.hardware.estimate import padded
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device
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
        self._replies: ReplyMaker | None = None

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
        """Forget an earlier `cancel` or `end_reasoning`."""
        self._flag.lower()
        if self._replies is not None:
            self._replies.is_hurried = False

    # ---- loading ---------------------------------------------------------------------------

    def load(self, command: Load, emit: Emit) -> Ready:
        """Load the model and make its context window."""
        started = time.monotonic()
        plan = msgspec.structs.replace(command.plan, n_ctx=padded(command.plan.n_ctx))
        if plan.devices or plan.n_gpu_layers:
            self.connect(plan.rpc, emit)
        model = self._load_model(command.path, plan, _teller(command.id, emit))
        layer_devices = self._log.take_layer_devices()
        plan, split = as_placed(plan, layer_devices, self.devices(measure=False))
        self._context = self._make_context(model, plan)
        self._model = model
        self._vocabulary = native.Vocabulary(model)
        self._plan = plan = msgspec.structs.replace(plan, n_ctx=self._context.n_ctx)
        speculating = self._make_speculating(command, emit)
        self._replies = self._make_replies(command, speculating)
        return Ready(
            id=command.id,
            model=self._facts(command),
            plan=plan,
            split=split,
            load_seconds=time.monotonic() - started,
            draft=command.draft.name if command.draft and speculating.has_draft else "",
        )

    def _make_speculating(self, command: Load, emit: Emit) -> Speculating:
        """What guesses ahead, a draft model included; says where that cannot be."""
        on_gpu = self._plan.n_gpu_layers > native.model_numbers(self._model)["n_layer"]
        costs = GPU_COSTS if on_gpu else CPU_COSTS
        loader = DraftLoader(self._flag, self._log, self._load_model, self._make_context)
        drafting = loader.load(command, self._model, self._context, costs, on_gpu=on_gpu)
        if drafting.notice:
            emit(Notice(id=command.id, kind="draft", text=drafting.notice))
        return Speculating(
            costs,
            can_cut=self._context.can_cut,
            draft=drafting.draft,
            draft_cost=drafting.cost,
        )

    def _load_model(self, path: bytes, plan: LoadPlan, tell: Callable[[float], None]) -> Any:
        def on_progress(progress: float) -> bool:
            tell(progress)
            return not self._flag.is_raised

        self._log.take_errors()
        self._log.take_layer_devices()
        model = native.load_model(path, plan, on_progress)
        if not model:
            if self._flag.is_raised:
                raise LoadFailed("loading was cancelled")
            self._check_room(f"{_file_name(path)} cannot be loaded")
            raise LoadFailed(
                f"the engine cannot load {_file_name(path)}: {self._reason()}",
                "the file may be damaged or of a kind that this engine does not know",
            )
        if not native.writes_text(model):
            raise LoadFailed(f"{_file_name(path)} is an encoder: it does not write text")
        return model

    def _make_context(
        self, model: Any, plan: LoadPlan, *, is_single: bool = False
    ) -> native.Context:
        try:
            return native.Context(model, plan, self._flag, is_single=is_single)
        except MemoryError:
            self._check_room(f"a context window of {plan.n_ctx:,} tokens cannot be made")
            raise DoesNotFit(
                f"a context window of {plan.n_ctx:,} tokens cannot be made: {self._reason()}",
                "choose a smaller one, for example --n-ctx 4096, or --type-k q8_0 --type-v q8_0",
            ) from None

    def _check_room(self, what: str) -> None:
        """Say so where a GPU's memory is the reason for a failure."""
        if room := no_room(self._log.errors):
            raise DoesNotFit(f"{what}: {room}", TAKE_LESS) from None

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

    def _make_replies(self, command: Load, speculating: Speculating) -> ReplyMaker:
        held = HeldContext(self._context, self._flag, self._log)
        key = state_key(Path(os.fsdecode(command.path)), self._model, self._plan)
        self._conversations = HeldConversations(held, key, command.parked_bytes)
        return ReplyMaker(
            self._model, self._vocabulary, command.chat, self._conversations, speculating
        )

    # ---- replies ---------------------------------------------------------------------------

    def generate(self, command: Generate, emit: Emit) -> Done:
        """Write a reply; see `Backend`."""
        return self._required().write(command, emit)

    def end_reasoning(self) -> None:
        """Close the reasoning of the running reply soon; safe from any thread."""
        if self._replies is not None:
            self._replies.is_hurried = True

    def prefill(self, command: Prefill, emit: Emit) -> Prefilled:  # noqa: ARG002 - it is quiet
        """Read ahead what the next prompt will share."""
        return self._required().prefill(command)

    def save_state(self, command: SaveState) -> StateSaved:
        """Keep the KV cache in a file."""
        self._required()
        return StateSaved(id=command.id, tokens=self._conversations.save(command))

    def load_state(self, command: LoadState) -> StateLoaded:
        """Fill the KV cache from a file."""
        self._required()
        return StateLoaded(id=command.id, tokens=self._conversations.load(command))

    def count_tokens(self, command: CountTokens) -> int:
        """Tokens of the prompt for these messages."""
        return self._required().prompts.count_tokens(command.messages)

    def _required(self) -> ReplyMaker:
        if self._replies is None:
            raise EngineError("no model is loaded")
        return self._replies

    # ---- speed -----------------------------------------------------------------------------

    def bench(self, command: Bench, emit: Emit) -> BenchResult:
        """Measure the model in its own context window, which is empty afterwards."""
        self._required()
        self._conversations.held.forget()
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
        return code == 0 or self._conversations.held.aborted(code)


def _teller(command_id: int, emit: Emit) -> Callable[[float], None]:
    """Tells of progress, 0 to 1, and not too often."""
    last = -1.0

    def tell(progress: float) -> None:
        nonlocal last
        if progress - last >= _LOADING_STEP or progress >= 1:
            last = progress
            emit(Loading(id=command_id, progress=progress))

    return tell


def _file_name(path: bytes) -> str:
    return clean_line(PurePath(os.fsdecode(path)).name)
