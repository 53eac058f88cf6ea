"""The one place that prints: data on standard output, talk on standard error.

Everything passes `terminal_text` on its way, also what is believed to be clean.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TextIO

from localr1.errors import Localr1Error, OutputClosed, OutputFailed
from localr1.terminal_text import clean, clean_line

_DIM, _BOLD, _PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_STYLES = {"": "", "dim": _DIM, "bold": _BOLD}
_CLEAR_LINE = "\r\x1b[K"

Style = Literal["", "dim", "bold"]
Styled = tuple[str, Style]
"""A piece of text, and how it looks on a terminal."""

_ECHO_SECONDS = 0.01
"""Text written so shortly before a typed line was read may stand after its echo."""


class Printer:
    """Standard output and standard error of one command.

    Args:
        out: where data goes.
        err: where talk goes.
        is_plain: nothing is dim and no line is replaced.
    """

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, *, is_plain: bool = False
    ) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        for stream in (self._out, self._err):
            if hasattr(stream, "reconfigure"):
                # a terminal without Unicode shows "?", it does not end the program
                stream.reconfigure(errors="replace")
        self._is_plain = is_plain
        is_styled = "NO_COLOR" not in os.environ and not is_plain
        self._styled = self._err.isatty() and is_styled
        self._styles_data = self._out.isatty() and is_styled
        self._status_shown = False
        self._dim = False
        self._line_open = False
        self._talk_open = False
        self._text_at = 0.0

    @property
    def talks_to_person(self) -> bool:
        """Whether standard error is a terminal."""
        return self._err.isatty()

    @property
    def status_width(self) -> int:
        """Characters that a status line may have: it must not go on in a second line."""
        try:  # of the terminal that shows it: standard output may be a pipe
            columns = os.get_terminal_size(self._err.fileno()).columns
        except (OSError, ValueError):
            columns = 80
        return max(20, min(78, columns - 1))

    @property
    def has_unicode(self) -> bool:
        """Whether talk may have signs that are not ASCII."""
        return (getattr(self._err, "encoding", None) or "").lower().replace("-", "") == "utf8"

    def data(self, text: str) -> None:
        """Write to standard output at once.

        Raises:
            OutputClosed: nobody reads it any more.
            OutputFailed: it cannot be written, as on a full disk.
        """
        self.styled_data([(text, "")])

    def styled_data(self, pieces: Iterable[Styled]) -> None:
        """Write to standard output at once; with styles where it is a terminal.

        Raises:
            OutputClosed: nobody reads it any more.
            OutputFailed: it cannot be written, as on a full disk.
        """
        self.clear_status()
        self._end_dim()
        text = ""
        shown = []
        for piece, style in pieces:
            text = clean(piece) or text
            code = _STYLES[style] if self._styles_data else ""
            shown.append(f"{code}{clean(piece)}{_PLAIN}" if code else clean(piece))
        try:
            self._out.write("".join(shown))
            self._out.flush()
        except (BrokenPipeError, ValueError):
            raise OutputClosed("standard output was closed; stopped") from None
        except OSError as error:
            raise OutputFailed(f"cannot write standard output: {error.strerror}") from error
        self._text_at = time.monotonic()
        if text:
            self._line_open = not text.endswith("\n")

    def end_data(self) -> None:
        """End the last line of data, where it is open."""
        if self._line_open:
            self.data("\n")

    def aside(self, text: str) -> None:
        """Text on standard error that streams, dim on a terminal (reasoning)."""
        self.clear_status()
        if self._styled and not self._dim:
            self._talk(_DIM)
            self._dim = True
        self._talk(clean(text))
        self._text_at = time.monotonic()
        if text:
            self._talk_open = not text.endswith("\n")

    def end_aside(self) -> None:
        """A blank line after streamed talk."""
        self._talk("\n\n" if self._talk_open else "\n")
        self._talk_open = False
        self._end_dim()

    def after_enter(self) -> None:
        """A person pressed Enter on the terminal: what is shown there goes on at a new line."""
        self._status_shown = False
        if time.monotonic() - self._text_at > _ECHO_SECONDS:
            self._talk_open = False
            self._line_open = self._line_open and not self._out.isatty()

    def after_interrupt(self) -> None:
        """A person pressed Ctrl-C, and the terminal shows ^C: talk goes on at a new line."""
        self._talk_open = self._talk_open or self.talks_to_person

    def line(self, text: str) -> None:
        """A line of talk."""
        self._begin_line()
        self._talk(clean_line(text, limit=2000) + "\n")

    def line_as_is(self, text: str) -> None:
        """A line of talk whose spaces align it."""
        self._begin_line()
        self._talk(f"{clean(text)}\n")

    def prompt(self, mark: str) -> None:
        """What stands before a line that a person is to type."""
        self._begin_line()
        self._talk(mark)

    def _begin_line(self) -> None:
        """Begin a line of talk, below what a terminal shows unfinished."""
        self.clear_status()
        self._end_dim()
        shares_terminal = self._line_open and self._out.isatty() and self._err.isatty()
        if self._talk_open or shares_terminal:
            self._talk("\n")
        self._talk_open = False
        self._line_open = self._line_open and not shares_terminal

    def dim_line(self, text: str) -> None:
        """A line of talk that may be overlooked."""
        self._begin_line()
        text = clean_line(text, limit=2000)
        self._talk(f"{_DIM}{text}{_PLAIN}\n" if self._styled else f"{text}\n")

    def status(self, text: str) -> None:
        """A line that the next output replaces; on a terminal only."""
        if self.talks_to_person and not self._is_plain:
            self._talk(f"{_CLEAR_LINE}{clean_line(text, limit=self.status_width)}")
            self._status_shown = True

    def clear_status(self) -> None:
        """Remove the status line."""
        if self._status_shown:
            self._talk(_CLEAR_LINE)
            self._status_shown = False

    def error(self, error: Localr1Error) -> None:
        """An error: what happened and, where there is a hint, what to do."""
        self.line(one_line(error))

    def _end_dim(self) -> None:
        if self._dim:
            self._talk(_PLAIN)
            self._dim = False

    def _talk(self, text: str) -> None:
        """Write to standard error; when nobody reads it, there is nobody to tell."""
        with contextlib.suppress(OSError, ValueError):
            self._err.write(text)
            self._err.flush()


def one_line(error: Localr1Error) -> str:
    """`localr1: what happened; what to do`."""
    message = error.message.rstrip(".")
    return f"localr1: {message}; {error.hint}" if error.hint else f"localr1: {message}"


def open_missing_streams() -> None:
    """Put nothing in the place of standard streams that were closed before we began.

    Else the next file that is opened would get their descriptor, and their text with it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # open for as long as the process runs
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def silence_closed_output() -> None:
    """Keep Python's own exit from complaining about a standard output that is gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(null, sys.stdout.fileno())
