"""The engine's log, followed while it grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from localr1.session.worker_log import LogTail, newest_log
from localr1.tui.screens import log
from localr1.tui.screens.log import LogScreen
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import ScriptedSession


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "FOLLOW_SECONDS", 0.01)


@pytest.fixture
def logs(localr1_home: Path) -> Path:
    folder = localr1_home / "logs"
    folder.mkdir(parents=True)
    return folder


async def open_log(running: Chat) -> LogScreen:
    running.app.action_log()
    await running.settle()
    screen = running.app.screen
    assert isinstance(screen, LogScreen)
    return screen


async def test_it_follows_searches_and_copies(logs: Path) -> None:
    (logs / "worker-20260101-000000-1-1.log").write_text("an older one\n")
    file = logs / "worker-20260102-000000-1-1.log"
    file.write_text("load: 28 layers\n\x1b[31mred\x1b]52;c;x\x07\nkv cache: 1 GiB\n")
    async with chat(ScriptedSession(), size=(40, 16)) as running:
        screen = await open_log(running)
        assert "load: 28 layers" in running.seen
        assert "an older one" not in running.seen
        assert "\x1b" not in running.seen
        assert "␛[31mred" in running.seen
        with file.open("a") as growing:
            growing.write("".join(f"line {number}\n" for number in range(50)))
        await running.settle(0.2)
        assert "line 49" in running.seen, "it follows the end"
        await running.pilot.press("pageup", "pageup")
        with file.open("a") as growing:
            growing.write("the last\n")
        await running.settle(0.2)
        assert "the last" not in running.seen, "unless a person scrolled away"
        await running.pilot.press("ctrl+end")
        await running.settle()
        assert "the last" in running.seen
        await running.pilot.press(*"LINE 4")
        await running.settle()
        assert screen.copied.splitlines() == [
            f"line {number}" for number in range(50) if "4" in str(number)
        ]
        with file.open("a") as growing:
            growing.write("line 444\nsomething else\n")
        await running.settle(0.2)
        assert screen.copied.splitlines()[-1] == "line 444"
        await running.pilot.press("ctrl+o")
        assert running.app.clipboard == screen.copied
        await running.pilot.press(*"xyz")
        await running.settle()
        assert "No line has these words." in running.seen
        await running.pilot.press("escape")
        await running.settle()
        assert running.app.screen is running.screen


async def test_a_log_that_goes_and_comes(logs: Path) -> None:
    async with chat(ScriptedSession()) as running:
        await open_log(running)
        assert "no engine was started yet" in running.seen
        file = logs / "worker-20260102-000000-1-1.log"
        file.write_text("first\n")
        await running.settle(0.2)
        assert "first" in running.seen
        assert "no engine was started yet" not in running.seen
        file.unlink()
        await running.settle(0.2)
        assert "no engine was started yet" in running.seen


def test_which_log(tmp_path: Path) -> None:
    assert newest_log(tmp_path / "nowhere") is None
    (tmp_path / "worker-1.log").write_text("")
    (tmp_path / "worker-2.log").write_text("")
    assert newest_log(tmp_path) == tmp_path / "worker-2.log"
    assert newest_log(tmp_path, tmp_path / "worker-1.log") == tmp_path / "worker-1.log"


def test_only_the_end_of_a_large_log_is_read(tmp_path: Path) -> None:
    file = tmp_path / "worker.log"
    file.write_bytes(b"one\ntwo \xff\nthree\n")
    tail = LogTail(file, tail_bytes=14)
    assert tail.read() == ("two \ufffd\nthree\n", True, "")
    assert tail.read() == ("", False, "")
    with file.open("ab") as growing:
        growing.write("é".encode()[:1])
    assert tail.read().text == ""
    with file.open("ab") as growing:
        growing.write("é".encode()[1:] + b"\n")
    assert tail.read() == ("é\n", False, "")
    with file.open("ab") as growing:
        growing.write(b"x" * 20 + b"\nend\n")
    assert tail.read() == ("end\n", True, "")
    file.write_bytes(b"anew\n")
    assert tail.read() == ("anew\n", True, "")
    file.unlink()
    assert tail.read().problem == "The log is gone."
    file.mkdir()
    assert "cannot be read" in tail.read().problem
