"""Asking once, or talking line by line, over a session; Ctrl-C stops what runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from localr1.chat.messages import FilePart
from localr1.cli.chat_commands import ChatCommands
from localr1.cli.output import Printer
from localr1.cli.prompt_line import MARK, PromptLine
from localr1.cli.reply_control import ReplyControl
from localr1.cli.session_runner import SessionRunner
from localr1.cli.show import EventShower, exit_code_of
from localr1.cli.typed_lines import typed_lines
from localr1.engine.protocol import Event, Failed
from localr1.errors import ExitCode
from localr1.session import ChatSession


class LineChat:
    """Runs a session's replies.

    Args:
        session: answers.
        events: shows what it says.
        printer: for the few words that are not events.
        samples: replies to each question, side by side.
        interactive: lines are messages; else there is one question.
        mark: stands before a message that is to be typed.
        files: go with the first question.
    """

    def __init__(
        self,
        session: ChatSession,
        events: EventShower,
        printer: Printer,
        *,
        samples: int = 1,
        interactive: bool = False,
        mark: str = MARK,
        files: Sequence[FilePart] = (),
    ) -> None:
        self._session = session
        self._events = events
        self._printer = printer
        self._samples = samples
        self._files = files
        lines = typed_lines()
        self._control = ReplyControl(session, events, printer, lines, keeps_lines=interactive)
        self._prompt = PromptLine(printer, lines, mark)

    def ask_once(self, question: str) -> int:
        """One question, one reply; answers the exit code."""
        with self._runner() as runner:
            code = runner.run(self.ask(question, self._samples))
            return ExitCode.INTERRUPTED if runner.interrupted else code

    def talk(self, first: str = "") -> int:
        """A message a line until the input ends; answers the exit code of the last reply."""
        code = int(ExitCode.OK)
        commands = ChatCommands(self._session, self, self._printer)
        with self._runner() as runner:
            loaded = runner.run(self._show_all_of_load())
            if isinstance(loaded, Failed):
                return loaded.exit_code
            runner.run(self._session.hand_over())
            if sys.stdin.isatty():
                self._printer.dim_line("One message a line; /help lists commands, Ctrl-D ends.")
            for line in self._lines(first):
                if line.startswith("/") and not line.startswith("//"):
                    code = runner.run(commands.run(line))
                else:
                    message = line[1:] if line.startswith("//") else line
                    code = runner.run(self.ask(message, self._samples))
                if commands.ended:
                    break
                runner.run(self._session.hand_over())
        return code

    async def ask(self, question: str, samples: int) -> int:
        """Ask; answers the exit code."""
        files, self._files = self._files, ()
        reply = self._session.send(question, samples=samples, files=files)
        return exit_code_of(await self._control.follow(reply, samples=samples))

    async def go_on(self) -> int:
        """Continue the last reply; answers the exit code."""
        reply = self._session.go_on()
        return exit_code_of(await self._control.follow(reply, goes_on=True))

    def _runner(self) -> SessionRunner:
        control = self._control
        return SessionRunner(
            self._session, on_interrupt=control.interrupt, on_signal=control.answer_now
        )

    def _lines(self, first: str) -> Iterator[str]:
        if first.strip():
            yield first
        while True:
            kept, self._control.kept_lines = self._control.kept_lines, []
            self._prompt.suggest(kept)
            if self._control.input_ended and not self._prompt.has_suggestions:
                return
            try:
                line = self._prompt.read()
            except EOFError:
                return
            if line.strip():
                yield line

    async def _show_all_of_load(self) -> Event | None:
        last: Event | None = None
        async for event in self._session.load():
            self._events.show(event)
            last = event
        return last
