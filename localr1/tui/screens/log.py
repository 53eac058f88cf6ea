"""What the engine's native code prints, followed as it grows."""

from __future__ import annotations

import asyncio
from pathlib import Path

from localr1.session.worker_log import LogTail, newest_log
from localr1.tui.marks import one_line
from localr1.tui.screens.sheet import TextSheet
from localr1.tui.widgets.trace_view import TraceView

FOLLOW_SECONDS = 0.5
"""Between two looks at the file."""

_KEPT_CHARACTERS = 1 << 20


class LogScreen(TextSheet):
    """The newest log; follows its end unless a person scrolled away from it.

    Args:
        folder: of the logs.
        running: the log of the worker that runs, if one does.
    """

    heading = "The engine's log"
    placeholder = "Type to see only lines with these words"
    hint = "Esc closes   Ctrl+O copies   Ctrl+End follows the end"

    def __init__(self, folder: Path, running: Path | None = None) -> None:
        self._view = TraceView(id="sheet-text")
        super().__init__(self._view)
        self._folder = folder
        self._worker_log = running
        self._tail: LogTail | None = None
        self._text = ""
        self._words: list[str] = []
        self._problem = ""

    @property
    def copied(self) -> str:
        """The lines that are shown."""
        return self._view.text

    def on_mount(self) -> None:
        """Follow the log from now on."""
        self.body.anchor()
        self.run_worker(self._follow())

    async def _follow(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(FOLLOW_SECONDS)

    async def _look(self) -> None:
        if self._tail is None:
            path = await asyncio.to_thread(newest_log, self._folder, self._worker_log)
            if path is None:
                folder = one_line(str(self._folder))
                self._complain(f"There is no log in {folder}: no engine was started yet.")
                return
            self._tail = LogTail(path)
        found = await asyncio.to_thread(self._tail.read)
        if found.problem:
            self._complain(f"{found.problem} {one_line(str(self._tail.path))}")
            self._tail = None
            self._worker_log = None
            return
        self._complain("")
        self._take(found.text, is_new=found.is_new)

    def _take(self, text: str, *, is_new: bool) -> None:
        self._text = text if is_new else self._text + text
        if len(self._text) > _KEPT_CHARACTERS:
            self._text = self._text[-_KEPT_CHARACTERS // 2 :]
            is_new = True
        if is_new or self._words:
            self._show()
        elif text:
            self._view.append(text)

    def searched(self, words: str) -> None:
        """Show only lines with all of these words."""
        self._words = words.casefold().split()
        self._show()

    def _show(self) -> None:
        lines = self._text.splitlines(keepends=True)
        shown = [line for line in lines if self._is_wanted(line.casefold())]
        text = "".join(shown)
        if text != self._view.text:
            self._view.show(text)
        if self._words and not shown:
            self.say("No line has these words.")
        elif not self._problem:
            self.say("")

    def _is_wanted(self, line: str) -> bool:
        return all(word in line for word in self._words)

    def _complain(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self.say(problem)
