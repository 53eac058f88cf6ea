"""Pastes of every size and kind leave the composer usable."""

from __future__ import annotations

import time

import pytest
from textual import events

from tests.tui.harness import chat
from tests.tui.scripted_session import ScriptedSession, reply

MB = 1_000_000


TOO_LONG = {
    "one line": ("x" * 3 * MB, "3.0 MB"),
    "many lines": ("some words here\n" * (3 * MB // 16), "3.0 MB"),
    "wide": ("水" * 800_000, "2.4 MB"),
    "zeros": ("\x00" * 10 * MB, "10.0 MB"),
    "just too long": ("x" * 2_000_001, "2.0 MB"),
}


@pytest.mark.parametrize("name", TOO_LONG)
async def test_too_long_a_paste_is_refused_in_words(name: str) -> None:
    pasted, size = TOO_LONG[name]
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        started = time.process_time()
        running.screen.composer.post_message(events.Paste(pasted))
        await running.settle()
        await running.pilot.press("h", "i")
        assert running.screen.composer.text == "hi"
        assert f"[pasted {size}: too long, 2.0 MB fit in a message]" in running.rows()[-1]
        assert time.process_time() - started < 5


async def test_pastes_add_up_to_the_limit() -> None:
    async with chat(ScriptedSession()) as running:
        for _ in range(45):
            running.screen.composer.post_message(events.Paste("word " * 300))
        await running.settle(0.3)
        assert len(running.screen.composer.text) == 43 * 1500
        assert "too long, 65.5 kB fit" in running.rows()[-1]


async def test_pasted_lines_and_controls() -> None:
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        running.screen.composer.post_message(events.Paste("a\rb\r\nc\x1b[2J\td\udc80"))
        await running.settle()
        assert running.screen.composer.text == "a\nb\nc␛[2J\td\ufffd"
        assert session.sent == []
        await running.pilot.press("enter")
        await running.settle()
        assert session.sent == ["a\nb\nc␛[2J\td\ufffd"]


async def test_composer_grows_and_then_scrolls() -> None:
    async with chat(ScriptedSession()) as running:
        assert running.screen.composer.size.height == 1
        running.screen.composer.post_message(events.Paste("line\n" * 15))
        await running.settle()
        assert running.screen.composer.size.height == 10
        assert "Ready" in running.rows()[-1]
