"""Running a session's work on an event loop of its own; Ctrl-C stops what runs."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from localr1.session import ChatSession

Result = TypeVar("Result")


class SessionRunner:
    """Runs coroutines of a session, and closes it at the end.

    Args:
        session: is stopped by the first Ctrl-C; a second one leaves at once.
        on_interrupt: called in the loop at the first Ctrl-C.
        on_signal: called in the loop at SIGUSR1, which does nothing else; not on Windows.
    """

    def __init__(
        self,
        session: ChatSession,
        on_interrupt: Callable[[], None] | None = None,
        on_signal: Callable[[], None] | None = None,
    ) -> None:
        self._session = session
        self._on_interrupt = on_interrupt
        self._on_signal = on_signal
        self._interrupts = 0

    def __enter__(self) -> SessionRunner:
        self._loop = asyncio.new_event_loop()
        if self._on_signal and sys.platform != "win32":
            # signal.signal and not the loop's own: at a prompt, where no loop runs, the signal
            # must not end the process either
            self._previous = signal.signal(signal.SIGUSR1, self._take_signal)
        return self

    def __exit__(self, *error: object) -> None:
        loop = self._loop
        try:
            self._close(loop)
        finally:
            if self._on_signal and sys.platform != "win32":
                signal.signal(signal.SIGUSR1, self._previous)

    def _close(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_until_complete(self._session.close())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C stopped what was run last."""
        return self._interrupts > 0

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run to the end, or to where a stop leaves it.

        Raises:
            KeyboardInterrupt: Ctrl-C a second time.
        """
        self._interrupts = 0
        task = self._loop.create_task(work)

        def on_interrupt(*_: object) -> None:
            self._interrupts += 1
            if self._interrupts > 1:
                self._loop.call_soon_threadsafe(task.cancel)
            else:
                self._loop.call_soon_threadsafe(self._stop)

        previous = signal.signal(signal.SIGINT, on_interrupt)
        try:
            return self._loop.run_until_complete(task)
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        finally:
            signal.signal(signal.SIGINT, previous)

    def _take_signal(self, *_: object) -> None:
        if self._on_signal and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._on_signal)

    def _stop(self) -> None:
        if self._on_interrupt:
            self._on_interrupt()
        self._stopping = asyncio.ensure_future(self._session.stop())
