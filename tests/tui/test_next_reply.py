"""Chosen for replies to come: effort, no thinking, several side by side."""

from __future__ import annotations

import asyncio

import msgspec

from localr1.chat.effort import Asked
from localr1.engine.protocol import Answer, Event, Failed, Loading, Notice, Reasoning, Sample
from tests.tui.harness import chat
from tests.tui.scripted_session import DONE, READY, ScriptedSession, Step, reply

SAMPLE = Sample(
    finish_reason="stop",
    reasoning_ended_by="closed",
    reasoning_tokens=3,
    answer_tokens=4,
    inserted_tokens=0,
    reasoning_seconds=2.0,
    seed=1,
)
SEVERAL = msgspec.structs.replace(DONE, samples=(SAMPLE,) * 5)


def thoughts() -> list[Event]:
    return [Reasoning(text=f"thought {n}", sample=n, tokens=3) for n in range(5)]


def answers(*boxes: str) -> list[Event]:
    return [Answer(text=f"It is \\boxed{{{box}}}", sample=n) for n, box in enumerate(boxes)]


async def test_efforts_go_round_and_end_at_the_settings() -> None:
    session = ScriptedSession()
    async with chat(session) as running:
        for effort in ("low", "medium", "high", "unlimited"):
            await running.pilot.press("ctrl+l")
            assert session.limit == Asked(origin="this conversation", effort=effort)
            assert f"From the next reply on: effort {effort}" in running.seen
        running.screen.status_line.fall_silent()
        await running.settle()
        assert "Ready  effort unlimited" in running.rows()[-1]
        await running.pilot.press("ctrl+l")
        running.screen.status_line.fall_silent()
        await running.settle()
        assert session.limit is None
        assert "effort" not in running.rows()[-1]


async def test_the_effort_of_an_earlier_conversation_is_shown() -> None:
    session = ScriptedSession()
    await session.set_limit(Asked(origin="this conversation", effort="high"))
    async with chat(session) as running:
        assert "Ready  effort high" in running.rows()[-1]
        await running.pilot.press("ctrl+l")
        assert session.limit == Asked(origin="this conversation", effort="unlimited")


async def test_no_thinking_holds_for_one_question() -> None:
    session = ScriptedSession(reply("", "One."), reply("", "Two."))
    async with chat(session) as running:
        await running.pilot.press("f7")
        await running.settle()
        assert "no thinking next" in running.rows()[-1]
        await running.ask("One")
        assert "no thinking next" not in running.rows()[-1]
        await running.ask("Two")
        assert session.asked == [(Asked(origin="this reply", tokens=0), 1), (None, 1)]


async def test_no_thinking_is_not_lost_with_a_question_that_comes_back() -> None:
    gate = asyncio.Event()
    load: list[Step] = [Loading(progress=0.1), gate, Failed(message="The file is damaged.")]
    async with chat(ScriptedSession(load=load)) as running:
        await running.pilot.press("f7")
        await running.ask("Early")
        gate.set()
        await running.settle()
        running.screen.status_line.fall_silent()
        await running.settle()
        assert running.screen.composer.text == "Early"
        assert "no thinking next" in running.rows()[-1]


async def test_only_the_first_of_several_replies_streams() -> None:
    late = Notice(kind="late_reasoning", text="Its tag was left out.", sample=3)
    steps: list[Step] = [*thoughts(), late, asyncio.Event()]
    session = ScriptedSession(steps)
    async with chat(session) as running:
        running.screen.composer.text = "What is it?"
        await running.pilot.press("f3")
        await running.settle()
        assert session.asked == [(None, 5)]
        assert running.screen.composer.text == ""
        assert running.screen.turns[-1].trace.text == "thought 0"
        assert "5 replies are written side by side" in running.seen


async def test_the_preferred_reply_takes_the_place_of_the_first() -> None:
    vote = Notice(kind="vote", text="3 of 5 replies say 933.")
    steps: list[Step] = [*thoughts(), *answers("7", "933", "8", "933", "933"), vote, SEVERAL]
    async with chat(ScriptedSession(steps)) as running:
        running.screen.composer.text = "What is it?"
        await running.pilot.press("f3")
        await running.settle()
        turn = running.screen.turns[-1]
        assert turn.answer.text == "It is \\boxed{933}"
        assert turn.trace.text == "thought 1"
        assert "Thought for 2.0 s, 3 tokens" in running.seen
        notes = ["3 of 5 replies say 933.", "Reply 1: 7", "Reply 3: 8", "Reply 4: 933"]
        assert turn.notes.text.splitlines() == [*notes, "Reply 5: 933"]


async def test_replies_without_a_box_are_known_by_their_last_line() -> None:
    steps: list[Step] = [
        *(Answer(text=f"So:\n\nIt is {n}. " + "x" * 100, sample=n) for n in range(4)),
        SEVERAL,
    ]
    async with chat(ScriptedSession(steps)) as running:
        running.screen.composer.text = "What is it?"
        await running.pilot.press("f3")
        await running.settle()
        notes = running.screen.turns[-1].notes.text.splitlines()
        assert notes[0] == f"Reply 2: It is 1. {'x' * 50}…"
        assert notes[-1] == "Reply 5: no answer"


async def test_several_needs_a_question_and_waits_for_the_model_like_one() -> None:
    gate = asyncio.Event()
    steps: list[Step] = [*answers("1", "1", "1", "1", "1"), SEVERAL]
    session = ScriptedSession(steps, load=[Loading(progress=0.1), gate, READY])
    async with chat(session) as running:
        await running.pilot.press("f3")
        await running.settle()
        assert "Write a question" in running.rows()[-1]
        running.screen.composer.text = "Early"
        await running.pilot.press("f3")
        await running.settle()
        assert session.asked == []
        gate.set()
        await running.settle()
        assert session.asked == [(None, 5)]


async def test_several_does_not_start_beside_a_reply_or_take_words_for_a_thought() -> None:
    session = ScriptedSession([Reasoning(text="I think"), asyncio.Event()])
    async with chat(session) as running:
        await running.ask("Go")
        running.screen.composer.text = "Another"
        await running.pilot.press("f3")
        await running.settle()
        assert session.sent == ["Go"]
        assert running.screen.composer.text == "Another"
        await running.pilot.press("ctrl+s")
        await running.settle()
        running.screen.composer.text = "for the thought"
        await running.pilot.press("f3")
        await running.settle()
        assert session.sent == ["Go"]
        assert running.screen.composer.text == "for the thought"


async def test_the_model_changes_within_a_conversation() -> None:
    session = ScriptedSession(reply("Hm.\n", "Four."), messages=[])
    async with chat(session) as running:
        await running.ask("What is 2 + 2?")
        await running.ask("/model missing.gguf")
        assert "There is no file missing.gguf" in running.rows()[-2]
        assert "the model that comes with localr1" in running.rows()[-1]
        await running.ask("/model demo")
        assert session.model_name == "demo"
        running.screen.status_line.fall_silent()
        await running.settle()
        assert "Ready  demo" in running.seen
        assert running.texts(".answer") == ["Four."], "the conversation stays"
