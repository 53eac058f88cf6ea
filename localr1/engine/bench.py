"""Measures prompt processing and generation as llama-bench does: decoding alone, no sampling.

A test processes random tokens in one sequence. As in llama.cpp's tools/llama-bench it runs once
unmeasured (generation: one token; on a GPU twice), then some times measured, and its speed is the
mean of the repetitions' speeds. What is in the KV cache before a test is computed once for all of
its depth.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from localr1.engine.bandwidth import read_bandwidth
from localr1.engine.bench_tests import BenchTest, fitting_tests, planned_tests
from localr1.engine.protocol import Bandwidth, Bench, BenchResult, BenchRow, BenchStep
from localr1.engine.reply import Emit
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device

_PREFILL_STEP_TOKENS = 512
"""What lies before a test is read in such pieces: progress is told that often."""

_ON_GPU = "Layers are on a GPU: there is no bound, because only the CPU's memory could be measured."
_NOT_MEASURED = "The memory's bandwidth was not measured: too little memory is free."


class BenchContext(Protocol):
    """What a benchmark needs of `native.Context`."""

    def set_threads(self, n_threads: int, n_threads_batch: int) -> None:
        """Change the numbers of threads."""

    def synchronize(self) -> None:
        """Wait for the device."""

    def held_bytes(self) -> int:
        """Bytes that the held tokens take in the KV cache."""

    def keep(self, n_tokens: int) -> bool:
        """Forget all but the first tokens; False when that cannot be done."""

    def clear(self) -> None:
        """Forget everything."""


class LoadedModel(NamedTuple):
    """The model that is measured."""

    context: BenchContext
    decode: Callable[[Sequence[int]], bool]
    """Processes tokens after those held; False when that was aborted."""
    plan: LoadPlan
    """With the window that was really made."""
    n_ctx_train: int
    n_vocab: int
    bos: int | None
    """What a text begins with; None where the model wants nothing."""
    devices: tuple[Device, ...]
    is_cancelled: Callable[[], bool]


def run_bench(model: LoadedModel, command: Bench, emit: Emit) -> BenchResult:
    """Run the tests that fit; ends early when it is cancelled.

    Raises:
        DoesNotFit: no test fits the context window.
    """
    asked, plan = command.tests, model.plan
    planned = planned_tests(asked, plan.n_threads, plan.n_threads_batch)
    tests, notes = fitting_tests(planned, plan.n_ctx, model.n_ctx_train)
    notes += _tell_bandwidths(model, tests, command.id, emit)
    runner = BenchRunner(model, command.id, emit)
    for test in tests:
        if not runner.run(test, asked.repetitions):
            break
    return BenchResult(
        id=command.id,
        devices=model.devices,
        notes=tuple(notes),
        cancelled=model.is_cancelled(),
    )


def _tell_bandwidths(
    model: LoadedModel, tests: Sequence[BenchTest], command_id: int, emit: Emit
) -> list[str]:
    """Measure main memory for each number of threads that generates; says why not."""
    if _uses_gpu(model):
        return [_ON_GPU]
    for n_threads in sorted({test.n_threads for test in tests if test.n_generated}):
        if model.is_cancelled():
            break
        emit(BenchStep(id=command_id, text="Measuring the memory's bandwidth"))
        bytes_per_second = read_bandwidth(n_threads)
        if bytes_per_second is None:
            return [_NOT_MEASURED]
        emit(Bandwidth(id=command_id, n_threads=n_threads, bytes_per_second=bytes_per_second))
    return []


def _uses_gpu(model: LoadedModel) -> bool:
    has_gpu = any(device.kind in ("gpu", "igpu") for device in model.devices)
    return model.plan.n_gpu_layers != 0 and (has_gpu or bool(model.plan.rpc))


class BenchRunner:
    """Runs tests, in order of their depth.

    Args:
        model: what is measured.
        command_id: the events' id.
        emit: receives the events.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        model: LoadedModel,
        command_id: int,
        emit: Emit,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._model = model
        self._context = model.context
        self._id = command_id
        self._emit = emit
        self._clock = clock
        self._random = random.Random(0)
        self._held = 0
        self._context.clear()

    def run(self, test: BenchTest, repetitions: int) -> bool:
        """Run a test and emit its row; False when it was aborted.

        An aborted one has a row of the repetitions before, where there were any.
        """
        self._context.set_threads(test.n_threads, test.n_threads)
        samples: list[float] = []
        kv_bytes = 0
        self._tell(test, "warming up")
        if self._warm_up(test):
            while len(samples) < repetitions:
                self._tell(test, f"run {len(samples) + 1} of {repetitions}")
                sample, kv_bytes = self._measure(test)
                if sample is None:
                    break
                samples.append(sample)
        if samples:
            self._emit(_row(test, samples, kv_bytes, self._id))
        return len(samples) == repetitions

    def _warm_up(self, test: BenchTest) -> bool:
        """Run unmeasured; False when it was aborted.

        CUDA records a graph of its work when it sees the same work again: without a second time
        the first measured prompt would take up to half as long again.
        """
        once = test._replace(n_generated=min(1, test.n_generated))
        times = 2 if _uses_gpu(self._model) else 1
        return all(self._go_to(test) and self._process(once) for _ in range(times))

    def _measure(self, test: BenchTest) -> tuple[float | None, int]:
        """Tokens a second, None when it was aborted; bytes of the KV cache half-way through."""
        if not self._go_to(test):
            return None, 0
        before_bytes = self._context.held_bytes()
        started = self._clock()
        if not self._process(test):
            return None, 0
        seconds = self._clock() - started
        return test.tokens / seconds, (before_bytes + self._context.held_bytes()) // 2

    def _go_to(self, test: BenchTest) -> bool:
        """Hold `depth` tokens, most often by forgetting the rest; False when it was aborted."""
        if self._held > test.depth:
            if self._context.keep(test.depth):
                self._held = test.depth
            else:
                self._context.clear()
                self._held = 0
        while self._held < test.depth:
            self._tell(test, f"reading, {self._held:,} of {test.depth:,} tokens")
            if not self._decode(min(_PREFILL_STEP_TOKENS, test.depth - self._held)):
                return False
        return True

    def _process(self, test: BenchTest) -> bool:
        """The work of a test; False when it was aborted."""
        n_batch = self._model.plan.n_batch if test.n_prompt else 1
        left = test.tokens
        while left > 0:
            n_tokens = min(n_batch, left)
            if not self._decode(n_tokens):
                return False
            if not test.n_prompt:
                self._context.synchronize()
            left -= n_tokens
        self._context.synchronize()
        return True

    def _decode(self, n_tokens: int) -> bool:
        """Process random tokens."""
        tokens = [self._random.randrange(self._model.n_vocab) for _ in range(n_tokens)]
        if self._held == 0 and self._model.bos is not None:
            tokens[0] = self._model.bos
        self._held += n_tokens
        return self._model.decode(tokens)

    def _tell(self, test: BenchTest, what: str) -> None:
        threads = "1 thread" if test.n_threads == 1 else f"{test.n_threads} threads"
        self._emit(BenchStep(id=self._id, text=f"{test.name}, {threads}: {what}"))


def _row(test: BenchTest, samples: list[float], kv_bytes: int, command_id: int) -> BenchRow:
    return BenchRow(
        id=command_id,
        test=test.name,
        prompt_tokens=test.n_prompt,
        generated_tokens=test.n_generated,
        depth=test.depth,
        n_threads=test.n_threads,
        samples_tps=tuple(samples),
        mean_tps=statistics.fmean(samples),
        stddev_tps=statistics.stdev(samples) if len(samples) > 1 else 0.0,
        kv_bytes=kv_bytes,
    )
