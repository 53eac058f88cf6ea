"""What a person can do in the chat, and what they see while the session talks."""

from __future__ import annotations

import asyncio

import pytest

from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.engine.protocol import Answer, Failed, Loading, Notice, Prompt, Reasoning
from localr1.tui.turn import Turn
from tests.tui.harness import chat
from tests.tui.scripted_session import DONE, READY, ScriptedSession, Step, reply

THOUGHT = "First I think.\nThen I think again.\n"
ANSWER = "The answer is **42**.\n"


async def test_load_progress_then_ready() -> None:
    gate = asyncio.Event()
    session = ScriptedSession(load=[Loading(progress=0.43), gate, READY])
    async with chat(session) as running:
        assert "Loading 43 %" in running.rows()[-1]
        assert running.seen.count("Loading 43 %") == 2
        gate.set()
        await running.settle()
        assert "Ready" in running.rows()[-1]
        assert "Q4_K_M, 1.0 GiB, window of 8,192 tokens" in running.seen


async def test_reasoning_is_live_and_folds_when_the_answer_starts() -> None:
    thinking, answering = asyncio.Event(), asyncio.Event()
    steps: list[Step] = [
        Prompt(processed=24, total=24, cached=0),
        Reasoning(text=THOUGHT, tokens=400),
        thinking,
        Reasoning(text="And more.", tokens=31),
        Answer(text=ANSWER, tokens=5),
        answering,
        DONE,
    ]
    async with chat(ScriptedSession(steps)) as running:
        await running.ask("What is it?")
        assert "Thinking… 0 s, 400 tokens" in running.seen
        assert "Then I think again." in running.seen
        assert "Thinking" in running.rows()[-1]
        running.clock.now += 12
        thinking.set()
        await running.settle()
        assert "Thought for 12 s, 431 tokens" in running.seen
        assert "I think" not in running.seen
        assert "The answer is 42." in running.seen
        answering.set()
        await running.settle()
        assert "1,204 of 8,192" in running.rows()[-1]
        assert "23.4 tokens/s" in running.rows()[-1]


async def test_thinking_opens_by_key_and_by_click() -> None:
    async with chat(ScriptedSession(reply(THOUGHT, ANSWER))) as running:
        await running.ask("Go")
        assert "I think" not in running.seen
        await running.pilot.press("ctrl+t")
        await running.settle()
        assert "Then I think again." in running.seen
        await running.pilot.click(".thinking")
        await running.settle()
        assert "I think" not in running.seen
        await running.pilot.click(".thinking")
        await running.settle()
        assert "Then I think again." in running.seen


async def test_live_thinking_takes_twelve_rows_and_follows_unless_scrolled() -> None:
    first, second = asyncio.Event(), asyncio.Event()
    steps: list[Step] = [
        Reasoning(text="".join(f"step {n}\n" for n in range(60)), tokens=120),
        first,
        Reasoning(text="step 60\nstep 61\n", tokens=4),
        second,
        Reasoning(text="step 62\n", tokens=2),
    ]
    async with chat(ScriptedSession([*steps, asyncio.Event()])) as running:
        await running.ask("Go")
        trace = running.screen._turns[-1].trace
        assert trace.size.height == 12
        assert "step 59" in running.seen
        first.set()
        await running.settle()
        assert "step 61" in running.seen
        trace.scroll_home(animate=False)
        await running.settle()
        second.set()
        await running.settle()
        assert "step 0" in running.seen
        assert "step 62" not in running.seen


async def test_prompt_processing_shows_how_far_it_is() -> None:
    steps: list[Step] = [Prompt(processed=1024, total=3300, cached=0), asyncio.Event()]
    async with chat(ScriptedSession(steps)) as running:
        await running.ask("A long one")
        assert "Reading 1,024 of 3,300 tokens" in running.seen


async def test_stop_keeps_what_was_said() -> None:
    steps: list[Step] = [Reasoning(text=THOUGHT, tokens=8), Answer(text="Half an"), asyncio.Event()]
    session = ScriptedSession([*steps, Answer(text=" answer"), DONE], reply("", "Second."))
    async with chat(session) as running:
        await running.ask("Go")
        await running.pilot.press("escape")
        await running.settle()
        assert "Half an" in running.seen
        assert "Stopped." in running.seen
        assert "Ready" in running.rows()[-1]
        await running.ask("Again")
        assert "Second." in running.seen


async def test_worker_death_is_told_and_the_next_send_works() -> None:
    died = Failed(
        message="The engine crashed: GGML_ASSERT(n > 0).", hint="Send again to restart it."
    )
    session = ScriptedSession([Answer(text="Half"), died], reply("", "Back again."))
    async with chat(session) as running:
        await running.ask("Go")
        assert "The engine crashed: GGML_ASSERT(n > 0)." in running.seen
        assert "Send again to restart it." in running.seen
        assert "Half" in running.seen
        await running.ask("Once more")
        assert "Back again." in running.seen
        assert session.sent == ["Go", "Once more"]


async def test_late_reasoning_moves_into_the_thinking() -> None:
    late = Notice(kind="late_reasoning", text="The model left out its opening tag.")
    steps: list[Step] = [Answer(text="Hmm, let me think.", tokens=6), late, Answer(text="It is 7.")]
    async with chat(ScriptedSession([*steps, DONE])) as running:
        await running.ask("Go")
        assert running.texts(".answer") == ["It is 7."]
        assert running.screen._turns[-1].trace.text == "Hmm, let me think."
        assert "Thought for" in running.seen
        assert "let me think" not in running.seen


async def test_question_waits_for_the_model() -> None:
    gate = asyncio.Event()
    session = ScriptedSession(
        reply("", "Here."), load=[Loading(progress=0.1), gate, Loading(progress=0.9), READY]
    )
    async with chat(session) as running:
        await running.ask("Early")
        assert session.sent == []
        assert "Will be sent when the model is loaded" in running.seen
        await running.ask("Too early")
        assert "A question waits already" in running.rows()[-1]
        assert running.screen.composer.text == "Too early"
        gate.set()
        await running.settle()
        assert session.sent == ["Early"]
        assert "Here." in running.seen
        assert "Will be sent" not in running.seen


@pytest.mark.parametrize("ending", ["failed load", "escape"])
async def test_question_that_cannot_be_sent_comes_back(ending: str) -> None:
    gate = asyncio.Event()
    refused = Failed(
        message="The file is damaged: tensor data is cut off.", hint="Download it again."
    )
    session = ScriptedSession(load=[Loading(progress=0.1), gate, refused])
    async with chat(session) as running:
        await running.ask("Early")
        if ending == "escape":
            await running.pilot.press("escape")
        gate.set()
        await running.settle()
        assert running.screen.composer.text == "Early"
        assert len(running.screen._turns) == 0
        assert session.sent == []
        assert "The file is damaged: tensor data is cut off." in running.seen
        assert "Download it again." in running.seen


async def test_second_send_during_a_reply_is_kept_in_the_composer() -> None:
    session = ScriptedSession([Answer(text="x"), asyncio.Event()])
    async with chat(session) as running:
        await running.ask("One")
        await running.ask("Two")
        assert session.sent == ["One"]
        assert running.screen.composer.text == "Two"
        assert "still being written" in running.rows()[-1]


async def test_notices_are_quiet_lines() -> None:
    steps: list[Step] = [Notice(kind="context", text="2 earlier messages were left out."), DONE]
    load: list[Step] = [Notice(kind="template", text="This file brings its own template."), READY]
    async with chat(ScriptedSession(steps, load=load)) as running:
        assert "This file brings its own template." in running.seen
        await running.ask("Go")
        assert "2 earlier messages were left out." in running.seen
        assert "The model gave no answer." in running.seen


MESSAGES = (
    user_message("An old question"),
    Message(
        "assistant",
        (ReasoningPart("An old thought", 20, 3.0), TextPart("An *old* answer")),
        "stop",
    ),
    user_message("Another one"),
    Message("assistant", (ReasoningPart("Cut", 2, 1.0, "cancelled"),), "cancelled"),
)


async def test_earlier_conversation_is_shown() -> None:
    session = ScriptedSession(messages=MESSAGES, title="Old things")
    async with chat(session) as running:
        assert running.rows()[0].strip() == "Old things"
        for words in ("An old question", "Thought for 3.0 s, 20 tokens", "An old answer"):
            assert words in running.seen
        assert "An old thought" not in running.seen
        assert "Stopped." in running.seen
        assert "Ask something." not in running.seen


async def test_read_only_conversation_cannot_be_written() -> None:
    session = ScriptedSession(messages=MESSAGES, read_only=True)
    async with chat(session) as running:
        await running.pilot.press("a", "enter")
        await running.settle()
        assert running.screen.composer.text == ""
        assert session.sent == []
        assert "Another window writes to this conversation" in running.seen


async def test_enter_sends_and_other_keys_break_the_line() -> None:
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        await running.pilot.press("a", "shift+enter", "b", "ctrl+j", "c", "alt+enter", "d")
        assert running.screen.composer.text == "a\nb\nc\nd"
        assert running.screen.composer.size.height == 4
        await running.pilot.press("enter")
        await running.settle()
        assert session.sent == ["a\nb\nc\nd"]
        assert running.screen.composer.text == ""


async def test_blank_text_is_not_sent() -> None:
    session = ScriptedSession()
    async with chat(session) as running:
        await running.ask("  \n ")
        assert session.sent == []


async def test_the_demo_has_a_first_question() -> None:
    session = ScriptedSession(reply("Hm.\n", "933"), reply("Hm.\n", "7"), model_name="demo")
    async with chat(session) as running:
        assert "Enter asks: What is 347 + 586?" in running.seen
        await running.pilot.press("enter")
        await running.settle()
        assert session.sent == ["What is 347 + 586?"]
        assert "933" in running.seen
        await running.pilot.press("enter")
        await running.settle()
        assert len(session.sent) == 1, "only where nothing was asked yet"


async def test_copy_answer_goes_to_the_clipboard() -> None:
    async with chat(ScriptedSession(reply(THOUGHT, ANSWER))) as running:
        await running.pilot.press("ctrl+o")
        await running.settle()
        assert "There is no answer to copy yet." in running.rows()[-1]
        await running.ask("Go")
        await running.pilot.press("ctrl+o")
        assert running.app.clipboard == ANSWER
        await running.settle()
        assert "Copied the answer, 1 line." in running.rows()[-1]


async def test_page_keys_scroll_and_the_end_is_followed_again() -> None:
    gate = asyncio.Event()
    steps: list[Step] = [
        Answer(text="".join(f"line {n}\n" for n in range(100))),
        gate,
        Answer(text="line 100\n"),
        asyncio.Event(),
    ]
    async with chat(ScriptedSession(steps)) as running:
        await running.ask("Go")
        assert "line 99" in running.seen
        await running.pilot.press("pageup")
        await running.settle()
        assert "line 99" not in running.seen
        before = [row[:70] for row in running.rows()[1:18]]
        gate.set()
        await running.settle()
        assert [row[:70] for row in running.rows()[1:18]] == before
        await running.pilot.press("ctrl+end")
        await running.settle()
        assert "line 100" in running.seen


async def test_short_conversation_starts_at_the_top() -> None:
    async with chat(ScriptedSession(reply("", "Short."))) as running:
        await running.ask("Go")
        assert "Go" in running.rows()[2]
        await running.pilot.resize_terminal(100, 40)
        await running.settle()
        assert "Go" in running.rows()[2]


async def test_palette_offers_the_actions() -> None:
    async with chat(ScriptedSession(reply("", ANSWER))) as running:
        await running.ask("Go")
        await running.pilot.press("ctrl+p")
        await running.settle(0.3)
        await running.pilot.press(*"copy the answer")
        await running.settle(0.5)
        await running.pilot.press("enter")
        await running.settle(0.3)
        assert running.app.clipboard == ANSWER


async def test_colours_switch() -> None:
    async with chat(ScriptedSession(reply("", ANSWER))) as running:
        assert running.app.current_theme.dark
        await running.pilot.press("f2")
        assert not running.app.current_theme.dark


async def test_quit_leaves() -> None:
    async with chat(ScriptedSession()) as running:
        await running.pilot.press("ctrl+q")
        await running.settle()
        assert not running.app.is_running


async def test_interrupt_twice_quits_and_once_stops_the_reply() -> None:
    async with chat(ScriptedSession([Answer(text="Half"), asyncio.Event()])) as running:
        await running.ask("Go")
        await running.pilot.press("ctrl+c")
        await running.settle()
        assert "Press Ctrl+C again to quit." in running.rows()[-1]
        assert "Stopped." in running.seen
        running.clock.now += 60
        await running.pilot.press("ctrl+c")
        await running.settle()
        assert running.app.is_running
        await running.pilot.press("ctrl+c")
        await running.settle()
        assert not running.app.is_running


async def test_interrupt_copies_a_selection() -> None:
    async with chat(ScriptedSession(reply("", ANSWER))) as running:
        await running.ask("Go")
        running.screen.composer.text = "selected words"
        running.screen.composer.select_all()
        await running.pilot.press("ctrl+c")
        await running.settle()
        assert running.app.clipboard == "selected words"
        assert "again to quit" not in running.seen


async def test_number_of_widgets_does_not_grow_with_the_text() -> None:
    async with chat(
        ScriptedSession(reply("a\n", "b"), reply("thought\n" * 300, "- item\n" * 300))
    ) as running:
        empty = len(running.screen.query("*"))
        await running.ask("One")
        first = len(running.screen.query("*"))
        await running.ask("Two")
        assert len(running.screen.query("*")) - first == len(Turn("").widgets)
        assert first - empty == len(Turn("").widgets) - 1  # the welcome went
        assert {widget.parent for widget in running.screen.query(".answer, .trace, .notes")} == {
            running.screen.transcript
        }


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (20, 6), (200, 60)])
async def test_every_size_works(size: tuple[int, int]) -> None:
    async with chat(ScriptedSession(reply(THOUGHT, ANSWER)), size=size) as running:
        await running.ask("Go")
        await running.pilot.press("ctrl+t")
        for width, height in ((80, 24), size):
            await running.pilot.resize_terminal(width, height)
            await running.settle()
            assert len(running.rows()) == height


async def test_words_typed_right_after_enter_are_kept() -> None:
    session = ScriptedSession(reply("", "ok"))
    async with chat(session) as running:
        running.screen.composer.text = "One"
        running.screen.composer.action_send()
        running.screen.composer.call_later(running.screen.composer.insert, "next")
        await running.settle()
        assert session.sent == ["One"]
        assert running.screen.composer.text == "next"


async def test_refused_text_comes_before_what_was_typed_since() -> None:
    async with chat(ScriptedSession([Answer(text="x"), asyncio.Event()])) as running:
        await running.ask("One")
        running.screen.composer.text = "Two"
        running.screen.composer.action_send()
        running.screen.composer.call_later(running.screen.composer.insert, "Three")
        await running.settle()
        assert running.screen.composer.text == "Two\nThree"


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("send again to restart it", "Send again to restart it"),
        ("localr1 convert makes a GGUF of it", "localr1 convert makes a GGUF of it"),
    ],
)
async def test_hints_stand_alone(hint: str, shown: str) -> None:
    async with chat(ScriptedSession([Failed(message="It failed.", hint=hint)])) as running:
        await running.ask("Go")
        rows = [row.strip() for row in running.rows()]
        assert rows[rows.index("Error: It failed.") + 1] == shown
