"""However the chat ends, the session is closed and the caller learns how it went."""

from __future__ import annotations

import asyncio
import functools
import io
import os
import signal
import sys

import pytest

from localr1.cli.chat import say_broken_off
from localr1.cli.output import Printer
from localr1.tui.app import Localr1App, _run
from localr1.tui.screens.chat import ChatScreen
from tests.tui.scripted_session import ScriptedSession

ENDINGS = ["quit"] if sys.platform == "win32" else ["quit", "SIGTERM", "SIGHUP"]


def headless(session: ScriptedSession, monkeypatch: pytest.MonkeyPatch) -> Localr1App:
    app = Localr1App(session)  # type: ignore[arg-type]  # the contract, not the class
    monkeypatch.setattr(app, "run_async", functools.partial(app.run_async, headless=True))
    return app


@pytest.mark.parametrize("ending", ENDINGS)
async def test_session_is_closed(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session = ScriptedSession()
    app = headless(session, monkeypatch)
    running = asyncio.create_task(_run(app, session))  # type: ignore[arg-type]
    await asyncio.sleep(0.3)
    assert not session.closed
    if ending == "quit":
        app.simulate_key("ctrl+q")
    else:
        os.kill(os.getpid(), getattr(signal, ending))
    await asyncio.wait_for(running, 5)
    assert session.closed


async def test_it_can_be_left_before_anything_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    session = ScriptedSession()
    app = headless(session, monkeypatch)
    running = asyncio.create_task(_run(app, session))  # type: ignore[arg-type]
    for _ in range(3):
        await asyncio.sleep(0)
    app.exit()
    await asyncio.wait_for(running, 20)
    assert session.closed


async def test_an_error_of_ours_is_raised_and_not_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault in a handler")

    session = ScriptedSession()
    monkeypatch.setattr(ChatScreen, "on_events_arrived", broken)
    app = headless(session, monkeypatch)
    with pytest.raises(RuntimeError, match="a fault in a handler"):
        await asyncio.wait_for(_run(app, session), 5)  # type: ignore[arg-type]
    assert session.closed
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    assert "fault" not in out + err


async def test_unknown_theme_falls_back() -> None:
    assert Localr1App(ScriptedSession(), "no-such-theme").theme == "localr1-dark"  # type: ignore[arg-type]
    assert Localr1App(ScriptedSession(), "nord").theme == "nord"  # type: ignore[arg-type]


def test_what_was_being_fetched_is_told_afterwards() -> None:
    said = io.StringIO()
    say_broken_off(["r1-qwen-7b", "hf:o/r/a b\x1b[2J.gguf"], Printer(io.StringIO(), said))
    assert said.getvalue().splitlines() == [
        "r1-qwen-7b is not whole yet: `localr1 pull r1-qwen-7b` goes on.",
        "hf:o/r/a b␛[2J.gguf is not whole yet: `localr1 pull 'hf:o/r/a b␛[2J.gguf'` goes on.",
    ]
