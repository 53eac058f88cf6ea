"""What the engine does while nobody waits for it; a new question interrupts it at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from localr1.engine.client import EngineClient
from localr1.engine.protocol import Command, Event, Prefill
from localr1.errors import EngineError


class Background:
    """Runs commands whose events nobody wants to see.

    Args:
        engine: runs them.
    """

    def __init__(self, engine: EngineClient) -> None:
        self._engine = engine
        self._task: asyncio.Task[None] | None = None
        self._running: Command | None = None
        self._last_event: Event | None = None
        self._is_last = asyncio.Event()
        self._is_stopping = False

    def start(self, commands: Sequence[Command]) -> None:
        """Run these one after the other; `stop` was called since the last ones."""
        self._running, self._is_stopping, self._last_event = None, False, None
        self._is_last.clear()
        self._task = asyncio.create_task(self._run(commands))

    async def stop(self) -> None:
        """Return when the engine is free; reading ahead is broken off, all else is done."""
        # Several may wait here; the first to go on may start something that the others wait for
        while (task := self._task) is not None:
            self._is_stopping = True
            if isinstance(self._running, Prefill) and not task.done():
                await self._engine.cancel()
            await task
            if self._task is task:
                self._task = None

    async def answer(self, command: Command) -> Event | None:
        """Run this command; its last event, or None where it has none. `stop` was called before."""
        self.start([command])
        task = self._task
        assert task is not None
        # not awaited itself: whoever asked may give up, the engine's answer must still be read
        await asyncio.wait([task])
        return self._last_event

    async def wait(self) -> None:
        """Return when all is done."""
        if self._task is not None:
            await self._task

    async def hand_over(self) -> None:
        """Return when the engine has its last command, and goes on without this event loop."""
        if self._task is not None:
            # set right before the command is sent, in the same step of the task
            await self._is_last.wait()

    async def _run(self, commands: Sequence[Command]) -> None:
        # a worker that died is told of when it is needed next
        with contextlib.suppress(EngineError):
            for command in commands:
                if not self._engine.is_alive or self._may_be_left_out(command):
                    continue
                self._running = command
                if command is commands[-1]:
                    self._is_last.set()
                async for event in self._engine.ask(command):
                    self._last_event = event
        self._is_last.set()

    def _may_be_left_out(self, command: Command) -> bool:
        return self._is_stopping and isinstance(command, Prefill)
