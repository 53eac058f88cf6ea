"""How to get to each picture of the documents, from a chat that plays a script."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import msgspec
from textual import events

from benchmarks import picture_texts as texts
from benchmarks.picture_rows import Picture, take
from localr1.advice import computer, doctor
from localr1.advice.report import DeviceReport, Engine, Report
from localr1.chat.messages import FilePart, Message, ReasoningPart, TextPart, user_message
from localr1.engine.protocol import Answer, Prompt, Reasoning
from localr1.hardware.machine import Power
from localr1.history.store import HistoryStore
from localr1.models.local_files import Place
from localr1.session.conversations import Conversations
from localr1.session.pull_events import NotFetched
from localr1.session.pulls import Pulls
from localr1.settings import Settings, load_settings
from localr1.tui.first_run import FirstRunApp
from localr1.tui.widgets import conversation_list
from localr1.tui.widgets.model_list import ModelList
from tests.simulated import GIB, machine
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import DONE, READY, ScriptedSession, Step
from tests.tui.scripted_shelf import ALL, EIGHT, OF_OTHERS, SEVEN, SMALL, ScriptedShelf, standing

SIZE = (100, 30)
SECONDS_THOUGHT = 6.2


class Scene(NamedTuple):
    """A picture of the documents."""

    title: str
    take: Callable[[Path], Awaitable[Picture]]
    """Given an empty folder."""


@contextlib.contextmanager
def _today() -> Iterator[None]:
    """What is shown does not depend on the day."""

    class Fixed(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Fixed:  # noqa: ARG003
            return cls(2026, 11, 26, 12, tzinfo=timezone.utc)

    with mock.patch.object(conversation_list, "datetime", Fixed):
        yield


class Told:
    """A reply that begins, goes on when the clock has been put forward, and goes to its end.

    Args:
        answer: where there is none it is still thinking in the end.
        tokens: of the thought, which took a time that fits.
    """

    def __init__(self, thought: str, answer: str = "", tokens: int = DONE.reasoning_tokens) -> None:
        self._gates = asyncio.Event(), asyncio.Event()
        first, *words, last = re.findall(r"\S*\s+", thought)
        self.steps: list[Step] = [
            Prompt(processed=41, total=41, cached=0),
            Reasoning(text=first, tokens=1),
            self._gates[0],
            *(Reasoning(text=word, tokens=1) for word in words),
            self._gates[1],
            Reasoning(text=last, tokens=1),
        ]
        if answer:
            self.steps += [Answer(text=word) for word in re.findall(r"\S*\s+", answer)]
            seconds = DONE.reasoning_seconds * tokens / DONE.reasoning_tokens
            facts = {"reasoning_tokens": tokens, "reasoning_seconds": seconds}
            self.steps.append(msgspec.structs.replace(DONE, **facts))
        else:
            self.steps.append(asyncio.Event())

    async def go_on(self, running: Chat) -> None:
        """Let it be as far as it goes."""
        for gate in self._gates:
            await running.settle(0.2)
            running.clock.now += SECONDS_THOUGHT / len(self._gates)
            gate.set()
        await running.settle(0.8)


@asynccontextmanager
async def asked(
    question: str,
    *replies: Told,
    size: tuple[int, int] = SIZE,
    theme: str | None = None,
    **session: Any,
) -> AsyncIterator[Chat]:
    """A chat in which this has been asked, and the first reply has been written."""
    script = ScriptedSession(*(told.steps for told in replies), **session)
    async with chat(script, size, theme) as running:
        running.screen.composer.cursor_blink = False
        await running.ask(question)
        await replies[0].go_on(running)
        yield running


async def _press(running: Chat, *keys: str) -> None:
    for key in keys:
        await running.pilot.press(key)
        await running.settle(0.2)


# ---- the conversation ----------------------------------------------------------------------


async def _chat(_: Path, theme: str | None = None, size: tuple[int, int] = SIZE) -> Picture:
    told = Told(texts.THOUGHT, texts.ANSWER)
    async with asked(texts.QUESTION, told, size=size, theme=theme) as running:
        return take(running.app)


async def _light(folder: Path) -> Picture:
    return await _chat(folder, "localr1-light")


async def _narrow(folder: Path) -> Picture:
    return await _chat(folder, size=(40, 24))


async def _thinking(_: Path) -> Picture:
    async with asked(texts.QUESTION, Told(texts.THOUGHT)) as running:
        return take(running.app)


async def _outline(_: Path) -> Picture:
    told = Told(texts.ODD_THOUGHT, texts.ODD_ANSWER)
    async with asked(texts.ODD_QUESTION, told, size=(130, 30)) as running:
        await _press(running, "ctrl+t", "alt+o", "up", "up", "up", "enter")
        return take(running.app)


async def _maths(_: Path) -> Picture:
    told = Told(texts.ODD_THOUGHT, texts.ODD_ANSWER)
    async with asked(texts.ODD_QUESTION, told) as running:
        return take(running.app)


async def _compare(_: Path) -> Picture:
    replies = Told(texts.THOUGHT, texts.ANSWER), Told(texts.THOUGHT, texts.SHORT_ANSWER, 148)
    async with asked(texts.QUESTION, *replies, size=(120, 26)) as running:
        await _press(running, "tab", "r")
        await replies[1].go_on(running)
        await _press(running, "tab", "v")
        return take(running.app)


# ---- around it -----------------------------------------------------------------------------


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


async def _attach(folder: Path) -> Picture:
    (folder / "primes.py").write_text(texts.PRIMES)
    (folder / "README.md").write_text("# Primes\n")
    with _inside(folder):
        async with chat(ScriptedSession(), (100, 20)) as running:
            composer = running.screen.composer
            composer.cursor_blink = False
            await running.pilot.press(*"@primes", "enter")
            await running.settle(0.3)
            await running.pilot.press(*"Why does it get so slow? I measured: ")
            composer.post_message(events.Paste(texts.MEASURED))
            await running.settle(0.3)
            await running.pilot.press(*" See also @READ")
            await running.settle(0.8)
            return take(running.app)


def _earlier(folder: Path) -> HistoryStore:
    """The history with earlier conversations."""
    store = HistoryStore(folder / "history.sqlite3", folder / "locks")
    times = {}
    for when, title, question, thought, answer in reversed(texts.EARLIER):
        conversation = store.create("DeepSeek-R1-Distill-Qwen-1.5B")
        conversation.add(user_message(question))
        parts = ReasoningPart(thought, 31), TextPart(answer)
        conversation.add(Message("assistant", parts, "stop"))
        conversation.rename(title)
        times[conversation.id] = when
        if title == texts.PINNED:
            store.pin(conversation.id, True)
        conversation.close()
    with contextlib.closing(sqlite3.connect(folder / "history.sqlite3")) as database, database:
        for identity, when in times.items():
            for table, key, column in COLUMNS:
                database.execute(
                    f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (when, identity)
                )
    return store


COLUMNS = (
    ("conversation", "id", "updated_at"),
    ("conversation", "id", "created_at"),
    ("message", "conversation_id", "created_at"),
)


async def _list(folder: Path) -> Picture:
    with _today(), contextlib.closing(_earlier(folder)) as store:
        newest = store.open(store.list()[0].id)
        kept = {"conversations": Conversations(store), "conversation": newest}
        async with chat(ScriptedSession(**kept), (110, 26)) as running:  # type: ignore[arg-type]
            await _press(running, "f5", "down", "down")
            return take(running.app)


async def _search(folder: Path) -> Picture:
    with _today(), contextlib.closing(_earlier(folder)) as store:
        newest = store.open(store.list()[0].id)
        kept = {"conversations": Conversations(store), "conversation": newest}
        async with chat(ScriptedSession(**kept), SIZE) as running:  # type: ignore[arg-type]
            await _press(running, "f6", *"induction")
            await running.settle(0.5)
            return take(running.app)


async def _context(_: Path) -> Picture:
    said: list[Message] = []
    for question, thought, answer, file in texts.LONG_TALK:
        said.append(user_message(question, [FilePart(*file)] if file else []))
        parts = ReasoningPart(thought, 260, 9.0, carried=len(said) == 1), TextPart(answer)
        said.append(Message("assistant", parts, "stop"))
    async with chat(ScriptedSession(messages=said), SIZE) as running:
        running.screen.composer.cursor_blink = False
        running.screen.composer.text = "/context"
        await _press(running, "enter")
        await running.settle(0.5)
        return take(running.app)


async def _settings(folder: Path) -> Picture:
    file = folder / "settings.toml"
    file.write_text('effort = "high"\nn_ctx = 16384\n')
    with mock.patch.dict(os.environ, LOCALR1_HOME=str(folder)):
        settings = load_settings({}, {"LOCALR1_SEED": "7"}, file)
        told = Told(texts.THOUGHT, texts.ANSWER)
        async with asked(texts.QUESTION, told, settings=settings) as running:
            running.app.action_settings()
            await running.settle(0.3)
            return take(running.app)


async def _first_run(folder: Path) -> Picture:
    bandwidth = mock.patch.object(computer, "measured_bandwidth", lambda _: 60e9)
    with mock.patch.object(doctor, "examine", _examined), bandwidth:
        app = FirstRunApp(Settings(), folder / "settings.toml", [Place("here", folder, 0)])
        async with app.run_test(size=SIZE) as pilot:
            await pilot.pause(3.0)
            return take(app)


async def _models(_: Path) -> Picture:
    pulls = Pulls()
    standing(pulls, SEVEN, 0.43)
    standing(pulls, EIGHT, 0.2).outcome = NotFetched("the disk is full", "free 2.7 GB")
    here = [SMALL._replace(used_at=""), OF_OTHERS]
    shelf = ScriptedShelf(ALL._replace(here=here))
    model = msgspec.structs.replace(READY.model, path=str(SMALL.path))
    session = ScriptedSession(load=[msgspec.structs.replace(READY, model=model)])
    async with chat(session, SIZE, pulls=pulls, shelf=shelf) as running:
        await _press(running, "alt+m")
        running.app.screen.query_one(ModelList).choose(SEVEN.key)
        await running.settle(0.3)
        return take(running.app)


async def _examined(_: Settings) -> Report:
    computer = machine(16)
    cpu = msgspec.structs.replace(computer.cpu, model="AMD Ryzen 7 7840U")
    card = DeviceReport(
        name="CUDA0",
        kind="card",
        description="NVIDIA GeForce RTX 4060",
        total_bytes=8 * GIB,
        free_bytes=7 * GIB,
        usable=True,
        why="",
    )
    return Report(
        version="0.1.0",
        engine=Engine(version="0.3.36", works=True, instruction_sets=()),
        cpu=cpu,
        memory=computer.memory,
        disks=(),
        power=Power(),
        devices=(card,),
        model=None,
        plan=None,
        problems=(),
        unread=(),
    )


SCENES = {
    "first-run": Scene("The first start", _first_run),
    "chat": Scene("A thought, folded, and its answer", _chat),
    "thinking": Scene("A thought while it is written", _thinking),
    "outline": Scene("The outline of a thought", _outline),
    "maths": Scene("Formulas", _maths),
    "compare": Scene("Two replies side by side", _compare),
    "attach": Scene("A file and a long paste", _attach),
    "list": Scene("The conversations", _list),
    "search": Scene("Search in all conversations", _search),
    "context": Scene("What fills the context window", _context),
    "models": Scene("The models screen", _models),
    "settings": Scene("Settings", _settings),
    "light": Scene("The light theme", _light),
    "narrow": Scene("Forty columns", _narrow),
}
