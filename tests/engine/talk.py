"""Speaking to a worker in tests."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec

from localr1.chat.messages import Message, user_message
from localr1.chat.prompt import ChatFormat, choose_format
from localr1.engine.client import EngineClient
from localr1.engine.protocol import Answer, Command, Event, Generate, Load, Ready, Reasoning
from localr1.engine.sampling import Sampling
from localr1.gguf_header import read_header
from localr1.hardware.load_plan import LoadPlan

SMALL_PLAN = LoadPlan(n_ctx=1024, n_gpu_layers=0, n_threads=1, n_threads_batch=1)


async def ask(client: EngineClient, command: Command) -> list[Event]:
    """All events of a command."""
    return [event async for event in client.ask(command)]


def load_command(client: EngineClient, path: Path, plan: LoadPlan = SMALL_PLAN) -> Load:
    """Load this file; its format from its header, as the session does it."""
    chat = ChatFormat(style="r1", thinks=True)
    if path.suffix == ".gguf":
        chat = choose_format(read_header(path)).format
    return Load(client.new_id(), os.fsencode(path), plan, chat, path.name)


async def started(path: Path, logs: Path, **plan: Any) -> EngineClient:
    """A worker that has loaded this file."""
    client = EngineClient(logs)
    await client.start()
    changed = msgspec.structs.replace(SMALL_PLAN, **plan)
    last(await ask(client, load_command(client, path, changed)), Ready)
    return client


async def stop_at(client: EngineClient, command: Command, kind: type) -> tuple[list[Event], float]:
    """Run a command, cancel it at the first event of a kind; events and seconds to the end."""
    loop = asyncio.get_running_loop()
    events: list[Event] = []
    cancel: asyncio.Task[None] | None = None
    at = 0.0
    async for event in client.ask(command):
        events.append(event)
        if isinstance(event, kind) and cancel is None:
            at = loop.time()
            cancel = asyncio.create_task(client.cancel())
    seconds = loop.time() - at
    assert cancel is not None
    await cancel
    return events, seconds


def generate(
    client: EngineClient, *messages: str | Message, max_tokens: int | None = None, **sampling: Any
) -> Generate:
    """A reply to these messages."""
    turns = tuple(user_message(m) if isinstance(m, str) else m for m in messages)
    return Generate(client.new_id(), turns, Sampling(**{"seed": 1, **sampling}), max_tokens)


def text_of(events: list[Event], kind: type[Answer] | type[Reasoning]) -> str:
    """What the deltas of one kind say together."""
    return "".join(event.text for event in events if isinstance(event, kind))


def last(events: list[Event], kind: type[Any]) -> Any:
    """The last event, which must be of this kind."""
    assert isinstance(events[-1], kind), events[-1]
    return events[-1]


def process_exists(pid: int) -> bool:
    """Whether a process runs under this id (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state != "Z"
