"""The thinking: its limit as a bar, what folds and hides it, its outline and jumping by it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.events import MouseScrollUp

from localr1.chat.effort import ReasoningLimit
from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.engine.protocol import Answer, Prompt, Reasoning
from localr1.settings import Settings
from localr1.tui.preferences import Preferences, preferences
from localr1.tui.widgets.find_bar import FindBar
from localr1.tui.widgets.outline_panel import SIGNS, OutlinePanel
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import DONE, ScriptedSession, Step, reply

TRACE = (Path(__file__).parents[1] / "data" / "thought-english.txt").read_text(encoding="utf-8")
MESSAGES = (
    user_message("Go"),
    Message("assistant", (ReasoningPart("A first thought.", 431, 12.0), TextPart("42")), "stop"),
    user_message("And then?"),
    Message("assistant", (ReasoningPart("A second thought.", 3, 1.0), TextPart("43")), "stop"),
)


def bar(running: Chat) -> tuple[int, int]:
    """How many cells of the bar are full and empty."""
    line = next(row for row in running.rows() if "Thinking…" in row)
    return line.count("━"), line.count("─")


async def test_a_bar_shows_the_nearer_limit() -> None:
    first, second = asyncio.Event(), asyncio.Event()
    steps: list[Step] = [
        Reasoning(text="I think", tokens=512),
        first,
        Reasoning(text=" more", tokens=1),
        second,
        Reasoning(text=" and more", tokens=9_000),
        asyncio.Event(),
    ]
    limit = ReasoningLimit(tokens=2_048, seconds=60)
    async with chat(ScriptedSession(steps, thinks=limit), size=(100, 24)) as running:
        await running.ask("Go")
        assert bar(running) == (6, 18)
        running.clock.now += 30
        first.set()
        await running.settle()
        assert bar(running) == (12, 12)
        running.clock.now += 1
        second.set()
        await running.settle()
        assert bar(running) == (24, 0)
        await running.pilot.resize_terminal(40, 24)
        await running.settle()
        assert bar(running)[0] <= 6
        assert "9,513 of 2,048 tokens" in running.seen


async def test_without_a_limit_there_is_no_bar() -> None:
    steps: list[Step] = [Reasoning(text="I think", tokens=512), asyncio.Event()]
    async with chat(ScriptedSession(steps)) as running:
        await running.ask("Go")
        assert bar(running) == (0, 0)


async def test_the_live_window_is_scrolled_by_wheel_and_keys_and_followed_again() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    steps: list[Step] = [Reasoning(text="".join(f"step {n}\n" for n in range(60)), tokens=120)]
    for number, gate in enumerate(gates):
        steps += [gate, Reasoning(text=f"later {number}\n", tokens=2)]
    async with chat(ScriptedSession([*steps, asyncio.Event()])) as running:
        await running.ask("Go")
        trace = running.screen.turns[-1].trace
        await running.pilot.hover(trace, offset=(5, 5))
        trace.post_message(MouseScrollUp(trace, 5, 5, 0, -1, 0, False, False, False))
        await running.settle()
        gates[0].set()
        await running.settle()
        assert "later 0" not in running.seen
        await running.pilot.press("pageup", "pageup")
        await running.settle()
        assert "step 59" not in running.seen
        assert running.screen.transcript.scroll_y == 0
        await running.pilot.press("ctrl+home")
        await running.settle()
        assert "step 0" in running.seen
        gates[1].set()
        await running.settle()
        assert "later 1" not in running.seen
        await running.pilot.press("ctrl+end")
        await running.settle()
        assert "later 1" in running.seen
        gates[2].set()
        await running.settle()
        assert "later 2" in running.seen


@pytest.mark.parametrize("collapses", [True, False])
async def test_the_setting_says_whether_the_thinking_folds(collapses: bool) -> None:
    preferred = preferences(Settings(collapse_thinking=collapses))
    session = ScriptedSession(reply("A thought.\n", "An answer.\n"))
    async with chat(session, preferred=preferred) as running:
        await running.ask("Go")
        assert "An answer." in running.seen
        assert ("A thought." in running.seen) is not collapses
        await running.pilot.press("ctrl+t")
        await running.settle()
        assert ("A thought." in running.seen) is collapses


async def act(running: Chat, name: str) -> None:
    await running.screen.action_control("thinking", name)
    await running.settle()


async def test_all_thinking_is_opened_hidden_shown_and_copied() -> None:
    session = ScriptedSession(reply("A third thought.", "44"), messages=MESSAGES)
    async with chat(session, size=(80, 30)) as running:
        await act(running, "toggle_all")
        assert "A first thought." in running.seen
        assert "A second thought." in running.seen
        await act(running, "hide")
        assert "thought." not in running.seen
        assert "Thought for" not in running.seen
        assert "hidden in this chat" in running.rows()[-1]
        await running.ask("More")
        assert "44" in running.seen
        assert "Thought" not in running.seen
        await act(running, "hide")
        assert "shown again" in running.rows()[-1]
        assert "A first thought." in running.seen
        assert "A third thought." not in running.seen
        assert running.seen.count("Thought") == 3
        await act(running, "toggle_all")
        assert "A first thought." not in running.seen
        await act(running, "hide")
        await running.screen.find("first thought", 1)
        await running.settle()
        await running.settle()
        assert "A first thought." in running.seen
        await running.pilot.press("escape")
        await act(running, "hide")
        await running.pilot.press("ctrl+t")
        await running.settle()
        assert "A third thought." in running.seen
        await act(running, "copy_thought")
        assert running.app.clipboard == "A third thought."
        assert "Copied the thought, " in running.rows()[-1]


async def test_without_a_thought_it_says_so() -> None:
    async with chat(ScriptedSession()) as running:
        for name in ("toggle_all", "copy_thought", "outline"):
            await act(running, name)
            assert "There is no thought" in running.rows()[-1]
        assert not running.screen.query(OutlinePanel)


async def test_hidden_thinking_streams_unseen_but_progress_before_it_is_seen() -> None:
    gate = asyncio.Event()
    steps: list[Step] = [
        Prompt(processed=1, total=99, cached=0),
        gate,
        Reasoning(text="I think", tokens=5),
        asyncio.Event(),
    ]
    async with chat(ScriptedSession(steps)) as running:
        await act(running, "hide")
        await running.ask("Go")
        assert "Reading 1 of 99 tokens" in running.seen
        gate.set()
        await running.settle()
        assert "I think" not in running.seen
        assert "Thinking…" not in running.seen
        running.screen.status_line.fall_silent()
        await running.settle()
        assert "Thinking" in running.rows()[-1]


async def test_the_picked_turns_thought_is_the_one_that_is_carried_and_copied() -> None:
    session = ScriptedSession(messages=MESSAGES)
    async with chat(session) as running:
        await running.pilot.press("tab", "up", "f8")
        await running.settle()
        assert session.messages[1].reasoning is not None
        assert session.messages[1].reasoning.carried
        assert session.messages[3].reasoning is not None
        assert not session.messages[3].reasoning.carried
        assert "12 s, 431 tokens, carried" in running.seen
        await act(running, "copy_thought")
        assert running.app.clipboard == "A first thought."
        # Panels give the keys back to the turn
        for key in ("o", "ctrl+f"):
            await running.pilot.press(key, "escape")
            await running.settle()
            assert running.screen.transcript.has_focus
            assert running.screen.current_turn is running.screen.turns[0]


# ---- the outline ---------------------------------------------------------------------------


def outline_rows(running: Chat) -> list[str]:
    return [row for row in running.rows() if any(f" {sign} " in row for sign in SIGNS.values())]


async def test_the_outline_beside_a_finished_thought() -> None:
    session = ScriptedSession(reply(TRACE, "It is 114."))
    async with chat(session, size=(140, 30)) as running:
        await running.ask("How many?")
        await running.pilot.press("alt+o")
        await running.settle()
        panel = running.screen.query_one(OutlinePanel)
        assert "Outline, 12 steps" in running.seen
        assert "It is 114." in running.seen
        # the words of the conversation make room
        assert running.screen.composer.region.right == panel.region.x == 98
        rows = outline_rows(running)
        assert len(rows) == 12
        assert "↺ Wait, does" in rows[3]
        assert "%" in rows[3]
        for _ in range(5):
            await running.pilot.press("down")
        await running.pilot.press("enter")
        await running.settle()
        assert "Let me double-check" in running.rows()[3][:98]
        assert "▸ ✓ Let me double-check" in running.seen
        # further up by mouse
        await running.pilot.click(panel, offset=(8, 2 + 3))
        await running.settle()
        assert "Wait, does" in "\n".join(row[:98] for row in running.rows()[:4])
        await running.pilot.press("escape")
        await running.settle()
        assert not running.screen.query(OutlinePanel)
        assert running.screen.composer.has_focus
        assert running.screen.composer.region.right == 140


async def test_on_a_narrow_screen_the_outline_takes_the_place_of_the_conversation() -> None:
    session = ScriptedSession(reply(TRACE, "It is 114."))
    async with chat(session, size=(40, 24)) as running:
        await running.ask("How many?")
        await running.pilot.press("alt+o")
        await running.settle()
        assert "It is 114." not in running.seen
        assert all(len(row) <= 40 for row in running.rows())
        await running.pilot.press("end", "enter")
        await running.settle()
        assert not running.screen.query(OutlinePanel)
        assert "Therefore, the answer is 114." in running.seen
        await running.pilot.press("alt+o")
        await running.settle()
        assert "It is 114." not in running.seen
        await running.pilot.resize_terminal(130, 24)
        await running.settle()
        assert "Outline, 12 steps" in running.seen
        assert "Therefore, the answer is 114." in "\n".join(row[:90] for row in running.rows())
        await running.pilot.press("alt+o")
        await running.settle()
        assert not running.screen.query(OutlinePanel)


async def test_the_outline_follows_a_thought_that_is_written() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    cut = TRACE.index("Let me double-check")
    steps: list[Step] = [
        Reasoning(text=TRACE[:cut], tokens=200),
        gates[0],
        Reasoning(text=TRACE[cut:], tokens=300),
        gates[1],
        Answer(text="It is 114."),
        DONE,
    ]
    session = ScriptedSession(steps, reply("Hmm, so another one.", "Yes."))
    async with chat(session, size=(140, 40)) as running:
        await running.ask("How many?")
        await running.pilot.press("alt+o")
        await running.settle()
        assert "Outline, 5 steps" in running.seen
        assert "▸ ↺ Hmm, but I" in running.seen
        gates[0].set()
        await running.settle()
        assert "Outline, 12 steps" in running.seen
        assert "▸ ∴ Therefore" in running.seen
        await running.pilot.press("home", "enter")
        await running.settle()
        trace = running.screen.turns[-1].trace
        assert trace.scroll_y == 0
        assert "▸ ○ Okay, so I need" in running.seen
        gates[1].set()
        await running.settle()
        assert "It is 114." in running.seen
        running.screen.composer.focus()
        await running.ask("Another?")
        assert "Outline, 1 step" in running.seen
        assert "○ Hmm, so another one." in running.seen


async def test_hostile_words_are_harmless_in_the_outline() -> None:
    thought = "Wait, \x1b]0;title\x07 [red]no[/red] \u202e" + "e\u0301" * 5 + "水" * 300
    session = ScriptedSession(reply(f"Start here.\n\n{thought}\n\n" + "\0" * 50, "Done."))
    async with chat(session, size=(130, 24)) as running:
        await running.ask("Go")
        await running.pilot.press("alt+o", "down", "enter")
        await running.settle()
        assert "[red]no[/red]" in running.seen
        assert "\x1b" not in running.seen
        assert "\u202e" not in running.seen


async def test_panels_that_are_opened_and_closed_quickly() -> None:
    async with chat(ScriptedSession(messages=MESSAGES)) as running:
        screen = running.screen
        for _ in range(3):
            await screen.action_control("thinking", "outline")
            await screen.action_control("find", "find")
            await screen.action_stop()
        await screen.action_control("thinking", "outline")
        await running.settle()
        assert len(screen.query(OutlinePanel)) == 1
        assert not screen.query(FindBar)


async def test_an_outline_ends_with_its_thought() -> None:
    session = ScriptedSession(messages=MESSAGES[:2])
    async with chat(session, size=(130, 24)) as running:
        await running.pilot.press("alt+o")
        await running.settle()
        assert "Outline, 1 step" in running.seen
        await running.pilot.press("f9")
        await running.settle()
        await running.pilot.press("f9")
        await running.settle()
        assert "No thought yet" in running.seen
        await running.pilot.press("enter", "down", "escape")
        await running.settle()
        assert not running.screen.query(OutlinePanel)


def test_preferences_have_the_defaults_of_the_settings() -> None:
    assert preferences(Settings()) == Preferences()
