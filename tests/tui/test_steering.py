"""A thought while it is written: ended, paused, steered, edited, gone on with."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from localr1.chat.effort import ReasoningLimit
from localr1.chat.messages import Insertion, Message, ReasoningPart, TextPart, user_message
from localr1.engine.protocol import Answer, Failed, Reasoning
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import DONE, ScriptedSession, Step, reply

PAUSED = "Add to the thought   Enter goes on   Esc leaves it stopped"
CLOSING = "\n\nNow I answer.\n"
REST: list[Step] = [Reasoning(text=" more.", tokens=2), Answer(text="It is 42."), DONE]


def endless(*steps: Step) -> list[Step]:
    return [Reasoning(text="I think", tokens=2), *steps, asyncio.Event()]


async def pause(running: Chat, key: str = "ctrl+s") -> None:
    await running.ask("Go")
    await running.pilot.press(key)
    await running.settle()


async def test_answer_now_ends_the_thought_and_says_so() -> None:
    gate = asyncio.Event()
    ended = msgspec.structs.replace(DONE, reasoning_ended_by="asked")
    session = ScriptedSession(
        [
            Reasoning(text="I think", tokens=2),
            gate,
            Reasoning(text=" so", tokens=1),
            Reasoning(text=CLOSING, author="localr1"),
            Answer(text="It is 42."),
            ended,
        ]
    )
    async with chat(session) as running:
        await running.ask("Go")
        await running.pilot.press("ctrl+g")
        assert session.answers_asked == 1
        gate.set()
        await running.settle()
        assert "Thought for 12 s, 431 tokens, you asked for the answer" in running.seen
        assert "It is 42." in running.seen
        await running.pilot.press("ctrl+t")
        await running.settle()
        trace = running.screen.turns[-1].trace
        looks = {span.text: span.look for y in range(3) for span in trace.row(y).spans}
        assert looks["I think so"] == ()
        assert looks["Now I answer."] == ("trace--localr1",)


@pytest.mark.parametrize("key", ["ctrl+g", "ctrl+s"])
async def test_there_is_nothing_to_end_while_it_answers(key: str) -> None:
    async with chat(ScriptedSession([Answer(text="It is"), asyncio.Event()])) as running:
        await running.ask("Go")
        await running.pilot.press(key)
        await running.settle()
        assert "Nothing is being thought now." in running.rows()[-1]
        assert running.screen.is_replying


async def test_steering_adds_words_and_goes_on() -> None:
    session = ScriptedSession(endless(), REST)
    async with chat(session) as running:
        await pause(running)
        assert PAUSED in running.seen
        assert "Paused" in running.rows()[-1]
        assert "Stopped." not in running.seen
        await running.ask("Check it twice.")
        assert session.gone_on == ["I think\n\nCheck it twice."]
        turn = running.screen.turns[-1]
        assert turn.trace.text == "I think\n\nCheck it twice. more."
        assert "It is 42." in running.seen
        assert "Stopped." not in running.seen
        assert len(running.screen.turns) == 1
        assert session.messages[-1].reasoning is not None
        assert session.messages[-1].reasoning.insertions == (Insertion(7, 24, "person"),)


async def test_the_steered_words_look_unlike_the_models() -> None:
    session = ScriptedSession(endless(), [Reasoning(text=" more."), asyncio.Event()])
    async with chat(session) as running:
        await pause(running)
        await running.ask("Check it.")
        trace = running.screen.turns[-1].trace
        spans = [(span.text, span.look) for y in range(3) for span in trace.row(y).spans]
        looks = {text: look for text, look in spans if text}
        assert looks == {"I think": (), "Check it.": ("trace--person",), " more.": ()}


async def test_enter_alone_goes_on_with_the_thought_as_it_is() -> None:
    session = ScriptedSession(endless(), REST)
    async with chat(session) as running:
        await pause(running)
        await running.pilot.press("enter")
        await running.settle()
        assert session.gone_on == [None]
        assert running.screen.turns[-1].trace.text == "I think more."
        # 5 tokens before the pause, by the session's own count, then those of the second Done
        assert "436 tokens" in running.seen


async def test_escape_leaves_the_thought_stopped_and_gives_the_draft_back() -> None:
    session = ScriptedSession(endless(), REST)
    async with chat(session) as running:
        await running.ask("Go")
        running.screen.composer.text = "my draft"
        await running.pilot.press("ctrl+s")
        await running.settle()
        assert running.screen.composer.text == ""
        assert "Stopped." not in running.seen
        await running.pilot.press("x", "escape")
        await running.settle()
        assert "Stopped." in running.seen
        assert running.screen.composer.text == "my draft"
        assert session.gone_on == []
        assert "Ready" in running.rows()[-1]
        running.screen.composer.text = ""
        await running.pilot.press("enter")
        await running.settle()
        assert session.gone_on == []
        assert "Ctrl+R goes on with the reply" in running.seen
        await running.pilot.press("ctrl+r")
        await running.settle()
        assert session.gone_on == [None]
        assert "It is 42." in running.seen


async def test_a_reply_that_answers_before_it_is_paused_is_only_stopped() -> None:
    class Late(ScriptedSession):
        async def stop(self) -> None:
            gate.set()
            await asyncio.sleep(0.05)
            await super().stop()

    gate = asyncio.Event()
    session = Late([Reasoning(text="I think"), gate, Answer(text="It is"), asyncio.Event()])
    async with chat(session) as running:
        await pause(running)
        assert PAUSED not in running.seen
        assert "Stopped." in running.seen


async def test_going_on_from_the_middle_of_an_answer() -> None:
    begun: list[Step] = [Reasoning(text="I think"), Answer(text="It **is"), asyncio.Event()]
    session = ScriptedSession(begun, [Answer(text=" 42** for sure."), DONE])
    async with chat(session) as running:
        await running.ask("Go")
        await running.pilot.press("escape")
        await running.settle()
        assert "It **is" in running.seen
        await running.pilot.press("ctrl+r")
        await running.settle()
        assert running.texts(".answer") == ["It **is 42** for sure."]
        assert "It is 42 for sure." in running.seen
        assert "Thought" in running.seen


async def test_counters_go_on() -> None:
    session = ScriptedSession(endless(), [Reasoning(text=" more", tokens=3), asyncio.Event()])
    async with chat(session) as running:
        await pause(running)
        await running.pilot.press("enter")
        await running.settle()
        assert "Thinking… 12 s, 8 tokens" in running.seen


async def test_a_complete_reply_has_nothing_to_go_on_with() -> None:
    session = ScriptedSession(reply("I think", "It is 42."))
    async with chat(session) as running:
        await running.pilot.press("ctrl+r")
        await running.ask("Go")
        await running.pilot.press("ctrl+r")
        await running.settle()
        assert "There is no unfinished reply to go on with." in running.rows()[-1]
        assert session.gone_on == []


async def test_editing_replaces_the_thought_and_its_answer() -> None:
    session = ScriptedSession(reply("I think it is 41.", "It is 41."), REST)
    async with chat(session) as running:
        await running.ask("Go")
        await running.pilot.press("f4")
        await running.settle()
        assert running.screen.composer.text == "I think it is 41."
        assert "Esc leaves it as it was" in running.rows()[-1]
        await running.ask("I think it is 42, so")
        assert session.gone_on == ["I think it is 42, so"]
        assert running.screen.turns[-1].trace.text == "I think it is 42, so more."
        assert running.texts(".answer") == ["It is 42."]
        assert session.messages[-1].reasoning is not None
        assert session.messages[-1].reasoning.insertions == (Insertion(15, 20, "person"),)


async def test_editing_pauses_a_running_thought_first() -> None:
    session = ScriptedSession(endless())
    async with chat(session) as running:
        await pause(running, "f4")
        assert running.screen.composer.text == "I think"
        await running.pilot.press("escape")
        await running.settle()
        assert running.screen.composer.text == ""
        assert running.screen.turns[-1].trace.text == "I think"


async def test_a_thought_above_the_composers_limit_is_not_edited() -> None:
    async with chat(ScriptedSession(reply("think " * 11_000, "It is 42."))) as running:
        await running.ask("Go")
        await running.pilot.press("f4")
        await running.settle()
        assert "too long to edit here: 66.0 kB; 65.5 kB fit." in running.rows()[-1]
        assert running.screen.composer.text == ""


async def test_a_reply_whose_engine_died_goes_on() -> None:
    died: list[Step] = [
        Reasoning(text="I think"),
        Failed(message="The engine crashed.", hint="start it again."),
    ]
    session = ScriptedSession(died, REST)
    async with chat(session) as running:
        await running.ask("Go")
        assert "The engine crashed." in running.seen
        await running.pilot.press("ctrl+r")
        await running.settle()
        assert session.gone_on == [None]
        assert "It is 42." in running.seen
        assert not {"The engine crashed.", "Start it again."} & set(running.seen.split("\n"))


async def test_progress_against_the_limit_and_its_end() -> None:
    gate = asyncio.Event()
    ended = msgspec.structs.replace(DONE, reasoning_ended_by="tokens", reasoning_tokens=512)
    steps: list[Step] = [Reasoning(text="I think", tokens=340), gate, Answer(text="42"), ended]
    session = ScriptedSession(steps, thinks=ReasoningLimit(tokens=512))
    async with chat(session) as running:
        await running.ask("Go")
        assert "Thinking… 0 s, 340 of 512 tokens" in running.seen
        gate.set()
        await running.settle()
        assert "Thought for 12 s, 512 tokens, ended at its limit" in running.seen


async def test_progress_against_a_limit_of_seconds() -> None:
    session = ScriptedSession(endless(), thinks=ReasoningLimit(seconds=60.0))
    async with chat(session) as running:
        await running.ask("Go")
        assert "Thinking… 0 s of 1 min, 2 tokens" in running.seen


async def test_an_earlier_conversation_shows_insertions_endings_and_what_is_carried() -> None:
    thought = ReasoningPart(
        "I think\n\nso.\n\nNow I answer.",
        512,
        12.0,
        "repetition",
        (Insertion(7, 12, "person"), Insertion(12, 27, "localr1")),
        carried=True,
    )
    kept = Message("assistant", (thought, TextPart("42")), "stop")
    async with chat(ScriptedSession(messages=(user_message("Go"), kept))) as running:
        assert "Thought for 12 s, 512 tokens, it repeated itself, carried" in running.seen
        await running.pilot.press("ctrl+t")
        await running.settle()
        trace = running.screen.turns[-1].trace
        found = {span.text: span.look for y in range(5) for span in trace.row(y).spans}
        assert found["so."] == ("trace--person",)
        assert found["Now I answer."] == ("trace--localr1",)
        assert found["I think"] == ()


async def test_a_narrow_terminal_can_steer() -> None:
    session = ScriptedSession(endless(), REST)
    async with chat(session, size=(40, 12)) as running:
        await pause(running)
        assert "Enter goes on" in running.seen
        assert "Paused" in running.rows()[-1]
        await running.ask("Check all of it twice, and then once more.")
        assert "It is 42." in running.seen
