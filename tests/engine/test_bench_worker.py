"""Benchmarks by the real worker with real models: complete rows, cancel, what comes after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from localr1.engine.client import EngineClient
from localr1.engine.protocol import (
    Answer,
    Bandwidth,
    Bench,
    BenchResult,
    BenchRow,
    BenchStep,
    BenchTests,
    Done,
    Event,
    Failed,
    Ready,
)
from localr1.errors import ExitCode
from localr1.gguf_header import read_header
from localr1.hardware.estimate import LoadSettings, kv_cache_bytes
from localr1.hardware.model_sizes import sizes_of
from tests.cli.command_line import write_transcript
from tests.engine.talk import ask, generate, last, load_command, started, stop_at, text_of

SMALL = BenchTests(
    prompt_tokens=16, generated_tokens=4, depths=(0, 256), n_threads=(1,), repetitions=2
)
_CELL_BYTES = 64
"""Most that the engine keeps of a token besides keys and values: its position and sequence."""


@pytest.fixture
async def worker(demo: Path, tmp_path: Path) -> AsyncIterator[EngineClient]:
    client = await started(demo, tmp_path / "logs", n_threads=1, n_threads_batch=1)
    yield client
    await client.close()


def bench(client: EngineClient, tests: BenchTests = SMALL, **changed: Any) -> Bench:
    fields = {name: getattr(tests, name) for name in tests.__struct_fields__}
    return Bench(client.new_id(), BenchTests(**{**fields, **changed}))


def rows(events: list[Event]) -> dict[str, BenchRow]:
    return {event.test: event for event in events if isinstance(event, BenchRow)}


async def test_rows_are_complete(worker: EngineClient) -> None:
    events = await ask(worker, bench(worker))
    result = last(events, BenchResult)
    assert (result.cancelled, result.notes) == (False, ())
    assert "cpu" in {device.kind for device in result.devices}
    measured = rows(events)
    assert list(measured) == ["pp16", "tg4", "pp16 @ d256", "tg4 @ d256"]
    for row in measured.values():
        assert len(row.samples_tps) == 2
        assert min(row.samples_tps) <= row.mean_tps <= max(row.samples_tps)
        assert row.mean_tps > 0
        assert row.n_threads == 1
    assert sum(isinstance(event, BenchStep) for event in events) >= 12
    (bandwidth,) = [event for event in events if isinstance(event, Bandwidth)]
    assert bandwidth.n_threads == 1
    assert bandwidth.bytes_per_second > 0


@pytest.mark.parametrize("model", ["demo", "smollm2"])
async def test_a_test_begins_with_its_depth_in_the_kv_cache(
    model: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = request.getfixturevalue(model)
    client = await started(path, tmp_path / "logs", n_threads=1, n_threads_batch=1)
    measured = rows(await ask(client, bench(client, prompt_tokens=4, depths=(0, 64))))
    await client.close()
    window = LoadSettings(256, 256, "f16", "f16", flash_attention=False)
    token_bytes = kv_cache_bytes(sizes_of(read_header(path)), window) // 256
    for name in ("pp4", "tg4"):
        grown = measured[f"{name} @ d64"].kv_bytes - measured[name].kv_bytes
        assert 64 * token_bytes <= grown <= 64 * (token_bytes + _CELL_BYTES)


async def test_a_reply_after_it_is_what_it_was_before(worker: EngineClient) -> None:
    question = {"max_tokens": 12, "seed": 4}
    before = await ask(worker, generate(worker, "What is 2 + 3?", **question))
    await ask(worker, bench(worker, n_threads=(1, 2), repetitions=1))
    after = await ask(worker, generate(worker, "What is 2 + 3?", **question))
    assert text_of(after, Answer) == text_of(before, Answer)
    assert last(after, Done).cached_tokens == 0


async def test_cancel_keeps_what_was_measured(worker: EngineClient) -> None:
    endless = bench(worker, depths=(0,), generated_tokens=1000, repetitions=1000)
    events, seconds = await stop_at(worker, endless, BenchRow)
    result = last(events, BenchResult)
    assert result.cancelled
    assert seconds < 3
    measured = rows(events)
    assert len(measured["pp16"].samples_tps) == 1000
    assert len(measured.get("tg1000", measured["pp16"]).samples_tps) > 0
    done = last(await ask(worker, generate(worker, "Hi", max_tokens=3)), Done)
    assert done.context_tokens > 0


async def test_cancel_at_the_first_step(worker: EngineClient) -> None:
    events, _ = await stop_at(worker, bench(worker, prompt_tokens=900, repetitions=1000), BenchStep)
    assert last(events, BenchResult).cancelled
    assert not rows(events)


async def test_what_does_not_fit_the_window_is_left_out(worker: EngineClient) -> None:
    events = await ask(worker, bench(worker, depths=(0, 1010), repetitions=1))
    assert list(rows(events)) == ["pp16", "tg4", "tg4 @ d1010"]
    (note,) = last(events, BenchResult).notes
    assert note.startswith("pp16 @ d1010 is left out: it needs 1,026 tokens")
    failed = last(await ask(worker, bench(worker, depths=(1024,))), Failed)
    assert failed.exit_code == ExitCode.DOES_NOT_FIT
    assert "--depths" in failed.hint


async def test_without_a_model_there_is_nothing_to_measure(tmp_path: Path) -> None:
    client = EngineClient(tmp_path / "logs")
    await client.start()
    failed = last(await ask(client, bench(client)), Failed)
    assert "no model" in failed.message
    await client.close()


async def test_a_transcript_cannot_be_measured(tmp_path: Path) -> None:
    client = EngineClient(tmp_path / "logs", "scripted")
    await client.start()
    last(await ask(client, load_command(client, write_transcript(tmp_path, "x"))), Ready)
    failed = last(await ask(client, bench(client)), Failed)
    assert failed.exit_code == ExitCode.USAGE
    assert "scripted" in failed.message
    await client.close()
