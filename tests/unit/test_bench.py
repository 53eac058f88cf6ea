"""A benchmark's tests, the KV cache between them, and memory's bound: arithmetic, no engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from localr1.engine.bandwidth import read_bandwidth
from localr1.engine.bench import BenchRunner, LoadedModel, run_bench
from localr1.engine.bench_tests import BenchTest, fitting_tests, planned_tests
from localr1.engine.protocol import Bandwidth, Bench, BenchRow, BenchStep, BenchTests, Event
from localr1.errors import DoesNotFit
from localr1.gguf_header import GgufHeader, TensorEntry, read_header
from localr1.hardware.bound import bound_tps, weight_bytes_per_token
from localr1.hardware.caches import UNKNOWN_CACHE_BYTES, last_level_cache_bytes
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device
from tests.recorded_trees import write_tree
from tests.tiny_models import write_tiny_model

PLAN = LoadPlan(n_ctx=8192, n_gpu_layers=0, n_threads=2, n_threads_batch=3, n_batch=100)
N_VOCAB, BOS = 50, 49
KV_TOKEN_BYTES = 10


class FakeEngine:
    """A context that remembers what it was asked; a decode takes a tick of the clock a token."""

    def __init__(self, *, can_keep: bool = True, abort_at: int = 1 << 30) -> None:
        self.held: list[int] = []
        self.done: list[tuple[int, int]] = []
        """Tokens held before, and tokens decoded."""
        self.threads: list[tuple[int, int]] = []
        self.seconds = 0.0
        self._can_keep = can_keep
        self._abort_at = abort_at

    def decode(self, tokens: Sequence[int]) -> bool:
        if len(self.done) >= self._abort_at:
            return False
        self.done.append((len(self.held), len(tokens)))
        self.held += tokens
        self.seconds += len(tokens)
        return True

    def set_threads(self, n_threads: int, n_threads_batch: int) -> None:
        self.threads.append((n_threads, n_threads_batch))

    def synchronize(self) -> None:
        pass

    def held_bytes(self) -> int:
        return KV_TOKEN_BYTES * len(self.held)

    def keep(self, n_tokens: int) -> bool:
        if self._can_keep:
            del self.held[n_tokens:]
        return self._can_keep

    def clear(self) -> None:
        self.held.clear()


def loaded(engine: FakeEngine, plan: LoadPlan, *kinds: str) -> LoadedModel:
    devices = tuple(Device(kind, kind, kind, 0, 0) for kind in kinds)
    return LoadedModel(engine, engine.decode, plan, 0, N_VOCAB, BOS, devices, lambda: False)


def run(engine: FakeEngine, *tests: BenchTest, repetitions: int = 2) -> list[Event]:
    """Run tests one after the other; all events."""
    events: list[Event] = []
    runner = BenchRunner(loaded(engine, PLAN), 7, events.append, clock=lambda: engine.seconds)
    for test in tests:
        if not runner.run(test, repetitions):
            break
    return events


def test_a_gpu_is_warmed_up_twice() -> None:
    engine = FakeEngine()
    plan = msgspec.structs.replace(PLAN, n_gpu_layers=-1)
    model = loaded(engine, plan, "gpu", "cpu")
    events: list[Event] = []
    assert BenchRunner(model, 7, events.append).run(BenchTest(8, 0, 0, 4), 2)
    assert engine.done == [(0, 8)] * 4


def rows(events: list[Event]) -> list[BenchRow]:
    return [event for event in events if isinstance(event, BenchRow)]


def test_names_are_those_of_llama_bench() -> None:
    assert BenchTest(512, 0, 0, 4).name == "pp512"
    assert BenchTest(0, 128, 4096, 4).name == "tg128 @ d4096"


def test_tests_go_from_shallow_to_deep_with_each_number_of_threads() -> None:
    asked = BenchTests(prompt_tokens=8, generated_tokens=2, depths=(64, 0), n_threads=(1, 2))
    assert planned_tests(asked, 5, 6) == [
        BenchTest(n_prompt, n_generated, depth, n_threads)
        for depth in (0, 64)
        for n_prompt, n_generated in ((8, 0), (0, 2))
        for n_threads in (1, 2)
    ]


def test_without_numbers_of_threads_those_of_the_plan_are_measured() -> None:
    planned = planned_tests(BenchTests(depths=(0,)), n_threads=5, n_threads_batch=6)
    assert [(test.name, test.n_threads) for test in planned] == [("pp512", 6), ("tg128", 5)]
    planned = planned_tests(BenchTests(depths=(0,), prompt_tokens=0), 5, 6)
    assert [test.name for test in planned] == ["tg128"]


def test_what_does_not_fit_is_left_out_with_a_sentence() -> None:
    planned = planned_tests(BenchTests(depths=(0, 900, 2000), n_threads=(1, 2)), 1, 1)
    fitting, sentences = fitting_tests(planned, n_ctx=1024, n_ctx_train=1500)
    assert sorted({test.name for test in fitting}) == ["pp512", "tg128"]
    assert len(fitting) == 4
    assert sentences == [
        "pp512 @ d900 is left out: it needs 1,412 tokens, and the context window (--n-ctx) "
        "holds 1,024.",
        "tg128 @ d900 is left out: it needs 1,028 tokens, and the context window (--n-ctx) "
        "holds 1,024.",
        "pp512 @ d2000 is left out: it needs 2,512 tokens, and the model was trained for 1,500.",
        "tg128 @ d2000 is left out: it needs 2,128 tokens, and the model was trained for 1,500.",
    ]


def test_a_test_that_just_fits_is_run() -> None:
    tests = [BenchTest(512, 0, 512, 1)]
    assert fitting_tests(tests, 1024, 1024) == (tests, [])
    with pytest.raises(DoesNotFit, match="1,024 tokens, and the model was trained for 1,023"):
        fitting_tests(tests, 1024, 1023)


def test_each_repetition_starts_at_the_same_depth() -> None:
    engine = FakeEngine()
    events = run(engine, BenchTest(8, 0, 0, 1), BenchTest(8, 0, 64, 1), BenchTest(0, 2, 64, 1))
    warm_up_and_two = [(0, 8)] * 3
    # what lies before is read once: 8 tokens are still there, the others are added
    prefill, deep = [(8, 56)], [(64, 8)] * 3
    generation = [(64, 1), (64, 1), (65, 1), (64, 1), (65, 1)]
    assert engine.done == warm_up_and_two + prefill + deep + generation
    assert [row.test for row in rows(events)] == ["pp8", "pp8 @ d64", "tg2 @ d64"]


def test_a_model_that_cannot_forget_reads_anew() -> None:
    engine = FakeEngine(can_keep=False)
    run(engine, BenchTest(0, 2, 64, 1), repetitions=1)
    assert engine.done == [(0, 64), (64, 1), (0, 64), (64, 1), (65, 1)]


def test_long_prompts_go_in_batches_of_the_plan() -> None:
    engine = FakeEngine()
    run(engine, BenchTest(250, 0, 0, 1), repetitions=1)
    assert engine.done == [(0, 100), (100, 100), (200, 50)] * 2


def test_tokens_are_valid_and_a_text_begins_as_the_model_wants() -> None:
    engine = FakeEngine()
    run(engine, BenchTest(0, 2, 90, 1))
    assert engine.held[0] == BOS
    assert all(0 <= token < N_VOCAB for token in engine.held)
    assert len(set(engine.held)) > 10


def test_threads_are_set_for_each_test() -> None:
    engine = FakeEngine()
    run(engine, BenchTest(8, 0, 0, 1), BenchTest(8, 0, 0, 4))
    assert engine.threads == [(1, 1), (4, 4)]


def test_a_row_has_mean_and_deviation_as_llama_bench_takes_them() -> None:
    engine = FakeEngine()
    warm_up, repetitions = [1], [0.1, 0.2, 0.4]
    seconds = iter([*warm_up, *repetitions])

    def decode(tokens: Sequence[int]) -> bool:
        engine.seconds += len(tokens) * (next(seconds) - 1)
        return FakeEngine.decode(engine, tokens)

    engine.decode = decode  # type: ignore[method-assign]  # each one takes its own time
    (row,) = rows(run(engine, BenchTest(4, 0, 0, 1), repetitions=3))
    assert row.samples_tps == pytest.approx((10.0, 5.0, 2.5))
    assert row.mean_tps == pytest.approx(17.5 / 3)
    assert row.stddev_tps == pytest.approx(3.8188, abs=1e-4)
    assert (row.id, row.prompt_tokens, row.generated_tokens, row.depth) == (7, 4, 0, 0)


def test_the_kv_cache_counts_half_way_through_a_repetition() -> None:
    (row,) = rows(run(FakeEngine(), BenchTest(0, 4, 100, 1)))
    assert row.kv_bytes == KV_TOKEN_BYTES * 102


@pytest.mark.parametrize(("abort_at", "samples"), [(0, 0), (1, 0), (3, 0), (4, 1), (5, 1)])
def test_an_abort_keeps_the_repetitions_before(abort_at: int, samples: int) -> None:
    engine = FakeEngine(abort_at=abort_at)
    events = run(engine, BenchTest(0, 2, 8, 1), BenchTest(8, 0, 8, 1))
    assert [len(row.samples_tps) for row in rows(events)] == ([samples] if samples else [])


def test_steps_say_what_is_done() -> None:
    texts = [e.text for e in run(FakeEngine(), BenchTest(8, 0, 64, 2)) if isinstance(e, BenchStep)]
    assert texts == [
        "pp8 @ d64, 2 threads: warming up",
        "pp8 @ d64, 2 threads: reading, 0 of 64 tokens",
        "pp8 @ d64, 2 threads: run 1 of 2",
        "pp8 @ d64, 2 threads: run 2 of 2",
    ]


@pytest.mark.parametrize(
    ("kinds", "n_gpu_layers", "rpc", "is_bound"),
    [
        (("cpu",), -1, (), True),
        (("cpu", "accel"), -1, (), True),
        (("cpu", "gpu"), 0, (), True),
        (("cpu", "gpu"), -1, (), False),
        (("cpu", "igpu"), 5, (), False),
        (("cpu",), -1, ("a:1",), False),
    ],
)
def test_memory_bounds_only_what_runs_on_the_cpu(
    kinds: tuple[str, ...], n_gpu_layers: int, rpc: tuple[str, ...], is_bound: bool
) -> None:
    plan = msgspec.structs.replace(PLAN, n_gpu_layers=n_gpu_layers, rpc=rpc)
    events: list[Event] = []
    command = Bench(7, BenchTests(prompt_tokens=0, generated_tokens=1, depths=(0,)))
    result = run_bench(loaded(FakeEngine(), plan, *kinds), command, events.append)
    assert any(isinstance(event, Bandwidth) for event in events) == is_bound
    assert any("GPU" in note for note in result.notes) != is_bound


# ---- memory ------------------------------------------------------------------------------------


def tensors_of(header: GgufHeader) -> dict[str, int]:
    return {tensor.name: tensor.size_bytes for tensor in header.tensors}


def test_an_embedding_is_read_by_the_row_unless_it_is_the_output(tmp_path: Path) -> None:
    header = read_header(write_tiny_model(tmp_path / "apart.gguf"))
    sizes = tensors_of(header)
    assert "output.weight" in sizes
    expected = sum(sizes.values()) - sizes["token_embd.weight"]
    assert weight_bytes_per_token(header) == expected
    tied = read_header(write_tiny_model(tmp_path / "tied.gguf", tied_output=True))
    assert weight_bytes_per_token(tied) == sum(tensors_of(tied).values())


def test_of_a_mixture_of_experts_the_used_ones_count(tmp_path: Path) -> None:
    header = read_header(write_tiny_model(tmp_path / "model.gguf"))
    experts = TensorEntry("blk.0.ffn_up_exps.weight", "F32", (4, 4, 8), 0, 8000)
    metadata: dict[str, Any] = {"qwen2.expert_count": 8, "qwen2.expert_used_count": 2}
    mixed = dataclasses.replace(
        header, tensors=(*header.tensors, experts), metadata={**header.metadata, **metadata}
    )
    assert weight_bytes_per_token(mixed) == weight_bytes_per_token(header) + 2000
    unsaid = dataclasses.replace(mixed, metadata=header.metadata)
    assert weight_bytes_per_token(unsaid) == weight_bytes_per_token(header) + 8000


def test_the_bound_is_bandwidth_by_bytes() -> None:
    assert bound_tps(20e9, 900_000_000, 100_000_000) == pytest.approx(20.0)
    assert bound_tps(20e9, 0, 0) == 20e9


def test_last_level_caches_are_counted_once_each(tmp_path: Path) -> None:
    """Two clusters of two CPUs, each with its own cache of the third level."""
    files: dict[str, str] = {}
    for cpu, sharers in enumerate(("0-1", "0-1", "2-3", "2-3")):
        folder = f"sys/devices/system/cpu/cpu{cpu}/cache"
        files |= {
            f"{folder}/index2/level": "2",
            f"{folder}/index2/size": "512K",
            f"{folder}/index2/shared_cpu_list": str(cpu),
            f"{folder}/index3/level": "3",
            f"{folder}/index3/size": "32768K",
            f"{folder}/index3/shared_cpu_list": sharers,
        }
    assert last_level_cache_bytes(write_tree(tmp_path, files)) == 2 * 32 << 20


@pytest.mark.parametrize("size", ["", "many", "-3K", "9" * 30])
def test_caches_that_are_not_told(size: str, tmp_path: Path) -> None:
    folder = "sys/devices/system/cpu/cpu0/cache/index0"
    root = write_tree(tmp_path, {f"{folder}/level": "1", f"{folder}/size": size})
    assert last_level_cache_bytes(root) == UNKNOWN_CACHE_BYTES


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_bandwidth_is_measured(n_threads: int) -> None:
    bytes_per_second = read_bandwidth(n_threads, size_bytes=8 << 20)
    assert bytes_per_second is not None
    assert bytes_per_second > 0


def test_without_memory_there_is_no_bandwidth() -> None:
    assert read_bandwidth(2, size_bytes=0) is None
    assert read_bandwidth(1, size_bytes=1 << 60) is None
