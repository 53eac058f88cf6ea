"""What is done between questions: one command at a time, whoever asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

from localr1.engine.client import EngineClient
from localr1.engine.protocol import Command, CountTokens, Event, Prefill, TokenCount
from localr1.session.background import Background


class Engine:
    """Notes what it is asked; a prefill lasts until it is cancelled."""

    def __init__(self) -> None:
        self.is_alive = True
        self.running: Command | None = None
        self.done: list[tuple[int, str]] = []
        self._cancelled = asyncio.Event()

    async def ask(self, command: Command) -> AsyncIterator[Event]:
        assert self.running is None, "two commands at once"
        self.running = command
        self._cancelled.clear()
        try:
            if isinstance(command, Prefill):
                await self._cancelled.wait()
                self.done.append((command.id, "broken off"))
            else:
                await asyncio.sleep(0)
                self.done.append((command.id, "done"))
            yield TokenCount(id=command.id, tokens=10 * command.id)
        finally:
            self.running = None

    async def cancel(self) -> None:
        self._cancelled.set()


def _background() -> tuple[Background, Engine]:
    engine = Engine()
    return Background(cast(EngineClient, engine)), engine


def prefill(identity: int) -> Prefill:
    return Prefill(identity, (), exactly=False)


def count(identity: int) -> CountTokens:
    return CountTokens(identity, ())


async def test_what_is_started_twice_runs_one_after_the_other() -> None:
    background, engine = _background()
    background.start([count(1), prefill(2)])
    await asyncio.sleep(0.01)
    assert background.is_working
    background.start([count(3), prefill(4)])  # as after a count, where somebody else was quicker
    await asyncio.sleep(0.01)
    assert engine.done == [(1, "done"), (2, "broken off"), (3, "done")]
    await background.stop()
    assert engine.done[3:] == [(4, "broken off")]
    assert not background.is_working


async def test_each_asker_gets_its_own_answer() -> None:
    background, _ = _background()
    background.start([prefill(1)])
    answers = await asyncio.gather(*(background.answer(count(n)) for n in range(2, 6)))
    assert [event.tokens for event in answers if isinstance(event, TokenCount)] == [20, 30, 40, 50]


async def test_a_stop_waits_for_what_was_started_before_and_leaves_out_the_rest() -> None:
    background, engine = _background()
    background.start([prefill(1)])
    background.start([prefill(2), count(3), prefill(4)])
    await background.stop()
    assert [identity for identity, _ in engine.done if identity != 3] in ([], [1])
    assert (3, "done") in engine.done
    await background.hand_over()  # there is nothing to wait for
