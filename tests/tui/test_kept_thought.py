"""The last thought that is over: carried along, left out, deleted."""

from __future__ import annotations

import asyncio

import pytest

from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.engine.protocol import Answer, Reasoning
from localr1.errors import EngineError
from tests.tui.harness import chat
from tests.tui.scripted_session import ScriptedSession, Step, reply

THOUGHT = "I think of all numbers."
MESSAGES = (
    user_message("Go"),
    Message("assistant", (ReasoningPart(THOUGHT, 431, 12.0), TextPart("42")), "stop"),
    user_message("And without?"),
    Message("assistant", (TextPart("43"),), "stop"),
)


async def test_carrying_says_what_it_costs_and_leaving_out_what_it_frees() -> None:
    async with chat(ScriptedSession(messages=MESSAGES)) as running:
        await running.pilot.press("f8")
        await running.settle()
        assert "Carried along: takes 50 tokens of the window." in running.rows()[-1]
        assert "Thought for 12 s, 431 tokens, carried" in running.seen
        await running.pilot.press("f8")
        await running.settle()
        assert "Left out: frees 50 tokens of the window." in running.rows()[-1]
        assert "carried" not in running.seen


async def test_deleting_is_asked_for_twice() -> None:
    session = ScriptedSession(messages=MESSAGES)
    async with chat(session) as running:
        await running.pilot.press("f9")
        await running.settle()
        assert "F9 again deletes the thought of 50 tokens." in running.rows()[-1]
        running.clock.now += 60
        await running.pilot.press("f9")
        await running.settle()
        assert session.messages[1].reasoning is not None
        await running.pilot.press("f9")
        await running.settle()
        assert session.messages[1].reasoning is None
        assert "The thought is deleted." in running.rows()[-1]
        assert "Thought" not in "\n".join(running.rows()[:-1])
        assert running.screen.turns[0].trace.text == ""
        await running.pilot.press("f9")
        await running.settle()
        assert "There is no thought." in running.rows()[-1]


async def test_an_opened_thought_closes_when_it_is_deleted() -> None:
    async with chat(ScriptedSession(reply(THOUGHT, "42"))) as running:
        await running.ask("Go")
        await running.pilot.press("ctrl+t", "f9")
        await running.settle()
        await running.pilot.press("f9")
        await running.settle()
        assert THOUGHT not in running.seen
        assert not running.screen.turns[0].trace.display


@pytest.mark.parametrize("key", ["f8", "f9", "ctrl+r", "f4"])
async def test_nothing_is_changed_while_a_reply_is_written(key: str) -> None:
    steps: list[Step] = [Reasoning(text="I think"), Answer(text="It is"), asyncio.Event()]
    session = ScriptedSession(steps, messages=MESSAGES)
    async with chat(session) as running:
        await running.ask("More")
        before = session.messages
        await running.pilot.press(key)
        await running.settle()
        assert "still being written" in running.rows()[-1]
        assert session.messages == before


@pytest.mark.parametrize("key", ["f8", "f9", "f4", "f3"])
async def test_nothing_is_changed_that_another_window_writes(key: str) -> None:
    session = ScriptedSession(messages=MESSAGES, read_only=True)
    async with chat(session) as running:
        running.screen.composer.text = "words"
        await running.pilot.press(key, key)
        await running.settle()
        assert session.messages == MESSAGES
        assert "Another window writes" in running.rows()[-1]


async def test_without_an_engine_to_count_with_the_thoughts_own_count_is_said() -> None:
    class Uncounted(ScriptedSession):
        async def thought_tokens(self, position: int) -> int:
            raise EngineError(f"no model is loaded to count message {position} with")

    async with chat(Uncounted(messages=MESSAGES)) as running:
        await running.pilot.press("f8")
        await running.settle()
        assert "takes 431 tokens" in running.rows()[-1]


async def test_what_goes_wrong_is_said_and_the_chat_goes_on() -> None:
    class Broken(ScriptedSession):
        async def carry_thought(self, position: int, is_carried: bool) -> None:
            raise EngineError(f"the engine is gone ({position}, {is_carried})")

    session = Broken(reply("", "Here."), messages=MESSAGES)
    async with chat(session) as running:
        await running.pilot.press("f8")
        await running.settle()
        assert "The engine is gone (1, True)" in running.rows()[-1]
        await running.ask("Still there?")
        assert "Here." in running.seen
