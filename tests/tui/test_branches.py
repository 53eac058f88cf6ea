"""Picking a turn; asking its question again, another reply, branches, comparing."""

from __future__ import annotations

import asyncio

from localr1.chat.effort import ReasoningLimit
from localr1.chat.messages import FinishReason, Message, ReasoningPart, TextPart, user_message
from localr1.tui.screens.compare import CompareScreen
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import ScriptedSession, reply

FIRST = reply("Two and two.\n", "Four.")
SECOND = reply("Let me count.\n", "It is 4.")


def answer(text: str, thought: str = "", ended: FinishReason = "stop") -> Message:
    parts = (ReasoningPart(thought, 7), TextPart(text)) if thought else (TextPart(text),)
    return Message("assistant", parts, ended)


def picked(running: Chat) -> list[str]:
    return running.texts(".question.-picked")


async def test_keys_pick_a_turn_and_give_the_composer_back() -> None:
    said = [user_message("One?"), answer("1"), user_message("Two?"), answer("2")]
    async with chat(ScriptedSession(messages=said)) as running:
        await running.pilot.press("tab")
        assert picked(running) == ["Two?"]
        assert "E edit" in running.rows()[-1]
        await running.pilot.press("up")
        assert picked(running) == ["One?"]
        await running.pilot.press("up")
        assert picked(running) == ["One?"], "there is none before"
        await running.pilot.press("c")
        assert running.app.clipboard == "1", "single keys act on the picked turn"
        await running.pilot.press("down", "down")
        assert picked(running) == []
        assert running.screen.composer.has_focus
        running.screen.say("Something was just done.")
        await running.pilot.press("tab")
        assert "E edit" in running.rows()[-1], "what keys do now goes before what was done"
        await running.pilot.press("escape", "e")
        assert running.screen.composer.text == "e", "letters are letters again"


async def test_without_a_turn_there_is_nothing_to_pick() -> None:
    async with chat(ScriptedSession()) as running:
        await running.pilot.press("tab")
        assert running.screen.composer.has_focus
        assert "no turn yet" in running.seen


async def test_another_reply_is_a_branch() -> None:
    session = ScriptedSession(FIRST, SECOND)
    async with chat(session) as running:
        await running.ask("What is 2 + 2?")
        await running.pilot.press("tab", "r")
        await running.settle()
        assert session.again_at == [(0, None)]
        assert running.texts(".answer") == ["It is 4."]
        assert "‹ reply 2 of 2 ›" in running.seen
        await running.pilot.press("tab", "left_square_bracket")
        await running.settle()
        assert running.texts(".answer") == ["Four."]
        assert "‹ reply 1 of 2 ›" in running.seen
        assert picked(running) == ["What is 2 + 2?"], "the turn stays picked"
        await running.pilot.press("left_square_bracket")
        await running.settle()
        assert running.texts(".answer") == ["It is 4."], "before the first comes the last"
        await running.pilot.click(".branches", offset=(4, 0))
        await running.settle()
        assert running.texts(".answer") == ["Four."], "a click switches as well"


async def test_an_edited_question_is_a_branch_of_its_own() -> None:
    session = ScriptedSession(FIRST, SECOND, SECOND)
    async with chat(session) as running:
        await running.ask("What is 2 + 2?")
        await running.ask("Are you sure?")
        running.screen.composer.text = "a draft"
        await running.pilot.press("tab", "up", "e")
        await running.settle()
        assert running.screen.composer.text == "What is 2 + 2?"
        await running.ask("What is 3 + 1?")
        assert session.sent[-1] == "What is 3 + 1?"
        assert [message.text for message in session.messages] == ["What is 3 + 1?", "It is 4."]
        assert running.texts(".question") == ["What is 3 + 1?"]
        assert "‹ question 2 of 2 ›" in running.seen
        assert running.screen.composer.text == "a draft"
        await running.pilot.press("tab", "left_square_bracket")
        await running.settle()
        assert running.texts(".question") == ["What is 2 + 2?", "Are you sure?"]


async def test_leaving_an_edit_leaves_the_question() -> None:
    session = ScriptedSession(FIRST)
    async with chat(session) as running:
        await running.ask("What is 2 + 2?")
        await running.pilot.press("tab", "e")
        await running.settle()
        await running.pilot.press("escape")
        await running.settle()
        assert running.screen.composer.text == ""
        assert running.texts(".question") == ["What is 2 + 2?"]


async def test_more_thinking_asks_with_the_next_effort() -> None:
    session = ScriptedSession(FIRST, SECOND, thinks=ReasoningLimit(tokens=512))
    async with chat(session) as running:
        await running.ask("What is 2 + 2?")
        await running.pilot.press("tab", "m")
        await running.settle()
        position, limit = session.again_at[0]
        assert (position, limit.effort if limit else None) == (0, "medium")


async def test_nothing_changes_while_a_reply_is_written() -> None:
    wait = asyncio.Event()
    session = ScriptedSession(FIRST, [*SECOND[:2], wait, *SECOND[2:]])
    async with chat(session) as running:
        await running.ask("What is 2 + 2?")
        await running.ask("And now?")
        for key in ("r", "e", "left_square_bracket"):
            await running.pilot.press("tab", key)
            await running.settle()
            assert "still being written" in running.seen
            await running.pilot.press("escape")
            running.screen.status_line.fall_silent()
        assert session.again_at == []
        wait.set()


async def test_two_replies_side_by_side() -> None:
    session = ScriptedSession(FIRST, SECOND)
    async with chat(session, size=(100, 30)) as running:
        await running.ask("What is 2 + 2?")
        await running.pilot.press("tab", "v")
        assert "one reply only" in running.seen
        await running.pilot.press("r")
        await running.settle()
        await running.pilot.press("tab", "v")
        await running.settle()
        assert isinstance(running.app.screen, CompareScreen)
        row = next(row for row in running.rows() if "Four." in row)
        assert "It is 4." in row, "side by side"
        assert "Reply 1 of 2" in running.seen
        assert "Two and two." not in running.seen
        await running.pilot.press("t")
        await running.settle()
        assert "Two and two." in running.seen
        assert "Let me count." in running.seen
        await running.pilot.press("enter")
        await running.settle()
        assert running.texts(".answer") == ["Four."], "the reply at hand is kept"


async def test_side_by_side_in_a_narrow_terminal_is_one_above_the_other() -> None:
    said = [user_message("2 + 2?"), answer("Four.")]
    session = ScriptedSession(SECOND, messages=said)
    async with chat(session, size=(40, 20)) as running:
        await running.pilot.press("tab", "r")
        await running.settle()
        await running.pilot.press("tab", "v")
        await running.settle()
        rows = running.rows()
        first = next(n for n, row in enumerate(rows) if "Four." in row)
        second = next(n for n, row in enumerate(rows) if "It is 4." in row)
        assert first < second
        await running.pilot.press("escape")
        assert running.texts(".answer") == ["It is 4."]


async def test_earlier_turns_come_when_scrolled_to_and_go_with_the_next_question() -> None:
    said = [
        message
        for number in range(45)
        for message in (user_message(f"Question {number}?"), answer(f"Answer {number}."))
    ]
    async with chat(ScriptedSession(FIRST, messages=said)) as running:
        assert running.texts(".question")[0] == "Question 35?"
        await running.pilot.press("ctrl+home")
        await running.settle()
        assert running.texts(".question")[0] == "Question 31?"
        assert "Question 35?" in running.seen, "what was in view stays in view"
        for _ in range(12):
            await running.pilot.press("ctrl+home")
            await running.settle()
        assert running.texts(".question")[0] == "Question 0?"
        assert "earlier question" not in running.seen
        await running.ask("One more?")
        assert running.texts(".question")[0] == "Question 35?"
        assert running.texts(".question")[-1] == "One more?"
