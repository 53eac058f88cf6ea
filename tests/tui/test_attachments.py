"""Files that go with a question: named, shown with their cost, sent, seen again."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import pytest
from textual import events

from localr1.chat.messages import FilePart, Message, TextPart, user_message
from localr1.session import attached_file
from localr1.session.attached_file import AttachedFile, read_attachment
from localr1.tui.composing.attachments import Room, fit_warning
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import DONE, ScriptedSession, reply

CODE = "def add(a, b):\n    return a + b\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "main.py").write_text(CODE)
    (tmp_path / "map.txt").write_text("here\n" * 3)
    (tmp_path / "my notes.txt").write_text("milk")
    (tmp_path / "src" / "deep.py").write_text("pass")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\x00")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def offered(running: Chat) -> str:
    offers = running.screen.composer.offers
    return offers.render().plain if offers.display else ""


def chips(running: Chat) -> str:
    chips = running.screen.composer.chips
    return chips.text if chips.display else ""


async def until_read(running: Chat) -> None:
    while running.screen.composer.enclosures.files.is_reading:
        await running.settle()
    await running.settle()


async def test_a_file_is_named_counted_sent_and_shown(folder: Path) -> None:
    session = ScriptedSession(reply("", "It adds."))
    async with chat(session) as running:
        await running.pilot.press(*"@ma")
        await running.settle(0.2)
        assert [row.strip() for row in offered(running).splitlines()] == ["main.py", "map.txt"]
        await running.pilot.press("tab")
        await until_read(running)
        assert running.screen.composer.text == ""
        assert chips(running) == "main.py  32 B, 160 tokens  x"
        assert offered(running) == ""
        await running.pilot.press("enter")
        await running.settle()
        assert "Write a question to go with the files." in running.rows()[-1]
        assert session.sent == []
        await running.pilot.press(*"What is it?", "enter")
        await running.settle()
        assert session.sent == ["What is it?"]
        assert session.sent_files == [(FilePart("main.py", CODE),)]
        assert session.messages[0].text == "What is it?"
        seen = running.seen
        assert seen.index("▌ main.py  32 B") < seen.index("▌ What is it?")
        assert running.texts(".question") == ["What is it?"]
        assert chips(running) == ""


async def test_fast_keys_are_neither_lost_nor_reordered(folder: Path) -> None:
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        # All at once, as a program types: nothing has time to be shown in between
        keys = [
            *"Compare @main",
            "tab",
            *" with @map.txt an",
            "backspace",
            "left",
            "right",
            *"nd @",
        ]
        for key in [*keys, *"my", "tab", *" now", "enter", *"next"]:
            character = key if len(key) == 1 else None
            running.app.post_message(events.Key(named(key), character))
        await running.settle(0.5)
        await until_read(running)
        assert session.sent == ["Compare main.py with map.txt and my notes.txt now"]
        names = [part.name for part in session.sent_files[0]]
        assert names == ["main.py", "map.txt", "my notes.txt"]
        assert running.screen.composer.text == "next"


def named(key: str) -> str:
    return {" ": "space", "@": "at", ".": "full_stop"}.get(key, key)


async def test_folders_are_entered_and_names_with_spaces_quoted(folder: Path) -> None:
    async with chat(ScriptedSession()) as running:
        composer = running.screen.composer
        await running.pilot.press(*"@sr", "tab")
        await running.settle(0.2)
        assert composer.text == "@src/"
        assert offered(running).strip() == "src/deep.py"
        await running.pilot.press("enter")
        await until_read(running)
        assert chips(running).startswith("deep.py")
        await running.pilot.press(*'@"my notes.txt"')
        await until_read(running)
        assert composer.text == ""
        assert "my notes.txt" in chips(running)


async def test_what_is_no_mention_stays_text(folder: Path) -> None:
    session = ScriptedSession(reply("", "ok"), reply("", "ok"))
    async with chat(session) as running:
        await running.pilot.press(*"mail@main.py \\@main.py @nothing", "enter")
        await running.settle()
        assert session.sent == ["mail@main.py @main.py @nothing"]
        await running.pilot.press(*"@ma")
        await running.settle(0.2)
        await running.pilot.press("escape")
        assert offered(running) == ""
        await running.pilot.press("i", "enter")
        await running.settle()
        assert session.sent[1:] == ["@mai"]
        assert session.sent_files == [(), ()]


async def test_arrows_and_the_mouse_choose(folder: Path) -> None:
    async with chat(ScriptedSession()) as running:
        await running.pilot.press(*"@")
        await running.settle(0.2)
        assert "picture.png" in offered(running)
        await running.pilot.press("down", "down", "up", "enter")
        await until_read(running)
        assert chips(running).startswith("map.txt")
        await running.pilot.press("@")
        await running.settle(0.2)
        await running.pilot.click("#offers", offset=(4, 0))
        await until_read(running)
        assert "main.py" in chips(running)
        # the x of the first one
        await running.pilot.click("#chips", offset=(2 + chips(running).index("x\n"), 1))
        await running.settle()
        assert chips(running).startswith("main.py")
        await running.pilot.press("backspace")
        assert chips(running) == ""


async def test_refusals_are_said_and_nothing_is_attached(folder: Path) -> None:
    async with chat(ScriptedSession()) as running:
        for typed, said in (
            ("picture.png", "picture.png is no text file."),
            ("src", "src is a folder; attach the files in it."),
            ("gone.txt", "gone.txt does not exist."),
        ):
            await running.pilot.press(*f"/attach {typed}", "enter")
            await until_read(running)
            assert said in running.rows()[-1]
            assert chips(running) == ""
        for _ in range(2):
            await running.pilot.press(*"/attach main.py", "enter")
        await until_read(running)
        assert "main.py is attached already." in running.rows()[-1]
        await running.pilot.press(*"/detach", "enter")
        await running.settle()
        assert chips(running) == ""


async def test_an_estimate_until_the_model_is_free(folder: Path) -> None:
    go = asyncio.Event()
    session = ScriptedSession(load=(go, *ScriptedSession()._load))
    async with chat(session) as running:
        running.screen.composer.attach(folder / "main.py")
        await until_read(running)
        assert chips(running) == "main.py  32 B, ~24 tokens  x"
        go.set()
        await running.settle(0.2)
        assert chips(running) == "main.py  32 B, 160 tokens  x"


async def test_what_does_not_fit_is_warned_of_and_a_narrow_screen_keeps_the_x(
    folder: Path,
) -> None:
    (folder / f"{'long' * 10}.txt").write_text("word " * 1000)
    async with chat(ScriptedSession(), size=(40, 24)) as running:
        running.screen.composer.attach(folder / f"{'long' * 10}.txt")
        await until_read(running)
        assert "Too long: 10,090 of 8,192 tokens\n" in running.seen
        row = next(row for row in running.rows() if "tokens  x" in row)
        assert "…  5.0 kB, 10,090 tokens  x" in row
        running.screen.composer.post_message(events.Paste("word\n" * 40_000))
        await running.settle()
        row = next(row for row in running.rows() if "pasted" in row)
        assert row.endswith("…  x")


def test_the_warning_counts_what_the_window_holds_already() -> None:
    assert fit_warning(100, None, is_exact=True) == ""
    assert fit_warning(100, Room(1000, 900), is_exact=True) == ""
    words = "Too long: ~101 of 100 free"
    assert fit_warning(101, Room(1000, 900), is_exact=False) == words


async def test_enter_waits_a_moment_for_a_file_then_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def slowly(path: Path) -> AttachedFile:
        go.wait()
        return read_attachment(path)

    monkeypatch.setattr(attached_file, "read_attachment", slowly)
    monkeypatch.setattr("localr1.tui.widgets.composer.READING_SECONDS", 0.05)
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        running.screen.composer.attach(folder / "main.py")
        await running.pilot.press("x", "enter")
        await running.settle(0.2)
        assert chips(running) == "main.py  being read  x"
        assert "A file is still being read." in running.rows()[-1]
        assert running.screen.composer.text == "x"
        assert session.sent == []
        go.set()
        await until_read(running)
        await running.pilot.press("enter")
        await running.settle()
        assert session.sent_files == [(FilePart("main.py", CODE),)]


async def test_a_dropped_file_is_offered_and_not_attached_by_itself(folder: Path) -> None:
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        composer = running.screen.composer
        path = folder / "my notes.txt"
        composer.post_message(events.Paste(f"'{path}' "))
        await running.settle(0.2)
        assert composer.text == f"'{path}'"
        assert "Enter attaches my notes.txt" in offered(running)
        assert chips(running) == ""
        await running.pilot.press("enter")
        await until_read(running)
        assert composer.text == ""
        assert chips(running).startswith("my notes.txt")
        # or it is left as text
        composer.post_message(events.Paste(str(folder / "main.py")))
        await running.settle(0.2)
        await running.pilot.press("escape", "enter")
        await running.settle()
        assert session.sent == [str(folder / "main.py")]


async def test_files_of_earlier_questions_are_shown_and_edited_with_them() -> None:
    part = FilePart("old\x1b[2J.py", "x = 1")
    messages = [user_message("Old?", [part]), Message("assistant", (TextPart("Yes."),), "stop")]
    session = ScriptedSession(reply("", "ok"), messages=messages)
    async with chat(session) as running:
        assert "old␛[2J.py  5 B" in running.seen
        await running.pilot.press(*"draft")
        await running.screen.action_control("turns", "edit_question")
        await running.settle()
        assert chips(running).startswith("old␛[2J.py")
        await running.pilot.press("home", "N", "enter")
        await running.settle()
        assert session.sent == ["NOld?"]
        assert session.sent_files == [(part,)]
        assert running.screen.composer.text == "draft"
        assert chips(running) == ""


async def test_a_question_that_is_not_sent_comes_back_with_its_files(folder: Path) -> None:
    go = asyncio.Event()
    session = ScriptedSession(load=(go,))
    async with chat(session) as running:
        running.screen.composer.attach(folder / "main.py")
        await until_read(running)
        await running.pilot.press(*"Why?", "enter")
        await running.settle()
        assert "main.py  32 B" in running.seen
        await running.pilot.press("escape")
        await running.settle()
        assert running.screen.composer.text == "Why?"
        assert chips(running).startswith("main.py")


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
async def test_a_pipe_is_neither_offered_nor_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    session = ScriptedSession([DONE])
    async with chat(session) as running:
        await running.pilot.press(*"@pip")
        await running.settle(0.2)
        assert offered(running) == ""
        running.screen.composer.attach(folder / "pipe")
        await until_read(running)
        assert "pipe is a named pipe, not a file" in running.rows()[-1]
