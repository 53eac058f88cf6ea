"""The line-drawn widgets inside an app: layout, following the tail, selection, colours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Offset
from textual.selection import Selection

from localr1.chat.messages import Insertion
from localr1.tui.widgets.answer_view import AnswerView
from localr1.tui.widgets.line_view import LineView
from localr1.tui.widgets.trace_view import Author, TraceView


class OneView(App[None]):
    CSS = """
    VerticalScroll { layout: stream; }
    .short { max-height: 5; }
    AnswerView .answer--strong { color: red; }
    """

    def __init__(self, view: LineView) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield self.view


def screen_text(view: LineView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def test_trace_wraps_at_the_width_and_again_after_a_resize() -> None:
    trace = TraceView("one two three four")
    app = OneView(trace)
    async with app.run_test(size=(10, 8)) as pilot:
        assert screen_text(trace) == ["one two", "three", "four"]
        await pilot.resize_terminal(20, 8)
        await pilot.pause()
        assert screen_text(trace) == ["one two three four"]


async def test_answer_grows_in_place() -> None:
    answer = AnswerView()
    app = OneView(answer)
    async with app.run_test(size=(20, 10)) as pilot:
        answer.append("# Title\n\nsome *words*")
        await pilot.pause()
        assert screen_text(answer) == ["Title", "", "some words"]
        answer.append(" and others")
        await pilot.pause()
        assert screen_text(answer) == ["Title", "", "some words and", "others"]
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert screen_text(answer) == ["Title", "", "some words and others"]


async def test_short_view_follows_its_tail_until_it_is_scrolled() -> None:
    trace = TraceView(classes="short")
    app = OneView(trace)
    async with app.run_test(size=(20, 12)) as pilot:
        trace.anchor()
        for number in range(20):
            trace.append(f"line {number}\n")
            await pilot.pause()
        assert trace.size.height == 5
        assert "line 19" in screen_text(trace)
        trace.scroll_relative(y=-6, animate=False)
        await pilot.pause()
        seen = screen_text(trace)
        trace.append("line 20\nline 21\n")
        await pilot.pause()
        assert screen_text(trace) == seen
        trace.scroll_end(animate=False)
        await pilot.pause()
        trace.append("line 22")
        await pilot.pause()
        assert "line 22" in screen_text(trace)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((0, 0), (3, 0), "one"),
        ((4, 0), (5, 1), "two three"),
        ((0, 0), (4, 3), "one two three\n\nfour"),
    ],
)
async def test_selection_copies_the_words_as_they_were(
    start: tuple[int, int], end: tuple[int, int], expected: str
) -> None:
    trace = TraceView("one two three\n\nfour")
    app = OneView(trace)
    async with app.run_test(size=(10, 8)):
        app.screen.selections = {trace: Selection(Offset(*start), Offset(*end))}
        assert app.screen.get_selected_text() == expected


async def test_dragging_the_mouse_selects_and_marks() -> None:
    answer = AnswerView("- **水水** and words\n- more")
    app = OneView(answer)
    async with app.run_test(size=(30, 8)) as pilot:
        plain = answer.render_line(0)
        await pilot.mouse_down(answer, offset=(2, 0))
        await pilot.hover(answer, offset=(9, 0))
        await pilot.mouse_up(answer, offset=(9, 0))
        await pilot.pause()
        assert app.screen.get_selected_text() == "水水 and"
        assert answer.render_line(0) != plain
        assert answer.render_line(0).text == plain.text


async def test_dragging_past_the_end_of_a_row_selects_to_its_end() -> None:
    answer = AnswerView("水水水水 and words\n\nmore")
    app = OneView(answer)
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.mouse_down(answer, offset=(0, 0))
        await pilot.hover(answer, offset=(34, 0))
        await pilot.mouse_up(answer, offset=(34, 0))
        await pilot.pause()
        assert app.screen.get_selected_text() == "水水水水 and words"


async def test_margins_are_not_copied() -> None:
    answer = AnswerView("> quoted\n\n```py\nx = 1\ny = 2\n```")
    app = OneView(answer)
    async with app.run_test(size=(30, 8)) as pilot:
        await pilot.pause()
        app.screen.selections = {answer: Selection(None, None)}
        assert app.screen.get_selected_text() == "quoted\n\nx = 1\ny = 2"


async def test_new_colours_are_drawn() -> None:
    answer = AnswerView("**strong**")
    app = OneView(answer)
    async with app.run_test(size=(20, 4)) as pilot:
        before = answer.render_line(0)
        app.theme = "textual-light"
        await pilot.pause()
        after = answer.render_line(0)
        assert after.text == before.text
        assert after != before


async def test_only_rows_in_sight_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    really_row = TraceView.row

    def counted(self: TraceView, y: int) -> object:
        drawn.append(y)
        return really_row(self, y)

    trace = TraceView("line\n" * 20_000)
    monkeypatch.setattr(TraceView, "row", counted)
    app = OneView(trace)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert 0 < len(set(drawn)) <= 20


AUTHORS: tuple[Author, ...] = ("model", "person", "localr1")
PIECES = st.lists(
    st.tuples(st.text(alphabet="ab \n\t水é", max_size=9), st.sampled_from(AUTHORS)), max_size=9
)


def written_by(trace: TraceView, author: Author) -> str:
    """What is shown in the look of this author, without white space."""
    look = () if author == "model" else (f"trace--{author}",)
    spans = [span for y in range(trace.row_count()) for span in trace.row(y).spans]
    return "".join("".join(span.text.split()) for span in spans if span.look == look)


@settings(max_examples=200, deadline=None)
@given(PIECES, st.integers(4, 30), st.integers(4, 30))
def test_who_wrote_what_is_seen_at_every_width(
    pieces: list[tuple[str, Author]], width: int, other: int
) -> None:
    trace = TraceView()
    trace.wrap_width = width
    trace.wrap(width)
    for text, author in pieces:
        trace.append(text, author)
    for _ in range(2):
        for author in AUTHORS:
            expected = "".join("".join(text.split()) for text, by in pieces if by == author)
            assert written_by(trace, author) == expected
        trace.wrap(other)


def test_a_shown_text_replaces_the_one_before_it() -> None:
    trace = TraceView("an older and longer text that takes rows")
    trace.wrap_width = 10
    trace.wrap(10)
    trace.show("I think so, I do", [Insertion(2, 7, "person"), Insertion(10, 16, "localr1")])
    assert trace.text == "I think so, I do"
    assert written_by(trace, "person") == "think"
    assert written_by(trace, "localr1") == ",Ido"
    trace.clear()
    assert trace.row_count() == 0
    trace.append("new")
    assert written_by(trace, "model") == "new"
