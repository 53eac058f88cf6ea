"""What the engine does while nobody waits for it; a new question interrupts it at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from localr1.engine.client import EngineClient
from localr1.engine.protocol import Command, Event, Prefill
from localr1.errors import EngineError


class _Work:
    """Commands that are run one after the other."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = commands
        self.running: Command | None = None
        self.last_event: Event | None = None
        self.has_last_command = asyncio.Event()
        """Set when the engine has the last one, or will never get it."""
        self.is_stopping = False
        self.task: asyncio.Task[None] | None = None


class Background:
    """Runs commands whose events nobody wants to see.

    Args:
        engine: runs them.
    """

    def __init__(self, engine: EngineClient) -> None:
        self._engine = engine
        self._work: _Work | None = None

    @property
    def is_working(self) -> bool:
        """Does the engine do something here, or is it about to?"""
        return self._work is not None and not self._is_done(self._work)

    def start(self, commands: Sequence[Command]) -> None:
        """Run these one after the other, when what was started before has been stopped."""
        self._begin(commands)

    async def stop(self) -> None:
        """Return when the engine is free; reading ahead is broken off, all else is done."""
        # Several may wait here; the first to go on may start something that the others wait for
        while (work := self._work) is not None:
            await self._stop(work)
            if self._work is work:
                self._work = None

    async def answer(self, command: Command) -> Event | None:
        """Run this command; its last event, or None where it has none. `stop` was called before."""
        work = self._begin([command])
        assert work.task is not None
        # not awaited itself: whoever asked may give up, the engine's answer must still be read
        await asyncio.wait([work.task])
        return work.last_event

    async def wait(self) -> None:
        """Return when all is done."""
        if self._work is not None and self._work.task is not None:
            await self._work.task

    async def hand_over(self) -> None:
        """Return when the engine has its last command, and goes on without this event loop."""
        if self._work is not None:
            # set right before the command is sent, in the same step of the task
            await self._work.has_last_command.wait()

    def _begin(self, commands: Sequence[Command]) -> _Work:
        before, work = self._work, _Work(commands)
        self._work = work
        work.task = asyncio.create_task(self._run(work, before))
        return work

    async def _run(self, work: _Work, before: _Work | None) -> None:
        if before is not None:
            await self._stop(before)
        # a worker that died is told of when it is needed next
        with contextlib.suppress(EngineError):
            for command in work.commands:
                if not self._engine.is_alive or _may_be_left_out(work, command):
                    continue
                work.running = command
                if command is work.commands[-1]:
                    work.has_last_command.set()
                async for event in self._engine.ask(command):
                    work.last_event = event
        work.has_last_command.set()

    async def _stop(self, work: _Work) -> None:
        work.is_stopping = True
        if isinstance(work.running, Prefill) and not self._is_done(work):
            await self._engine.cancel()
        if work.task is not None:
            await work.task

    @staticmethod
    def _is_done(work: _Work) -> bool:
        return work.task is not None and work.task.done()


def _may_be_left_out(work: _Work, command: Command) -> bool:
    return work.is_stopping and isinstance(command, Prefill)
