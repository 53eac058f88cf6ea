"""The real worker with real models: load, stream, reuse, cancel in every phase, crash, restart."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from localr1.chat.messages import Message, TextPart, user_message
from localr1.engine.client import EngineClient
from localr1.engine.protocol import (
    Answer,
    Command,
    CountTokens,
    DeviceList,
    Devices,
    Done,
    Failed,
    Loading,
    Notice,
    Prompt,
    Ready,
    Reasoning,
    TokenCount,
)
from localr1.errors import EngineStopped, ExitCode
from tests.engine.talk import (
    SMALL_PLAN,
    ask,
    generate,
    last,
    load_command,
    process_exists,
    started,
    stop_at,
    text_of,
)
from tests.gpu_engine import skip_with_gpu_engine
from tests.tiny_models import write_tiny_model

LONG_TEXT = "The sea is wide and the ships are small. " * 60


@pytest.fixture
async def chat_model(smollm2: Path, tmp_path: Path) -> AsyncIterator[EngineClient]:
    client = await started(smollm2, tmp_path / "logs")
    yield client
    await client.close()


@pytest.fixture
async def r1_model(tiny_r1: Path, tmp_path: Path) -> AsyncIterator[EngineClient]:
    client = await started(tiny_r1, tmp_path / "logs")
    yield client
    await client.close()


async def test_devices_come_from_the_registry(chat_model: EngineClient) -> None:
    devices = last(await ask(chat_model, Devices(chat_model.new_id())), DeviceList).devices
    assert "cpu" in {device.kind for device in devices}
    assert all(device.total_bytes > 0 for device in devices if device.kind == "cpu")


async def test_facts_and_padded_window(smollm2: Path, tmp_path: Path) -> None:
    client = EngineClient(tmp_path / "logs")
    await client.start()
    plan = msgspec.structs.replace(SMALL_PLAN, n_ctx=1000)
    events = await ask(client, load_command(client, smollm2, plan))
    await client.close()
    ready = last(events, Ready)
    assert ready.plan.n_ctx == 1024
    assert (ready.model.architecture, ready.model.quant_type) == ("llama", "Q4_1")
    assert (ready.model.n_layer, ready.model.n_vocab) == (30, 49152)
    progress = [event.progress for event in events if isinstance(event, Loading)]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0


async def test_a_sentence_streams_with_statistics(chat_model: EngineClient) -> None:
    question = generate(chat_model, "Write one sentence about the sea.", max_tokens=60)
    events = await ask(chat_model, question)
    answer = text_of(events, Answer)
    assert re.search("sea|ocean|wave|water", answer)
    assert sum(isinstance(event, Answer) for event in events) > 2
    done = last(events, Done)
    assert done.answer_tokens > 5
    assert done.reasoning_tokens == 0
    assert done.reasoning_ended_by is None
    assert done.generation_tps > 0
    assert done.prompt_tps > 0
    assert done.ttft_seconds > 0
    assert done.context_tokens >= done.prompt_tokens + done.answer_tokens - 1


async def test_the_same_seed_gives_the_same_text(chat_model: EngineClient) -> None:
    async def text(seed: int) -> str:
        question = generate(chat_model, "Tell me a story.", max_tokens=40, seed=seed)
        return text_of(await ask(chat_model, question), Answer)

    first, other, again = await text(5), await text(6), await text(5)
    assert first == again
    assert first != other


async def test_a_seed_gives_the_same_text_whatever_was_said_before(
    chat_model: EngineClient, smollm2: Path, tmp_path: Path
) -> None:
    """Rounding differs with the batch size, so a seeded reply keeps only what is exact."""
    said = text_of(await ask(chat_model, generate(chat_model, LONG_TEXT, max_tokens=30)), Answer)
    reply = Message("assistant", (TextPart(said),), "stop")
    turns = (user_message(LONG_TEXT), reply, user_message("And then?"))
    second = await ask(chat_model, generate(chat_model, *turns, max_tokens=30))
    assert last(second, Done).cached_tokens >= 256
    fresh = await started(smollm2, tmp_path / "logs")
    alone = await ask(fresh, generate(fresh, *turns, max_tokens=30))
    await fresh.close()
    assert text_of(second, Answer) == text_of(alone, Answer)


async def test_the_limit_ends_a_reply(chat_model: EngineClient) -> None:
    done = last(await ask(chat_model, generate(chat_model, "Count.", max_tokens=7)), Done)
    assert (done.finish_reason, done.answer_tokens) == ("length", 7)


async def test_the_next_turn_reads_only_what_is_new(chat_model: EngineClient) -> None:
    events = await ask(chat_model, generate(chat_model, LONG_TEXT, max_tokens=8, seed=None))
    first = last(events, Done)
    reply = Message("assistant", (TextPart(text_of(events, Answer)),), "stop")
    turns = (user_message(LONG_TEXT), reply, user_message("Go on."))
    again = generate(chat_model, *turns, max_tokens=8, seed=None)
    second = last(await ask(chat_model, again), Done)
    assert first.cached_tokens == 0
    assert second.cached_tokens >= first.prompt_tokens
    assert second.prompt_tokens > second.cached_tokens


async def test_the_same_prompt_again_reads_one_token(chat_model: EngineClient) -> None:
    question = generate(chat_model, LONG_TEXT, max_tokens=4, seed=None)
    await ask(chat_model, question)
    again = msgspec.structs.replace(question, id=chat_model.new_id())
    done = last(await ask(chat_model, again), Done)
    assert done.cached_tokens == done.prompt_tokens - 1


async def test_prompt_progress_grows_to_the_total(chat_model: EngineClient) -> None:
    events = await ask(chat_model, generate(chat_model, LONG_TEXT, max_tokens=1))
    steps = [event for event in events if isinstance(event, Prompt)]
    assert [step.processed for step in steps] == sorted({step.processed for step in steps})
    assert steps[-1].processed == steps[-1].total
    assert len(steps) >= 3


async def test_r1_reasons_first_and_reasoning_is_counted(r1_model: EngineClient) -> None:
    """The prompt opens the block, so a random model thinks until it is cut."""
    events = await ask(r1_model, generate(r1_model, "2 + 2?", max_tokens=30, top_k=0))
    done = last(events, Done)
    assert done.reasoning_tokens + done.answer_tokens <= 30
    assert done.reasoning_tokens > 0
    assert done.reasoning_ended_by is not None
    assert text_of(events, Reasoning)


async def test_the_window_is_never_overrun(r1_model: EngineClient) -> None:
    events = await ask(r1_model, generate(r1_model, "x", temperature=0.0))
    done = last(events, Done)
    assert done.context_tokens <= SMALL_PLAN.n_ctx
    if done.finish_reason == "length":
        assert [e.kind for e in events if isinstance(e, Notice)] == ["length"]


async def test_a_message_longer_than_the_window_is_refused(chat_model: EngineClient) -> None:
    failed = last(await ask(chat_model, generate(chat_model, LONG_TEXT * 3)), Failed)
    assert failed.exit_code == ExitCode.DOES_NOT_FIT
    assert "1,024" in failed.message
    assert "--n-ctx" in failed.hint
    done = last(await ask(chat_model, generate(chat_model, "Hi", max_tokens=3)), Done)
    assert done.answer_tokens > 0


async def test_old_turns_are_left_out_with_a_notice(chat_model: EngineClient) -> None:
    turns: list[Message] = []
    for number in range(12):
        turns += [
            user_message(f"Question {number}: " + "the sea " * 60),
            Message("assistant", (TextPart("An answer. " * 10),), "stop"),
        ]
    events = await ask(chat_model, generate(chat_model, *turns, "Last one", max_tokens=3))
    notices = [event for event in events if isinstance(event, Notice)]
    assert [notice.kind for notice in notices] == ["context"]
    assert "were left out" in notices[0].text
    done = last(events, Done)
    assert done.prompt_tokens <= SMALL_PLAN.n_ctx * 3 // 4


@pytest.mark.parametrize("distance", range(-2, 3))
async def test_prompts_around_the_limit(chat_model: EngineClient, distance: int) -> None:
    """Just fitting ones are answered, longer ones refused; the window is never overrun."""
    limit = SMALL_PLAN.n_ctx - SMALL_PLAN.n_ctx // 4
    base = last(await ask(chat_model, _counting(chat_model, "")), TokenCount).tokens
    text = "a" + " a" * (limit - base - 1 + distance)
    total = last(await ask(chat_model, _counting(chat_model, text)), TokenCount).tokens
    assert total == limit + distance
    events = await ask(chat_model, generate(chat_model, text, max_tokens=2))
    assert isinstance(events[-1], Done if distance <= 0 else Failed)


def _counting(client: EngineClient, text: str) -> CountTokens:
    return CountTokens(client.new_id(), (user_message(text),))


async def test_cancel_while_it_writes(chat_model: EngineClient) -> None:
    events, seconds = await stop_at(chat_model, generate(chat_model, "Tell a story."), Answer)
    assert last(events, Done).finish_reason == "cancelled"
    assert seconds < 3
    done = last(await ask(chat_model, generate(chat_model, "Hi", max_tokens=3)), Done)
    assert done.answer_tokens > 0


async def test_cancel_while_it_reads(smollm2: Path, tmp_path: Path) -> None:
    client = await started(smollm2, tmp_path / "logs", n_ctx=8192)
    events, seconds = await stop_at(client, generate(client, LONG_TEXT * 8), Prompt)
    done = last(events, Done)
    assert (done.finish_reason, done.answer_tokens) == ("cancelled", 0)
    assert done.ttft_seconds is None
    assert seconds < 3
    read = last(await ask(client, generate(client, LONG_TEXT * 2, max_tokens=3)), Done)
    assert read.answer_tokens > 0
    await client.close()


async def test_cancelled_replies_leave_a_clean_cache(chat_model: EngineClient) -> None:
    """After a cancel the same question with the same seed gives what a fresh worker gives."""
    question = {"max_tokens": 20, "seed": 9}
    fresh = text_of(
        await ask(chat_model, generate(chat_model, "Tell me a tale.", **question)), Answer
    )
    await stop_at(chat_model, generate(chat_model, "Tell me a tale. And more"), Answer)
    again = text_of(
        await ask(chat_model, generate(chat_model, "Tell me a tale.", **question)), Answer
    )
    assert again == fresh


@pytest.mark.parametrize("phase", [Loading, Prompt, Answer])
async def test_a_worker_killed_in_any_phase_is_replaced(
    phase: type, smollm2: Path, tmp_path: Path
) -> None:
    client = EngineClient(tmp_path / "logs")
    await client.start()
    commands: list[Command] = [load_command(client, smollm2), generate(client, LONG_TEXT)]
    pid = client.pid
    assert pid is not None
    with pytest.raises(EngineStopped, match="lack of memory"):
        for command in commands:
            async for event in client.ask(command):
                if isinstance(event, phase):
                    os.kill(pid, signal.SIGKILL)
    assert not process_exists(pid)
    await client.start()
    assert isinstance((await ask(client, load_command(client, smollm2)))[-1], Ready)
    await client.close()


async def test_a_segmentation_fault_is_told_as_such(chat_model: EngineClient) -> None:
    assert chat_model.pid
    os.kill(chat_model.pid, signal.SIGSEGV)
    with pytest.raises(EngineStopped, match="SIGSEGV"):
        await ask(chat_model, generate(chat_model, "x"))


async def test_an_assertion_of_the_engine_is_quoted(tmp_path: Path) -> None:
    """Without the gate this file aborts the process; its reason still arrives."""
    path = write_tiny_model(tmp_path / "bad.gguf", metadata={"qwen2.block_count": 513})
    client = EngineClient(tmp_path / "logs")
    await client.start()
    good = write_tiny_model(tmp_path / "good.gguf")
    command = msgspec.structs.replace(load_command(client, good), path=os.fsencode(path))
    with pytest.raises(EngineStopped, match="GGML_ASSERT"):
        await ask(client, command)
    await client.close()


async def test_the_real_reason_of_a_refusal_is_told(tmp_path: Path, tiny_r1: Path) -> None:
    path = write_tiny_model(tmp_path / "odd.gguf", metadata={"general.architecture": "nonsense"})
    client = EngineClient(tmp_path / "logs")
    await client.start()
    command = msgspec.structs.replace(load_command(client, tiny_r1), path=os.fsencode(path))
    failed = last(await ask(client, command), Failed)
    assert "unknown model architecture: 'nonsense'" in failed.message
    assert failed.exit_code == ExitCode.ENGINE
    await client.close()


async def test_a_window_beyond_all_memory_fails_cleanly(smollm2: Path, tmp_path: Path) -> None:
    skip_with_gpu_engine()
    client = EngineClient(tmp_path / "logs")
    await client.start()
    plan = msgspec.structs.replace(SMALL_PLAN, n_ctx=1 << 24)
    failed = last(await ask(client, load_command(client, smollm2, plan)), Failed)
    assert failed.exit_code == ExitCode.DOES_NOT_FIT
    assert "--n-ctx" in failed.hint
    assert isinstance((await ask(client, load_command(client, smollm2)))[-1], Ready)
    await client.close()


async def test_a_file_name_that_is_not_utf8(tiny_r1: Path, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff name.gguf"))
    path.write_bytes(tiny_r1.read_bytes())
    client = EngineClient(tmp_path / "logs")
    await client.start()
    command = msgspec.structs.replace(load_command(client, tiny_r1), path=os.fsencode(path))
    ready = last(await ask(client, command), Ready)
    assert ready.model.path.endswith("\ufffd name.gguf")
    await client.close()
