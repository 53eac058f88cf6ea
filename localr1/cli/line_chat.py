"""Asking once, or talking line by line, over a session; Ctrl-C stops what runs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from localr1.cli.output import Printer
from localr1.cli.session_runner import SessionRunner
from localr1.cli.show import EventShower, exit_code_of
from localr1.engine.protocol import Event, Failed
from localr1.errors import ExitCode
from localr1.session import ChatSession

_PROMPT_MARK = "> "


class LineChat:
    """Runs a session's replies.

    Args:
        session: answers.
        events: shows what it says.
        printer: for the few words that are not events.
    """

    def __init__(self, session: ChatSession, events: EventShower, printer: Printer) -> None:
        self._session = session
        self._events = events
        self._printer = printer

    def ask_once(self, question: str) -> int:
        """One question, one reply; answers the exit code."""
        with SessionRunner(self._session) as runner:
            code = exit_code_of(runner.run(self._reply(question)))
            return ExitCode.INTERRUPTED if runner.interrupted else code

    def talk(self, first: str = "") -> int:
        """A message a line until the input ends; answers the exit code of the last reply."""
        code = int(ExitCode.OK)
        with SessionRunner(self._session) as runner:
            loaded = runner.run(self._show_all_of_load())
            if isinstance(loaded, Failed):
                return loaded.exit_code
            if sys.stdin.isatty():
                self._printer.dim_line("One message a line. Ctrl-C stops a reply, Ctrl-D ends.")
            for line in self._lines(first):
                code = exit_code_of(runner.run(self._reply(line)))
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
