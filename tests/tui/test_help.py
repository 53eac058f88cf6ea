"""All that can be done, from the table of actions, with the keys as they are now."""

from __future__ import annotations

import asyncio

from localr1.engine.protocol import Reasoning
from localr1.tui.actions import ACTIONS, key_names
from localr1.tui.keymap import Keymap
from localr1.tui.screens.help import HelpScreen
from tests.tui.harness import chat
from tests.tui.scripted_session import ScriptedSession, Step


async def test_help_lists_every_action_under_its_heading() -> None:
    async with chat(ScriptedSession(), size=(100, 40)) as running:
        await running.pilot.press("f1")
        await running.settle()
        help_screen = running.app.screen
        assert isinstance(help_screen, HelpScreen)
        for action in ACTIONS:
            rows = [(row, row[26:].split(". ")[0]) for row in help_screen.copied.splitlines()]
            line = next(row for row, title in rows if title == action.title)
            assert key_names(action.keys) in line
            assert not action.word or f"/{action.word}" in line
        assert running.seen.index("Writing") < running.seen.index("The conversation")
        assert "Click beside a sheet" not in running.seen
        await running.pilot.press("ctrl+end")
        await running.settle()
        assert "Click beside a sheet" in running.seen
        await running.pilot.press("ctrl+o")
        assert running.app.clipboard == help_screen.copied
        await running.pilot.press("f1")
        await running.settle()
        assert not isinstance(running.app.screen, HelpScreen)


async def test_it_shows_keys_as_they_were_changed() -> None:
    keymap = Keymap({"answer_now": "f12"}, "the test")
    async with chat(ScriptedSession(), size=(100, 40), keymap=keymap) as running:
        await running.pilot.press("f1")
        await running.settle()
        line = next(row for row in running.rows() if "Answer now" in row)
        assert "F12" in line
        assert "Ctrl+G" not in line


async def test_it_is_searched_while_a_reply_streams_in_a_narrow_terminal() -> None:
    go_on = asyncio.Event()
    script: list[Step] = [
        Reasoning(text="Hm.", tokens=1),
        go_on,
        Reasoning(text=" Later.", tokens=1),
    ]
    async with chat(ScriptedSession([*script, asyncio.Event()]), size=(40, 20)) as running:
        await running.ask("Go")
        await running.pilot.press("f1", *"answer now")
        await running.settle()
        assert "Ctrl+G" in running.seen
        assert "Ctrl+Q" not in running.seen
        go_on.set()
        await running.settle(0.2)
        assert running.texts(".trace") == ["Hm. Later."]
        await running.pilot.press(*"xyz")
        await running.settle()
        assert "Nothing has these words." in running.seen
        await running.pilot.press("escape")
        await running.settle()
        assert "Hm. Later." in running.seen
        assert running.screen.is_replying


async def test_a_click_beside_it_closes_it() -> None:
    async with chat(ScriptedSession(), size=(200, 40)) as running:
        await running.pilot.press("f1")
        await running.settle()
        assert max(len(row) for row in running.rows()) <= 200
        await running.pilot.click("#sheet-heading")
        assert isinstance(running.app.screen, HelpScreen)
        await running.pilot.click(offset=(2, 20))
        await running.settle()
        assert not isinstance(running.app.screen, HelpScreen)
