"""Asking once, or talking line by line, over a session; Ctrl-C stops what runs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine, Iterator
from typing import Any

from localr1.cli.output import Printer
from localr1.cli.show import EventShower, exit_code_of
from localr1.engine.protocol import Event, Failed
from localr1.errors import ExitCode
from localr1.session import ChatSession

_PROMPT_MARK = "> "


class LineChat:
    """Runs a session's replies on an event loop of its own.

    Args:
        session: answers.
        events: shows what it says.
        printer: for the few words that are not events.
    """

    def __init__(self, session: ChatSession, events: EventShower, printer: Printer) -> None:
        self._session = session
        self._events = events
        self._printer = printer
        self._interrupts = 0

    def ask_once(self, question: str) -> int:
        """One question, one reply; answers the exit code."""
        with self._loop() as loop:
            code = exit_code_of(self._run(loop, self._reply(question)))
            return ExitCode.INTERRUPTED if self._interrupts else code

    def talk(self, first: str = "") -> int:
        """A message a line until the input ends; answers the exit code of the last reply."""
        code = int(ExitCode.OK)
        with self._loop() as loop:
            loaded = self._run(loop, self._show_all_of_load())
            if isinstance(loaded, Failed):
                return loaded.exit_code
            if sys.stdin.isatty():
                self._printer.dim_line("One message a line. Ctrl-C stops a reply, Ctrl-D ends.")
            for line in self._lines(first):
                code = exit_code_of(self._run(loop, self._reply(line)))
        return code

    def _lines(self, first: str) -> Iterator[str]:
        if first.strip():
            yield first
        while True:
            try:
                line = self._read_line()
            except EOFError:
                return
            if line.strip():
                yield line

    def _read_line(self) -> str:
        if sys.stdin.isatty():
            with contextlib.suppress(ImportError):
                import readline  # noqa: F401 - importing it gives input() line editing
            return input(_PROMPT_MARK)
        raw = sys.stdin.buffer.readline()
        if not raw:
            raise EOFError
        return raw.decode("utf-8", "replace").rstrip("\r\n")

    async def _reply(self, question: str) -> Event | None:
        last: Event | None = None
        async for event in self._session.send(question):
            self._events.show(event)
            last = event
        return last

    async def _show_all_of_load(self) -> Event | None:
        last: Event | None = None
        async for event in self._session.load():
            self._events.show(event)
            last = event
        return last

    # ---- the loop and Ctrl-C -----------------------------------------------------------------

    @contextlib.contextmanager
    def _loop(self) -> Iterator[asyncio.AbstractEventLoop]:
        loop = asyncio.new_event_loop()
        try:
            yield loop
        finally:
            loop.run_until_complete(self._session.close())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    def _run(
        self, loop: asyncio.AbstractEventLoop, reply: Coroutine[Any, Any, Event | None]
    ) -> Event | None:
        """Run a reply; the first Ctrl-C stops it, a second one leaves at once."""
        self._interrupts = 0
        task = loop.create_task(reply)

        def on_interrupt(*_: object) -> None:
            self._interrupts += 1
            if self._interrupts > 1:
                loop.call_soon_threadsafe(task.cancel)
            else:
                loop.call_soon_threadsafe(self._stop)

        previous = signal.signal(signal.SIGINT, on_interrupt)
        try:
            return loop.run_until_complete(task)
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        finally:
            signal.signal(signal.SIGINT, previous)

    def _stop(self) -> None:
        self._stopping = asyncio.ensure_future(self._session.stop())
