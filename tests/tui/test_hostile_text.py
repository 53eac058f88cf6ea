"""Text that tries to act on the terminal or the app: it is shown, and nothing happens."""

from __future__ import annotations

import asyncio
import unicodedata

import msgspec
import pytest

from localr1.chat.messages import Insertion, Message, ReasoningPart, TextPart, user_message
from localr1.engine.protocol import Answer, Failed, Loading, Notice, Ready, Reasoning
from tests.tui.harness import chat
from tests.tui.scripted_session import DONE, MODEL, PLAN, ScriptedSession, Step

PAYLOADS = {
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "clipboard with ST": "\x1b]52;c;ZXZpbA==\x1b\\",
    "title": "\x1b]0;evil\x07",
    "hyperlink": "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "clear screen": "\x1b[2J\x1b[H",
    "reset": "\x1bc",
    "device control": "\x1bP+q544e\x1b\\",
    "C1 sequence": "\x9b2J",
    "C1 command": "\x9d52;c;ZXZpbA==\x9c",
    "alternate screen": "\x1b[?1049l",
    "answer back": "\x1b[6n\x05",
    "backspaces": "safe\x08\x08\x08\x08evil\r",
    "bidirectional": "a\u202eb\u2066c\u200b",
    "separators": "x\u2028y\x85z\x0b\x0c\x7f\x00",
    "markup": "[bold]b[/bold] [@click=app.quit]quit[/] [/] [red on",
    "open markup": "[",
    "links": "[x](javascript:alert(1)) <http://e/%1b%5d0;evil%07> ![i](file:///etc/passwd)",
    "references": "&#27;]52;c;ZXZpbA==&#7; &#x9b;2J &#x202e;",
    "surrogate": "\udc80\ud800",
    "smeared": "Z" + "\u0351" * 500,
}


def assert_harmless(seen: str) -> None:
    for character in seen.replace("\n", ""):
        assert unicodedata.category(character) not in ("Cc", "Cs"), hex(ord(character))
        assert character not in "\u202e\u2066\u200b\u2028"
    assert "\u0351" * 10 not in seen


@pytest.mark.parametrize("name", PAYLOADS)
async def test_nothing_acts_and_nothing_crashes(name: str) -> None:
    payload = PAYLOADS[name]
    hostile = f"before {payload} after"
    model = msgspec.structs.replace(MODEL, name=hostile, quant_type=payload)
    gate = asyncio.Event()
    load: list[Step] = [
        Loading(progress=0.5),
        Notice(kind="file", text=hostile),
        Ready(model=model, plan=PLAN),
    ]
    first: list[Step] = [
        Reasoning(text=hostile),
        *(Reasoning(text=character) for character in payload),
        gate,
        Answer(text=f"# {hostile}\n\n```{payload}\n{hostile}\n"),
        *(Answer(text=character) for character in payload),
        Answer(text=f"\n```\n\n| {hostile} |\n|---|\n| {payload} |\n\n- {hostile}\n\n{hostile}"),
        DONE,
    ]
    second: list[Step] = [
        Notice(kind="x", text=hostile),
        Failed(message=hostile, hint=hostile),
    ]
    messages = (
        user_message(hostile),
        Message("assistant", (ReasoningPart(hostile), TextPart(hostile)), "stop"),
    )
    session = ScriptedSession(
        first, second, load=load, messages=messages, title=hostile, model_name=hostile
    )
    async with chat(session, size=(90, 60)) as running:
        seen = running.seen
        await running.ask(hostile)
        seen += running.seen
        gate.set()
        await running.settle()
        seen += running.seen
        await running.ask(hostile)
        await running.pilot.press("ctrl+t")
        await running.settle()
        seen += running.seen
        assert_harmless(seen)
        assert "before" in seen
        assert running.app.is_running
        assert running.app.clipboard == ""
        for y in (2, 4, 5, 8, 12, 20):
            await running.pilot.click(offset=(9, y))
        await running.settle()
        assert running.app.is_running


@pytest.mark.parametrize("name", PAYLOADS)
async def test_words_for_a_thought_are_only_words(name: str) -> None:
    hostile = f"before {PAYLOADS[name]} after"
    stopped: list[Step] = [Reasoning(text=hostile), asyncio.Event()]
    session = ScriptedSession(stopped, [*stopped], [Answer(text=hostile), DONE])
    async with chat(session, size=(90, 60)) as running:
        await running.ask("Go")
        await running.pilot.press("ctrl+s")
        await running.settle()
        await running.ask(hostile)
        seen = running.seen
        await running.pilot.press("f4")
        await running.settle()
        seen += running.seen
        await running.pilot.press("enter")
        await running.settle()
        await running.pilot.press("ctrl+t")
        await running.settle()
        seen += running.seen
        assert_harmless(seen)
        assert len(session.gone_on) == 2
        assert running.screen.turns[-1].trace.text.count("before") == 3
        assert running.app.is_running
        assert running.app.clipboard == ""


async def test_insertions_that_make_no_sense_are_harmless() -> None:
    insertions = (
        Insertion(-5, 2, "person"),
        Insertion(1, 3, "localr1"),
        Insertion(4, 4, "person"),
        Insertion(5, 10_000, "person"),
        Insertion(9_000, 3, "localr1"),
    )
    thought = ReasoningPart("I think so.", insertions=insertions)
    messages = (user_message("Go"), Message("assistant", (thought,), "stop"))
    async with chat(ScriptedSession(messages=messages)) as running:
        await running.pilot.press("ctrl+t")
        await running.settle()
        assert running.screen.turns[-1].trace.text == "I think so."
        assert "I think so." in running.seen
