"""Folded pastes, slash words, earlier questions, drafts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual import events

from localr1.chat.effort import Asked
from localr1.chat.messages import Message, TextPart, user_message
from localr1.tui.widgets import composer as composer_module
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import ScriptedSession, reply

LONG = "".join(f"line {number}\n" for number in range(214))


def chips(running: Chat) -> str:
    chips = running.screen.composer.chips
    return chips.text if chips.display else ""


async def paste(running: Chat, text: str) -> None:
    running.screen.composer.post_message(events.Paste(text))
    await running.settle()


async def send(running: Chat, *keys: str) -> None:
    await running.pilot.press(*keys, "enter")
    await running.settle()


# ---- pastes --------------------------------------------------------------------------------


async def test_a_long_paste_is_folded_and_sent_in_its_place() -> None:
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        composer = running.screen.composer
        await running.pilot.press(*"Sum up: ")
        await paste(running, LONG)
        await running.pilot.press(*" Briefly")
        assert composer.text == "Sum up: [pasted text 1] Briefly"
        assert chips(running) == "pasted text 1  215 lines, 1.8 kB, ~454 tokens  x"
        await send(running)
        assert session.sent == [f"Sum up: {LONG} Briefly"]
        assert chips(running) == ""
        assert composer.text == ""


async def test_a_folded_paste_is_removed_as_a_whole_and_undone() -> None:
    async with chat(ScriptedSession()) as running:
        composer = running.screen.composer
        await paste(running, LONG)
        await running.pilot.press("backspace")
        assert composer.text == ""
        await running.settle()
        assert chips(running) == ""
        await running.pilot.press("ctrl+underscore")
        await running.settle()
        assert chips(running).startswith("pasted text 1")
        await running.pilot.click("#chips", offset=(2 + chips(running).index("  x") + 2, 1))
        await running.settle()
        assert composer.text == ""


async def test_a_folded_paste_is_opened_where_it_can_be_edited() -> None:
    async with chat(ScriptedSession()) as running:
        composer = running.screen.composer
        await paste(running, LONG)
        await running.pilot.click("#chips", offset=(5, 1))
        await running.settle()
        assert composer.text == LONG
        assert chips(running) == ""
        await paste(running, "x" * 70_000)
        await running.screen.action_control("writing", "open_paste")
        await running.settle()
        assert "too long to be edited here" in running.rows()[-1]
        assert "70.0 kB" in chips(running)


async def test_two_megabytes_are_folded_and_no_more() -> None:
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        await paste(running, "x" * 1_500_000)
        await paste(running, "y" * 600_000)
        assert "[pasted 600.0 kB: too long, 2.0 MB fit in a message]" in running.rows()[-1]
        await paste(running, "z" * 500_000)
        assert running.screen.composer.text == "[pasted text 1][pasted text 2]"


async def test_while_a_thought_is_edited_nothing_is_folded_or_offered() -> None:
    async with chat(ScriptedSession()) as running:
        composer = running.screen.composer
        composer.sends_nothing = True
        await paste(running, LONG)
        assert composer.text == LONG
        await running.pilot.press("ctrl+end", *"/he")
        assert not composer.offers.display


# ---- slash words ---------------------------------------------------------------------------


async def test_words_run_actions_with_what_follows() -> None:
    session = ScriptedSession(reply("", "ok"), reply("", "ok"))
    async with chat(session) as running:
        composer = running.screen.composer
        await running.pilot.press(*"/eff")
        await running.settle()
        assert "/effort" in composer.offers.render().plain
        await running.pilot.press("tab")
        assert composer.text == "/effort "
        await running.settle()
        assert "low|medium|high" in composer.offers.render().plain
        await send(running, *"high")
        assert session.limit == Asked(origin="this conversation", effort="high")
        await send(running, *"/effort 99 bananas")
        assert "Cannot read the effort 99 bananas; use low" in running.seen
        assert session.sent == []
        await send(running, *"/try What?")
        assert session.sent == ["What?"]
        assert session.asked[0][1] == 5


async def test_enter_runs_the_offer_and_escape_leaves_the_text() -> None:
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        composer = running.screen.composer
        # typed at once: the offers need not have been shown
        await send(running, *"/hel")
        assert "What you can do" in running.seen
        await running.pilot.press("escape")
        await running.pilot.press(*"/q", "escape")
        assert not composer.offers.display
        assert composer.text == "/q"
        await send(running)
        assert "No command /q; // sends it as text." in running.rows()[-1]
        assert composer.text == "/q"
        composer.clear()
        await send(running, *"//q is a word")
        assert session.sent == ["/q is a word"]


async def test_a_path_is_text_and_a_click_takes_an_offer() -> None:
    session = ScriptedSession(reply("", "ok"))
    async with chat(session, size=(40, 24)) as running:
        await send(running, *"/etc/hosts is what?")
        assert session.sent == ["/etc/hosts is what?"]
        await running.pilot.press(*"/eff")
        await running.settle()
        assert "/effort  Effort" in running.seen
        await running.pilot.click("#offers", offset=(4, 0))
        assert running.screen.composer.text == "/effort "


# ---- earlier questions ---------------------------------------------------------------------


async def test_up_and_down_walk_through_questions_and_keep_the_draft() -> None:
    session = ScriptedSession(reply("", "ok"), messages=[user_message("First?\nIn two lines")])
    async with chat(session) as running:
        composer = running.screen.composer
        composer.earlier_questions = lambda: ["Long ago?"]
        await send(running, *"Second?")
        await running.pilot.press(*"dra", "up")
        await running.settle()
        assert composer.text == "Second?"
        await running.pilot.press("up", "up")
        assert composer.text == "Long ago?"
        await running.pilot.press("down")
        assert composer.text == "First?\nIn two lines"
        await running.pilot.press("up", "down", "down")
        assert composer.text == "Second?"
        await running.pilot.press("down", *"ft")
        assert composer.text == "draft"
        await running.pilot.press("down")
        assert composer.text == "draft"


async def test_the_first_up_waits_for_earlier_conversations() -> None:
    calls: list[None] = []

    def earlier() -> Sequence[str]:
        calls.append(None)
        return ["/quit", "@x"]

    async with chat(ScriptedSession()) as running:
        composer = running.screen.composer
        composer.earlier_questions = earlier
        await running.pilot.press("up")
        await running.settle(0.2)
        assert composer.text == "@x"
        await running.pilot.press("up", "up")
        await running.settle()
        # what was asked once is not a command, and nothing is offered for it
        assert composer.text == "/quit"
        assert not composer.offers.display
        assert len(calls) == 1


async def test_up_moves_through_the_text_first() -> None:
    session = ScriptedSession(messages=[user_message("Asked")])
    async with chat(session) as running:
        composer = running.screen.composer
        await running.pilot.press("a", "ctrl+j", "b", "up")
        assert composer.cursor_location == (0, 1)
        await running.pilot.press("up")
        assert composer.text == "Asked"


# ---- drafts --------------------------------------------------------------------------------


async def test_drafts_are_handed_over_and_shown_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composer_module, "DRAFT_SECONDS", 0.01)
    (tmp_path / "a b.py").write_text("pass")
    drafts: list[str] = []
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        composer = running.screen.composer
        composer.on_draft = drafts.append
        composer.attach(tmp_path / "a b.py")
        await running.pilot.press(*"See ")
        await paste(running, LONG)
        await running.settle(0.1)
        assert drafts[-1] == f'@"{tmp_path}/a b.py"\nSee {LONG}'
        await send(running)
        await running.settle(0.1)
        assert drafts[-1] == ""
        composer.show_draft(f'@"{tmp_path}/a b.py"\nSee')
        await running.settle(0.2)
        assert composer.text == "See"
        assert chips(running).startswith("a b.py")
        composer.show_draft("x" * 70_000)
        await running.settle()
        assert composer.text == "[pasted text 1]"
        assert composer.draft == "x" * 70_000


async def test_a_long_question_stands_in_a_window_until_its_turn_is_picked() -> None:
    paste = "\n".join(f"line {number}" for number in range(60))
    messages = [user_message(paste), Message("assistant", (TextPart("Read."),), "stop")]
    async with chat(ScriptedSession(messages=messages), size=(80, 40)) as running:
        question = running.screen.turns[0].question
        assert question.size.height == 12
        assert "Read." in running.seen
        await running.pilot.press("ctrl+f", *"line 44", "enter")
        await running.settle()
        assert "line 44" in running.seen
        assert question.size.height == 12
        await running.pilot.press("escape", "tab")
        await running.settle()
        assert question.size.height == 60
        await running.pilot.press("escape")
        await running.settle()
        assert question.size.height == 12
