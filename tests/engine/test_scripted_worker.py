"""The protocol between client and worker, with a scripted model: order, cancel, death, cleaning."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from localr1.engine.client import EngineClient
from localr1.engine.protocol import (
    Answer,
    BegunReply,
    CountTokens,
    DeviceList,
    Devices,
    Done,
    Event,
    Failed,
    Loading,
    Prompt,
    Ready,
    Reasoning,
    ReasoningRule,
    TokenCount,
)
from localr1.engine.worker_command import worker_command, worker_environment
from localr1.errors import EngineStopped
from tests.engine.talk import ask, generate, last, load_command, process_exists, text_of

REPLY = "Two and two. That is four.</think>\n\nIt is 4."


def write_transcript(folder: Path, *replies: Any, **fields: Any) -> Path:
    path = folder / "test.transcript.json"
    listed = [reply if isinstance(reply, dict) else {"text": reply} for reply in replies]
    path.write_text(json.dumps({"replies": listed, "tokens_per_second": 1000.0, **fields}))
    return path


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[EngineClient]:
    client = EngineClient(tmp_path / "logs", "scripted")
    await client.start()
    yield client
    await client.close()


async def load(client: EngineClient, path: Path) -> None:
    last(await ask(client, load_command(client, path)), Ready)


async def test_load_reports_progress_then_facts(client: EngineClient, tmp_path: Path) -> None:
    events = await ask(client, load_command(client, write_transcript(tmp_path, REPLY)))
    progress = [event.progress for event in events if isinstance(event, Loading)]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    assert last(events, Ready).model.name == "Scripted model"


async def test_reply_in_order_with_statistics(client: EngineClient, tmp_path: Path) -> None:
    await load(client, write_transcript(tmp_path, REPLY))
    events = await ask(client, generate(client, "What is 2 + 2?"))
    kinds = [type(event) for event in events]
    assert kinds.index(Prompt) < kinds.index(Reasoning) < kinds.index(Answer) < kinds.index(Done)
    assert text_of(events, Reasoning) == "Two and two. That is four."
    assert text_of(events, Answer) == "It is 4."
    done = last(events, Done)
    assert (done.finish_reason, done.reasoning_ended_by) == ("stop", "closed")
    assert done.reasoning_tokens + done.answer_tokens == len(REPLY.split())
    assert done.prompt_tokens == 5


async def test_replies_follow_each_other_and_the_last_repeats(
    client: EngineClient, tmp_path: Path
) -> None:
    await load(client, write_transcript(tmp_path, "</think>one", "</think>two"))
    said = [text_of(await ask(client, generate(client, "x")), Answer) for _ in range(3)]
    assert said == ["one", "two", "two"]


LONG = f"{'word ' * 40}end.</think>\n\nIt is 4."


@pytest.mark.parametrize(("budget", "ended_by"), [(0, "off"), (3, "tokens"), (100, "closed")])
async def test_a_thought_ends_at_its_budget(
    client: EngineClient, tmp_path: Path, budget: int, ended_by: str
) -> None:
    await load(client, write_transcript(tmp_path, LONG))
    rule = ReasoningRule(max_tokens=budget, closing_words=" Enough.\n")
    events = await ask(client, msgspec.structs.replace(generate(client, "x"), reasoning=rule))
    done = last(events, Done)
    assert (done.reasoning_ended_by, done.finish_reason) == (ended_by, "stop")
    assert done.reasoning_tokens == min(budget, 41)
    assert text_of(events, Answer) == "It is 4."
    assert text_of(events, Reasoning).endswith("Enough.") == (ended_by == "tokens")
    assert done.inserted_tokens == (ended_by != "closed")


async def test_a_thought_without_an_end_is_closed_too(client: EngineClient, tmp_path: Path) -> None:
    await load(client, write_transcript(tmp_path, "word " * 40))
    rule = ReasoningRule(max_tokens=3)
    events = await ask(client, msgspec.structs.replace(generate(client, "x"), reasoning=rule))
    assert last(events, Done).reasoning_ended_by == "tokens"
    assert text_of(events, Reasoning) == "word word word"


async def test_a_person_ends_the_thought(client: EngineClient, tmp_path: Path) -> None:
    slow = write_transcript(tmp_path, f"{'word ' * 500}</think>It is 4.", tokens_per_second=20.0)
    await load(client, slow)
    events: list[Event] = []
    async for event in client.ask(generate(client, "x")):
        if isinstance(event, Reasoning) and not any(isinstance(e, Reasoning) for e in events):
            await client.end_reasoning()
        events.append(event)
    done = last(events, Done)
    assert (done.reasoning_ended_by, done.finish_reason) == ("asked", "stop")
    assert done.reasoning_tokens < 500
    assert text_of(events, Answer) == "It is 4."


@pytest.mark.parametrize(
    ("begun", "reasoning", "answer"),
    [
        (BegunReply(reasoning="Two and"), " two. That is four.", "It is 4."),
        (BegunReply(reasoning="Two and", is_closed=True), "", "It is 4."),
        (BegunReply(reasoning="No.", is_closed=True, answer="It is"), "", " 4."),
    ],
)
async def test_a_reply_goes_on(
    client: EngineClient, tmp_path: Path, begun: BegunReply, reasoning: str, answer: str
) -> None:
    await load(client, write_transcript(tmp_path, REPLY, "</think>other"))
    await ask(client, generate(client, "x"))
    events = await ask(client, msgspec.structs.replace(generate(client, "x"), begun=begun))
    assert (text_of(events, Reasoning), text_of(events, Answer)) == (reasoning, answer)
    assert text_of(await ask(client, generate(client, "x")), Answer) == "other"


async def test_other_questions(client: EngineClient, tmp_path: Path) -> None:
    await load(client, write_transcript(tmp_path, REPLY))
    assert last(await ask(client, Devices(client.new_id())), DeviceList).devices == ()
    messages = generate(client, "one two three").messages
    counted = last(await ask(client, CountTokens(client.new_id(), messages)), TokenCount)
    assert counted.tokens == 3


async def test_cancel_ends_the_reply_and_the_next_one_works(
    client: EngineClient, tmp_path: Path
) -> None:
    slow = write_transcript(tmp_path, "word " * 500, "</think>fine", tokens_per_second=20.0)
    await load(client, slow)
    events = []
    async for event in client.ask(generate(client, "x")):
        events.append(event)
        if isinstance(event, Reasoning):
            cancel = asyncio.create_task(client.cancel())
    await cancel
    done = last(events, Done)
    assert (done.finish_reason, done.reasoning_ended_by) == ("cancelled", "cancelled")
    assert text_of(events, Reasoning).startswith("word")
    assert text_of(await ask(client, generate(client, "y")), Answer) == "fine"


async def test_cancel_during_load(client: EngineClient, tmp_path: Path) -> None:
    path = write_transcript(tmp_path, REPLY, load_seconds=30.0)
    asking = asyncio.create_task(ask(client, load_command(client, path)))
    await asyncio.sleep(0.3)
    started = time.monotonic()
    await client.cancel()
    assert "cancelled" in last(await asking, Failed).message
    assert time.monotonic() - started < 2


async def test_a_killed_worker_is_explained(client: EngineClient, tmp_path: Path) -> None:
    await load(client, write_transcript(tmp_path, {"text": "Hm </think> half", "ends": "killed"}))
    with pytest.raises(EngineStopped, match="lack of memory") as caught:
        await ask(client, generate(client, "x"))
    assert caught.value.hint
    assert not client.is_alive


async def test_a_worker_that_does_not_stop_is_killed(
    client: EngineClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localr1.engine.client.CANCEL_GRACE_SECONDS", 0.2)
    await load(client, write_transcript(tmp_path, {"text": "Hm", "ends": "hangs"}))

    async def stop_soon() -> None:
        await asyncio.sleep(0.2)
        await client.cancel()

    stopping = asyncio.create_task(stop_soon())
    with pytest.raises(EngineStopped, match="did not stop"):
        await ask(client, generate(client, "x"))
    await stopping


async def test_close_leaves_no_process(tmp_path: Path) -> None:
    client = EngineClient(tmp_path / "logs", "scripted")
    await client.start()
    await load(client, write_transcript(tmp_path, REPLY))
    pid = client.pid
    assert pid is not None
    assert process_exists(pid)
    await client.close()
    assert not process_exists(pid)


async def test_a_transcript_that_is_none_fails_in_one_line(
    client: EngineClient, tmp_path: Path
) -> None:
    path = tmp_path / "bad.transcript.json"
    path.write_text('{"replies": []}')
    failed = last(await ask(client, load_command(client, path)), Failed)
    assert "no replies" in failed.message
    assert "\n" not in failed.message


async def test_escapes_never_leave_the_worker(client: EngineClient, tmp_path: Path) -> None:
    await load(client, write_transcript(tmp_path, "a\x1b[2Jb</think>c\x1b]52;c;aGk=\x07d"))
    events = await ask(client, generate(client, "x"))
    assert text_of(events, Reasoning) == "a␛[2Jb"
    assert text_of(events, Answer) == "c␛]52;c;aGk=␇d"


def test_an_unreadable_command_is_answered_and_survived() -> None:
    worker = subprocess.Popen(
        worker_command("worker", "scripted"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=worker_environment(),
    )
    assert worker.stdin
    assert worker.stdout
    with worker:
        worker.stdin.write(b'not json\n{"type":"devices"}\n{"type":"devices","id":5}\n')
        worker.stdin.flush()
        answers = [json.loads(worker.stdout.readline()) for _ in range(3)]
    assert [answer["type"] for answer in answers] == ["failed", "failed", "devices"]
    assert answers[2]["id"] == 5
    assert worker.returncode == 0


def test_the_worker_ends_with_its_parent(tmp_path: Path) -> None:
    """kill -9 of the parent while the worker computes: no orphan is left."""
    transcript = write_transcript(tmp_path, "word " * 5000, tokens_per_second=50.0)
    program = f"""
import asyncio, sys
from pathlib import Path
from localr1.engine.client import EngineClient
from tests.engine.talk import ask, generate, load_command

async def main():
    client = EngineClient(Path({str(tmp_path)!r}) / "logs", "scripted")
    await client.start()
    await ask(client, load_command(client, Path({str(transcript)!r})))
    print(client.pid, flush=True)
    await ask(client, generate(client, "x"))

asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout
    worker_pid = int(parent.stdout.readline())
    assert process_exists(worker_pid)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while process_exists(worker_pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not process_exists(worker_pid)
