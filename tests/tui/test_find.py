"""Finding within the conversation: questions, thoughts and answers, also while they grow."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.engine.protocol import Answer, Reasoning
from localr1.tui.hits import Hits
from localr1.tui.spacing import Spacing, count_words
from localr1.tui.widgets.answer_view import AnswerView
from localr1.tui.widgets.find_bar import FindBar
from localr1.tui.widgets.searched_view import CURRENT_HIT, HIT, SearchedView
from localr1.tui.widgets.trace_view import TraceView
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import DONE, ScriptedSession, Step

LONG = "".join(f"thought line {n}\n" for n in range(200))
MESSAGES = (
    user_message("Where is the needle?"),
    Message(
        "assistant",
        (ReasoningPart(f"{LONG}a Needle\n{LONG}", 9, 1.0), TextPart("The **needle** is here.")),
        "stop",
    ),
    user_message("Sure?"),
    Message(
        "assistant", (TextPart("Yes.\n\n" + "".join(f"- item {n}\n" for n in range(80))),), "stop"
    ),
)


def marked(view: SearchedView, look: str) -> list[str]:
    """What is drawn in this look in the rows of the view that are seen."""
    background = view._component_style(look).bgcolor
    strips = [view.render_line(y) for y in range(view.size.height)]
    return [
        segment.text
        for strip in strips
        for segment in strip
        if segment.style is not None and segment.style.bgcolor == background
    ]


def state(running: Chat) -> str:
    row = next(row for row in running.rows() if row.strip().startswith("Find "))
    return row.rsplit("  ", 1)[-1].strip()


async def press(running: Chat, *keys: str) -> None:
    await running.pilot.press(*keys)
    await running.settle()
    await running.settle()


async def open_with(running: Chat, words: str) -> None:
    await running.pilot.press("ctrl+f")
    running.screen.query_one(FindBar).entry.value = words
    await running.settle()


async def test_finding_goes_through_questions_thoughts_and_answers() -> None:
    async with chat(ScriptedSession(messages=MESSAGES)) as running:
        screen = running.screen
        screen.composer.text = "a draft"
        first, _ = screen.turns
        await press(running, "ctrl+f", *"needle")
        assert state(running) == "3 hits"
        assert "item 79" in running.seen
        # all hits are above what is seen: it begins at the top
        await press(running, "enter")
        assert state(running) == "1 of 3"
        assert marked(first.question, CURRENT_HIT) == ["needle"]
        assert marked(first.answer, HIT) == ["needle"]
        assert not first.is_open
        await press(running, "down")
        assert state(running) == "2 of 3"
        assert first.is_open
        assert "a Needle" in running.seen
        await press(running, "enter")
        assert state(running) == "3 of 3"
        assert "The needle is here." in running.seen
        assert marked(first.question, CURRENT_HIT) == []
        assert marked(first.question, HIT) == ["needle"]
        await press(running, "enter")
        assert state(running) == "1 of 3"
        await press(running, "up")
        assert state(running) == "3 of 3"
        await press(running, "shift+enter")
        assert state(running) == "2 of 3"
        await press(running, "escape")
        assert not screen.query(FindBar)
        assert screen.composer.has_focus
        assert screen.composer.text == "a draft"
        assert marked(first.question, HIT) == []
        assert len(screen.session.messages) == len(MESSAGES)


async def test_capitals_are_meant_and_nothing_found_is_said() -> None:
    async with chat(ScriptedSession(messages=MESSAGES)) as running:
        await open_with(running, "Needle")
        assert state(running) == "1 hit"
        await press(running, "x")
        assert state(running) == "Nothing found"
        await press(running, "enter", "up")
        assert state(running) == "Nothing found"
        await open_with(running, "")
        assert "Nothing found" not in running.seen
        await press(running, "space", "enter")
        assert "hit" not in running.seen
        # Ctrl+F again is no second bar
        await press(running, "ctrl+f", *"[")
        assert len(running.screen.query(FindBar)) == 1


async def test_what_is_written_meanwhile_is_found_at_the_next_step() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    steps: list[Step] = [Reasoning(text="one hay, ", tokens=3), gates[0]]
    steps += [Reasoning(text="two h"), Reasoning(text="ay, " + LONG), gates[1]]
    steps += [Answer(text="three *hay*"), gates[2], Answer(text=", four hay"), DONE]
    async with chat(ScriptedSession(steps, model_name="x")) as running:
        await running.ask("Go")
        await open_with(running, "hay")
        await press(running, "enter")
        assert state(running) == "1 of 1"
        gates[0].set()
        await running.settle()
        await press(running, "enter")
        assert state(running) == "2 of 2"
        turn = running.screen.turns[-1]
        assert "two hay" in running.seen
        assert marked(turn.trace, CURRENT_HIT) == ["hay"]
        gates[1].set()
        await running.settle()
        # Esc closes the bar, the reply goes on
        await press(running, "enter")
        assert state(running) == "3 of 3"
        gates[2].set()
        await running.settle()
        await press(running, "enter")
        assert state(running) == "4 of 4"
        assert marked(turn.answer, CURRENT_HIT) == ["hay"]


async def test_escape_closes_the_bar_before_it_stops_the_reply() -> None:
    steps: list[Step] = [Answer(text="some hay"), asyncio.Event()]
    async with chat(ScriptedSession(steps)) as running:
        await running.ask("Go")
        await open_with(running, "hay")
        await press(running, "escape")
        assert running.screen.is_replying
        assert not running.screen.query(FindBar)
        await press(running, "ctrl+f", "tab")
        running.screen.composer.focus()
        await press(running, "escape")
        assert not running.screen.is_replying
        assert running.screen.query(FindBar)
        await press(running, "escape")
        assert not running.screen.query(FindBar)


async def test_a_place_of_another_search_is_shown() -> None:
    async with chat(ScriptedSession(messages=MESSAGES)) as running:
        first = running.screen.turns[0]
        await running.screen.find("needle", 1)
        await running.settle()
        await running.settle()
        assert state(running) == "2 of 3"
        assert "a Needle" in running.seen
        await running.screen.find("needle", 0)
        await running.settle()
        assert state(running) == "1 of 3"
        assert marked(first.question, CURRENT_HIT) == ["needle"]
        await running.screen.find("\x1b[31mno such\nwords " + "x" * 900, 2)
        await running.settle()
        assert state(running) == "Nothing found"
        assert "Sure?" in running.seen
        assert "\x1b" not in running.seen
        await running.screen.find("words", 99)
        await running.settle()
        assert state(running) == "Nothing found"


async def test_hits_are_marked_across_rows_and_after_a_resize_and_can_be_selected() -> None:
    words = "水水水 and seventeen words in a row, then the end of it all"
    messages = (user_message(words), Message("assistant", (TextPart(f"*So* {words}"),), "stop"))
    async with chat(ScriptedSession(messages=messages), size=(40, 24)) as running:
        turn = running.screen.turns[0]
        await open_with(running, "row, then the")
        await press(running, "enter")
        for view in (turn.question, turn.answer):
            look = CURRENT_HIT if view is turn.question else HIT
            assert "".join(marked(view, look)).replace(" ", "") == "row,thenthe"
        await running.pilot.resize_terminal(100, 24)
        await running.settle()
        for view in (turn.question, turn.answer):
            look = CURRENT_HIT if view is turn.question else HIT
            assert "".join(marked(view, look)) == "row, then the"
        x = turn.question.region.x + 2
        await running.pilot.mouse_down(offset=(x, turn.question.region.y))
        await running.pilot.hover(offset=(x + 59, turn.question.region.y))
        await running.pilot.mouse_up(offset=(x + 59, turn.question.region.y))
        await running.settle()
        assert running.screen.get_selected_text() == words


# ---- the parts -----------------------------------------------------------------------------

TEXTS = st.text(alphabet="aAbBé水İß \n\t", max_size=60)


@given(st.lists(TEXTS, max_size=6), st.text(alphabet="aAbé水İß ", min_size=1, max_size=4))
def test_hits_of_a_growing_text_are_those_of_the_whole(pieces: list[str], words: str) -> None:
    growing, text = Hits(words), ""
    for piece in pieces:
        text += piece
        growing.extend(text)
    for start in growing.starts:
        found = text[start : start + growing.length]
        assert found == words or found.lower() == words.lower() or "İ" in found + words
    assert all(b - a >= growing.length for a, b in pairwise(growing.starts))
    assert bool(growing.starts) >= (words in text)
    again = Hits(words)
    again.extend(text)
    if len(words) == 1:
        assert growing.starts == again.starts


@given(st.lists(TEXTS, max_size=6))
def test_places_in_the_text_and_counted_words_agree(pieces: list[str]) -> None:
    spacing, text = Spacing(), ""
    for piece in pieces:
        text += piece
        spacing.extend(text)
    for offset, character in enumerate(text):
        words = spacing.words_before(offset)
        assert words == count_words(text[:offset])
        if character not in " \n\t":
            assert spacing.offset(words) == offset


@given(st.lists(TEXTS, max_size=6), st.integers(4, 20))
def test_every_hit_in_a_trace_has_its_row(pieces: list[str], width: int) -> None:
    trace = TraceView()
    trace.wrap_width = width
    trace.wrap(width)
    trace.look_for("水")
    for piece in pieces:
        trace.append(piece)
    rows = [trace.row_at(hit) for hit in trace.hits()]
    expected = [y for y in range(trace.row_count()) for _ in range(trace.row(y).text.count("水"))]
    assert rows == expected
    columns = [
        (y, first)
        for y in range(trace.row_count())
        for first, _, _ in trace._columns(y, trace._hits)  # type: ignore[arg-type]
    ]
    assert columns == [
        (y, x)
        for y in range(trace.row_count())
        for x, character in enumerate(trace.row(y).text)
        if character == "水"
    ]


@pytest.mark.parametrize("view", [TraceView, AnswerView])
def test_nothing_is_found_in_nothing(view: type[SearchedView]) -> None:
    empty = view()
    empty.look_for("x")
    assert list(empty.hits()) == []
    assert empty.row_at(0) == 0
