"""The film of the README: a question, its thought, its answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import msgspec

from benchmarks import picture_texts as texts
from benchmarks.picture_film import Frame
from benchmarks.picture_rows import take
from localr1.engine.protocol import Answer, Prompt, Reasoning
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import DONE, ScriptedSession, Step

SIZE = (94, 26)
TYPED_AT_ONCE = 5
KEY_SECONDS = 0.04
WORDS_AT_ONCE = 3
WORD_SECONDS = 0.045
LAST_SECONDS = 3.0


class Director:
    """Lets the script go on piece by piece and films it."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._gates: list[asyncio.Event] = []

    def steps(self) -> Iterator[Step]:
        """The reply, which waits for its gates."""
        yield Prompt(processed=41, total=41, cached=0)
        for piece in _pieces(texts.THOUGHT):
            yield self._gate()
            yield Reasoning(text=piece, tokens=WORDS_AT_ONCE)
        for piece in _pieces(texts.ANSWER):
            yield self._gate()
            yield Answer(text=piece, tokens=WORDS_AT_ONCE)
        yield self._gate()
        pieces = len([*_pieces(texts.THOUGHT)])
        yield msgspec.structs.replace(
            DONE,
            reasoning_tokens=pieces * WORDS_AT_ONCE,
            reasoning_seconds=pieces * WORDS_AT_ONCE * WORD_SECONDS,
            generation_tps=1 / WORD_SECONDS,
            context_tokens=len(self._gates) * WORDS_AT_ONCE + 41,
        )

    def _gate(self) -> asyncio.Event:
        self._gates.append(asyncio.Event())
        return self._gates[-1]

    async def shoot(self, running: Chat, seconds: float) -> None:
        """Film what there is when everything has been drawn."""
        running.clock.now += seconds
        for widget in running.app.screen.query("*"):
            widget.refresh()
        await running.settle(0.12)
        self.frames.append(Frame(take(running.app), seconds))

    async def play(self) -> list[Frame]:
        """All of it."""
        async with chat(ScriptedSession(self.steps()), SIZE) as running:
            running.screen.composer.cursor_blink = False
            await self.shoot(running, 0.8)
            for start in range(0, len(texts.QUESTION), TYPED_AT_ONCE):
                typed = texts.QUESTION[start : start + TYPED_AT_ONCE]
                await running.pilot.press(*typed)
                await self.shoot(running, KEY_SECONDS * len(typed))
            await self.shoot(running, 0.4)
            await running.pilot.press("enter")
            await self.shoot(running, 0.4)
            while not self._gates[-1].is_set():
                self._gates[-1].set()
                await self.shoot(running, WORD_SECONDS * WORDS_AT_ONCE)
            await self.shoot(running, LAST_SECONDS)
        return self.frames


def _pieces(text: str) -> Iterator[str]:
    words = re.findall(r"\S*\s+", text)
    for start in range(0, len(words), WORDS_AT_ONCE):
        yield "".join(words[start : start + WORDS_AT_ONCE])


async def session_frames() -> list[Frame]:
    """The film's frames."""
    return await Director().play()
