"""Lines that a person types while the event loop runs; the terminal stays as it is.

The terminal hands over whole lines, and keeps an unfinished one for whoever reads next: so
nothing that was typed for the next prompt is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

LINE_LIMIT_BYTES = 64 << 10
"""A longer line without an end is cut here; terminals themselves end lines at 1 to 4 KiB."""

_REST_SECONDS = 0.5
"""A job in the background looks this often whether it is in front again; so does one whose
terminal said that its input ended, which a lost terminal says without end."""

_LOOK_SECONDS = 0.1
"""A wait without an end could not be broken off by Ctrl-C on Windows."""

OnLine = Callable[[str | None], None]
"""Receives a line without its end; None where the input ended (Ctrl-D)."""


class TypedLines(Protocol):
    """Watches a terminal."""

    def start(self, loop: asyncio.AbstractEventLoop, on_line: OnLine) -> None:
        """Hand over lines from now on."""

    def stop(self) -> str:
        """Hand over no more; answers what of a line was already read."""


def typed_lines() -> TypedLines | None:
    """The terminal of standard input; None where there is none."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    return ThreadLines() if sys.platform == "win32" else TerminalLines(sys.stdin.fileno())


class TerminalLines:
    """Reads a terminal's descriptor when there is something to read (POSIX).

    Args:
        descriptor: of the terminal; it stays blocking, and is read only when it has something.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._begun = b""
        self._later: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop, on_line: OnLine) -> None:
        """Hand over lines from now on."""
        self._loop, self._on_line = loop, on_line
        self._watch()

    def stop(self) -> str:
        """Hand over no more; answers what of a line was already read."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._loop.remove_reader(self._descriptor)
        begun, self._begun = self._begun, b""
        return _text(begun)

    def _watch(self) -> None:
        # a closed descriptor, or one that cannot be waited for, has nothing to say
        with contextlib.suppress(OSError, ValueError):
            self._loop.add_reader(self._descriptor, self._read)

    def _read(self) -> None:
        if not self._is_in_front():
            self._rest()  # reading would stop the whole job (SIGTTIN)
            return
        try:
            piece = os.read(self._descriptor, LINE_LIMIT_BYTES)
        except OSError:
            piece = b""
        if piece:
            self._take(piece)
        else:
            self._rest()
            self._on_line(None)

    def _rest(self) -> None:
        self._loop.remove_reader(self._descriptor)
        self._later = self._loop.call_later(_REST_SECONDS, self._watch)

    def _take(self, piece: bytes) -> None:
        *lines, rest = (self._begun + piece).split(b"\n")
        if len(rest) > LINE_LIMIT_BYTES:
            lines, rest = [*lines, rest], b""
        self._begun = rest
        for line in lines:
            self._on_line(_text(line))

    def _is_in_front(self) -> bool:
        if sys.platform == "win32":  # there are no jobs there
            return True
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return True  # not our controlling terminal, so it stops nobody


class ThreadLines:
    """Reads standard input in a thread (Windows, whose consoles cannot be waited for).

    A read that has begun cannot be broken off: `next_line` gets its line where the chat goes on
    to its prompt.
    """

    def __init__(self) -> None:
        self._on_line: OnLine | None = None
        self._is_reading = False
        self._got = threading.Condition()
        self._lines: deque[str | None] = deque()

    def start(self, loop: asyncio.AbstractEventLoop, on_line: OnLine) -> None:
        """Hand over lines from now on."""
        self._loop, self._on_line = loop, on_line
        self._deliver()

    def stop(self) -> str:
        """Hand over no more; answers nothing, since only whole lines are read."""
        self._on_line = None
        return ""

    def next_line(self) -> str | None:
        """Wait for a line at the prompt; None where the input ended."""
        with self._got:
            while not self._lines:
                self._request()
                self._got.wait(_LOOK_SECONDS)
            return self._lines.popleft()

    def _request(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        raw = sys.stdin.buffer.readline(LINE_LIMIT_BYTES)
        with self._got:
            self._lines.append(_text(raw.rstrip(b"\r\n")) if raw else None)
            self._is_reading = False
            self._got.notify()
        if self._on_line is not None:
            # the loop may have ended meanwhile; the prompt finds the line then
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        ended = False
        while self._on_line is not None and self._lines:
            line = self._lines.popleft()
            ended = line is None
            self._on_line(line)
        if self._on_line is not None and not ended:
            self._request()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").rstrip("\r")
