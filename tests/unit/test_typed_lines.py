"""Lines read while a loop runs, and handed back to the prompt."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from localr1.cli.typed_lines import LINE_LIMIT_BYTES, TerminalLines, ThreadLines, typed_lines

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes stand for the terminal")


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[BinaryIO]:
    """What is written here comes from standard input."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "r", encoding="utf-8") as stdin, os.fdopen(writing, "wb", 0) as typing:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield typing


class Heard:
    """The lines of one loop so far."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.on_line = self._queue.put_nowait

    async def several(self, number: int) -> list[str | None]:
        """Wait for so many."""
        return [await asyncio.wait_for(self._queue.get(), 30) for _ in range(number)]

    @property
    def is_silent(self) -> bool:
        """No line waits to be taken."""
        return self._queue.empty()


def test_a_pipe_is_no_terminal(keyboard: BinaryIO) -> None:
    assert keyboard
    assert typed_lines() is None


def test_lines_and_the_rest_of_one(keyboard: BinaryIO) -> None:
    async def hear() -> tuple[list[str | None], str]:
        lines, heard = TerminalLines(sys.stdin.fileno()), Heard()
        lines.start(asyncio.get_running_loop(), heard.on_line)
        keyboard.write("e\ngrün\r\n\xff".encode("latin-1") + b"\nhal")
        return await heard.several(3), lines.stop()

    assert asyncio.run(hear()) == (["e", "gr\ufffdn", "\ufffd"], "hal")


def test_a_line_without_an_end_is_cut(keyboard: BinaryIO) -> None:
    async def hear() -> list[str | None]:
        lines, heard = TerminalLines(sys.stdin.fileno()), Heard()
        lines.start(asyncio.get_running_loop(), heard.on_line)
        for _ in range(3 * LINE_LIMIT_BYTES // 4096):
            await asyncio.to_thread(keyboard.write, b"x" * 4096)
        first = await heard.several(1)
        lines.stop()
        return first

    first = asyncio.run(hear())[0]
    assert first is not None
    assert LINE_LIMIT_BYTES < len(first) <= 2 * LINE_LIMIT_BYTES


def test_the_end_of_input_is_told_and_does_not_spin(keyboard: BinaryIO) -> None:
    async def hear() -> list[str | None]:
        lines, heard = TerminalLines(sys.stdin.fileno()), Heard()
        lines.start(asyncio.get_running_loop(), heard.on_line)
        keyboard.close()
        told = await heard.several(1)
        for _ in range(100):
            await asyncio.sleep(0)
        assert heard.is_silent
        lines.stop()
        return told

    assert asyncio.run(hear()) == [None]


def test_nothing_is_read_after_the_stop(keyboard: BinaryIO) -> None:
    async def hear() -> None:
        lines, heard = TerminalLines(sys.stdin.fileno()), Heard()
        lines.start(asyncio.get_running_loop(), heard.on_line)
        lines.stop()
        keyboard.write(b"for the prompt\n")
        await asyncio.sleep(0.05)
        assert heard.is_silent

    asyncio.run(hear())
    assert sys.stdin.readline() == "for the prompt\n"


def test_a_thread_hands_lines_to_replies_and_to_the_prompt(keyboard: BinaryIO) -> None:
    lines = ThreadLines()

    async def hear(text: bytes, number: int) -> list[str | None]:
        heard = Heard()
        lines.start(asyncio.get_running_loop(), heard.on_line)
        keyboard.write(text)
        taken = await heard.several(number)
        lines.stop()
        return taken

    assert asyncio.run(hear(b"one\r\ntwo\n", 2)) == ["one", "two"]
    keyboard.write(b"three\nfour\n")
    assert [lines.next_line(), lines.next_line()] == ["three", "four"]
    assert asyncio.run(hear(b"five\n", 1)) == ["five"]
    keyboard.close()
    assert lines.next_line() is None
