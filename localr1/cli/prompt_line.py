"""The prompt of the line chat: a line with editing on a terminal, else a line of a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

from localr1.cli.output import Printer
from localr1.cli.typed_lines import ThreadLines, TypedLines

MARK = "> "


class PromptLine:
    """Reads messages.

    Args:
        printer: shows the mark where the prompt cannot.
        lines: what is typed while a reply is written; on Windows it reads here too.
        mark: stands before what is to be typed.
    """

    def __init__(self, printer: Printer, lines: TypedLines | None, mark: str = MARK) -> None:
        self._mark = mark
        self._printer = printer
        self._lines = lines
        self._kept: list[str] = []

    def suggest(self, lines: Sequence[str]) -> None:
        """Put these into the next prompts, one each, to be sent with Enter or changed."""
        self._kept += lines

    @property
    def has_suggestions(self) -> bool:
        """Whether kept lines wait for a prompt."""
        return bool(self._kept)

    def read(self) -> str:
        """The next line.

        Raises:
            EOFError: there is none.
        """
        if self._lines is None:
            return _line_of(sys.stdin.buffer.readline())
        if isinstance(self._lines, ThreadLines):
            return self._read_from_thread(self._lines)
        editing = _line_editing() if sys.stdout.isatty() else None
        if editing is None:
            return self._read_plainly()
        return self._edit(editing)

    def _edit(self, readline: ModuleType) -> str:
        kept = self._kept.pop(0) if self._kept else ""
        readline.set_startup_hook(lambda: readline.insert_text(kept))
        try:
            return input(self._mark)
        finally:
            readline.set_startup_hook(None)

    def _read_plainly(self) -> str:
        """Without editing a kept line cannot be changed, so it is sent as it is."""
        self._printer.prompt(self._mark)
        if self._kept:
            kept = self._kept.pop(0)
            self._printer.line(kept)
            return kept
        line = _line_of(sys.stdin.buffer.readline())
        self._printer.after_enter()
        return line

    def _read_from_thread(self, lines: ThreadLines) -> str:
        if self._kept:
            return self._read_plainly()
        self._printer.prompt(self._mark)
        line = lines.next_line()
        if line is None:
            raise EOFError
        return line


def _line_editing() -> ModuleType | None:
    """The module whose import gives input() line editing, where this Python has it."""
    try:
        import readline
    except ImportError:
        return None
    return readline


def _line_of(raw: bytes) -> str:
    if not raw:
        raise EOFError
    return raw.decode("utf-8", "replace").rstrip("\r\n")
